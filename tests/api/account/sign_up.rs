//! `POST /api/auth/sign-up`.

use poem::Body;
use poem::http::Method;
use serde_json::json;

use crate::helpers::{PASSWORD, TestApp};

#[tokio::test]
async fn answers_with_the_published_body_and_sets_the_session_cookie() {
    let app = TestApp::new().await;
    let answer = app.client().sign_up("user@example.com", "yourpassword").await;
    answer.assert_status(200);
    let body = answer.json();
    let id = body["user"]["id"].as_str().unwrap();
    assert_eq!(uuid::Uuid::parse_str(id).unwrap().get_version_num(), 7);
    let expected = json!({
        "user": { "id": id, "primary_email": "user@example.com" },
        "loggedInAt": "2024-10-04T00:00:00Z",
    });
    assert_eq!(body, expected);
    assert!(answer.set_cookie().unwrap().starts_with("neptun-session="));
}

#[tokio::test]
async fn signs_the_browser_in() {
    let app = TestApp::new().await;
    let client = app.signed_up("user@example.com").await;
    let session = client.get("/api/auth/session").await;
    assert_eq!(
        session.assert_status(200).json()["user"]["primary_email"],
        "user@example.com"
    );
}

#[tokio::test]
async fn an_address_belongs_to_one_account_however_it_is_typed() {
    let app = TestApp::new().await;
    app.signed_up("User@Example.com").await;
    for email in ["user@example.com", " USER@EXAMPLE.COM ", "user@example.COM\n"] {
        app.client()
            .sign_up(email, PASSWORD)
            .await
            .assert_error(409, "email_taken");
    }
    assert_eq!(app.database.users().await, 1);
    assert_eq!(app.database.sessions().await, 1);
}

#[tokio::test]
async fn the_address_is_shown_as_typed_without_the_space_around_it() {
    let app = TestApp::new().await;
    let answer = app.client().sign_up("  Jane.Doe@Example.COM ", PASSWORD).await;
    assert_eq!(
        answer.assert_status(200).json()["user"]["primary_email"],
        "Jane.Doe@Example.COM"
    );
}

#[tokio::test]
async fn every_failing_field_is_listed_at_once() {
    let app = TestApp::new().await;
    let client = app.client();
    let cases = [
        (json!({}), vec![("email", "required"), ("password", "required")]),
        (
            json!({ "email": null, "password": null }),
            vec![("email", "required"), ("password", "required")],
        ),
        (
            json!({ "email": 5, "password": ["x"] }),
            vec![("email", "invalid_type"), ("password", "invalid_type")],
        ),
        (
            json!({ "email": ["a@b.example", "c@d.example"], "password": PASSWORD }),
            vec![("email", "invalid_type")],
        ),
        (
            json!({ "email": "nobody", "password": "1234567" }),
            vec![("email", "invalid_email"), ("password", "too_short")],
        ),
        (
            json!({ "email": "a@b.example", "password": "x".repeat(257) }),
            vec![("password", "too_long")],
        ),
        (
            json!({ "email": "a@b.example", "password": "A@B.example" }),
            vec![("password", "same_as_email")],
        ),
        (
            json!({ "email": "a@b.example", "password": "password1" }),
            vec![("password", "too_common")],
        ),
        (
            json!({ "email": "a@b.example", "password": PASSWORD, "confirmPassword": "something else" }),
            vec![("confirmPassword", "mismatch")],
        ),
        (
            json!({ "email": "a@b.example", "password": "short", "confirmPassword": "other" }),
            vec![("password", "too_short"), ("confirmPassword", "mismatch")],
        ),
        (
            json!({ "email": "a@b.example", "password": PASSWORD, "confirmPassword": 1 }),
            vec![("confirmPassword", "invalid_type")],
        ),
    ];
    for (body, expected) in cases {
        let issues = client.post("/api/auth/sign-up", &body).await.issues();
        let issues: Vec<_> = issues
            .iter()
            .map(|(path, code)| (path.as_str(), code.as_str()))
            .collect();
        assert_eq!(issues, expected, "{body}");
    }
    assert_eq!(app.database.users().await, 0);
}

#[tokio::test]
async fn unknown_fields_change_nothing() {
    let app = TestApp::new().await;
    let body = json!({
        "email": "user@example.com", "password": PASSWORD, "confirmPassword": PASSWORD,
        "id": "01890000-0000-7000-8000-000000000000", "number": 7, "email_verified": true, "role": "admin", "created_at": "1999-01-01T00:00:00Z",
    });
    let answer = app.client().post("/api/auth/sign-up", &body).await;
    assert_ne!(answer.assert_status(200).json()["user"]["id"], body["id"]);
    assert_eq!(answer.json()["user"].as_object().unwrap().len(), 2);
}

#[tokio::test]
async fn a_form_does_the_same_as_json() {
    let app = TestApp::new().await;
    let client = app.client();
    let form = [("content-type", "application/x-www-form-urlencoded")];
    let body = "email=user%40example.com&password=correct+horse+battery";
    client
        .send(Method::POST, "/api/auth/sign-up", &form, Body::from(body))
        .await
        .assert_status(200);
    assert_eq!(client.session_status().await, 200);
    app.client()
        .log_in("user@example.com", PASSWORD)
        .await
        .assert_status(200);
    app.client()
        .send(Method::POST, "/api/auth/login", &form, Body::from(body))
        .await
        .assert_status(200);
}

#[tokio::test]
async fn ends_the_session_that_was_presented() {
    let app = TestApp::new().await;
    let client = app.signed_up("first@example.com").await;
    let before = client.copy();
    client.sign_up("second@example.com", PASSWORD).await.assert_status(200);
    assert_ne!(client.cookie(), before.cookie());
    assert_eq!(before.session_status().await, 401);
    assert_eq!(client.session_status().await, 200);
    assert_eq!(app.database.sessions().await, 1);
}

#[tokio::test]
async fn a_planted_session_id_is_never_adopted() {
    let app = TestApp::new().await;
    let client = app.client();
    let planted = "neptun-session=AAAAAAAAAAAAAAAAAAAAAA";
    client.set_cookie(Some(planted.to_owned()));
    client.sign_up("user@example.com", PASSWORD).await.assert_status(200);
    assert_ne!(client.cookie().as_deref(), Some(planted));
    let attacker = app.client();
    attacker.set_cookie(Some(planted.to_owned()));
    assert_eq!(attacker.session_status().await, 401);
}

#[tokio::test]
async fn an_account_whose_session_cannot_be_started_is_not_kept() {
    let app = TestApp::new().await;
    app.database.refuse("INSERT").await;
    let client = app.client();
    client
        .sign_up("user@example.com", PASSWORD)
        .await
        .assert_error(500, "internal_error");
    assert_eq!(client.cookie(), None);
    assert_eq!(app.database.users().await, 0);
    app.database.accept_again().await;
    client.sign_up("user@example.com", PASSWORD).await.assert_status(200);
}
