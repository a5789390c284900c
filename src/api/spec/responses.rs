//! Which errors each operation can return, and the headers and examples of every response.

use serde_json::{Value, json};

use super::errors::{Dialect, error_response, header};
use crate::api::error::ErrorCode;
use crate::api::guard::COOKIE_SCHEME;
use crate::api::{account, admin, event, factor, identity, passkey, recovery, session, token};

/// The errors that operations return for reasons of their own, chapter by chapter.
const ERRORS: &[&[(&str, &[ErrorCode])]] = &[
    account::ERRORS,
    recovery::ERRORS,
    session::ERRORS,
    factor::ERRORS,
    token::ERRORS,
    passkey::ERRORS,
    event::ERRORS,
    admin::ERRORS,
    identity::ERRORS,
];
/// The operations that set or remove the session cookie without requiring one, chapter by chapter.
const WRITE_COOKIE: &[&[&str]] = &[
    account::WRITE_COOKIE,
    session::WRITE_COOKIE,
    factor::WRITE_COOKIE,
    passkey::WRITE_COOKIE,
    identity::WRITE_COOKIE,
];

/// The first event of a stream and a later one, as they are sent.
const EVENTS: &str = "event: hello\ndata: {\"session_id\":\"0192d3a8-6c0e-7b52-9f4d-2a6b8c1e5f70\"}\n\n\
    event: session_ended\ndata: {\"session_id\":\"0192d3a8-6c0e-7b52-9f4d-2a6b8c1e5f70\"}\n\n";

/// Completes one operation: its responses and their headers, and an example of every body. `schemas` are the
/// document's.
pub fn add(dialect: Dialect, method: &str, operation: &mut Value, schemas: &Value) {
    let id = operation["operationId"].as_str().unwrap_or_default().to_owned();
    let takes_cookie = operation["security"]
        .as_array()
        .is_some_and(|schemes| schemes.iter().any(|scheme| scheme.get(COOKIE_SCHEME).is_some()));
    for response in members(&mut operation["responses"]) {
        drop_charset(response);
        add_examples(response, schemas);
        if response["description"] == "" {
            response["description"] = described(response, schemas);
        }
        if takes_cookie || writes_cookie(&id) {
            response["headers"]["Set-Cookie"] =
                header("Sets, renews or removes the session cookie; absent if the cookie stays as it is");
        }
    }
    if let Some(body) = operation.get_mut("requestBody") {
        add_examples(body, schemas);
    }
    for codes in by_status(error_codes(method, operation, &id)) {
        let status = codes[0].status().as_u16().to_string();
        operation["responses"][status] = error_response(dialect, method, &codes);
    }
    if operation.get("security").is_none() {
        // Explicit, so that readers and linters do not take the missing requirement for an oversight.
        operation["security"] = json!([]);
    }
    for response in members(&mut operation["responses"]) {
        response["headers"]["X-Request-Id"] = header("The id of this request in the service's log");
    }
}

fn writes_cookie(id: &str) -> bool {
    WRITE_COOKIE.iter().any(|operations| operations.contains(&id))
}

/// The framework writes the media type with a charset, and generators then do not recognise it as JSON.
fn drop_charset(response: &mut Value) {
    let Some(content) = response.get_mut("content").and_then(Value::as_object_mut) else {
        return;
    };
    if let Some(media) = content.remove("application/json; charset=utf-8") {
        content.insert("application/json".to_owned(), media);
    }
}

fn add_examples(holder: &mut Value, schemas: &Value) {
    let Some(content) = holder.get_mut("content") else {
        return;
    };
    if let Some(stream) = content.get_mut("text/event-stream") {
        // The framework calls every stream binary, and generators would then hand out a file.
        *stream = json!({ "schema": { "type": "string" }, "example": EVENTS });
        return;
    }
    for media in members(content) {
        media["example"] = example(&media["schema"], schemas);
    }
}

/// The description of a response that has none of its own: that of the schema its body refers to.
fn described(response: &Value, schemas: &Value) -> Value {
    let name = response["content"]["application/json"]["schema"]["$ref"].as_str();
    let name = name.and_then(|path| path.rsplit('/').next()).unwrap_or_default();
    let description = &schemas[name]["description"];
    let sentence = description.as_str().unwrap_or("Success");
    json!(sentence)
}

/// The example of a schema: its own, that of the schema it refers to, or a list of one.
fn example(schema: &Value, schemas: &Value) -> Value {
    if let Some(name) = schema["$ref"].as_str().and_then(|path| path.rsplit('/').next()) {
        return schemas[name]["example"].clone();
    }
    match schema["type"].as_str() {
        Some("array") => json!([example(&schema["items"], schemas)]),
        Some("boolean") => json!(true),
        _ => Value::Null,
    }
}

fn error_codes(method: &str, operation: &Value, id: &str) -> Vec<ErrorCode> {
    let own = ERRORS.iter().copied().flatten();
    let own = own.filter(|(operation, _)| *operation == id);
    let mut codes: Vec<_> = own.flat_map(|(_, codes)| *codes).copied().collect();
    codes.extend([
        ErrorCode::BodyTooLarge,
        ErrorCode::InternalError,
        ErrorCode::Unavailable,
    ]);
    if operation.get("requestBody").is_some() {
        codes.extend([ErrorCode::ValidationError, ErrorCode::UnsupportedMediaType]);
    }
    if operation.get("security").is_some() {
        codes.push(ErrorCode::NotAuthenticated);
    }
    if !matches!(method, "get" | "head") {
        codes.push(ErrorCode::OriginNotAllowed);
    }
    codes
}

/// The codes of one status together, because a document has one response for each status.
fn by_status(codes: Vec<ErrorCode>) -> Vec<Vec<ErrorCode>> {
    let mut groups: Vec<Vec<ErrorCode>> = Vec::new();
    for code in codes {
        match groups.iter_mut().find(|group| group[0].status() == code.status()) {
            Some(group) => group.push(code),
            None => groups.push(vec![code]),
        }
    }
    groups
}

pub fn members(value: &mut Value) -> impl Iterator<Item = &mut Value> {
    value.as_object_mut().into_iter().flat_map(|object| object.values_mut())
}
