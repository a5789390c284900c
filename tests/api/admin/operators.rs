//! Sessions of accounts that have the admin right.

use chrono::TimeDelta;
use neptun_auth::flows::admin::change_admin_right::{ChangeAdminRightError, change_admin_right};
use neptun_auth::model::id::UserId;
use poem::Body;
use poem::http::Method;
use serde_json::json;

use super::id_of;
use crate::helpers::{Authenticator, TestApp, TestUser};

const USERS: &str = "/api/admin/users";

/// An account with the admin right and an authenticator app, logged in with both factors.
pub async fn admin(app: &TestApp) -> (TestUser, Authenticator) {
    let root = app.verified_user("root").await;
    let authenticator = root.enrol(app).await;
    app.make_admin(&root).await;
    root.log_in().await.fails(401, "second_factor_required");
    root.finish_log_in(&authenticator.next_code()).await.ok();
    (root, authenticator)
}

#[tokio::test]
async fn reading_takes_a_second_factor_and_writing_a_fresh_one() {
    let app = TestApp::new().await;
    let (root, authenticator) = admin(&app).await;
    let alice = app.user("alice").await;
    let path = format!("{USERS}/{}", id_of(&alice).await);
    let change = json!({"email_verified": true});
    root.get(USERS).await.ok();
    root.send_json("PATCH", &path, &change).await.ok();
    app.clock.advance(TimeDelta::minutes(10));
    root.get(USERS).await.ok();
    let refused = root.send_json("PATCH", &path, &change).await;
    refused.fails(403, "reauthentication_required");
    let methods = refused.json()["data"]["methods"].clone();
    assert!(methods.as_array().unwrap().contains(&json!("totp")), "{methods}");
    root.reauthenticate(&json!({"code": authenticator.next_code()}))
        .await
        .ok();
    root.send_json("PATCH", &path, &change).await.ok();
    let event = "SELECT COUNT(*) FROM events WHERE kind = 'email_verified' AND actor = 'operator' \
        AND data LIKE '%\"operator\":\"account %'";
    assert_eq!(
        app.count(event).await,
        1,
        "the first change names its operator, the others changed nothing"
    );
}

#[tokio::test]
async fn a_session_without_the_right_is_refused() {
    let app = TestApp::new().await;
    let alice = app.verified_user("alice").await;
    alice.get(USERS).await.fails(403, "not_permitted");
    let (root, _) = admin(&app).await;
    root.get(USERS).await.ok();
    let id = UserId(id_of(&root).await.parse().unwrap());
    assert!(change_admin_right(&app.app, id, false).await.unwrap());
    assert!(!change_admin_right(&app.app, id, false).await.unwrap());
    root.get(USERS).await.fails(403, "not_permitted");
}

#[tokio::test]
async fn only_an_account_with_a_verified_address_and_a_second_factor_gets_the_right() {
    let app = TestApp::new().await;
    let alice = app.user("alice").await;
    let id = UserId(id_of(&alice).await.parse().unwrap());
    let refused = change_admin_right(&app.app, id, true).await.unwrap_err();
    assert!(matches!(refused, ChangeAdminRightError::NotVerified));
    let bob = app.verified_user("bob").await;
    bob.add_passkey().await;
    let id = UserId(id_of(&bob).await.parse().unwrap());
    let refused = change_admin_right(&app.app, id, true).await.unwrap_err();
    assert!(matches!(refused, ChangeAdminRightError::NoSecondFactor));
    bob.get(USERS).await.fails(403, "not_permitted");
    let unknown = change_admin_right(&app.app, UserId(uuid::Uuid::now_v7()), true)
        .await
        .unwrap_err();
    assert!(matches!(unknown, ChangeAdminRightError::NotFound));
}

#[tokio::test]
async fn accounts_with_the_admin_right_are_changed_on_the_command_line_only() {
    let app = TestApp::new().await;
    let (root, _) = admin(&app).await;
    let operator = app.operator().await;
    let path = format!("/users/{}", id_of(&root).await);
    for change in [
        json!({"disabled": true}),
        json!({"remove_password": true}),
        json!({"password": "another password"}),
    ] {
        operator.patch(&path, &change).await.fails(403, "not_permitted");
    }
    operator.delete(&path).await.fails(403, "not_permitted");
    operator
        .send("POST", &format!("{path}/recovery"), None)
        .await
        .fails(403, "not_permitted");
    assert!(operator.get(&path).await.ok().json()["admin_at"].is_string());
    // Its sessions may be stolen, so that they can be ended.
    operator.delete(&format!("{path}/sessions")).await.ok();
    assert!(!root.is_signed_in().await);
}

/// In development every page on this machine may call, but not here.
#[tokio::test]
async fn a_cookie_is_taken_from_our_own_pages_only() {
    let app = TestApp::new().await;
    let (root, _) = admin(&app).await;
    for (headers, is_allowed) in [
        (vec![], true),
        (vec![("origin", "http://localhost:8080")], true),
        (vec![("sec-fetch-site", "same-origin")], true),
        (vec![("sec-fetch-site", "none")], true),
        (vec![("origin", "http://localhost:3000")], false),
        (vec![("origin", "null"), ("sec-fetch-site", "same-origin")], false),
        (vec![("sec-fetch-site", "same-site")], false),
        (vec![("sec-fetch-site", "cross-site")], false),
    ] {
        let answer = root.send(Method::GET, USERS, &headers, Body::empty()).await;
        let status = if is_allowed { 200 } else { 403 };
        answer.assert_status(status);
        assert_eq!(answer.header("access-control-allow-origin"), None, "{headers:?}");
    }
    let preflight = [
        ("origin", "http://localhost:3000"),
        ("access-control-request-method", "PATCH"),
    ];
    let answer = root.send(Method::OPTIONS, USERS, &preflight, Body::empty()).await;
    answer.fails(403, "origin_not_allowed");
}
