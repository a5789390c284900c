//! Creating, changing and deleting accounts.

use insta::assert_snapshot;
use serde_json::json;

use super::{id_of, told};
use crate::helpers::identities::OidcDouble;
use crate::helpers::{ALICE, PASSWORD, TestApp};

const NEW: &str = "another password";

#[tokio::test]
async fn an_operator_creates_an_account_whose_owner_logs_in() {
    let app = TestApp::new().await;
    let operator = app.operator().await;
    let body = json!({
        "email": "Alice@example.com", "password": PASSWORD, "email_verified": true, "username": "alice",
        "first_name": "Alice", "last_name": "Doe",
    });
    let created = operator.post("/users", &body).await;
    assert_snapshot!(created, @r#"
    201 Created
    {
      "id": "[id]",
      "number": 1,
      "email": "Alice@example.com",
      "email_verified_at": "2024-10-04T00:00:00Z",
      "pending_email": null,
      "has_password": true,
      "second_factor_at": null,
      "passkeys": 0,
      "identities": 0,
      "username": "alice",
      "first_name": "Alice",
      "last_name": "Doe",
      "number_phone": null,
      "disabled_at": null,
      "admin_at": null,
      "created_at": "2024-10-04T00:00:00Z",
      "last_log_in_at": "2024-10-04T00:00:00Z"
    }
    "#);
    assert_eq!(app.mails().await.len(), 0, "no mail is sent");
    let alice = app.client();
    alice.log_in(ALICE, PASSWORD).await.ok();
    assert_eq!(alice.session().await["user"]["email_verified"], true);
    assert_eq!(
        told(&alice).await,
        ["sign_up operator", "email_verified operator", "log_in self"]
    );
}

#[tokio::test]
async fn an_account_without_a_password_is_entered_by_a_reset() {
    let app = TestApp::new().await;
    let operator = app.operator().await;
    let created = operator.post("/users", &json!({"email": ALICE})).await;
    let user = created.assert_status(201).json();
    assert_eq!(
        (&user["has_password"], &user["email_verified_at"]),
        (&json!(false), &json!(null))
    );
    app.client()
        .log_in(ALICE, PASSWORD)
        .await
        .fails(401, "invalid_credentials");
    app.client().ask_for_reset(ALICE).await.ok();
    let code = app.code_to(ALICE).await;
    app.client().reset_password(ALICE, &code, NEW).await.ok();
    app.client().log_in(ALICE, NEW).await.ok();
}

#[tokio::test]
async fn values_that_no_account_may_have_are_refused() {
    let app = TestApp::new().await;
    let operator = app.operator().await;
    app.user("alice").await;
    operator
        .post("/users", &json!({"email": "ALICE@example.com"}))
        .await
        .fails(409, "email_taken");
    let bob = json!({"email": "bob@example.com", "username": "bob"});
    operator.post("/users", &bob).await.assert_status(201);
    let other = json!({"email": "other@example.com", "username": "BOB"});
    operator.post("/users", &other).await.fails(409, "username_taken");
    for (body, issues) in [
        (json!({}), vec!["email: required"]),
        (
            json!({"email": "alice", "password": "short"}),
            vec!["email: invalid_email", "password: too_short"],
        ),
        (
            json!({"email": "c@example.com", "username": "d@example.com"}),
            vec!["username: invalid_characters"],
        ),
        (
            json!({"email": "c@example.com", "email_verified": "yes"}),
            vec!["email_verified: invalid_type"],
        ),
        (
            json!({"email": "c@example.com", "password": "c@example.com"}),
            vec!["password: same_as_email"],
        ),
    ] {
        assert_eq!(operator.post("/users", &body).await.issues(), issues, "{body}");
    }
    assert_eq!(app.database.users().await, 2);
}

#[tokio::test]
async fn a_change_of_the_password_ends_every_session_and_is_mailed() {
    let app = TestApp::new().await;
    let operator = app.operator().await;
    let alice = app.user("alice").await;
    let tokens = alice.tokens().await;
    let path = format!("/users/{}", id_of(&alice).await);
    operator.patch(&path, &json!({"password": NEW})).await.ok();
    assert!(!alice.is_signed_in().await);
    alice.refresh(&tokens.refresh).await.assert_status(401);
    app.client()
        .log_in(ALICE, PASSWORD)
        .await
        .fails(401, "invalid_credentials");
    let owner = app.client();
    owner.log_in(ALICE, NEW).await.ok();
    assert_eq!(app.mail_to(ALICE).await.subject, "Your password was changed");
    let last = told(&owner).await;
    assert!(last.contains(&"password_changed operator".to_owned()), "{last:?}");

    let changed = operator
        .patch(&path, &json!({"remove_password": true}))
        .await
        .ok()
        .json();
    assert_eq!(changed["has_password"], false);
    assert!(!owner.is_signed_in().await);
    app.client().log_in(ALICE, NEW).await.fails(401, "invalid_credentials");
    let same = operator.patch(&path, &json!({"password": ALICE})).await;
    assert_eq!(same.issues(), ["password: same_as_email"]);
}

#[tokio::test]
async fn an_operator_verifies_an_address_and_nothing_ends_by_it() {
    let app = TestApp::new().await;
    let operator = app.operator().await;
    let alice = app.user("alice").await;
    let path = format!("/users/{}", id_of(&alice).await);
    let user = operator
        .patch(&path, &json!({"email_verified": true}))
        .await
        .ok()
        .json();
    assert!(user["email_verified_at"].is_string());
    assert_eq!(alice.session().await["user"]["email_verified"], true);
    operator.patch(&path, &json!({"email_verified": true})).await.ok();
    assert_eq!(told(&alice).await, ["sign_up self", "email_verified operator"]);
}

#[tokio::test]
async fn a_change_says_what_to_change() {
    let app = TestApp::new().await;
    let operator = app.operator().await;
    let alice = app.user("alice").await;
    let path = format!("/users/{}", id_of(&alice).await);
    for (body, issues) in [
        (json!({}), ["required"]),
        (json!({"disabled": "yes"}), ["disabled: invalid_type"]),
        (json!({"email_verified": false}), ["email_verified: invalid_choice"]),
        (json!({"password": "short"}), ["password: too_short"]),
        (
            json!({"password": NEW, "remove_password": true}),
            ["remove_password: invalid_choice"],
        ),
    ] {
        assert_eq!(operator.patch(&path, &body).await.issues(), issues, "{body}");
    }
    assert_eq!(told(&alice).await, ["sign_up self"]);
}

#[tokio::test]
async fn the_owner_learns_that_an_operator_acted_and_not_which_one() {
    let app = TestApp::new().await;
    let mut operator = app.operator().await;
    operator.client = operator.client.at("198.51.100.7");
    let alice = app.user("alice").await;
    let path = format!("/users/{}", id_of(&alice).await);
    operator.patch(&path, &json!({"email_verified": true})).await.ok();
    let events = alice.get("/api/users/me/events").await.ok().json();
    let event = &events["events"][0];
    assert_eq!(
        (&event["type"], &event["actor"]),
        (&json!("email_verified"), &json!("operator"))
    );
    for hidden in ["data", "network", "browser"] {
        assert!(event.get(hidden).is_none(), "{event}");
    }
    let export = alice.export().await.ok().body.clone();
    assert!(
        !export.contains("198.51.100") && !export.contains("\"operator\":\"key"),
        "{export}"
    );
    let named = "SELECT COUNT(*) FROM events WHERE network = '198.51.100.0/24' AND data LIKE '%\"operator\":\"key %'";
    assert_eq!(app.count(named).await, 1);
}

#[tokio::test]
async fn a_deleted_account_leaves_one_event_that_names_the_operator() {
    let app = TestApp::new().await;
    let operator = app.operator().await;
    let alice = app.user("alice").await;
    let path = format!("/users/{}", id_of(&alice).await);
    operator.delete(&path).await.assert_status(204);
    assert!(!alice.is_signed_in().await);
    operator.delete(&path).await.fails(404, "not_found");
    operator.get(&path).await.fails(404, "not_found");
    operator
        .patch(&path, &json!({"disabled": true}))
        .await
        .fails(404, "not_found");
    assert_eq!(app.mail_to(ALICE).await.subject, "Your account was deleted");
    let events = "SELECT COUNT(*) FROM events WHERE user_id IS NOT NULL";
    assert_eq!(app.count(events).await, 1);
    let named = "SELECT COUNT(*) FROM events WHERE kind = 'account_deleted' AND data LIKE '%\"operator\":\"key %'";
    assert_eq!(app.count(named).await, 1);
    app.client().sign_up(ALICE, PASSWORD).await.ok();
}

#[tokio::test]
async fn a_recovery_link_sets_a_password_and_neither_verifies_nor_wipes() {
    let app = TestApp::with_setup(|setup| {
        setup.mail.recovery_url = Some("https://app.example.com/recover".parse().unwrap());
    })
    .await;
    let operator = app.operator().await;
    let alice = app.user("alice").await;
    let authenticator = alice.enrol(&app).await;
    let path = format!("/users/{}/recovery", id_of(&alice).await);
    let first = operator.send("POST", &path, None).await.assert_status(201).json();
    let made = operator.send("POST", &path, None).await.assert_status(201).json();
    let key = made["key"].as_str().unwrap();
    assert_eq!(made["url"], format!("https://app.example.com/recover#key={key}"));
    assert_eq!(made["expires_at"], "2024-10-05T00:00:00Z");
    let client = app.client();
    client
        .reset_password_with_key(first["key"].as_str().unwrap(), NEW)
        .await
        .fails(400, "invalid_otp");
    client.reset_password_with_key(key, NEW).await.ok();
    client
        .reset_password_with_key(key, PASSWORD)
        .await
        .fails(400, "invalid_otp");
    assert!(!alice.is_signed_in().await);
    client.log_in(ALICE, NEW).await.fails(401, "second_factor_required");
    client.finish_log_in(&authenticator.next_code()).await.ok();
    assert_eq!(client.session().await["user"]["email_verified"], false);
    assert!(!contains_key(&app, key).await);
    let told = told(&client).await;
    assert!(told.contains(&"admin_action operator".to_owned()) && told.contains(&"password_reset self".to_owned()));
}

async fn contains_key(app: &TestApp, key: &str) -> bool {
    crate::helpers::contains(&app.database.dump().await, key.as_bytes())
}

#[tokio::test]
async fn an_operator_sees_what_logs_an_account_in() {
    let double = OidcDouble::start();
    let app = double.app().await;
    let operator = app.operator().await;
    let alice = app.user("alice").await;
    alice.link_at("sso", &double).await;
    alice.add_passkey().await;
    alice.add_passkey().await;
    app.user("bob").await;
    let seen = operator.get("/users").await.ok().json();
    let of = |number: usize| {
        let user = &seen["users"][number];
        (user["passkeys"].clone(), user["identities"].clone())
    };
    assert_eq!(of(0), (json!(0), json!(0)), "Bob");
    assert_eq!(of(1), (json!(2), json!(1)), "Alice");
}
