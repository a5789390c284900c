//! Passkeys: what a browser sends about them, and what is kept. The checks follow WebAuthn Level 3.

pub mod authenticator_data;
mod cbor;
pub mod client_data;
#[cfg(test)]
mod fuzz;
pub mod public_key;
pub mod relying_party;
pub mod stored;

pub use cbor::Malformed;

/// How many passkeys an account may have.
pub const MAX_PASSKEYS: u32 = 20;

/// Why the answer to a challenge is not accepted. Clients learn only that it is not; the reason is for tests and logs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotAccepted {
    #[error("the client data is not the JSON that browsers write")]
    ClientData,
    #[error("it was made in another ceremony")]
    Ceremony,
    #[error("it answers another challenge")]
    Challenge,
    #[error("a page made it that may not use the passkeys")]
    Origin,
    #[error("another page framed the one that made it")]
    CrossOrigin,
    #[error("the authenticator's data or key is malformed, or the key's algorithm is not supported")]
    Malformed,
    #[error("it was made for another relying party")]
    RelyingParty,
    #[error("the authenticator was not touched")]
    UserPresence,
    #[error("the authenticator did not verify its user")]
    UserVerification,
    #[error("it is synced although it can't be, or has changed whether it can be")]
    BackupState,
    #[error("it belongs to another credential or account")]
    Credential,
    #[error("the signature is not the passkey's")]
    Signature,
    #[error("its counter did not grow, so there may be a copy of the passkey")]
    Counter,
}

impl From<Malformed> for NotAccepted {
    fn from(_: Malformed) -> Self {
        Self::Malformed
    }
}

/// Whether the counter of a use shows that there is a copy of the passkey. Synced passkeys stay at 0.
#[must_use]
pub fn is_copied(stored: i64, sent: u32) -> bool {
    stored != 0 && sent != 0 && i64::from(sent) <= stored
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_counter_must_grow_unless_one_of_both_is_zero() {
        for (stored, sent, copied) in [
            (0, 0, false),
            (0, 5, false),
            (5, 0, false),
            (5, 6, false),
            (5, 5, true),
            (5, 4, true),
            (i64::from(u32::MAX), u32::MAX, true),
        ] {
            assert_eq!(is_copied(stored, sent), copied, "{stored} {sent}");
        }
    }
}
