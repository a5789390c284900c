//! The errors of the API: one body, and one table of codes with their statuses.

mod codes;
pub mod django;
mod flows;
mod response;

use poem::http::{Method, StatusCode};
use poem_openapi::Object;

use crate::model::factor::ProofMethod;
use crate::model::limit::throttled::Throttled;
use crate::model::unavailable::Unavailable;
use crate::model::user::AccountDisabled;
use crate::model::user::email::EmailNotVerified;
use crate::model::user::sign_ups::SignUpClosed;
pub use codes::{ErrorCode, IssueCode, ProofMethodName};

/// One issue with your request body.
#[derive(Debug, Clone, PartialEq, Eq, Object)]
pub struct Issue {
    pub code: IssueCode,
    /// The name of the field; empty if the issue is about the body as a whole.
    pub path: Vec<String>,
    /// A sentence to show to people.
    pub message: String,
}

/// Every issue with your request body, or how to prove that it is you.
#[derive(Debug, Object)]
pub struct ErrorData {
    /// `ValidationError`, or the error's code where `methods` is there.
    pub name: String,
    /// Empty unless `name` is `ValidationError`.
    pub issues: Vec<Issue>,
    /// With `second_factor_required` and `reauthentication_required`: the ways to go on, any of which will do.
    #[oai(skip_serializing_if_is_none)]
    pub methods: Option<Vec<ProofMethodName>>,
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
    /// What the client may prove itself with, if it has to.
    pub proofs: Vec<ProofMethod>,
    /// The limit that rejected the request, if one did.
    pub throttled: Option<Throttled>,
    /// Whether the same request may succeed at once, because it only met another one in the database.
    pub is_conflict: bool,
    /// What to send instead, if the operation does not take this kind of body.
    pub accepts: Option<Box<Accepts>>,
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

    /// Asks for a proof by any of `proofs`.
    #[must_use]
    pub fn needs_proof(code: ErrorCode, proofs: Vec<ProofMethod>) -> Self {
        Self { proofs, ..code.into() }
    }

    /// Rejects a request body of another kind than the operation `accepts`.
    #[must_use]
    pub fn unsupported(accepts: Accepts) -> Self {
        Self {
            accepts: Some(Box::new(accepts)),
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
        } else if error.is::<SignUpClosed>() {
            ErrorCode::SignUpClosed.into()
        } else if error.is::<AccountDisabled>() {
            ErrorCode::AccountDisabled.into()
        } else if Unavailable::is_conflict_in(error) {
            tracing::warn!(
                error = format!("{error:#}"),
                "the database gave a request's transaction up in favour of another one"
            );
            Self {
                is_conflict: true,
                ..ErrorCode::Unavailable.into()
            }
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
            data: self.data(),
        }
    }

    fn data(&self) -> Option<ErrorData> {
        if !self.issues.is_empty() {
            return Some(ErrorData {
                name: "ValidationError".to_owned(),
                issues: self.issues.clone(),
                methods: None,
            });
        }
        (!self.proofs.is_empty()).then(|| ErrorData {
            name: self.code.name().as_str().unwrap_or_default().to_owned(),
            issues: Vec::new(),
            methods: Some(self.proofs.iter().copied().map(Into::into).collect()),
        })
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
            proofs: Vec::new(),
            throttled: None,
            is_conflict: false,
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
