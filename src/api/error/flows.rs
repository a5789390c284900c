//! The API errors of steps that several chapters share. Each chapter converts the errors of its own flows beside its
//! operations.

use super::{ApiError, ErrorCode};
use crate::flows::steps::reauthenticate::ReauthenticationError;

impl From<ReauthenticationError> for ApiError {
    fn from(error: ReauthenticationError) -> Self {
        match error {
            ReauthenticationError::Required => ErrorCode::ReauthenticationRequired.into(),
            ReauthenticationError::Internal(error) => error.into(),
        }
    }
}
