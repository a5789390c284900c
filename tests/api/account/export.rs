//! `GET /api/users/{user_id}/export`.

use insta::assert_snapshot;
use serde_json::json;

use crate::helpers::{PASSWORD, TestApp};

#[tokio::test]
async fn the_owner_of_an_account_gets_everything_that_is_stored_about_them() {
    let app = TestApp::new().await;
    sign_jane_up(&app).await;
    let client = app.client();
    client.log_in("jane@example.com", PASSWORD).await.ok();
    client.send_email_code().await.ok();
    app.user("bob").await;

    let export = client.export().await;
    assert_snapshot!(export, @r#"
    200 OK
    {
      "account": {
        "id": "[id]",
        "number": 1,
        "email": "jane@example.com",
        "email_verified_at": null,
        "pending_email": null,
        "has_password": true,
        "second_factor_at": null,
        "username": "jane",
        "first_name": "Jane",
        "last_name": "Doe",
        "number_phone": "0123456789",
        "avatar": null,
        "created_at": "2024-10-04T00:00:00Z",
        "last_log_in_at": "2024-10-04T00:00:00Z"
      },
      "sessions": [
        {
          "id": "[id]",
          "current": true,
          "kind": "cookie",
          "created_at": "2024-10-04T00:00:00Z",
          "authenticated_at": "2024-10-04T00:00:00Z",
          "amr": [
            "pwd"
          ],
          "last_seen_at": "2024-10-04T00:00:00Z",
          "expires_at": "2024-10-11T00:00:00Z",
          "ip": null,
          "user_agent": null
        },
        {
          "id": "[id]",
          "current": false,
          "kind": "token",
          "created_at": "2024-10-04T00:00:00Z",
          "authenticated_at": "2024-10-04T00:00:00Z",
          "amr": [
            "pwd"
          ],
          "last_seen_at": "2024-10-04T00:00:00Z",
          "expires_at": "2024-11-03T00:00:00Z",
          "ip": null,
          "user_agent": null
        }
      ],
      "factors": [],
      "devices": [
        {
          "family": "unknown",
          "network": "unknown",
          "first_seen_at": "2024-10-04T00:00:00Z",
          "last_seen_at": "2024-10-04T00:00:00Z"
        }
      ],
      "codes": [
        {
          "purpose": "verify_email",
          "email": "jane@example.com",
          "issued_at": "2024-10-04T00:00:00Z",
          "expires_at": "2024-10-04T00:10:00Z",
          "used_at": null
        }
      ],
      "identities": [],
      "waiting_mails": [
        "2024-10-04T00:00:00Z"
      ],
      "events": [
        {
          "id": "[id]",
          "type": "log_in",
          "happened_at": "2024-10-04T00:00:00Z",
          "actor": "self",
          "session_id": "[id]",
          "browser": "unknown"
        },
        {
          "id": "[id]",
          "type": "sign_up",
          "happened_at": "2024-10-04T00:00:00Z",
          "actor": "self",
          "session_id": "[id]",
          "browser": "unknown"
        }
      ]
    }
    "#);
    assert!(!export.body.contains("bob@example.com") && !export.body.contains("argon2"));
    app.client().export().await.fails(401, "not_authenticated");
}

async fn sign_jane_up(app: &TestApp) {
    let sign_up = json!({
        "username": "jane", "email": "jane@example.com", "password": PASSWORD,
        "first_name": "Jane", "last_name": "Doe", "number_phone": "0123456789",
    });
    app.client().post("/api/sign-up/", &sign_up).await.assert_status(201);
}

/// A column that is added later has to be exported too, or named here with a reason.
#[tokio::test]
async fn no_column_about_a_person_is_forgotten() {
    let app = TestApp::new().await;
    let alice = app.user("alice").await;
    let export = alice.export().await.ok().json();
    let columns = app.database.columns("users").await;
    assert!(columns.len() > 10, "{columns:?}");
    for column in columns {
        let shown = match column.as_str() {
            // The first counts changes of the password and tells nothing of the person. An account whose owner can ask
            // for an export is not disabled. The third is what the service thinks of the password; the session shows
            // it. The last is a right that the operator gives.
            "device_generation" | "disabled_at" | "password_breached_at" | "admin_at" => continue,
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
