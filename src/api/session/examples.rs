//! Examples of the answers, for the OpenAPI document.

use poem_openapi::types::Example;

use super::{CurrentSessionResponse, LoggedOutResponse, SessionResponse, UserSessionResponse};
use crate::api::example;

impl Example for SessionResponse {
    fn example() -> Self {
        Self::of(&example::signed_in())
    }
}

impl Example for CurrentSessionResponse {
    fn example() -> Self {
        Self::of(&example::signed_in())
    }
}

impl Example for UserSessionResponse {
    fn example() -> Self {
        Self::of(&example::signed_in())
    }
}

impl Example for LoggedOutResponse {
    fn example() -> Self {
        Self { logged_out: true }
    }
}
