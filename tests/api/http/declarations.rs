//! What the OpenAPI document says of each operation, for those that generate clients from it.

use std::collections::BTreeSet;

use serde_json::Value;

use super::document::{committed, examples, operations};

#[test]
fn every_error_code_of_a_status_is_declared() {
    let document: Value = serde_json::from_str(&committed("openapi.json")).unwrap();
    let codes = |id: &str, status: &str| {
        let operations = operations(&document);
        let (.., operation) = operations.iter().find(|(.., one)| one["operationId"] == id).unwrap();
        let media = &operation["responses"][status]["content"]["application/json"];
        let code = |body: &Value| body["code"].as_str().unwrap().to_owned();
        examples(media).map(code).collect::<BTreeSet<_>>()
    };
    for (id, status, expected) in [
        (
            "updateUser",
            "403",
            ["origin_not_allowed", "reauthentication_required"].as_slice(),
        ),
        (
            "deleteUser",
            "403",
            &["origin_not_allowed", "reauthentication_required"],
        ),
        ("changePassword", "403", &["origin_not_allowed"]),
        ("mintAccessToken", "403", &["email_not_verified", "origin_not_allowed"]),
        ("obtainTokenPair", "403", &["email_not_verified", "origin_not_allowed"]),
        ("refreshToken", "403", &["email_not_verified", "origin_not_allowed"]),
        (
            "signUpWithTokens",
            "403",
            &["email_not_verified", "origin_not_allowed", "sign_up_closed"],
        ),
        ("verifySession", "403", &["email_not_verified"]),
        ("verifyEmail", "400", &["invalid_otp", "validation_error"]),
        ("passwordOtp", "400", &["invalid_otp", "validation_error"]),
    ] {
        let expected = expected.iter().map(|code| (*code).to_owned()).collect();
        assert_eq!(codes(id, status), expected, "{id} {status}");
    }
}

#[test]
fn what_a_request_may_leave_out_is_not_declared_to_be_null() {
    let document: Value = serde_json::from_str(&committed("openapi.json")).unwrap();
    let mut optional = 0;
    for (name, schema) in document["components"]["schemas"].as_object().unwrap() {
        if !name.ends_with("Request") {
            continue;
        }
        let required = schema["required"].as_array();
        for (field, property) in schema["properties"].as_object().unwrap() {
            assert_ne!(property["nullable"], true, "{name}.{field}");
            let is_required = required.is_some_and(|names| names.iter().any(|one| one == field));
            optional += u32::from(!is_required);
        }
    }
    assert!(optional >= 12, "only {optional} optional fields were found");
}

#[test]
fn names_are_distinct_and_everything_is_described() {
    let document: Value = serde_json::from_str(&committed("openapi.json")).unwrap();
    assert_eq!(document["servers"][0]["url"], "http://localhost:8080");
    assert!(document["info"]["contact"]["name"].is_string());
    let tags: Vec<_> = document["tags"].as_array().unwrap().iter().collect();
    let names: BTreeSet<_> = tags.iter().map(|tag| tag["name"].as_str().unwrap()).collect();
    for tag in &tags {
        assert!(tag["description"].is_string(), "{tag}");
        let name = tag["name"].as_str().unwrap();
        let other = names
            .iter()
            .find(|other| **other != name && other.trim_end_matches('s') == name.trim_end_matches('s'));
        assert_eq!(other, None, "generators name a module for each tag");
    }
    for (method, path, operation) in operations(&document) {
        assert!(
            operation["description"].as_str().is_some_and(|text| !text.is_empty()),
            "{method} {path} has no description"
        );
    }
}
