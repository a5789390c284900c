//! Passkeys: registration and log-in, each in two steps, and what an owner does with them.

pub mod begin_authentication;
pub mod begin_registration;
pub mod finish_authentication;
pub mod finish_registration;
pub mod list_passkeys;
pub mod remove_passkey;
pub mod rename_passkey;

use crate::app::App;
use crate::model::passkey::relying_party::RelyingParty;

/// The service has no domain that passkeys could belong to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this service has no passkeys")]
pub struct NoPasskeys;

fn relying_party(app: &App) -> Result<&RelyingParty, NoPasskeys> {
    app.passkeys.relying_party.as_ref().ok_or(NoPasskeys)
}
