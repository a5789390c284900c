//! Every refusal of the cookie API: one body, one table of codes and statuses.

pub mod django;
mod flows;
mod response;

use poem::http::StatusCode;
use poem_openapi::types::ToJSON;
use poem_openapi::{Enum, Object};
use serde_json::Value;

use crate::model::limit::throttled::Throttled;
use crate::model::unavailable::Unavailable;
use crate::model::user::email::EmailNotVerified;

/// Why a request was refused, for programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[oai(rename_all = "snake_case")]
pub enum ErrorCode {
    ValidationError,
    NotAuthenticated,
    InvalidCredentials,
    InvalidOtp,
    OriginNotAllowed,
    ReauthenticationRequired,
    EmailNotVerified,
    NotFound,
    OtpNotFound,
    MethodNotAllowed,
    RequestTimeout,
    EmailTaken,
    BodyTooLarge,
    UnsupportedMediaType,
    TooManyRequests,
    InternalError,
    Unavailable,
}

impl ErrorCode {
    /// The status and the sentence that go with each code.
    fn row(self) -> (StatusCode, &'static str) {
        match self {
            Self::ValidationError => (StatusCode::BAD_REQUEST, "The request body is not acceptable"),
            Self::NotAuthenticated => (StatusCode::UNAUTHORIZED, "You are not signed in"),
            Self::InvalidCredentials => (StatusCode::UNAUTHORIZED, "E-mail or password is wrong"),
            Self::OriginNotAllowed => (
                StatusCode::FORBIDDEN,
                "This page's origin may not call this service; add it to NEPTUN_AUTH_ALLOWED_ORIGINS to allow it",
            ),
            Self::ReauthenticationRequired => (
                StatusCode::FORBIDDEN,
                "Send your current password, or log in again first",
            ),
            Self::EmailNotVerified => (StatusCode::FORBIDDEN, "Confirm your e-mail address first"),
            Self::InvalidOtp => (StatusCode::BAD_REQUEST, "Invalid or expired OTP."),
            Self::OtpNotFound => (StatusCode::NOT_FOUND, "No OTP found. Please request a new OTP."),
            Self::TooManyRequests => (
                StatusCode::TOO_MANY_REQUESTS,
                "Too many requests; wait before trying again",
            ),
            Self::NotFound => (StatusCode::NOT_FOUND, "There is nothing here"),
            Self::MethodNotAllowed => (StatusCode::METHOD_NOT_ALLOWED, "This path does not take that method"),
            Self::RequestTimeout => (StatusCode::REQUEST_TIMEOUT, "The request body took too long to arrive"),
            Self::EmailTaken => (StatusCode::CONFLICT, "A user with this email already exists"),
            Self::BodyTooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "The request body is larger than 16 KiB"),
            Self::UnsupportedMediaType => (
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "The request body has a media type that this operation does not take",
            ),
            Self::InternalError => (StatusCode::INTERNAL_SERVER_ERROR, "Something went wrong on our side"),
            Self::Unavailable => (
                StatusCode::SERVICE_UNAVAILABLE,
                "The service is busy; try again in a moment",
            ),
        }
    }

    #[must_use]
    pub fn status(self) -> StatusCode {
        self.row().0
    }

    /// The code as it stands in bodies.
    #[must_use]
    pub fn name(self) -> Value {
        self.to_json().unwrap_or_default()
    }
}

/// What is wrong with one field, for programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[oai(rename_all = "snake_case")]
pub enum IssueCode {
    /// The body is not a JSON object or not a form.
    Malformed,
    Required,
    InvalidType,
    InvalidEmail,
    TooShort,
    TooLong,
    TooCommon,
    SameAsEmail,
    Mismatch,
    InvalidCharacters,
    InvalidChoice,
    Taken,
}

/// One thing that is wrong with a request body.
#[derive(Debug, Clone, PartialEq, Eq, Object)]
pub struct Issue {
    pub code: IssueCode,
    /// Where in the body: the name of the field, or nothing for the body as a whole.
    pub path: Vec<String>,
    pub message: String,
}

/// What is wrong with a request body, all of it at once.
#[derive(Debug, Object)]
pub struct ErrorData {
    /// Always `ValidationError`.
    pub name: String,
    pub issues: Vec<Issue>,
}

/// The body of every refusal.
#[derive(Debug, Object)]
#[oai(rename = "Error")]
pub struct ErrorBody {
    /// The HTTP status once more.
    #[oai(rename = "statusCode")]
    pub status_code: u16,
    /// The status in words.
    #[oai(rename = "statusMessage")]
    pub status_message: String,
    /// A sentence for people.
    pub message: String,
    pub code: ErrorCode,
    #[oai(skip_serializing_if_is_none)]
    pub data: Option<ErrorData>,
}

/// A refusal on its way to the client.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{code:?}")]
pub struct ApiError {
    pub code: ErrorCode,
    pub issues: Vec<Issue>,
    /// The limit that is used up, when that is the reason.
    pub throttled: Option<Throttled>,
}

impl ApiError {
    /// Refuses a body for all of its `issues`.
    #[must_use]
    pub fn validation(issues: Vec<Issue>) -> Self {
        Self {
            code: ErrorCode::ValidationError,
            issues,
            throttled: None,
        }
    }

    /// Refuses a body that has no fields to speak of.
    #[must_use]
    pub fn malformed() -> Self {
        let message = "Send one JSON object".to_owned();
        Self::validation(vec![Issue {
            code: IssueCode::Malformed,
            path: Vec::new(),
            message,
        }])
    }

    /// The answer to a failure that is none of the client's making. It is logged here, once, with its whole chain; the
    /// body tells nothing of it.
    #[must_use]
    pub fn internal(error: &anyhow::Error) -> Self {
        if let Some(throttled) = Throttled::in_chain(error) {
            // Logged where it was decided.
            throttled.into()
        } else if error.is::<EmailNotVerified>() {
            ErrorCode::EmailNotVerified.into()
        } else if Unavailable::is_in(error) {
            tracing::warn!(error = format!("{error:#}"), "a request could not be served now");
            ErrorCode::Unavailable.into()
        } else {
            tracing::error!(error = format!("{error:#}"), "a request failed");
            ErrorCode::InternalError.into()
        }
    }

    /// The body that a client gets.
    #[must_use]
    pub fn body(&self) -> ErrorBody {
        let (status, message) = self.code.row();
        ErrorBody {
            status_code: status.as_u16(),
            status_message: status.canonical_reason().unwrap_or_default().to_owned(),
            message: message.to_owned(),
            code: self.code,
            data: (!self.issues.is_empty()).then(|| ErrorData {
                name: "ValidationError".to_owned(),
                issues: self.issues.clone(),
            }),
        }
    }
}

impl From<ErrorCode> for ApiError {
    fn from(code: ErrorCode) -> Self {
        Self {
            code,
            issues: Vec::new(),
            throttled: None,
        }
    }
}

impl From<Throttled> for ApiError {
    fn from(throttled: Throttled) -> Self {
        Self {
            throttled: Some(throttled),
            ..ErrorCode::TooManyRequests.into()
        }
    }
}

impl From<anyhow::Error> for ApiError {
    fn from(error: anyhow::Error) -> Self {
        Self::internal(&error)
    }
}

/// The framework's own errors in the service's words. Their texts name internal types and echo input, so nothing but
/// the status is taken from them.
impl From<&poem::Error> for ApiError {
    fn from(error: &poem::Error) -> Self {
        if let Some(error) = error.downcast_ref::<Self>() {
            return error.clone();
        }
        match error.status() {
            StatusCode::METHOD_NOT_ALLOWED => ErrorCode::MethodNotAllowed.into(),
            StatusCode::PAYLOAD_TOO_LARGE => ErrorCode::BodyTooLarge.into(),
            StatusCode::UNSUPPORTED_MEDIA_TYPE => ErrorCode::UnsupportedMediaType.into(),
            // The only parsing left to the framework is that of ids in paths, and what is no id names nothing.
            status if status.is_client_error() => ErrorCode::NotFound.into(),
            status => Self::internal(&anyhow::anyhow!("the framework answered {status}: {error}")),
        }
    }
}
