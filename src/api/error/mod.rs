//! The errors of the API: one body, and one table of codes with their statuses.

pub mod django;
mod flows;
mod response;

use poem::http::{Method, StatusCode};
use poem_openapi::types::ToJSON;
use poem_openapi::{Enum, Object};
use serde_json::Value;

use crate::model::limit::throttled::Throttled;
use crate::model::unavailable::Unavailable;
use crate::model::user::email::EmailNotVerified;

/// Why the request failed, for your program to act on.
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
    /// The status and the message of each code.
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

    /// The code as clients read it.
    #[must_use]
    pub fn name(self) -> Value {
        self.to_json().unwrap_or_default()
    }
}

/// What is wrong with one field, for your program to act on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[oai(rename_all = "snake_case")]
pub enum IssueCode {
    /// The body is neither a JSON object nor, where forms are accepted, a form.
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
    /// A password that is not the account's.
    Incorrect,
}

/// One issue with your request body.
#[derive(Debug, Clone, PartialEq, Eq, Object)]
pub struct Issue {
    pub code: IssueCode,
    /// The name of the field; empty if the issue is about the body as a whole.
    pub path: Vec<String>,
    /// A sentence to show to people.
    pub message: String,
}

/// Every issue with your request body.
#[derive(Debug, Object)]
pub struct ErrorData {
    /// Always `ValidationError`.
    pub name: String,
    pub issues: Vec<Issue>,
}

/// The body of every error.
#[derive(Debug, Object)]
#[oai(rename = "ApiError")]
pub struct ErrorBody {
    /// The HTTP status code of the response.
    #[oai(rename = "statusCode")]
    pub status_code: u16,
    /// The reason phrase of the status, such as `Conflict`.
    #[oai(rename = "statusMessage")]
    pub status_message: String,
    /// A sentence to show to people.
    pub message: String,
    pub code: ErrorCode,
    #[oai(skip_serializing_if_is_none)]
    pub data: Option<ErrorData>,
}

/// An error to return to the client.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{code:?}")]
pub struct ApiError {
    pub code: ErrorCode,
    pub issues: Vec<Issue>,
    /// The limit that rejected the request, if one did.
    pub throttled: Option<Throttled>,
    /// What to send instead, if the operation does not take this kind of body.
    pub accepts: Option<Accepts>,
}

/// The bodies that an operation takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Accepts {
    /// Bodies of these media types, separated by commas, with this method.
    MediaTypes(&'static str, Method),
    /// Bodies without a content coding, such as gzip.
    Identity,
}

impl ApiError {
    /// Rejects a request body and lists all of its `issues`.
    #[must_use]
    pub fn validation(issues: Vec<Issue>) -> Self {
        Self {
            issues,
            ..ErrorCode::ValidationError.into()
        }
    }

    /// Rejects a request body that has no fields to report on.
    #[must_use]
    pub fn malformed() -> Self {
        let message = "Send one JSON object".to_owned();
        Self::validation(vec![Issue {
            code: IssueCode::Malformed,
            path: Vec::new(),
            message,
        }])
    }

    /// Rejects a request body of another kind than the operation `accepts`.
    #[must_use]
    pub fn unsupported(accepts: Accepts) -> Self {
        Self {
            accepts: Some(accepts),
            ..ErrorCode::UnsupportedMediaType.into()
        }
    }

    /// The answer to a failure that the client did not cause. It is logged here, once, with its chain of causes; the
    /// client sees none of it.
    #[must_use]
    pub fn internal(error: &anyhow::Error) -> Self {
        if let Some(throttled) = Throttled::in_chain(error) {
            // The limiter has logged it already.
            throttled.into()
        } else if error.is::<EmailNotVerified>() {
            ErrorCode::EmailNotVerified.into()
        } else if Unavailable::is_in(error) {
            tracing::warn!(
                error = format!("{error:#}"),
                "a request was answered 503 because the service can't handle it now; see the error for the cause"
            );
            ErrorCode::Unavailable.into()
        } else {
            tracing::error!(
                error = format!("{error:#}"),
                "a request was answered 500 because of an unexpected error"
            );
            ErrorCode::InternalError.into()
        }
    }

    /// The body that the client receives.
    #[must_use]
    pub fn body(&self) -> ErrorBody {
        let (status, message) = self.code.row();
        ErrorBody {
            status_code: status.as_u16(),
            status_message: status.canonical_reason().unwrap_or_default().to_owned(),
            message: match &self.accepts {
                Some(accepts) => accepts.advice(),
                None => message.to_owned(),
            },
            code: self.code,
            data: (!self.issues.is_empty()).then(|| ErrorData {
                name: "ValidationError".to_owned(),
                issues: self.issues.clone(),
            }),
        }
    }
}

impl Accepts {
    fn advice(&self) -> String {
        match self {
            Self::MediaTypes(types, _) => format!(
                "Send the body as {}, and name that in Content-Type",
                types.replace(", ", " or ")
            ),
            Self::Identity => "Send the body without a Content-Encoding".to_owned(),
        }
    }
}

impl From<ErrorCode> for ApiError {
    fn from(code: ErrorCode) -> Self {
        Self {
            code,
            issues: Vec::new(),
            throttled: None,
            accepts: None,
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

/// The framework's own errors. Their messages name internal types and repeat input, so only the status is used.
impl From<&poem::Error> for ApiError {
    fn from(error: &poem::Error) -> Self {
        if let Some(error) = error.downcast_ref::<Self>() {
            return error.clone();
        }
        match error.status() {
            StatusCode::METHOD_NOT_ALLOWED => ErrorCode::MethodNotAllowed.into(),
            StatusCode::PAYLOAD_TOO_LARGE => ErrorCode::BodyTooLarge.into(),
            StatusCode::UNSUPPORTED_MEDIA_TYPE => ErrorCode::UnsupportedMediaType.into(),
            // The framework parses only the ids in paths, and nothing exists under a malformed id.
            status if status.is_client_error() => ErrorCode::NotFound.into(),
            status => Self::internal(&anyhow::anyhow!("the framework answered {status}: {error}")),
        }
    }
}
