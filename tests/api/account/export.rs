//! `GET /api/users/{user_id}/export`.

use serde_json::{Value, json};

use crate::helpers::{PASSWORD, TestApp};

#[tokio::test]
async fn a_person_gets_everything_that_is_stored_about_them() {
    let app = TestApp::new().await;
    let sign_up = json!({
        "username": "jane", "email": "jane@example.com", "password": PASSWORD,
        "first_name": "Jane", "last_name": "Doe", "number_phone": "0123456789",
    });
    app.client().post("/api/sign-up/", &sign_up).await.assert_status(201);
    let client = app.client();
    client.log_in("jane@example.com", PASSWORD).await.assert_status(200);
    client
        .post("/api/auth/email/send-code", &json!({}))
        .await
        .assert_status(200);
    app.signed_up("other@example.com").await;

    let export = client.get("/api/users/me/export").await;
    let body = export.assert_status(200).json();
    let account = &body["account"];
    for (field, value) in [
        ("email", json!("jane@example.com")),
        ("username", json!("jane")),
        ("first_name", json!("Jane")),
        ("last_name", json!("Doe")),
        ("number_phone", json!("0123456789")),
        ("has_password", json!(true)),
        ("email_verified_at", Value::Null),
    ] {
        assert_eq!(account[field], value, "{field}");
    }
    assert_eq!(body["sessions"].as_array().unwrap().len(), 2);
    assert_eq!(body["devices"][0]["family"], "unknown");
    assert_eq!(body["codes"][0]["purpose"], "verify_email");
    assert_eq!(body["waiting_mails"].as_array().unwrap().len(), 1);
    assert!(!export.body.contains("other@example.com") && !export.body.contains("argon2"));
    app.client()
        .get("/api/users/me/export")
        .await
        .assert_error(401, "not_authenticated");
}

/// A column that is added later has to be exported too, or named here with a reason.
#[tokio::test]
async fn no_column_about_a_person_is_forgotten() {
    let app = TestApp::new().await;
    let client = app.signed_up("user@example.com").await;
    let export = client.get("/api/users/me/export").await.json();
    let columns = app.database.columns("users").await;
    assert!(columns.len() > 10, "{columns:?}");
    for column in columns {
        let shown = match column.as_str() {
            // Secret; the export tells whether there is one.
            "password_hash" => "has_password",
            // The same as the column without the suffix, in another form.
            "email_canonical" => "email",
            "username_canonical" => "username",
            column => column,
        };
        assert!(
            export["account"].as_object().unwrap().contains_key(shown),
            "{column} is not exported"
        );
    }
}
