//! Idle and absolute time-outs, renewal, and the purge of what has expired.

use chrono::TimeDelta;
use neptun_auth::flows::worker::purge_expired::purge_expired;

use crate::helpers::{PASSWORD, TestApp, setup};

#[tokio::test]
async fn a_session_that_is_not_used_ends_after_seven_days() {
    let app = TestApp::new().await;
    let alice = app.user("alice").await;
    app.clock.advance(TimeDelta::days(7) - TimeDelta::seconds(1));
    let still = alice.copy();
    assert!(still.is_signed_in().await);

    let app = TestApp::new().await;
    let alice = app.user("alice").await;
    app.clock.advance(TimeDelta::days(7));
    assert!(!alice.is_signed_in().await);
    assert_eq!(alice.log_out().await.body, "false");
}

#[tokio::test]
async fn use_keeps_a_session_alive_but_never_beyond_thirty_days() {
    let app = TestApp::new().await;
    let alice = app.user("alice").await;
    for _ in 0..5 {
        app.clock.advance(TimeDelta::days(5));
        assert!(alice.is_signed_in().await);
    }
    let session = alice.session().await;
    assert_eq!(session["expires_at"], "2024-11-03T00:00:00Z");
    app.clock.advance(TimeDelta::days(5) - TimeDelta::seconds(1));
    assert!(alice.is_signed_in().await);
    app.clock.advance(TimeDelta::seconds(1));
    assert!(!alice.is_signed_in().await);
}

#[tokio::test]
async fn renewal_writes_at_most_every_five_minutes_and_renews_the_cookie() {
    let app = TestApp::new().await;
    let alice = app.user("alice").await;
    app.clock.advance(TimeDelta::seconds(299));
    assert_eq!(alice.get("/api/auth/session").await.set_cookie(), None);
    app.clock.advance(TimeDelta::seconds(1));
    let renewed = alice.get("/api/auth/session").await;
    let cookie = alice.cookie().unwrap();
    assert!(renewed.set_cookie().unwrap().starts_with(&cookie));
    assert!(renewed.set_cookie().unwrap().contains("Max-Age=604800"));
    assert_eq!(renewed.json()["expires_at"], "2024-10-11T00:05:00Z");
    app.clock.advance(TimeDelta::seconds(299));
    let again = alice.get("/api/auth/session").await;
    assert_eq!(again.set_cookie(), None);
    assert_eq!(again.json()["expires_at"], "2024-10-11T00:05:00Z");
}

#[tokio::test]
async fn the_purge_deletes_expired_sessions_and_no_live_one() {
    let app = TestApp::new().await;
    app.user("old").await;
    app.clock.advance(TimeDelta::days(6));
    let live = app.client();
    live.log_in("old@example.com", PASSWORD).await.ok();
    app.clock.advance(TimeDelta::days(1));
    assert_eq!(app.database.sessions().await, 2);
    assert!(!purge_expired(&app.app).await.unwrap());
    assert_eq!(app.database.sessions().await, 1);
    assert!(live.is_signed_in().await);
}

#[tokio::test]
async fn the_purge_deletes_a_session_seven_days_after_its_last_use() {
    let app = TestApp::new().await;
    let alice = app.user("alice").await;
    app.clock.advance(TimeDelta::days(6));
    assert!(alice.is_signed_in().await);
    for (days, kept) in [(1, 1), (5, 1), (1, 0)] {
        app.clock.advance(TimeDelta::days(days));
        purge_expired(&app.app).await.unwrap();
        assert_eq!(app.database.sessions().await, kept);
    }
}

/// SQL that stores every session 1200 more times.
macro_rules! copy_sessions {
    ($new_id:literal) => {
        concat!(
            "WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 1200) ",
            "INSERT INTO sessions (id, user_id, kind, created_at, last_seen_at, idle_expires_at, expires_not_before, ",
            "absolute_expires_at, data, generation, rotated_at) SELECT ",
            $new_id,
            ", user_id, kind, created_at, last_seen_at, idle_expires_at, expires_not_before, absolute_expires_at, ",
            "data, generation, rotated_at FROM sessions, numbers"
        )
    };
}

#[tokio::test]
async fn the_purge_finds_an_expired_session_among_1200_that_are_in_use() {
    let app = TestApp::new().await;
    app.user("alice").await;
    app.database
        .execute(copy_sessions!("randomblob(16)"), copy_sessions!("gen_random_uuid()"))
        .await;
    app.clock.advance(TimeDelta::seconds(1));
    app.user("expired").await;
    app.clock.advance(TimeDelta::days(6));
    app.execute(
        "UPDATE sessions SET idle_expires_at = absolute_expires_at \
        WHERE user_id = (SELECT id FROM users WHERE email = 'alice@example.com')",
    )
    .await;
    app.clock.advance(TimeDelta::days(1));
    let mut rounds = 1;
    while purge_expired(&app.app).await.unwrap() {
        rounds += 1;
    }
    assert_eq!(app.database.sessions().await, 1201);
    assert_eq!(rounds, 3);
}

#[tokio::test]
async fn no_index_covers_the_columns_that_a_renewal_changes() {
    let app = TestApp::new().await;
    let indexed = app.database.indexed_columns("sessions").await;
    assert!(indexed.contains(&"expires_not_before".to_owned()), "{indexed:?}");
    for changed in ["last_seen_at", "idle_expires_at"] {
        assert!(!indexed.contains(&changed.to_owned()), "{indexed:?}");
    }
}

#[tokio::test]
async fn sessions_of_an_older_version_are_kept_while_they_live_and_purged_when_they_have_expired() {
    let app = TestApp::new().await;
    let alice = app.user("alice").await;
    app.execute("UPDATE sessions SET expires_not_before = '1970-01-01T00:00:00+00:00'")
        .await;
    assert!(!purge_expired(&app.app).await.unwrap());
    assert!(alice.is_signed_in().await);
    app.clock.advance(TimeDelta::days(7));
    assert!(!purge_expired(&app.app).await.unwrap());
    assert_eq!(app.database.sessions().await, 0);
}

#[tokio::test]
async fn a_shorter_idle_time_out_holds_for_the_purge_too() {
    let app = TestApp::new().await;
    let cookie = app.user("alice").await.cookie();
    let mut changed = setup(&app.database.url, app.clock.clone());
    changed.lifetimes.idle = TimeDelta::hours(1);
    let client = app.instance(changed).await;
    client.set_cookie(cookie);
    app.clock.advance(TimeDelta::minutes(1));
    assert!(client.is_signed_in().await);
    app.clock.advance(TimeDelta::hours(1));
    assert!(!purge_expired(&app.app).await.unwrap());
    assert_eq!(app.database.sessions().await, 0);
}

#[tokio::test]
async fn a_session_survives_a_clock_that_jumps_back_and_ends_when_it_jumps_beyond_its_expiry() {
    let app = TestApp::new().await;
    let alice = app.user("alice").await;
    for back in [TimeDelta::hours(1), TimeDelta::days(3650)] {
        app.clock.advance(-back);
        assert!(alice.is_signed_in().await);
        app.clock.advance(back);
        assert!(alice.is_signed_in().await);
    }
    app.clock.advance(TimeDelta::days(3650));
    assert!(!alice.is_signed_in().await);
}
