//! The errors that the token API's operations return, in the shape of Django REST and simplejwt.

use poem::error::ResponseError;
use poem::http::{HeaderValue, StatusCode, header};
use poem::{Body, Response};
use poem_openapi::registry::{MetaResponses, Registry};
use poem_openapi::{ApiResponse, Object};
use serde_json::{Map, Value, json};

use super::{ApiError, ErrorCode, Issue, IssueCode};
use crate::flows::steps::find_taken::Taken;
use crate::model::user::AccountDisabled;

/// An error of the token API.
#[derive(Debug, thiserror::Error)]
#[error("{self:?}")]
pub enum TokenError {
    /// All required fields are missing.
    MissingFields,
    Fields(Vec<Issue>),
    NoActiveAccount,
    /// The account asks for a second factor, and none was sent.
    SecondFactorRequired,
    /// The request has no access token.
    NotAuthenticated,
    TokenNotValid,
    /// Any other error; the token API's layer writes its body.
    Other(ApiError),
}

/// The body of most errors of the token API.
#[derive(Debug, Object)]
pub struct TokenErrorBody {
    /// A sentence to show to people.
    detail: String,
    /// Why the request failed, for your program to act on.
    code: String,
}

/// The issues of each field, or one sentence about the request as a whole.
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
    otp: Option<Vec<String>>,
    error: Option<String>,
    detail: Option<String>,
    code: Option<String>,
}

impl TokenError {
    /// Sorts the issues of a request body. If all of several `required` fields are missing, they become one error.
    #[must_use]
    pub fn of_body(error: ApiError, required: &[&str]) -> Self {
        let is_missing = |name: &&str| {
            error
                .issues
                .iter()
                .any(|issue| issue.code == IssueCode::Required && issue.path == [*name])
        };
        if required.len() > 1 && required.iter().all(is_missing) {
            Self::MissingFields
        } else if error.issues.iter().any(|issue| issue.path.is_empty()) {
            Self::Other(error)
        } else {
            Self::Fields(error.issues)
        }
    }

    /// The body that the client receives; null for [`TokenError::Other`], whose body the token API's layer writes.
    #[must_use]
    pub fn body(&self) -> Value {
        match self {
            Self::MissingFields => json!({ "error": "Missing required fields." }),
            Self::Fields(issues) => fields(issues),
            Self::NoActiveAccount => {
                json!({ "detail": "No active account has these credentials.", "code": "no_active_account" })
            }
            Self::SecondFactorRequired => {
                json!({ "detail": "Send your second factor as otp.", "code": "second_factor_required" })
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
            messages.push(json!(django_message(issue)));
        }
    }
    body.into()
}

/// The published message for a taken address, and the same for a user name.
#[must_use]
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

fn django_message(issue: &Issue) -> String {
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
        if error.is::<AccountDisabled>() {
            return Self::NoActiveAccount;
        }
        Self::Other(error.into())
    }
}

impl ResponseError for TokenError {
    fn status(&self) -> StatusCode {
        match self {
            Self::MissingFields | Self::Fields(_) => StatusCode::BAD_REQUEST,
            Self::NoActiveAccount | Self::SecondFactorRequired | Self::NotAuthenticated | Self::TokenNotValid => {
                StatusCode::UNAUTHORIZED
            }
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
