//! A browser comes back from a provider.

use std::sync::Arc;

use super::enter_account::enter_account;
use super::link_identity::link_identity;
use super::{FinishError, report};
use crate::app::App;
use crate::app::providers::Provider;
use crate::app::providers::ceremonies::is_state_of;
use crate::flows::steps::start_session::SessionStart;
use crate::model::identity::ceremony::{Callback, Ceremony};
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
    /// Whether browsers keep the session cookie back here, by the operator's settings.
    pub is_session_kept_back: bool,
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
    // Pages elsewhere can make browsers open callbacks, so one without its ceremony must not use up the log-ins.
    let ceremony = ceremony_of(app, provider, &returned).ok_or(FinishError::StateMismatch)?;
    // Each of the others makes the service call the provider.
    app.limits.allow_arrival(&start.client)?;
    let callback = &returned.callback;
    match callback.error.as_deref() {
        Some("access_denied") => return Err(FinishError::AccessDenied),
        Some(_) => {
            let error = anyhow::anyhow!("it sent the browser back with an error; check the client's settings");
            report(app, provider, &error);
            return Err(FinishError::ProviderFailed);
        }
        None => {}
    }
    let code = callback.code.as_deref().ok_or(FinishError::ProviderFailed)?;
    let redeemed = app
        .providers
        .finish(provider, &ceremony, code, callback.issuer.as_deref(), &app.clock);
    let external = redeemed.await.map_err(|error| {
        report(app, provider, &error);
        FinishError::ProviderFailed
    })?;
    let return_to = ceremony.return_to.clone();
    match ceremony.link {
        Some(link) => {
            let presents = returned.session.as_deref().map(|session| session.session_id);
            // Without any session cookie the sealed ceremony still names the session, which must be alive.
            let is_its_own = presents == Some(link.session) || (presents.is_none() && returned.is_session_kept_back);
            if !is_its_own {
                return Err(FinishError::StateMismatch);
            }
            link_identity(app, &external, &ceremony, link, &start.client).await?;
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
