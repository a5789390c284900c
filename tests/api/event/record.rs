//! A deed and its event: both or neither.

use chrono::TimeDelta;
use neptun_auth::flows::worker::purge_expired::purge_expired;

use super::{events, types};
use crate::helpers::{ALICE, PASSWORD, TestApp};

const NEW: &str = "another horse battery";

#[tokio::test]
async fn deeds_in_a_session_are_recorded() {
    let app = TestApp::new().await;
    let alice = app.user("alice").await;
    let elsewhere = alice.elsewhere().await;
    alice
        .end_session(&elsewhere.session_id().await)
        .await
        .assert_status(204);
    alice.elsewhere().await;
    alice.end_other_sessions().await.ok();
    alice.end_other_sessions().await.ok();
    alice.send_email_code().await.ok();
    alice.verify_email(&app.code_to(ALICE).await).await.ok();
    alice.change_email("alice@example.net").await.ok();
    alice.verify_email(&app.code_to("alice@example.net").await).await.ok();
    alice.change_password(PASSWORD, NEW).await.ok();
    let tokens = alice.browser.another().token_pair("alice@example.net", NEW).await;
    alice.blacklist(&tokens.refresh).await.ok();
    alice.log_out().await.ok();
    alice.browser.log_in("alice@example.net", NEW).await.ok();
    assert_eq!(
        types(&alice).await,
        [
            "sign_up",
            "log_in",
            "session_revoked",
            "log_in",
            "session_revoked",
            "email_verified",
            "email_changed",
            "password_changed",
            "log_in",
            "log_out",
            "log_out",
            "log_in",
        ]
    );
    let listed = events(&alice).await;
    let of = |kind: &str| listed.iter().find(|event| event["type"] == kind).unwrap();
    assert_eq!(of("session_revoked")["data"]["others"], "1");
    assert_eq!(of("log_in")["session_id"], alice.session_id().await);
}

#[tokio::test]
async fn deeds_without_a_session_are_recorded() {
    let app = TestApp::new().await;
    let alice = app.user("alice").await;
    alice.ask_for_reset(ALICE).await.ok();
    app.client()
        .reset_password(ALICE, &app.code_to(ALICE).await, NEW)
        .await
        .ok();
    let tokens = app.client().token_pair(ALICE, NEW).await;
    let second = app.client().refresh(&tokens.refresh).await.ok().tokens();
    app.client().refresh(&second.refresh).await.ok();
    app.clock.advance(TimeDelta::minutes(1));
    app.client().refresh(&tokens.refresh).await.assert_status(401);
    alice.log_in_with(NEW).await.ok();
    assert_eq!(
        types(&alice).await,
        [
            "sign_up",
            "email_verified",
            "password_reset",
            "log_in",
            "token_reuse_detected",
            "log_in"
        ]
    );
}

#[tokio::test]
async fn a_deed_whose_event_cannot_be_stored_does_not_happen() {
    let app = TestApp::new().await;
    let alice = app.user("alice").await;
    app.database
        .execute(
            "CREATE TRIGGER refused BEFORE INSERT ON events BEGIN SELECT RAISE(ABORT, 'injected'); END",
            "ALTER TABLE events ADD CONSTRAINT refused CHECK (FALSE) NOT VALID",
        )
        .await;
    app.client()
        .sign_up("bob@example.com", PASSWORD)
        .await
        .fails(500, "internal_error");
    app.log_in(ALICE, PASSWORD).await.fails(500, "internal_error");
    alice.change_password(PASSWORD, NEW).await.fails(500, "internal_error");
    alice.log_out().await.fails(500, "internal_error");
    alice.delete_account().await.fails(500, "internal_error");
    assert!(alice.is_signed_in().await);
    assert_eq!((app.database.users().await, app.database.sessions().await), (1, 1));
    app.database
        .execute("DROP TRIGGER refused", "ALTER TABLE events DROP CONSTRAINT refused")
        .await;
    app.log_in(ALICE, PASSWORD).await.ok();
}

#[tokio::test]
async fn a_deleted_account_leaves_one_event_and_the_others_stay() {
    let app = TestApp::new().await;
    let (alice, bob) = (app.user("alice").await, app.user("bob").await);
    for _ in 0..3 {
        alice.elsewhere().await;
    }
    alice.delete_account().await.ok();
    assert_eq!(app.count("SELECT COUNT(*) FROM events").await, 2);
    let of_alice = "SELECT COUNT(*) FROM events WHERE kind = 'account_deleted' AND actor = 'self' \
        AND session_id IS NULL AND network IS NULL AND browser IS NULL AND data IS NULL";
    assert_eq!(app.count(of_alice).await, 1);
    assert_eq!(types(&bob).await, ["sign_up"]);
}

#[tokio::test]
async fn events_are_kept_as_long_as_the_setting_says() {
    let app = TestApp::with_setup(|setup| setup.event_retention = TimeDelta::days(3)).await;
    let alice = app.user("alice").await;
    app.clock.advance(TimeDelta::days(2));
    alice.log_in().await.ok();
    app.clock.advance(TimeDelta::hours(23));
    purge_expired(&app.app).await.unwrap();
    assert_eq!(types(&alice).await, ["sign_up", "log_in"]);
    app.clock.advance(TimeDelta::hours(1));
    purge_expired(&app.app).await.unwrap();
    assert_eq!(types(&alice).await, ["log_in"]);
}

#[tokio::test]
async fn a_purge_deletes_events_in_bounded_batches() {
    let app = TestApp::new().await;
    let (sqlite, postgres) = (
        "INSERT INTO events (id, kind, happened_at) WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n \
         WHERE n < 1200) SELECT randomblob(16), 'log_in', '2020-01-01T00:00:00+00:00' FROM n",
        "INSERT INTO events (id, kind, happened_at) SELECT gen_random_uuid(), 'log_in', '2020-01-01' \
         FROM generate_series(1, 1200)",
    );
    app.database.execute(sqlite, postgres).await;
    for left in [700, 200, 0] {
        purge_expired(&app.app).await.unwrap();
        assert_eq!(app.count("SELECT COUNT(*) FROM events").await, left);
    }
}

#[tokio::test]
async fn a_release_that_knows_four_columns_goes_on_recording() {
    let app = TestApp::new().await;
    let alice = app.user("alice").await;
    app.database
        .execute(
            "INSERT INTO events (id, user_id, kind, happened_at) \
             SELECT randomblob(16), id, 'account_deleted', '2024-10-04T00:00:00+00:00' FROM users",
            "INSERT INTO events (id, user_id, kind, happened_at) \
             SELECT gen_random_uuid(), id, 'account_deleted', '2024-10-04' FROM users",
        )
        .await;
    assert_eq!(types(&alice).await, ["sign_up", "account_deleted"]);
    assert_eq!(events(&alice).await[0]["actor"], "self");
}

#[tokio::test]
async fn factors_and_passkeys_that_are_added_used_up_and_removed_are_recorded() {
    let app = TestApp::new().await;
    let alice = app.user("alice").await;
    alice.add_passkey().await;
    let id = alice.passkeys().await[0]["id"].as_str().unwrap().to_owned();
    alice
        .delete(&format!("/api/auth/passkeys/{id}"))
        .await
        .assert_status(204);
    let authenticator = alice.enrol(&app).await;
    let half = alice.half_log_in().await;
    let code = &authenticator.recovery_codes[0];
    half.finish_log_in_with_recovery_code(code).await.ok();
    half.remove_totp().await.assert_status(204);
    assert_eq!(
        types(&half).await,
        [
            "sign_up",
            "passkey_added",
            "passkey_removed",
            "factor_added",
            "recovery_code_used",
            "log_in",
            "factor_removed"
        ]
    );
}

#[tokio::test]
async fn an_account_that_a_code_makes_signs_up_once() {
    let app = TestApp::with_setup(|setup| {
        setup.log_in.by_code = true;
        setup.log_in.sign_up_by_code = true;
    })
    .await;
    let alice = app.client();
    alice.ask_for_log_in_code(ALICE).await.ok();
    alice.log_in_with_code(ALICE, &app.code_to(ALICE).await).await.ok();
    assert_eq!(types(&alice).await, ["sign_up", "log_in"]);
}
