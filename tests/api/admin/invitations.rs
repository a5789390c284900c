//! Operators invite guests.

use chrono::{TimeDelta, Utc};
use insta::assert_snapshot;
use neptun_auth::flows::worker::end_unused_invitations::end_unused_invitations;
use neptun_auth::flows::worker::purge_expired::purge_expired;
use neptun_auth::model::admin::key::Scopes;
use neptun_auth::model::user::sign_ups::SignUps;
use poem::Body;
use poem::http::Method;
use serde_json::json;

use super::command_line::{print, print_json, refusal};
use super::{Operator, told};
use crate::helpers::{ALICE, Answer, PASSWORD, TestApp, at_once, contains};

pub(super) const NEW: &str = "a password of the guest";

/// A service with links in its mails that lets nobody sign up, and its operator.
pub(super) async fn closed() -> (TestApp, Operator) {
    let app = TestApp::with_setup(|setup| {
        setup.log_in.sign_ups = SignUps::Closed;
        setup.mail.recovery_url = Some("https://app.example.com/reset".parse().unwrap());
    })
    .await;
    let operator = app.operator().await;
    (app, operator)
}

impl Operator {
    pub(super) async fn invite(&self, email: &str) -> Answer {
        self.post("/invitations", &json!({"email": email})).await
    }
}

/// The key in the newest mail to Alice, as the link of an invitation carries it.
pub(super) async fn key_of_alice(app: &TestApp) -> String {
    let linked = app.mail_to(ALICE).await.recovery_key().expect("a link in the mail");
    let key = linked
        .strip_suffix("&for=invitation")
        .or(linked.strip_suffix("&amp;for=invitation"));
    key.expect("the link of an invitation").to_owned()
}

pub(super) async fn tidy(app: &TestApp) {
    while end_unused_invitations(&app.app).await.unwrap() {}
    while purge_expired(&app.app).await.unwrap() {}
}

#[tokio::test]
async fn a_guest_chooses_a_password_although_sign_up_is_closed() {
    let (app, operator) = closed().await;
    let body = json!({"email": "Alice@example.com", "username": "alice", "first_name": "Alice"});
    let invited = operator.post("/invitations", &body).await;
    assert_snapshot!(invited, @r#"
    201 Created
    {
      "user": {
        "id": "[id]",
        "number": 1,
        "email": "Alice@example.com",
        "email_verified_at": null,
        "pending_email": null,
        "has_password": false,
        "second_factor_at": null,
        "passkeys": 0,
        "identities": 0,
        "username": "alice",
        "first_name": "Alice",
        "last_name": "",
        "number_phone": null,
        "disabled_at": null,
        "admin_at": null,
        "created_at": "2024-10-04T00:00:00Z",
        "last_log_in_at": "2024-10-04T00:00:00Z"
      },
      "expires_at": "2024-10-11T00:00:00Z"
    }
    "#);
    let mail = app.mail_to("Alice@example.com").await;
    assert_eq!(mail.subject, "Your invitation to Neptun Auth");
    let key = mail.recovery_key().unwrap().split('&').next().unwrap().to_owned();
    assert_eq!(key.len(), 43, "256 bits");
    assert!(
        !invited.body.contains(&key),
        "the key proves that the guest reads the mail"
    );
    assert!(!contains(&app.database.dump().await, key.as_bytes()));
    let guest = app.client();
    guest.log_in(ALICE, PASSWORD).await.fails(401, "invalid_credentials");
    let weak = guest.reset_password_with_key(&key, "short").await;
    assert_eq!(weak.issues(), ["new_password: too_short"]);
    guest.reset_password_with_key(&key, NEW).await.ok();
    let again = guest.reset_password_with_key(&key, PASSWORD).await;
    again.fails(400, "invalid_otp");
    guest.log_in(ALICE, NEW).await.ok();
    assert_eq!(guest.session().await["user"]["email_verified"], true);
    let told = told(&guest).await;
    let expected = [
        "sign_up operator",
        "admin_action operator",
        "email_verified self",
        "password_reset self",
    ];
    assert_eq!(told[..4], expected, "{told:?}");
    let named =
        "SELECT COUNT(*) FROM events WHERE data LIKE '%\"operator\":\"key %' AND data LIKE '%invitation_mailed%'";
    assert_eq!(app.count(named).await, 1);
    app.client()
        .sign_up("bob@example.com", PASSWORD)
        .await
        .fails(403, "sign_up_closed");
}

#[tokio::test]
async fn the_mail_comes_in_the_language_that_was_asked_for_and_says_what_to_do_without_a_page() {
    let app = TestApp::with_setup(|setup| setup.pages = None).await;
    let operator = app.operator().await;
    operator.invite(ALICE).await.assert_status(201);
    assert_snapshot!(app.mail_to(ALICE).await, @"
    To: alice@example.com
    Subject: Your invitation to Neptun Auth

    You are invited to Neptun Auth. An account for this e-mail address is ready.

    Choose your password within 7 days: open Neptun Auth, say that you forgot your password, and
      enter the code that is mailed to you.

    If you did not expect this, ignore this mail. Nothing happens without you.
    ");
    let body = json!({"email": "bob@example.com"}).to_string();
    let bearer = format!("Bearer {}", operator.key);
    let headers = [
        ("authorization", bearer.as_str()),
        ("content-type", "application/json"),
        ("accept-language", "de-AT"),
    ];
    let sent = operator
        .client
        .send(Method::POST, "/api/admin/invitations", &headers, Body::from(body));
    sent.await.assert_status(201);
    assert_eq!(
        app.mail_to("bob@example.com").await.subject,
        "Ihre Einladung zu Neptun Auth"
    );
}

#[tokio::test]
async fn inviting_again_replaces_the_key_and_three_an_hour_are_mailed() {
    let (app, operator) = closed().await;
    let first = operator.invite(ALICE).await.assert_status(201).json();
    let old = key_of_alice(&app).await;
    app.clock.advance(TimeDelta::minutes(1));
    let second = operator
        .post(
            "/invitations",
            &json!({"email": "ALICE@example.com", "username": "alice"}),
        )
        .await;
    let second = second.assert_status(201).json();
    assert_eq!(second["user"]["id"], first["user"]["id"]);
    assert_eq!(
        second["user"]["username"],
        json!(null),
        "the names count for a new account"
    );
    assert_eq!(second["expires_at"], "2024-10-11T00:01:00Z");
    let late = app.client().reset_password_with_key(&old, NEW).await;
    late.fails(400, "invalid_otp");
    operator.invite(ALICE).await.assert_status(201);
    let newest = key_of_alice(&app).await;
    let refused = operator.invite(ALICE).await;
    refused.fails(429, "too_many_requests");
    assert_eq!(refused.header("retry-after"), Some("3540"));
    // The key that was mailed is still good, and another guest is not held up.
    operator.invite("bob@example.com").await.assert_status(201);
    app.client().reset_password_with_key(&newest, NEW).await.ok();
    operator.invite(ALICE).await.fails(409, "email_taken");
}

#[tokio::test]
async fn an_account_with_a_way_in_is_not_invited() {
    let app = TestApp::new().await;
    let operator = app.operator().await;
    let alice = app.user("alice").await;
    operator.invite(ALICE).await.fails(409, "email_taken");
    let body = json!({"email": "bob@example.com", "username": "alice"});
    operator
        .post("/users", &json!({"email": "carol@example.com", "username": "alice"}))
        .await
        .assert_status(201);
    operator.post("/invitations", &body).await.fails(409, "username_taken");
    // An account that an operator or an import made without a password is.
    operator.invite("carol@example.com").await.assert_status(201);
    let id = super::id_of(&alice).await;
    operator
        .patch(
            &format!("/users/{id}"),
            &json!({"remove_password": true, "disabled": true}),
        )
        .await
        .ok();
    operator.invite(ALICE).await.fails(403, "account_disabled");
    for (body, issues) in [
        (json!({}), "email: required"),
        (json!({"email": "a b@example.com"}), "email: invalid_email"),
        (json!({"email": ["a@example.com"]}), "email: invalid_type"),
        (
            json!({"email": "d@example.com", "username": "e@example.com"}),
            "username: invalid_characters",
        ),
        (
            json!({"email": "d@example.com", "first_name": "\0"}),
            "first_name: invalid_characters",
        ),
        (
            json!({"email": "d@example.com", "last_name": "x".repeat(151)}),
            "last_name: too_long",
        ),
        (
            json!({"email": format!("{}@example.com", "x".repeat(250))}),
            "email: invalid_email",
        ),
    ] {
        assert_eq!(operator.post("/invitations", &body).await.issues(), [issues], "{body}");
    }
    app.operator_with(Scopes::Read)
        .await
        .invite("d@example.com")
        .await
        .fails(403, "not_permitted");
    app.client()
        .post("/api/admin/invitations", &json!({"email": "d@example.com"}))
        .await
        .assert_status(401);
    assert_eq!(app.database.users().await, 2);
}

#[tokio::test]
async fn of_fifty_uses_of_one_key_one_counts() {
    let (app, operator) = closed().await;
    operator.invite(ALICE).await.assert_status(201);
    let key = key_of_alice(&app).await;
    let answers = at_once(50, |number| {
        let (client, key) = (app.client(), key.clone());
        async move {
            let password = format!("password of guest {number}");
            client.reset_password_with_key(&key, &password).await.status.as_u16()
        }
    })
    .await;
    let won: Vec<_> = (0..50).filter(|number| answers[*number] == 200).collect();
    assert_eq!(won.len(), 1, "{answers:?}");
    assert!(
        answers.iter().all(|status| [200, 400, 429, 503].contains(status)),
        "{answers:?}"
    );
    let password = format!("password of guest {}", won[0]);
    app.client().log_in(ALICE, &password).await.ok();
}

#[tokio::test]
async fn many_operators_invite_one_guest_at_once_and_one_account_is_made() {
    let (app, operator) = closed().await;
    let answers = at_once(10, |_| {
        let operator = Operator {
            client: app.client(),
            key: operator.key.clone(),
        };
        async move { operator.invite(ALICE).await.status.as_u16() }
    })
    .await;
    let mailed = answers.iter().filter(|status| **status == 201).count();
    assert!((1..=3).contains(&mailed), "{answers:?}");
    assert!(answers.iter().all(|status| [201, 429].contains(status)), "{answers:?}");
    assert_eq!(app.database.users().await, 1);
    let alive = "SELECT COUNT(*) FROM codes WHERE purpose = 'invitation' AND used_at IS NULL";
    assert_eq!(app.count(alive).await, 1);
}

/// The key is good for one thing: to set the password of its own account.
#[tokio::test]
async fn the_key_is_no_session_and_no_key_for_anything_else() {
    let (app, operator) = closed().await;
    operator
        .post("/users", &json!({"email": "bob@example.com", "password": PASSWORD}))
        .await
        .assert_status(201);
    operator.invite(ALICE).await.assert_status(201);
    let key = key_of_alice(&app).await;
    let client = app.client();
    let bearer = format!("Bearer {key}");
    for path in ["/api/auth/session", "/api/me/", "/api/admin/users"] {
        let headers = [("authorization", bearer.as_str())];
        let answer = client.send(Method::GET, path, &headers, Body::empty()).await;
        answer.assert_status(401);
    }
    client.log_in(ALICE, &key).await.fails(401, "invalid_credentials");
    client
        .reset_password("bob@example.com", &key, NEW)
        .await
        .fails(404, "otp_not_found");
    client
        .reset_password(ALICE, &key, NEW)
        .await
        .fails(404, "otp_not_found");
    client.restore_email(&key).await.fails(400, "invalid_otp");
    client
        .reset_password_with_key(&format!("{key}&for=invitation"), NEW)
        .await
        .assert_status(400);
    client.log_in("bob@example.com", PASSWORD).await.ok();
    client.reset_password_with_key(&key, NEW).await.ok();
}

#[tokio::test]
async fn what_an_operator_decides_about_the_account_ends_the_invitation() {
    for change in [json!({"password": PASSWORD}), json!({"disabled": true})] {
        let (app, operator) = closed().await;
        let invited = operator.invite(ALICE).await.assert_status(201).json();
        let key = key_of_alice(&app).await;
        let path = format!("/users/{}", invited["user"]["id"].as_str().unwrap());
        operator.patch(&path, &change).await.ok();
        let late = app.client().reset_password_with_key(&key, NEW).await;
        late.fails(400, "invalid_otp");
        // Nothing that an operator has changed is deleted with the invitation.
        app.clock.advance(TimeDelta::days(8));
        tidy(&app).await;
        assert_eq!(app.database.users().await, 1, "{change}");
    }
}

#[tokio::test]
async fn an_account_that_was_made_for_a_guest_goes_when_the_invitation_expires() {
    let (app, operator) = closed().await;
    operator
        .post("/users", &json!({"email": "bob@example.com"}))
        .await
        .assert_status(201);
    for guest in [ALICE, "bob@example.com", "carol@example.com", "dave@example.com"] {
        operator.invite(guest).await.assert_status(201);
    }
    let key = key_of_alice(&app).await;
    app.clock.advance(TimeDelta::days(6));
    operator.invite("carol@example.com").await.assert_status(201);
    let dave = operator.get("/users?query=dave@example.com").await.ok().json();
    let dave = dave["users"][0]["id"].as_str().unwrap().to_owned();
    operator
        .patch(&format!("/users/{dave}"), &json!({"email_verified": true}))
        .await
        .ok();
    app.clock.advance(TimeDelta::days(1));
    app.client()
        .reset_password_with_key(&key, NEW)
        .await
        .fails(400, "invalid_otp");
    // Cleaning keeps what tells which accounts go, in whatever order the instances work.
    purge_expired(&app.app).await.unwrap();
    tidy(&app).await;
    let list = operator.get("/users").await.ok().json();
    let mut left: Vec<_> = list["users"]
        .as_array()
        .unwrap()
        .iter()
        .map(|user| user["email"].as_str().unwrap())
        .collect();
    left.sort_unstable();
    assert_eq!(left, ["bob@example.com", "carol@example.com", "dave@example.com"]);
    let gone = "SELECT COUNT(*) FROM events WHERE kind = 'account_deleted' AND actor = 'system'";
    assert_eq!(app.count(gone).await, 1);
    assert_eq!(
        app.count("SELECT COUNT(*) FROM codes WHERE purpose = 'invitation'")
            .await,
        1,
        "Carol's"
    );
    // The second invitation keeps what the first one began.
    app.clock.advance(TimeDelta::days(6));
    tidy(&app).await;
    assert_eq!(app.database.users().await, 2);
    operator.invite(ALICE).await.assert_status(201);
}

/// A guest who finds another way in before the link is opened.
#[tokio::test]
async fn a_guest_may_also_come_by_a_reset() {
    let (app, operator) = closed().await;
    operator.invite(ALICE).await.assert_status(201);
    let key = key_of_alice(&app).await;
    app.client().ask_for_reset(ALICE).await.ok();
    let code = app.code_to(ALICE).await;
    app.client().reset_password(ALICE, &code, NEW).await.ok();
    app.client()
        .reset_password_with_key(&key, PASSWORD)
        .await
        .fails(400, "invalid_otp");
    app.clock.advance(TimeDelta::days(8));
    tidy(&app).await;
    app.client().log_in(ALICE, NEW).await.ok();
}

#[tokio::test]
async fn a_mail_server_that_is_down_for_days_does_not_cost_the_invitation() {
    let (app, operator) = closed().await;
    operator.invite(ALICE).await.assert_status(201);
    app.clock.advance(TimeDelta::days(6));
    tidy(&app).await;
    let key = key_of_alice(&app).await;
    app.client().reset_password_with_key(&key, NEW).await.ok();
}

/// The command line knows neither of the service's addresses.
#[tokio::test]
async fn an_invitation_of_the_command_line_leads_to_the_page_of_the_service() {
    let (app, _) = closed().await;
    print(&app, &["users", "invite", ALICE]);
    // The command takes the time from the machine.
    app.clock
        .advance(Utc::now() - app.app.clock.now() + TimeDelta::minutes(1));
    let mail = app.mail_to(ALICE).await;
    let page = "\nhttps://app.example.com/reset#key=";
    assert!(mail.text.contains(page), "{}", mail.text);
    let key = key_of_alice(&app).await;
    app.client().reset_password_with_key(&key, NEW).await.ok();
    app.client().log_in(ALICE, NEW).await.ok();
}

#[tokio::test]
async fn the_command_line_invites_too() {
    let app = TestApp::new().await;
    let invited = print_json(
        &app,
        &["users", "invite", ALICE, "--username", "alice", "--language", "de"],
    );
    assert_eq!(
        (&invited["user"]["username"], &invited["user"]["has_password"]),
        (&json!("alice"), &json!(false))
    );
    assert!(invited["expires_at"].is_string());
    // The command takes the time from the machine.
    app.clock
        .advance(Utc::now() - app.app.clock.now() + TimeDelta::minutes(1));
    assert_eq!(app.mail_to(ALICE).await.subject, "Ihre Einladung zu Neptun Auth");
    let shown = print(&app, &["users", "invite", ALICE]);
    assert!(
        shown.contains("An invitation will be mailed. It is valid until "),
        "{shown}"
    );
    let named = "SELECT COUNT(*) FROM events WHERE data LIKE '%\"operator\":\"command line\"%'";
    assert_eq!(app.count(named).await, 3);
    app.user("bob").await;
    for (arguments, sentence) in [
        (
            ["users", "invite", "bob@example.com"],
            "an account has this address already",
        ),
        (["users", "invite", "bob"], "the address is not acceptable"),
    ] {
        let said = refusal(&app, &arguments);
        assert!(said.contains(sentence), "{said}");
    }
    print(&app, &["users", "disable", "alice"]);
    assert!(refusal(&app, &["users", "invite", ALICE]).contains("is disabled"));
}
