//! What the cookie API answers when a flow refuses: the one place where flows' errors become codes.

use super::{ApiError, ErrorCode};
use crate::flows::account::delete_account::DeleteAccountError;
use crate::flows::account::log_in::LogInError;
use crate::flows::account::sign_up::SignUpError;
use crate::flows::account::update_account::UpdateAccountError;
use crate::flows::recovery::reset_password::ResetPasswordError;
use crate::flows::recovery::restore_email::RestoreEmailError;
use crate::flows::recovery::verify_email::VerifyEmailError;
use crate::flows::session::revoke_session::RevokeError;
use crate::flows::steps::reauthenticate::ReauthenticationError;

impl From<SignUpError> for ApiError {
    fn from(error: SignUpError) -> Self {
        match error {
            SignUpError::Taken(_) => ErrorCode::EmailTaken.into(),
            SignUpError::Internal(error) => error.into(),
        }
    }
}

impl From<LogInError> for ApiError {
    fn from(error: LogInError) -> Self {
        match error {
            LogInError::InvalidCredentials => ErrorCode::InvalidCredentials.into(),
            LogInError::Internal(error) => error.into(),
        }
    }
}

impl From<RevokeError> for ApiError {
    fn from(error: RevokeError) -> Self {
        match error {
            RevokeError::NotAuthenticated => ErrorCode::NotAuthenticated.into(),
            RevokeError::NotFound => ErrorCode::NotFound.into(),
            RevokeError::Internal(error) => error.into(),
        }
    }
}

impl From<ReauthenticationError> for ApiError {
    fn from(error: ReauthenticationError) -> Self {
        match error {
            ReauthenticationError::Required => ErrorCode::ReauthenticationRequired.into(),
            ReauthenticationError::Internal(error) => error.into(),
        }
    }
}

impl From<UpdateAccountError> for ApiError {
    fn from(error: UpdateAccountError) -> Self {
        match error {
            UpdateAccountError::NotAuthenticated => ErrorCode::NotAuthenticated.into(),
            UpdateAccountError::Reauthentication(error) => error.into(),
            UpdateAccountError::EmailTaken => ErrorCode::EmailTaken.into(),
            UpdateAccountError::Internal(error) => error.into(),
        }
    }
}

impl From<DeleteAccountError> for ApiError {
    fn from(error: DeleteAccountError) -> Self {
        match error {
            DeleteAccountError::NotAuthenticated => ErrorCode::NotAuthenticated.into(),
            DeleteAccountError::Reauthentication(error) => error.into(),
            DeleteAccountError::Internal(error) => error.into(),
        }
    }
}

impl From<ResetPasswordError> for ApiError {
    fn from(error: ResetPasswordError) -> Self {
        match error {
            ResetPasswordError::NoCode => ErrorCode::OtpNotFound.into(),
            ResetPasswordError::InvalidCode => ErrorCode::InvalidOtp.into(),
            ResetPasswordError::Internal(error) => error.into(),
        }
    }
}

impl From<VerifyEmailError> for ApiError {
    fn from(error: VerifyEmailError) -> Self {
        match error {
            VerifyEmailError::NotAuthenticated => ErrorCode::NotAuthenticated.into(),
            VerifyEmailError::InvalidCode => ErrorCode::InvalidOtp.into(),
            VerifyEmailError::EmailTaken => ErrorCode::EmailTaken.into(),
            VerifyEmailError::Internal(error) => error.into(),
        }
    }
}

impl From<RestoreEmailError> for ApiError {
    fn from(error: RestoreEmailError) -> Self {
        match error {
            RestoreEmailError::InvalidToken => ErrorCode::InvalidOtp.into(),
            RestoreEmailError::EmailTaken => ErrorCode::EmailTaken.into(),
            RestoreEmailError::Internal(error) => error.into(),
        }
    }
}
