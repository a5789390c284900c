//! The setting `SIGN_UP`: which addresses may have a new account.

use neptun_auth::model::user::sign_ups::SignUps;
use serde_json::json;

use crate::helpers::{ALICE, PASSWORD, TestApp};

async fn app_with(sign_ups: SignUps) -> TestApp {
    TestApp::with_setup(|setup| setup.log_in.sign_ups = sign_ups).await
}

/// A sign-up by the token API.
async fn sign_up_for_tokens(app: &TestApp, email: &str) -> crate::helpers::Answer {
    let body = json!({ "username": "jane", "email": email, "password": PASSWORD });
    app.client().post("/api/sign-up/", &body).await
}

#[tokio::test]
async fn a_closed_service_makes_no_account_and_says_nothing_about_addresses() {
    let app = app_with(SignUps::Closed).await;
    app.client().sign_up(ALICE, PASSWORD).await.fails(403, "sign_up_closed");
    let answer = sign_up_for_tokens(&app, ALICE).await;
    answer.assert_status(403);
    assert_eq!(answer.json()["code"], "sign_up_closed");
    assert_eq!(app.database.users().await, 0);
}

#[tokio::test]
async fn accounts_from_before_go_on_where_sign_up_is_closed() {
    let app = TestApp::new().await;
    let alice = app.user("alice").await;
    let closed = TestApp::on(app.database, |setup| setup.log_in.sign_ups = SignUps::Closed).await;
    closed.log_in(ALICE, PASSWORD).await.ok();
    let taken = closed.client().sign_up(ALICE, PASSWORD).await;
    taken.fails(403, "sign_up_closed");
    assert!(alice.is_signed_in().await);
}

#[tokio::test]
async fn a_list_of_domains_lets_their_addresses_in_and_no_other() {
    let app = app_with(SignUps::Domains(vec!["example.com".to_owned()])).await;
    app.client().sign_up("Jane@Example.com", PASSWORD).await.ok();
    for email in [
        "jane@example.org",
        "jane@mail.example.com",
        "jane@example.com.evil.example",
    ] {
        let refused = app.client().sign_up(email, PASSWORD).await;
        refused.fails(403, "sign_up_closed");
        sign_up_for_tokens(&app, email).await.assert_status(403);
    }
    sign_up_for_tokens(&app, "john@example.com").await.assert_status(201);
    assert_eq!(app.database.users().await, 2);
}
