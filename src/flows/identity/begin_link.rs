//! An account owner sets out to link an identity.

use super::begin_log_in::{Begun, begin_log_in};
use super::report;
use crate::app::App;
use crate::app::providers::Provider;
use crate::flows::steps::reauthenticate::{ReauthenticationError, reauthenticate};
use crate::model::client::Client;
use crate::model::identity::MAX_IDENTITIES;
use crate::model::identity::ceremony::Link;
use crate::model::session::SignedIn;
use crate::store::identities;

#[derive(Debug, thiserror::Error)]
pub enum BeginLinkError {
    #[error(transparent)]
    Reauthentication(#[from] ReauthenticationError),
    #[error("the account has as many identities as it may have")]
    Full,
    #[error("the provider does not answer")]
    ProviderFailed,
    #[error(transparent)]
    Internal(#[from] anyhow::Error),
}

internal_from_store!(BeginLinkError);

/// Begins the linking of an identity at `provider`. Asks for a fresh proof: an identity is a way into the account.
pub async fn begin_link(
    app: &App,
    signed_in: &SignedIn,
    provider: &Provider,
    return_to: String,
    client: &Client,
) -> Result<Begun, BeginLinkError> {
    reauthenticate(app, signed_in, None, client).await?;
    let linked = identities::of_user(app.db.read().await?.conn(), signed_in.user_id).await?;
    if i64::try_from(linked.len()).unwrap_or(i64::MAX) >= MAX_IDENTITIES {
        return Err(BeginLinkError::Full);
    }
    let link = Link {
        user: signed_in.user_id,
        session: signed_in.session_id,
    };
    begin_log_in(app, provider, return_to, Some(link))
        .await
        .map_err(|error| {
            report(app, provider, &error);
            BeginLinkError::ProviderFailed
        })
}
