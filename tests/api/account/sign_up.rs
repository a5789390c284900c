//! `POST /api/auth/sign-up`.

use insta::assert_snapshot;
use poem::Body;
use poem::http::Method;
use serde_json::json;

use crate::helpers::{ALICE, PASSWORD, TestApp};

#[tokio::test]
async fn answers_with_the_published_body_and_sets_the_session_cookie() {
    let app = TestApp::new().await;
    let answer = app.client().sign_up(ALICE, "yourpassword").await;
    answer.ok();
    let body = answer.json();
    let id = body["user"]["id"].as_str().unwrap();
    assert_eq!(uuid::Uuid::parse_str(id).unwrap().get_version_num(), 7);
    let expected = json!({
        "user": { "id": id, "primary_email": ALICE },
        "loggedInAt": "2024-10-04T00:00:00Z",
    });
    assert_eq!(body, expected);
    assert!(answer.set_cookie().unwrap().starts_with("neptun-session="));
}

#[tokio::test]
async fn signs_the_browser_in() {
    let app = TestApp::new().await;
    let alice = app.user("alice").await;
    assert_eq!(alice.shown_email().await, ALICE);
}

#[tokio::test]
async fn an_address_belongs_to_one_account_however_it_is_typed() {
    let app = TestApp::new().await;
    app.client().sign_up("Alice@Example.com", PASSWORD).await.ok();
    for email in [ALICE, " ALICE@EXAMPLE.COM ", "alice@example.COM\n"] {
        app.client().sign_up(email, PASSWORD).await.fails(409, "email_taken");
    }
    assert_eq!(app.database.users().await, 1);
    assert_eq!(app.database.sessions().await, 1);
}

#[tokio::test]
async fn the_address_is_shown_as_typed_without_the_space_around_it() {
    let app = TestApp::new().await;
    let answer = app.client().sign_up("  Jane.Doe@Example.COM ", PASSWORD).await;
    assert_eq!(answer.ok().json()["user"]["primary_email"], "Jane.Doe@Example.COM");
}

#[tokio::test]
async fn every_failing_field_is_listed_at_once() {
    let app = TestApp::new().await;
    let client = app.client();
    let (email, long) = ("a@b.example", "x".repeat(257));
    let mut listed = Vec::new();
    for body in [
        json!({}),
        json!({ "email": null, "password": null }),
        json!({ "email": 5, "password": ["x"] }),
        json!({ "email": [email, "c@d.example"], "password": PASSWORD }),
        json!({ "email": "no address", "password": "1234567" }),
        json!({ "email": email, "password": long }),
        json!({ "email": email, "password": "A@B.example" }),
        json!({ "email": email, "password": "password1" }),
        json!({ "email": email, "password": PASSWORD, "confirmPassword": "something else" }),
        json!({ "email": email, "password": "short", "confirmPassword": "other" }),
        json!({ "email": email, "password": PASSWORD, "confirmPassword": 1 }),
    ] {
        let issues = client.post("/api/auth/sign-up", &body).await.issues().join(", ");
        let body = body.to_string().replace(&long, "[257 characters]");
        listed.push(format!("{body}\n    {issues}"));
    }
    assert_snapshot!(listed.join("\n"), @r#"
    {}
        email: required, password: required
    {"email":null,"password":null}
        email: required, password: required
    {"email":5,"password":["x"]}
        email: invalid_type, password: invalid_type
    {"email":["a@b.example","c@d.example"],"password":"correct horse battery"}
        email: invalid_type
    {"email":"no address","password":"1234567"}
        email: invalid_email, password: too_short
    {"email":"a@b.example","password":"[257 characters]"}
        password: too_long
    {"email":"a@b.example","password":"A@B.example"}
        password: same_as_email
    {"email":"a@b.example","password":"password1"}
        password: too_common
    {"email":"a@b.example","password":"correct horse battery","confirmPassword":"something else"}
        confirmPassword: mismatch
    {"email":"a@b.example","password":"short","confirmPassword":"other"}
        password: too_short, confirmPassword: mismatch
    {"email":"a@b.example","password":"correct horse battery","confirmPassword":1}
        confirmPassword: invalid_type
    "#);
    assert_eq!(app.database.users().await, 0);
}

#[tokio::test]
async fn unknown_fields_change_nothing() {
    let app = TestApp::new().await;
    let body = json!({
        "email": ALICE, "password": PASSWORD, "confirmPassword": PASSWORD,
        "id": "01890000-0000-7000-8000-000000000000", "number": 7, "email_verified": true, "role": "admin",
        "created_at": "1999-01-01T00:00:00Z",
    });
    let answer = app.client().post("/api/auth/sign-up", &body).await;
    assert_ne!(answer.ok().json()["user"]["id"], body["id"]);
    assert_eq!(answer.json()["user"].as_object().unwrap().len(), 2);
}

#[tokio::test]
async fn a_form_does_the_same_as_json() {
    let app = TestApp::new().await;
    let form = [("content-type", "application/x-www-form-urlencoded")];
    let body = "email=alice%40example.com&password=correct+horse+battery";
    for path in ["/api/auth/sign-up", "/api/auth/login"] {
        let client = app.client();
        client.send(Method::POST, path, &form, Body::from(body)).await.ok();
        assert!(client.is_signed_in().await);
    }
    app.log_in(ALICE, PASSWORD).await.ok();
}

#[tokio::test]
async fn ends_the_session_that_was_presented() {
    let app = TestApp::new().await;
    let first = app.user("first").await;
    let before = first.copy();
    first.sign_up("second@example.com", PASSWORD).await.ok();
    assert_ne!(first.cookie(), before.cookie());
    assert!(!before.is_signed_in().await);
    assert!(first.is_signed_in().await);
    assert_eq!(app.database.sessions().await, 1);
}

#[tokio::test]
async fn a_planted_session_id_is_never_adopted() {
    let app = TestApp::new().await;
    let client = app.client();
    let planted = "neptun-session=AAAAAAAAAAAAAAAAAAAAAA";
    client.set_cookie(Some(planted.to_owned()));
    client.sign_up(ALICE, PASSWORD).await.ok();
    assert_ne!(client.cookie().as_deref(), Some(planted));
    let attacker = app.client();
    attacker.set_cookie(Some(planted.to_owned()));
    assert!(!attacker.is_signed_in().await);
}

#[tokio::test]
async fn an_account_whose_session_cannot_be_started_is_not_kept() {
    let app = TestApp::new().await;
    app.database.refuse("INSERT").await;
    let client = app.client();
    client.sign_up(ALICE, PASSWORD).await.fails(500, "internal_error");
    assert_eq!(client.cookie(), None);
    assert_eq!(app.database.users().await, 0);
    app.database.accept_again().await;
    client.sign_up(ALICE, PASSWORD).await.ok();
}

/// An address as long as a body may be, and labels that take long to encode.
#[tokio::test]
async fn an_address_that_is_too_long_is_rejected_at_once() {
    let app = TestApp::new().await;
    let labels = ["b".repeat(1000), "\u{fc}".repeat(500), "c".repeat(1000)].join(".");
    for email in [
        format!("{}@{labels}.example", "a".repeat(8000)),
        format!("a@{}.example", "\u{fc}".repeat(6000)),
        format!("{}@example.com", "\u{301}".repeat(6000)),
        "@".repeat(16_000),
    ] {
        let client = app.client();
        let sign_up = json!({ "email": email, "password": PASSWORD });
        let answer = client.post("/api/auth/sign-up", &sign_up).await;
        assert_eq!(answer.issues(), ["email: invalid_email"]);
        assert!(answer.body.contains("too long"), "{}", answer.body);
        client
            .post("/api/auth/login", &sign_up)
            .await
            .fails(400, "validation_error");
        client.ask_for_reset(&email).await.fails(400, "validation_error");
    }
}

#[tokio::test]
async fn characters_that_no_reader_sees_are_rejected_in_a_new_address() {
    let app = TestApp::new().await;
    let alice = app.user("alice").await;
    for email in [
        "bob@example.com\u{200b}",
        "bob@exam\u{ad}ple.com",
        "bob@example\u{ff0e}com",
        "bob@ｅxample.com",
        "bob\u{3164}@example.com",
        "ｂob@example.com",
    ] {
        let issues = app.client().sign_up(email, PASSWORD).await.issues();
        assert_eq!(issues, ["email: invalid_email"], "{email:?}");
        let body = json!({ "username": "bob", "email": email, "password": PASSWORD });
        let answer = app.client().post("/api/sign-up/", &body).await;
        assert!(answer.assert_status(400).json()["email"].is_array(), "{email:?}");
        let answer = alice.change_email(email).await;
        assert_eq!(answer.issues(), ["email: invalid_email"], "{email:?}");
    }
    assert_eq!(app.database.users().await, 1);
}

#[tokio::test]
async fn a_dotless_i_makes_another_address() {
    let app = TestApp::new().await;
    let (dotless, dotted) = ("m\u{131}ke@example.com", "mike@example.com");
    app.client().sign_up(dotless, PASSWORD).await.ok();
    let mike = app.client();
    mike.sign_up(dotted, PASSWORD).await.ok();
    app.client()
        .sign_up("MIKE@example.com", PASSWORD)
        .await
        .fails(409, "email_taken");
    app.client()
        .sign_up("M\u{131}KE@example.com", PASSWORD)
        .await
        .fails(409, "email_taken");
    mike.ask_for_reset(dotted).await.ok();
    assert_eq!(app.mails().await[0].to, dotted);
    app.client().ask_for_reset(dotless).await.ok();
    assert_eq!(app.mails().await[0].to, dotless);
}

/// Earlier versions stored `mıke@` under the form of `mike@`, and addresses with invisible characters in their domain.
#[tokio::test]
async fn accounts_of_earlier_releases_are_found_and_stand_in_no_other_accounts_way() {
    let app = TestApp::new().await;
    let (dotless, dotted) = ("m\u{131}ke@example.com", "mike@example.com");
    app.client().sign_up(dotless, PASSWORD).await.ok();
    app.execute("UPDATE users SET email_canonical = 'mike@example.com'")
        .await;
    app.client().log_in(dotless, PASSWORD).await.ok();
    app.client()
        .log_in(dotted, PASSWORD)
        .await
        .fails(401, "invalid_credentials");
    app.client().ask_for_reset(dotted).await.ok();
    assert_eq!(app.mails().await.len(), 0);
    app.client().ask_for_reset(dotless).await.ok();
    assert_eq!(app.mails().await[0].to, dotless);
    app.client().sign_up(dotless, PASSWORD).await.fails(409, "email_taken");

    app.client().sign_up(dotted, "another good password").await.ok();
    app.client().log_in(dotted, "another good password").await.ok();
    app.client().log_in(dotless, PASSWORD).await.ok();
    assert_eq!(app.database.users().await, 2);

    app.client().sign_up("jane@example.com", PASSWORD).await.ok();
    app.execute("UPDATE users SET email = 'jane@exam\u{ad}ple.com', email_verified_at = created_at WHERE email = 'jane@example.com'")
        .await;
    let jane = app.client();
    jane.log_in("jane@example.com", PASSWORD).await.ok();
    assert_eq!(jane.shown_email().await, "jane@example.com");
    let verify = jane.get("/api/auth/verify").await;
    assert_eq!(
        verify.assert_status(204).header("x-auth-user-email"),
        Some("jane@example.com")
    );
    let export = jane.export().await;
    assert!(export.ok().body.contains("jane@example.com"), "{}", export.body);
}
