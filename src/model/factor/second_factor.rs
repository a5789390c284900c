//! What a client sends as its second factor.

use super::recovery_code::RecoveryCode;
use super::totp::TotpCode;

#[derive(Debug, Clone)]
pub enum SecondFactor {
    /// A code of the account's authenticator app.
    Code(TotpCode),
    RecoveryCode(RecoveryCode),
}

/// The text is neither a code of an app nor a recovery code, so it can't be right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a second factor")]
pub struct MalformedFactor;

impl SecondFactor {
    /// Reads six digits.
    ///
    /// # Errors
    /// [`MalformedFactor`].
    pub fn code(text: &str) -> Result<Self, MalformedFactor> {
        TotpCode::parse(text).map(Self::Code).map_err(|_| MalformedFactor)
    }

    /// Reads a recovery code.
    ///
    /// # Errors
    /// [`MalformedFactor`].
    pub fn recovery_code(text: &str) -> Result<Self, MalformedFactor> {
        RecoveryCode::parse(text)
            .map(Self::RecoveryCode)
            .map_err(|_| MalformedFactor)
    }

    /// Reads either kind; no text is both.
    ///
    /// # Errors
    /// [`MalformedFactor`].
    pub fn either(text: &str) -> Result<Self, MalformedFactor> {
        Self::code(text).or_else(|_| Self::recovery_code(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_a_code_or_a_recovery_code_or_neither() {
        assert!(matches!(SecondFactor::either("123 456"), Ok(SecondFactor::Code(_))));
        assert!(matches!(
            SecondFactor::either("2345-6789-ABCD"),
            Ok(SecondFactor::RecoveryCode(_))
        ));
        assert_eq!(SecondFactor::either("12345").map(drop), Err(MalformedFactor));
        assert!(SecondFactor::code("2345-6789-ABCD").is_err() && SecondFactor::recovery_code("123456").is_err());
    }
}
