//! A browser comes back from a provider.

use std::sync::Arc;

use super::FinishError;
use super::enter_account::enter_account;
use super::link_identity::link_identity;
use crate::app::App;
use crate::app::providers::Provider;
use crate::app::providers::ceremonies::is_state_of;
use crate::flows::steps::start_session::SessionStart;
use crate::model::identity::ceremony::{Callback, Ceremony};
use crate::model::limit::Operation;
use crate::model::session::SignedIn;
use crate::model::session::started::Outcome;

/// What the browser brings back.
#[derive(Debug)]
pub struct Returned {
    pub callback: Callback,
    /// The values of the ceremony's cookie.
    pub cookies: Vec<String>,
    /// The live session that the request presents.
    pub session: Option<Arc<SignedIn>>,
}

/// What has come of a ceremony.
#[derive(Debug)]
pub enum Finished {
    LogIn { outcome: Outcome, return_to: String },
    Linked { return_to: String },
}

/// Redeems the code of a callback and logs in, signs up or links, whatever the ceremony was for. The first success uses
/// the ceremony up.
pub async fn finish_ceremony(
    app: &App,
    provider: &Provider,
    returned: Returned,
    start: SessionStart,
) -> Result<Finished, FinishError> {
    // Each callback makes the service call the provider.
    app.limits.allow_network(Operation::Check, &start.client)?;
    let ceremony = ceremony_of(app, provider, &returned).ok_or(FinishError::StateMismatch)?;
    let callback = &returned.callback;
    match callback.error.as_deref() {
        Some("access_denied") => return Err(FinishError::AccessDenied),
        Some(_) => {
            provider.report(&anyhow::anyhow!(
                "it sent the browser back with an error; check the client's settings"
            ));
            return Err(FinishError::ProviderFailed);
        }
        None => {}
    }
    let code = callback.code.as_deref().ok_or(FinishError::ProviderFailed)?;
    let redeemed = app
        .providers
        .finish(provider, &ceremony, code, callback.issuer.as_deref(), app.clock.now());
    let external = redeemed.await.map_err(|error| {
        provider.report(&error);
        FinishError::ProviderFailed
    })?;
    let return_to = ceremony.return_to.clone();
    match ceremony.link {
        Some(link) => {
            link_identity(
                app,
                &external,
                &ceremony,
                link,
                returned.session.as_deref(),
                &start.client,
            )
            .await?;
            Ok(Finished::Linked { return_to })
        }
        None => Ok(Finished::LogIn {
            outcome: enter_account(app, provider, &external, &ceremony, start).await?,
            return_to,
        }),
    }
}

/// The ceremony that this browser began and that the provider answers.
fn ceremony_of(app: &App, provider: &Provider, returned: &Returned) -> Option<Ceremony> {
    let state = returned.callback.state.as_deref()?;
    let now = app.clock.now();
    let mut begun = returned
        .cookies
        .iter()
        .filter_map(|value| app.providers.ceremonies.open(value, provider.id(), now));
    begun.find(|ceremony| returned.callback.is_bounded() && is_state_of(ceremony, state))
}
