//! The errors of the operations with passkeys.

use crate::api::error::{ApiError, ErrorCode};
use crate::flows::passkey::NoPasskeys;
use crate::flows::passkey::begin_authentication::BeginAuthenticationError;
use crate::flows::passkey::begin_registration::BeginRegistrationError;
use crate::flows::passkey::begin_sign_up::BeginSignUpError;
use crate::flows::passkey::finish_authentication::FinishAuthenticationError;
use crate::flows::passkey::finish_registration::FinishRegistrationError;
use crate::flows::passkey::finish_sign_up::FinishSignUpError;
use crate::model::passkey::NotAccepted;

/// The errors that operations return for reasons of their own. `spec` adds those that follow from their declaration.
pub const ERRORS: &[(&str, &[ErrorCode])] = &[
    (
        "registerPasskey",
        &[
            ErrorCode::ChallengeExpired,
            ErrorCode::PasskeyNotAccepted,
            ErrorCode::ReauthenticationRequired,
            ErrorCode::NotFound,
            ErrorCode::AlreadySetUp,
            ErrorCode::NotAuthenticated,
            ErrorCode::SignUpClosed,
            ErrorCode::EmailTaken,
            ErrorCode::TooManyRequests,
        ],
    ),
    (
        "authenticateWithPasskey",
        &[
            ErrorCode::ChallengeExpired,
            ErrorCode::PasskeyNotAccepted,
            ErrorCode::InvalidCredentials,
            ErrorCode::AccountDisabled,
            ErrorCode::NotFound,
            ErrorCode::TooManyRequests,
        ],
    ),
    ("renamePasskey", &[ErrorCode::NotFound]),
    (
        "removePasskey",
        &[
            ErrorCode::NotFound,
            ErrorCode::LastCredential,
            ErrorCode::ReauthenticationRequired,
            ErrorCode::TooManyRequests,
        ],
    ),
    ("getRelatedOrigins", &[ErrorCode::NotFound]),
];

impl From<NoPasskeys> for ApiError {
    fn from(_: NoPasskeys) -> Self {
        ErrorCode::NotFound.into()
    }
}

impl From<NotAccepted> for ApiError {
    /// The reason is for the operator: it helps to set up the RP ID and the origins.
    fn from(reason: NotAccepted) -> Self {
        tracing::info!(%reason, "a passkey was not accepted");
        ErrorCode::PasskeyNotAccepted.into()
    }
}

impl From<BeginRegistrationError> for ApiError {
    fn from(error: BeginRegistrationError) -> Self {
        match error {
            BeginRegistrationError::NoPasskeys(error) => error.into(),
            BeginRegistrationError::Reauthentication(error) => error.into(),
            BeginRegistrationError::TooMany => ErrorCode::AlreadySetUp.into(),
            BeginRegistrationError::Internal(error) => error.into(),
        }
    }
}

impl From<FinishRegistrationError> for ApiError {
    fn from(error: FinishRegistrationError) -> Self {
        match error {
            FinishRegistrationError::NoPasskeys(error) => error.into(),
            FinishRegistrationError::Expired => ErrorCode::ChallengeExpired.into(),
            FinishRegistrationError::NotAccepted(reason) => reason.into(),
            FinishRegistrationError::NotAuthenticated => ErrorCode::NotAuthenticated.into(),
            FinishRegistrationError::Conflict => ErrorCode::AlreadySetUp.into(),
            FinishRegistrationError::Internal(error) => error.into(),
        }
    }
}

impl From<BeginSignUpError> for ApiError {
    fn from(error: BeginSignUpError) -> Self {
        match error {
            BeginSignUpError::NoPasskeys(error) => error.into(),
            BeginSignUpError::SwitchedOff => ErrorCode::NotAuthenticated.into(),
            BeginSignUpError::EmailTaken => ErrorCode::EmailTaken.into(),
            BeginSignUpError::Internal(error) => error.into(),
        }
    }
}

impl From<FinishSignUpError> for ApiError {
    fn from(error: FinishSignUpError) -> Self {
        match error {
            FinishSignUpError::NoPasskeys(error) => error.into(),
            FinishSignUpError::SwitchedOff => ErrorCode::NotAuthenticated.into(),
            FinishSignUpError::Expired => ErrorCode::ChallengeExpired.into(),
            FinishSignUpError::NotAccepted(reason) => reason.into(),
            FinishSignUpError::EmailTaken => ErrorCode::EmailTaken.into(),
            FinishSignUpError::Conflict => ErrorCode::AlreadySetUp.into(),
            FinishSignUpError::Internal(error) => error.into(),
        }
    }
}

impl From<BeginAuthenticationError> for ApiError {
    fn from(error: BeginAuthenticationError) -> Self {
        match error {
            BeginAuthenticationError::NoPasskeys(error) => error.into(),
            BeginAuthenticationError::Internal(error) => error.into(),
        }
    }
}

impl From<FinishAuthenticationError> for ApiError {
    fn from(error: FinishAuthenticationError) -> Self {
        match error {
            FinishAuthenticationError::NoPasskeys(error) => error.into(),
            FinishAuthenticationError::Expired => ErrorCode::ChallengeExpired.into(),
            FinishAuthenticationError::NotAccepted(reason) => reason.into(),
            FinishAuthenticationError::UnknownPasskey => ErrorCode::InvalidCredentials.into(),
            FinishAuthenticationError::Internal(error) => error.into(),
        }
    }
}
