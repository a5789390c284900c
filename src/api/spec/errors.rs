//! How the document describes an error response: its schema, its examples and its headers.

use poem::http::StatusCode;
use poem_openapi::types::ToJSON;
use serde_json::{Value, json};

use crate::api::error::django::TokenError;
use crate::api::error::{ApiError, ErrorCode, Issue, IssueCode};
use crate::api::layers::token_api::django_body;

const TOKEN_ERRORS: &str = "TokenErrors";

/// The shape of an operation's errors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// One body for every error, as [`crate::api::error`] defines it.
    Own,
    /// The bodies of Django REST and simplejwt.
    Django,
}

/// The response for `codes`, which all have the same status.
pub fn error_response(dialect: Dialect, method: &str, codes: &[ErrorCode]) -> Value {
    let errors: Vec<_> = codes.iter().map(|code| Described::of(dialect, *code)).collect();
    let mut response = json!({ "description": description(&errors) });
    if method != "head" {
        // The schema of a refused form has the members of the other one too.
        let of_form = errors.iter().find(|error| error.schema == TOKEN_ERRORS);
        let name = of_form.unwrap_or(&errors[0]).schema;
        let schema = json!({ "$ref": format!("#/components/schemas/{name}") });
        response["content"]["application/json"] = match errors.as_slice() {
            [error] => json!({ "schema": schema, "example": error.example }),
            errors => json!({ "schema": schema, "examples": examples(errors) }),
        };
    }
    for code in codes {
        for (name, value) in error_headers(dialect, *code) {
            response["headers"][name] = value;
        }
    }
    response
}

/// An error code as the document shows it.
struct Described {
    name: Value,
    sentence: Value,
    schema: &'static str,
    example: Value,
}

impl Described {
    fn of(dialect: Dialect, code: ErrorCode) -> Self {
        let body = example_of(code).body();
        let (schema, example) = match dialect {
            Dialect::Own => ("ApiError", body.to_json().unwrap_or_default()),
            Dialect::Django => token_error(code),
        };
        let is_token_401 = dialect == Dialect::Django && code.status() == StatusCode::UNAUTHORIZED;
        Self {
            name: code.name(),
            sentence: if is_token_401 {
                example["detail"].clone()
            } else {
                json!(body.message)
            },
            schema,
            example,
        }
    }
}

fn example_of(code: ErrorCode) -> ApiError {
    match code {
        ErrorCode::ValidationError => ApiError::validation(vec![Issue {
            code: IssueCode::TooShort,
            path: vec!["password".to_owned()],
            message: "Password must have at least 8 characters".to_owned(),
        }]),
        code => code.into(),
    }
}

fn description(errors: &[Described]) -> Value {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    if let [error] = errors {
        return error.sentence.clone();
    }
    let lines = errors
        .iter()
        .map(|error| format!("- `{}`: {}", text(&error.name), text(&error.sentence)));
    json!(lines.collect::<Vec<_>>().join("\n"))
}

fn examples(errors: &[Described]) -> Value {
    let named = errors.iter().map(|error| {
        let name = error.name.as_str().unwrap_or_default().to_owned();
        (name, json!({ "summary": error.sentence, "value": error.example }))
    });
    Value::Object(named.collect())
}

fn error_headers(dialect: Dialect, code: ErrorCode) -> Vec<(&'static str, Value)> {
    let mut headers = Vec::new();
    if matches!(code, ErrorCode::Unavailable | ErrorCode::TooManyRequests) {
        let seconds = json!({ "description": "Seconds to wait before trying again", "schema": { "type": "integer" } });
        headers.push(("Retry-After", seconds));
    }
    if code == ErrorCode::TooManyRequests {
        let left = "The requests left in this limit, and the seconds until one more is allowed";
        let policy = "The limit: its name, the number of requests, and the seconds in which they are allowed";
        headers.extend([("RateLimit", header(left)), ("RateLimit-Policy", header(policy))]);
    }
    if code.status() == StatusCode::UNAUTHORIZED {
        let scheme = match dialect {
            Dialect::Own => "The credential to send: `Cookie`, the session cookie",
            Dialect::Django => "The credential to send: `Bearer`, an access token",
        };
        headers.push(("WWW-Authenticate", header(scheme)));
    }
    if code == ErrorCode::UnsupportedMediaType {
        headers.extend([
            ("Accept", header("The media types to send, if yours is not among them")),
            (
                "Accept-Encoding",
                header("The content codings to send, if yours is not among them"),
            ),
        ]);
    }
    headers
}

/// The schema and an example of an error in the shape of the token API.
fn token_error(code: ErrorCode) -> (&'static str, Value) {
    match code {
        ErrorCode::ValidationError => (
            TOKEN_ERRORS,
            json!({
                "username": ["This field is required."],
                "email": ["user with this email already exists."],
            }),
        ),
        ErrorCode::InternalError => (TOKEN_ERRORS, django_body(&code.into())),
        ErrorCode::InvalidCredentials => ("TokenErrorBody", TokenError::NoActiveAccount.body()),
        ErrorCode::NotAuthenticated => ("TokenErrorBody", TokenError::TokenNotValid.body()),
        _ => ("TokenErrorBody", django_body(&code.into())),
    }
}

pub fn header(description: &str) -> Value {
    json!({ "description": description, "schema": { "type": "string" } })
}
