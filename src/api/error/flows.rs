//! The API errors of steps that several chapters share. Each chapter converts the errors of its own flows beside its
//! operations.

use super::{ApiError, ErrorCode, Issue, IssueCode};
use crate::flows::steps::reauthenticate::ReauthenticationError;

impl From<ReauthenticationError> for ApiError {
    fn from(error: ReauthenticationError) -> Self {
        match error {
            ReauthenticationError::Required(proofs) => Self::needs_proof(ErrorCode::ReauthenticationRequired, proofs),
            // Not 401: front ends take that for the end of the session.
            ReauthenticationError::WrongPassword => Self::validation(vec![Issue {
                code: IssueCode::Incorrect,
                path: vec!["current_password".to_owned()],
                message: "The current password is wrong".to_owned(),
            }]),
            ReauthenticationError::Internal(error) => error.into(),
        }
    }
}
