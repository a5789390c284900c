//! The answer of operations that return nothing but their success.

use poem_openapi::Object;
use poem_openapi::payload::Json;
use poem_openapi::types::Example;

/// The outcome of the operation.
#[derive(Debug, Object)]
#[oai(example)]
pub struct SuccessResponse {
    /// Always `true`.
    success: bool,
    /// A sentence to show to people.
    message: String,
}

impl SuccessResponse {
    pub fn saying(message: &str) -> Json<Self> {
        Json(Self {
            success: true,
            message: message.to_owned(),
        })
    }
}

impl Example for SuccessResponse {
    fn example() -> Self {
        Self::saying("Successfully validated OTP and reset password.").0
    }
}
