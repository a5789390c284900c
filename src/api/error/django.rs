//! The refusals that the token API's operations give themselves, in the shape of Django REST and simplejwt.

use poem::error::ResponseError;
use poem::http::{HeaderValue, StatusCode, header};
use poem::{Body, Response};
use poem_openapi::registry::{MetaResponses, Registry};
use poem_openapi::{ApiResponse, Object};
use serde_json::{Map, Value, json};

use super::{ApiError, ErrorCode, Issue, IssueCode};
use crate::flows::steps::find_taken::Taken;

/// A refusal of the token API.
#[derive(Debug, thiserror::Error)]
#[error("{self:?}")]
pub enum TokenError {
    /// None of the required fields is there.
    MissingFields,
    Fields(Vec<Issue>),
    NoActiveAccount,
    /// No token was shown.
    NotAuthenticated,
    TokenNotValid,
    /// The layer of the token API puts it in Django's words.
    Other(ApiError),
}

/// The body of most refusals of the token API.
#[derive(Debug, Object)]
pub struct TokenErrorBody {
    /// A sentence for people.
    detail: String,
    /// The reason, for programs.
    code: String,
}

/// What is wrong with each field, or one sentence about the whole.
#[derive(Debug, Object)]
pub struct TokenErrors {
    username: Option<Vec<String>>,
    email: Option<Vec<String>>,
    password: Option<Vec<String>>,
    first_name: Option<Vec<String>>,
    last_name: Option<Vec<String>>,
    number_phone: Option<Vec<String>>,
    token: Option<Vec<String>>,
    refresh: Option<Vec<String>>,
    error: Option<String>,
    detail: Option<String>,
    code: Option<String>,
}

impl TokenError {
    /// Sorts a refused body: the fields that `required` names, if all are missing, are one refusal.
    pub fn of_body(refusal: ApiError, required: &[&str]) -> Self {
        let is_missing = |name: &&str| {
            refusal
                .issues
                .iter()
                .any(|issue| issue.code == IssueCode::Required && issue.path == [*name])
        };
        if required.len() > 1 && required.iter().all(is_missing) {
            Self::MissingFields
        } else if refusal.issues.iter().any(|issue| issue.path.is_empty()) {
            Self::Other(refusal)
        } else {
            Self::Fields(refusal.issues)
        }
    }

    /// The body that a client gets; of `Other` the layer of the token API makes it.
    #[must_use]
    pub fn body(&self) -> Value {
        match self {
            Self::MissingFields => json!({ "error": "Missing required fields." }),
            Self::Fields(issues) => fields(issues),
            Self::NoActiveAccount => {
                json!({ "detail": "No active account has these credentials.", "code": "no_active_account" })
            }
            Self::NotAuthenticated => json!({ "detail": "No access token was sent.", "code": "not_authenticated" }),
            Self::TokenNotValid => json!({ "detail": "The token is not valid.", "code": "token_not_valid" }),
            Self::Other(_) => Value::Null,
        }
    }
}

fn fields(issues: &[Issue]) -> Value {
    let mut body = Map::new();
    for issue in issues {
        let messages = body.entry(issue.path.concat()).or_insert_with(|| json!([]));
        if let Some(messages) = messages.as_array_mut() {
            messages.push(json!(in_djangos_words(issue)));
        }
    }
    body.into()
}

/// What the published page says about a taken address, and the same for a user name.
pub fn taken_issues(taken: Taken) -> Vec<Issue> {
    let rows = [
        (taken.username, "username", "user with this username already exists."),
        (taken.email, "email", "user with this email already exists."),
    ];
    let taken = rows.into_iter().filter(|(is_taken, ..)| *is_taken);
    taken
        .map(|(_, name, message)| Issue {
            code: IssueCode::Taken,
            path: vec![name.to_owned()],
            message: message.to_owned(),
        })
        .collect()
}

fn in_djangos_words(issue: &Issue) -> String {
    match issue.code {
        IssueCode::Required => "This field is required.".to_owned(),
        IssueCode::InvalidType => "Not a valid string.".to_owned(),
        _ => format!("{}.", issue.message.trim_end_matches('.')),
    }
}

impl From<ApiError> for TokenError {
    fn from(error: ApiError) -> Self {
        Self::Other(error)
    }
}

impl From<anyhow::Error> for TokenError {
    fn from(error: anyhow::Error) -> Self {
        Self::Other(error.into())
    }
}

impl ResponseError for TokenError {
    fn status(&self) -> StatusCode {
        match self {
            Self::MissingFields | Self::Fields(_) => StatusCode::BAD_REQUEST,
            Self::NoActiveAccount | Self::NotAuthenticated | Self::TokenNotValid => StatusCode::UNAUTHORIZED,
            Self::Other(error) => error.code.status(),
        }
    }

    fn as_response(&self) -> Response {
        if let Self::Other(error) = self {
            return error.to_response();
        }
        let body = Body::from(self.body().to_string());
        let mut response = Response::builder()
            .status(self.status())
            .content_type("application/json; charset=utf-8")
            .body(body);
        if self.status() == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(
                header::WWW_AUTHENTICATE,
                HeaderValue::from_static("Bearer realm=\"api\""),
            );
        }
        response
    }
}

impl ApiResponse for TokenError {
    fn meta() -> MetaResponses {
        MetaResponses { responses: Vec::new() }
    }

    fn register(_: &mut Registry) {}
}

impl From<ErrorCode> for TokenError {
    fn from(code: ErrorCode) -> Self {
        Self::Other(code.into())
    }
}
