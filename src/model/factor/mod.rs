//! What an account has to log in with, and which of it proves enough.

pub mod qr;
pub mod recovery_code;
pub mod second_factor;
pub mod totp;

use chrono::{DateTime, Utc};

use crate::model::user::password::PasswordHash;

/// A way for the account's owner to prove who they are, for a client that asks what to show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProofMethod {
    Password,
    Totp,
    RecoveryCode,
    Passkey,
    /// A mailed code, for an account that has neither password nor factor.
    MailCode,
}

/// What the account has, read at one moment.
#[derive(Debug, Clone, sqlx_macros::FromRow)]
pub struct Factors {
    pub disabled_at: Option<DateTime<Utc>>,
    /// Set while the account has a confirmed authenticator app: log-in then takes two steps.
    pub second_factor_at: Option<DateTime<Utc>>,
    pub password_hash: Option<PasswordHash>,
    pub has_recovery_code: bool,
    pub has_passkey: bool,
}

impl Factors {
    #[must_use]
    pub fn asks_for_second_factor(&self) -> bool {
        self.second_factor_at.is_some()
    }

    /// What a fresh proof takes: a second factor from an account that has one, else whatever the account has.
    #[must_use]
    pub fn proofs(&self) -> Vec<ProofMethod> {
        let two_steps = self.asks_for_second_factor();
        let has_password = self.password_hash.is_some();
        let rows = [
            (has_password && !two_steps, ProofMethod::Password),
            (two_steps, ProofMethod::Totp),
            (two_steps && self.has_recovery_code, ProofMethod::RecoveryCode),
            (self.has_passkey, ProofMethod::Passkey),
            (!has_password && !two_steps && !self.has_passkey, ProofMethod::MailCode),
        ];
        rows.into_iter().filter(|row| row.0).map(|row| row.1).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_proves_with_what_it_has() {
        let none = Factors {
            disabled_at: None,
            second_factor_at: None,
            password_hash: None,
            has_recovery_code: false,
            has_passkey: false,
        };
        assert_eq!(none.proofs(), [ProofMethod::MailCode]);
        let password = Factors {
            password_hash: Some(PasswordHash(String::new())),
            ..none.clone()
        };
        assert_eq!(password.proofs(), [ProofMethod::Password]);
        let totp = Factors {
            second_factor_at: Some(DateTime::UNIX_EPOCH),
            has_recovery_code: true,
            ..password
        };
        assert_eq!(totp.proofs(), [ProofMethod::Totp, ProofMethod::RecoveryCode]);
        let passkey = Factors {
            has_passkey: true,
            ..none
        };
        assert_eq!(passkey.proofs(), [ProofMethod::Passkey]);
    }
}
