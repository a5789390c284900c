//! Log-in with other providers, and the identities that are linked to an account.

pub mod begin_link;
pub mod begin_log_in;
mod enter_account;
pub mod finish_ceremony;
mod link_identity;
pub mod list_identities;
pub mod remove_identity;

use crate::app::App;
use crate::app::providers::Provider;
use crate::model::user::AccountDisabled;
use crate::model::user::sign_ups::SignUpClosed;

/// Why a ceremony has come to nothing.
#[derive(Debug, thiserror::Error)]
pub enum FinishError {
    #[error("the person said no at the provider")]
    AccessDenied,
    /// Another browser or another provider began the ceremony, or it was used or has expired.
    #[error("the callback belongs to no ceremony of this browser")]
    StateMismatch,
    #[error("the provider failed, or its answer can't be believed")]
    ProviderFailed,
    #[error("the provider gave no address")]
    EmailMissing,
    #[error("the address belongs to an account that this identity is not linked to")]
    EmailTaken,
    #[error("the identity belongs to another account")]
    IdentityTaken,
    #[error("the account is disabled")]
    AccountDisabled,
    #[error("the operator allows no new account for the address")]
    SignUpClosed,
    #[error(transparent)]
    Internal(anyhow::Error),
}

impl From<anyhow::Error> for FinishError {
    fn from(error: anyhow::Error) -> Self {
        if error.is::<AccountDisabled>() {
            Self::AccountDisabled
        } else if error.is::<SignUpClosed>() {
            Self::SignUpClosed
        } else {
            Self::Internal(error)
        }
    }
}

internal_from_store!(FinishError);

/// Logs why a log-in with `provider` has failed: the person sees only that it did. A provider that is down does not
/// fill the log.
pub fn report(app: &App, provider: &Provider, error: &anyhow::Error) {
    if app.limits.allow_provider_report(provider.id().as_str()) {
        provider.report(error);
    }
}
