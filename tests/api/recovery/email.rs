//! `/api/auth/email/send-code`, `/verify` and `/restore`.

use chrono::TimeDelta;
use serde_json::json;

use crate::helpers::{Answer, Client, PASSWORD, TestApp};

const USER: &str = "user@example.com";
const NEW: &str = "new@example.com";

async fn send_code(client: &Client) -> Answer {
    client.post("/api/auth/email/send-code", &json!({})).await
}

async fn verify(client: &Client, code: &str) -> Answer {
    client.post("/api/auth/email/verify", &json!({ "code": code })).await
}

async fn change(client: &Client, email: &str) -> Answer {
    client
        .send_json("PATCH", "/api/users/me", &json!({ "email": email }))
        .await
}

async fn restore(client: &Client, token: &str) -> Answer {
    client.post("/api/auth/email/restore", &json!({ "token": token })).await
}

/// A client whose address is confirmed.
async fn verified(app: &TestApp, email: &str) -> Client {
    let client = app.signed_up(email).await;
    send_code(&client).await.assert_status(200);
    let code = app.code_to(email).await;
    verify(&client, &code).await.assert_status(200);
    client
}

#[tokio::test]
async fn an_address_is_confirmed_with_the_code_that_was_mailed_to_it() {
    let app = TestApp::new().await;
    let client = app.signed_up(USER).await;
    let before = client.get("/api/auth/session").await.json();
    assert_eq!(
        (&before["email_verified"], &before["user"]["email_verified"]),
        (&json!(false), &json!(false))
    );

    send_code(&client).await.assert_status(200);
    let code = app.code_to(USER).await;
    let confirmed = verify(&client, &code).await;
    assert_eq!(confirmed.assert_status(200).json()["user"]["email_verified"], true);
    for path in ["/api/auth/session", "/api/_auth/session"] {
        let session = client.get(path).await.json();
        assert_eq!(
            (&session["email_verified"], &session["user"]["email_verified"]),
            (&json!(true), &json!(true))
        );
    }
    let again = send_code(&client).await;
    assert_eq!(
        again.assert_status(200).json()["message"],
        "This address is confirmed already."
    );
    assert_eq!(app.mails().await.len(), 1);
    verify(&client, &code).await.assert_error(400, "invalid_otp");
}

#[tokio::test]
async fn the_sign_up_body_stays_as_it_was_published() {
    let app = TestApp::new().await;
    let body = app.client().sign_up(USER, PASSWORD).await.json();
    let user: Vec<_> = body["user"].as_object().unwrap().keys().collect();
    assert_eq!(user, ["id", "primary_email"]);
    assert_eq!(body.as_object().unwrap().len(), 2);
}

#[tokio::test]
async fn the_proof_ends_other_sessions_and_gives_this_one_a_new_cookie() {
    let app = TestApp::new().await;
    let client = app.signed_up(USER).await;
    let elsewhere = app.client();
    elsewhere.log_in(USER, PASSWORD).await.assert_status(200);
    let tokens = app.client().token_pair(USER, PASSWORD).await;
    let copy = client.copy();
    send_code(&client).await.assert_status(200);
    verify(&client, &app.code_to(USER).await).await.assert_status(200);
    assert_eq!(client.session_status().await, 200);
    assert_eq!(copy.session_status().await, 401);
    assert_eq!(elsewhere.session_status().await, 401);
    app.client().refresh(&tokens.refresh).await.assert_status(401);
}

#[tokio::test]
async fn v4_nobody_declares_their_own_address_confirmed() {
    let app = TestApp::new().await;
    let body = json!({ "email": USER, "password": PASSWORD, "email_verified": true, "email_verified_at": "2020-01-01T00:00:00Z" });
    let client = app.client();
    client.post("/api/auth/sign-up", &body).await.assert_status(200);
    let change = json!({ "password": "another password", "email_verified": true, "id": "x", "number": 7 });
    client
        .send_json("PATCH", "/api/users/me", &change)
        .await
        .assert_status(200);
    assert_eq!(
        client.get("/api/auth/session").await.json()["user"]["email_verified"],
        false
    );
}

#[tokio::test]
async fn wrong_codes_and_those_of_others_confirm_nothing() {
    let app = TestApp::new().await;
    let client = app.signed_up(USER).await;
    let other = app.signed_up("other@example.com").await;
    send_code(&client).await.assert_status(200);
    let code = app.code_to(USER).await;
    verify(&other, &code).await.assert_error(400, "invalid_otp");
    send_code(&other).await.assert_status(200);
    verify(&other, &code).await.assert_error(400, "invalid_otp");
    verify(&app.client(), &code)
        .await
        .assert_error(401, "not_authenticated");
    for _ in 0..5 {
        verify(&client, "00000").await.assert_error(400, "invalid_otp");
    }
    verify(&client, &code).await.assert_error(400, "invalid_otp");
    assert_eq!(client.get("/api/auth/session").await.json()["email_verified"], false);
}

#[tokio::test]
async fn a_new_address_takes_effect_when_it_is_confirmed() {
    let app = TestApp::new().await;
    let client = verified(&app, USER).await;
    let pending = change(&client, NEW).await;
    let user = pending.assert_status(200).json()["user"].clone();
    assert_eq!(
        (&user["primary_email"], &user["pending_email"]),
        (&json!(USER), &json!(NEW))
    );
    app.client()
        .log_in(NEW, PASSWORD)
        .await
        .assert_error(401, "invalid_credentials");

    let elsewhere = app.client();
    elsewhere.log_in(USER, PASSWORD).await.assert_status(200);
    let confirmed = verify(&client, &app.code_to(NEW).await).await;
    assert_eq!(confirmed.assert_status(200).json()["user"]["primary_email"], NEW);
    assert_eq!(elsewhere.session_status().await, 401);
    assert_eq!(
        client.get("/api/auth/session").await.json()["user"]["primary_email"],
        NEW
    );
    app.client()
        .log_in(USER, PASSWORD)
        .await
        .assert_error(401, "invalid_credentials");
    app.client().log_in(NEW, PASSWORD).await.assert_status(200);
    // The former address is free for somebody else.
    app.client().sign_up(USER, PASSWORD).await.assert_status(200);
}

#[tokio::test]
async fn of_two_who_want_an_address_the_first_to_confirm_has_it() {
    let app = TestApp::new().await;
    let (one, two) = (
        app.signed_up("one@example.com").await,
        app.signed_up("two@example.com").await,
    );
    change(&one, NEW).await.assert_status(200);
    let code_of_one = app.code_to(NEW).await;
    change(&two, &NEW.to_uppercase()).await.assert_status(200);
    let code_of_two = app.code_to(&NEW.to_uppercase()).await;
    verify(&two, &code_of_two).await.assert_status(200);
    verify(&one, &code_of_one).await.assert_error(409, "email_taken");
    assert_eq!(
        one.get("/api/auth/session").await.json()["user"]["primary_email"],
        "one@example.com"
    );
    change(&one, NEW).await.assert_error(409, "email_taken");
}

#[tokio::test]
async fn a_code_for_one_new_address_does_not_confirm_another() {
    let app = TestApp::new().await;
    let client = app.signed_up(USER).await;
    change(&client, "mine@example.com").await.assert_status(200);
    let code = app.code_to("mine@example.com").await;
    change(&client, "victim@example.com").await.assert_status(200);
    verify(&client, &code).await.assert_error(400, "invalid_otp");
    assert_eq!(
        client.get("/api/auth/session").await.json()["user"]["primary_email"],
        USER
    );
}

#[tokio::test]
async fn the_former_address_has_a_way_back() {
    let app = TestApp::new().await;
    let thief = verified(&app, USER).await;
    change(&thief, "thief@example.com").await.assert_status(200);
    verify(&thief, &app.code_to("thief@example.com").await)
        .await
        .assert_status(200);
    let notice = app.mail_to(USER).await;
    assert_eq!(notice.subject, "Your e-mail address was changed");
    // A password change after it does not close the way back.
    let body = json!({ "current_password": PASSWORD, "new_password": "the thief's password" });
    thief.post("/api/auth/password", &body).await.assert_status(200);

    restore(&app.client(), &notice.code()).await.assert_status(200);
    assert_eq!(thief.session_status().await, 401);
    for email in [USER, "thief@example.com"] {
        app.client()
            .log_in(email, "the thief's password")
            .await
            .assert_error(401, "invalid_credentials");
    }
    let ask = json!({ "action": "create", "email": USER });
    app.client().post("/auth/otp", &ask).await.assert_status(200);
    let body = json!({ "otp": app.code_to(USER).await, "new_password": "the owner's password" });
    app.client()
        .post(&format!("/{USER}/reset-password"), &body)
        .await
        .assert_status(200);
    app.client()
        .log_in(USER, "the owner's password")
        .await
        .assert_status(200);
    restore(&app.client(), &notice.code())
        .await
        .assert_error(400, "invalid_otp");
}

#[tokio::test]
async fn moving_an_account_on_opens_no_way_back_to_the_thief() {
    let app = TestApp::new().await;
    let thief = verified(&app, USER).await;
    for address in ["thief@example.com", "second@example.com"] {
        app.clock.advance(TimeDelta::seconds(1));
        change(&thief, address).await.assert_status(200);
        let code = app.code_to(address).await;
        verify(&thief, &code).await.assert_status(200);
    }
    let (of_owner, of_thief) = (
        app.mail_to(USER).await.code(),
        app.mail_to("thief@example.com").await.code(),
    );
    restore(&app.client(), &of_owner).await.assert_status(200);
    restore(&app.client(), &of_thief).await.assert_error(400, "invalid_otp");
}

#[tokio::test]
async fn an_account_that_was_made_for_the_freed_address_does_not_block_the_way_back() {
    let app = TestApp::new().await;
    let thief = verified(&app, USER).await;
    change(&thief, "thief@example.com").await.assert_status(200);
    let code = app.code_to("thief@example.com").await;
    verify(&thief, &code).await.assert_status(200);
    let token = app.mail_to(USER).await.code();
    let squatter = app.signed_up(USER).await;
    restore(&app.client(), &token).await.assert_status(200);
    assert_eq!(
        (squatter.session_status().await, thief.session_status().await),
        (401, 401)
    );
    assert_eq!(app.database.users().await, 1);
}

#[tokio::test]
async fn the_way_back_ends_after_three_days_and_is_not_guessed() {
    let app = TestApp::new().await;
    let client = verified(&app, USER).await;
    change(&client, NEW).await.assert_status(200);
    verify(&client, &app.code_to(NEW).await).await.assert_status(200);
    let token = app.mail_to(USER).await.code();
    for guess in ["", "A", "AAAAAAAAAAAAAAAAAAAAAA", &token[1..]] {
        let status = restore(&app.client(), guess).await.status;
        assert_eq!(status, 400, "{guess}");
    }
    app.clock.advance(TimeDelta::days(3));
    restore(&app.client(), &token).await.assert_error(400, "invalid_otp");
}

#[tokio::test]
async fn whoever_has_an_address_that_was_never_confirmed_gets_no_way_into_the_account() {
    let app = TestApp::new().await;
    let client = app.signed_up("mistyped@example.com").await;
    change(&client, USER).await.assert_status(200);
    verify(&client, &app.code_to(USER).await).await.assert_status(200);
    let mails = app.mails().await;
    assert!(mails.iter().all(|mail| mail.to != "mistyped@example.com"), "{mails:?}");
}
