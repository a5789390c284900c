//! Passkeys: the relying party that this service is, its attempts, and the check of what browsers send.

pub mod attempts;
pub mod check;

use crate::model::passkey::relying_party::RelyingParty;
use crate::model::secret_key::SecretKey;
use attempts::Attempts;

/// The settings of passkeys.
#[derive(Debug, Clone)]
pub struct PasskeySetup {
    /// `None` where browsers make no passkeys, as for a public URL with an IP address.
    pub relying_party: Option<RelyingParty>,
}

/// What flows with passkeys work with.
#[derive(Debug)]
pub struct Passkeys {
    pub relying_party: Option<RelyingParty>,
    /// Whether a passkey makes a new account.
    pub make_accounts: bool,
    pub attempts: Attempts,
}

impl Passkeys {
    pub fn new(setup: PasskeySetup, make_accounts: bool, secret: &SecretKey) -> anyhow::Result<Self> {
        Ok(Self {
            relying_party: setup.relying_party,
            make_accounts,
            attempts: Attempts::new(secret)?,
        })
    }
}
