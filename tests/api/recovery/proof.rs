//! Proof of an address: whatever another person has set up before it ends, on every path.

use chrono::TimeDelta;
use insta::{allow_duplicates, assert_snapshot};
use serde_json::json;

use super::keys::with_links;
use super::reset::NEW;
use crate::helpers::{ALICE, Client, PASSWORD, TestApp, TestMail, TestUser};

const EVIL: &str = "evil@example.com";
const OWNERS_NETWORK: &str = "192.0.2.1";

/// What lets anybody in, or will.
#[derive(Debug, PartialEq, Eq)]
struct Left {
    sessions: i64,
    codes: i64,
    devices: i64,
    pending_emails: i64,
    passwords: i64,
}

const IN_SESSION: Left = Left {
    sessions: 1,
    codes: 0,
    devices: 1,
    pending_emails: 0,
    passwords: 1,
};

const BY_MAIL: Left = Left {
    sessions: 0,
    ..IN_SESSION
};

async fn left(app: &TestApp) -> Left {
    let open_codes = "SELECT COUNT(*) FROM codes WHERE used_at IS NULL AND purpose <> 'restore_email'";
    Left {
        sessions: app.database.sessions().await,
        codes: app.count(open_codes).await,
        devices: app.count("SELECT COUNT(*) FROM devices").await,
        pending_emails: app
            .count("SELECT COUNT(*) FROM users WHERE pending_email IS NOT NULL")
            .await,
        passwords: app
            .count("SELECT COUNT(*) FROM users WHERE password_hash IS NOT NULL")
            .await,
    }
}

/// A thief uses the account: devices, sessions, tokens and an open code. Returns the tokens' refresh token.
async fn use_everywhere(app: &TestApp, thief: &TestUser) -> String {
    for ip in ["198.51.100.7", "203.0.113.9"] {
        thief.at(ip).log_in().await.ok();
    }
    thief.elsewhere().await;
    app.client().ask_for_reset(&thief.email).await.ok();
    let tokens = thief.tokens().await;
    let planted = left(app).await;
    assert!(
        planted.sessions >= 3 && planted.codes >= 1 && planted.devices >= 3,
        "{planted:?}"
    );
    tokens.refresh
}

/// As [`use_everywhere`], with an address of the thief's own that waits to be confirmed.
async fn plant(app: &TestApp, thief: &TestUser) -> String {
    thief.change_email(EVIL).await.ok();
    let refresh = use_everywhere(app, thief).await;
    assert_eq!(left(app).await.pending_emails, 1);
    refresh
}

/// The paths by which an owner sets a new password without a session.
const RESETS: [&str; 3] = ["otp", "reset-password", "key"];

async fn reset(app: &TestApp, way: &str) {
    let owner = app.client().at(OWNERS_NETWORK);
    owner.ask_for_reset(ALICE).await.ok();
    let mail = app.mail_to(ALICE).await;
    let done = match way {
        "otp" => owner.reset_password_by_otp(ALICE, &mail.code(), NEW).await,
        "key" => owner.reset_password_with_key(&mail.recovery_key().unwrap(), NEW).await,
        _ => owner.reset_password(ALICE, &mail.code(), NEW).await,
    };
    done.ok();
}

async fn is_signed_out(app: &TestApp, refresh: &str) {
    app.client().refresh(refresh).await.assert_status(401);
    app.log_in(ALICE, PASSWORD).await.fails(401, "invalid_credentials");
}

#[tokio::test]
async fn the_first_reset_ends_everything_and_its_mail_lists_the_profile() {
    for way in RESETS {
        let mail = first_reset_of_a_planted_account(way).await;
        allow_duplicates! {
            assert_snapshot!(mail, @r#"
            To: alice@example.com
            Subject: Your password was changed

            The password of your account at Neptun Auth was changed on 2024-10-04 00:00 UTC, and all other
              devices were signed out.

            If it was not you, reset your password with a code now: the person who changed it knows the
              old one or can read your mail.

            These values were in the account before you confirmed this address. Another person may have
              entered them; check that they are yours:
            User name: "evil"
            First name: "Eveil"
            Last name: "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
            Phone: "0900123"
            "#);
        }
    }
}

/// Returns the mail about it.
async fn first_reset_of_a_planted_account(way: &str) -> TestMail {
    let app = with_links().await;
    let planted = json!({
        "username": "evil", "email": ALICE, "password": PASSWORD, "first_name": "Eve\r\nil",
        "last_name": "x".repeat(150), "number_phone": "0900123",
    });
    app.client().post("/api/sign-up/", &planted).await.assert_status(201);
    let browser = app.client();
    browser.log_in(ALICE, PASSWORD).await.ok();
    let thief = TestUser {
        email: ALICE.to_owned(),
        browser,
    };
    let refresh = plant(&app, &thief).await;
    reset(&app, way).await;
    assert_eq!(left(&app).await, BY_MAIL);
    is_signed_out(&app, &refresh).await;
    let mail = app.mail_to(ALICE).await;
    let german = [("accept-language", "de")];
    let owner = app.client();
    owner.log_in(ALICE, NEW).await.ok();
    let body = json!({ "current_password": NEW, "new_password": NEW });
    owner
        .send_json_with("POST", "/api/auth/password", &german, &body)
        .await
        .ok();
    let later = app.mail_to(ALICE).await.text;
    assert!(
        !later.contains("Benutzername"),
        "only the first mail lists them: {later}"
    );
    mail
}

#[tokio::test]
async fn an_account_without_a_profile_has_none_listed() {
    let app = TestApp::new().await;
    app.user("alice").await;
    reset(&app, "otp").await;
    let mail = app.mail_to(ALICE).await.text;
    assert!(
        !mail.contains("User name") && !mail.contains("Another person"),
        "{mail}"
    );
}

#[tokio::test]
async fn a_reset_of_an_account_that_was_proven_before_ends_all_but_the_profile() {
    for way in RESETS {
        let app = with_links().await;
        let thief = app.verified_user("alice").await;
        let refresh = plant(&app, &thief).await;
        reset(&app, way).await;
        assert_eq!(left(&app).await, BY_MAIL, "{way}");
        assert!(!thief.is_signed_in().await);
        is_signed_out(&app, &refresh).await;
    }
}

#[tokio::test]
async fn a_first_proof_inside_a_session_leaves_that_session_and_the_password() {
    let app = TestApp::new().await;
    let alice = app.user("alice").await;
    let refresh = use_everywhere(&app, &alice).await;
    alice.send_email_code().await.ok();
    alice.verify_email(&app.code_to(ALICE).await).await.ok();
    assert_eq!(left(&app).await, IN_SESSION);
    assert!(alice.is_signed_in().await);
    app.client().refresh(&refresh).await.assert_status(401);
    app.log_in(ALICE, PASSWORD).await.ok();
}

#[tokio::test]
async fn a_confirmed_change_of_address_leaves_the_acting_session() {
    let app = TestApp::new().await;
    let alice = app.verified_user("alice").await;
    plant(&app, &alice).await;
    alice.verify_email(&app.code_to(EVIL).await).await.ok();
    assert_eq!(left(&app).await, IN_SESSION);
    assert!(alice.is_signed_in().await);
}

#[tokio::test]
async fn a_password_change_cancels_a_pending_address_and_leaves_the_acting_session() {
    let bodies = [
        (
            "POST",
            "/api/auth/password",
            json!({ "current_password": PASSWORD, "new_password": NEW }),
        ),
        (
            "PATCH",
            "/api/users/me",
            json!({ "current_password": PASSWORD, "password": NEW }),
        ),
    ];
    for (method, path, body) in bodies {
        for verified in [true, false] {
            let app = TestApp::new().await;
            let alice = if verified {
                app.verified_user("alice").await
            } else {
                app.user("alice").await
            };
            let refresh = plant(&app, &alice).await;
            let code = app.code_to(EVIL).await;
            alice.send_json(method, path, &body).await.ok();
            assert_eq!(left(&app).await, IN_SESSION, "{path} {verified}");
            is_signed_out(&app, &refresh).await;
            alice.verify_email(&code).await.fails(400, "invalid_otp");
            assert_eq!(alice.shown_email().await, ALICE);
        }
    }
}

#[tokio::test]
async fn a_new_address_that_comes_with_the_new_password_stays_pending() {
    let app = TestApp::new().await;
    let alice = app.verified_user("alice").await;
    alice.change_email(EVIL).await.ok();
    let body = json!({ "current_password": PASSWORD, "password": NEW, "email": "mine@example.com" });
    let user = alice.update(&body).await.ok().json()["user"].clone();
    assert_eq!(user["pending_email"], "mine@example.com");
    alice.verify_email(&app.code_to("mine@example.com").await).await.ok();
}

#[tokio::test]
async fn a_restored_address_leaves_nothing_of_the_thief() {
    let app = TestApp::new().await;
    let thief = app.verified_user("alice").await;
    thief.change_email("thief@example.com").await.ok();
    thief.verify_email(&app.code_to("thief@example.com").await).await.ok();
    let key = app.mail_to(ALICE).await.code();
    let thief = TestUser {
        email: "thief@example.com".to_owned(),
        browser: thief.browser.clone(),
    };
    plant(&app, &thief).await;
    app.client().at(OWNERS_NETWORK).restore_email(&key).await.ok();
    let expected = Left {
        devices: 0,
        passwords: 0,
        ..BY_MAIL
    };
    assert_eq!(left(&app).await, expected);
}

/// B6: a session that has expired is gone too when its owner ends it, whatever the clock says later.
#[tokio::test]
async fn a_clock_that_is_set_back_revives_no_session_that_was_ended() {
    const ENDINGS: usize = 6;
    for ending in 0..ENDINGS {
        let app = TestApp::new().await;
        let alice = app.verified_user("alice").await;
        let old = alice.elsewhere().await;
        let old_id = old.session_id().await;
        app.clock.advance(TimeDelta::days(7));
        assert!(!old.is_signed_in().await);
        let current: Client = app.client();
        current.log_in(ALICE, PASSWORD).await.ok();
        match ending {
            0 => {
                current.change_password(PASSWORD, NEW).await.ok();
            }
            1 => assert_eq!(current.end_other_sessions().await.ok().json(), json!({ "revoked": 0 })),
            2 => reset(&app, "otp").await,
            3 => assert_eq!(old.copy().log_out().await.ok().body, "false"),
            4 => {
                current.end_session(&old_id).await.fails(404, "not_found");
            }
            _ => {
                old.copy().log_in(ALICE, PASSWORD).await.ok();
            }
        }
        app.clock.advance(TimeDelta::days(-1));
        assert!(!old.is_signed_in().await, "after ending {ending}");
    }
}
