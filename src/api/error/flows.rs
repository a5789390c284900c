//! What the cookie API answers when a step refuses that several chapters share. The errors of a chapter's own flows are
//! converted beside its operations.

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
