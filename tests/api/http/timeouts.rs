//! Idle and absolute time-outs, renewal, and the purge of what has expired.

use std::time::Duration;

use chrono::TimeDelta;
use neptun_auth::flows::worker::purge_expired::purge_expired;
use tokio::time::{Instant, sleep};

use crate::helpers::{PASSWORD, TestApp, setup};

#[tokio::test]
async fn a_session_that_is_not_used_ends_after_seven_days() {
    let app = TestApp::new().await;
    let client = app.signed_up("user@example.com").await;
    app.clock.advance(TimeDelta::days(7) - TimeDelta::seconds(1));
    let still = client.copy();
    assert_eq!(still.session_status().await, 200);

    let app = TestApp::new().await;
    let client = app.signed_up("user@example.com").await;
    app.clock.advance(TimeDelta::days(7));
    assert_eq!(client.session_status().await, 401);
    assert_eq!(client.log_out().await.body, "false");
}

#[tokio::test]
async fn use_keeps_a_session_alive_but_never_beyond_thirty_days() {
    let app = TestApp::new().await;
    let client = app.signed_up("user@example.com").await;
    for _ in 0..5 {
        app.clock.advance(TimeDelta::days(5));
        assert_eq!(client.session_status().await, 200);
    }
    let session = client.get("/api/auth/session").await.json();
    assert_eq!(session["expires_at"], "2024-11-03T00:00:00Z");
    app.clock.advance(TimeDelta::days(5) - TimeDelta::seconds(1));
    assert_eq!(client.session_status().await, 200);
    app.clock.advance(TimeDelta::seconds(1));
    assert_eq!(client.session_status().await, 401);
}

#[tokio::test]
async fn renewal_writes_at_most_every_five_minutes_and_renews_the_cookie() {
    let app = TestApp::new().await;
    let client = app.signed_up("user@example.com").await;
    app.clock.advance(TimeDelta::seconds(299));
    assert_eq!(client.get("/api/auth/session").await.set_cookie(), None);
    app.clock.advance(TimeDelta::seconds(1));
    let renewed = client.get("/api/auth/session").await;
    let cookie = client.cookie().unwrap();
    assert!(renewed.set_cookie().unwrap().starts_with(&cookie));
    assert!(renewed.set_cookie().unwrap().contains("Max-Age=604800"));
    assert_eq!(renewed.json()["expires_at"], "2024-10-11T00:05:00Z");
    app.clock.advance(TimeDelta::seconds(299));
    let again = client.get("/api/auth/session").await;
    assert_eq!(again.set_cookie(), None);
    assert_eq!(again.json()["expires_at"], "2024-10-11T00:05:00Z");
}

#[tokio::test]
async fn the_purge_deletes_expired_sessions_and_no_live_one() {
    let app = TestApp::new().await;
    app.signed_up("old@example.com").await;
    app.clock.advance(TimeDelta::days(6));
    let live = app.client();
    live.log_in("old@example.com", PASSWORD).await.assert_status(200);
    app.clock.advance(TimeDelta::days(1));
    assert_eq!(app.database.sessions().await, 2);
    assert!(!purge_expired(&app.app).await.unwrap());
    assert_eq!(app.database.sessions().await, 1);
    assert_eq!(live.session_status().await, 200);
}

#[tokio::test]
async fn the_purge_forgets_a_session_when_the_last_use_of_it_is_too_long_ago() {
    let app = TestApp::new().await;
    let client = app.signed_up("user@example.com").await;
    app.clock.advance(TimeDelta::days(6));
    assert_eq!(client.session_status().await, 200);
    for (days, kept) in [(1, 1), (5, 1), (1, 0)] {
        app.clock.advance(TimeDelta::days(days));
        purge_expired(&app.app).await.unwrap();
        assert_eq!(app.database.sessions().await, kept);
    }
}

/// Stores each session there is 1200 times more.
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
async fn no_number_of_sessions_in_use_hides_an_expired_one_from_the_purge() {
    let app = TestApp::new().await;
    app.signed_up("user@example.com").await;
    app.database
        .execute(copy_sessions!("randomblob(16)"), copy_sessions!("gen_random_uuid()"))
        .await;
    app.clock.advance(TimeDelta::seconds(1));
    app.signed_up("expired@example.com").await;
    app.clock.advance(TimeDelta::days(6));
    let use_all_but_one = "UPDATE sessions SET idle_expires_at = absolute_expires_at \
        WHERE user_id = (SELECT id FROM users WHERE email = 'user@example.com')";
    app.database.execute(use_all_but_one, use_all_but_one).await;
    app.clock.advance(TimeDelta::days(1));
    let mut rounds = 1;
    while purge_expired(&app.app).await.unwrap() {
        rounds += 1;
    }
    assert_eq!(app.database.sessions().await, 1201);
    assert_eq!(rounds, 3);
}

#[tokio::test]
async fn using_a_session_changes_no_index() {
    let app = TestApp::new().await;
    let indexed = app.database.indexed_columns("sessions").await;
    assert!(indexed.contains(&"expires_not_before".to_owned()), "{indexed:?}");
    for changed in ["last_seen_at", "idle_expires_at"] {
        assert!(!indexed.contains(&changed.to_owned()), "{indexed:?}");
    }
    if !app.database.is_postgres() {
        return;
    }
    let client = app.signed_up("user@example.com").await;
    let uses_of_the_heap_alone = "SELECT n_tup_hot_upd FROM pg_stat_user_tables \
        WHERE relname = 'sessions' AND schemaname = current_schema()";
    // PostgreSQL counts with some delay, and only when there is something to count.
    let began = Instant::now();
    while app.database.count(uses_of_the_heap_alone).await == 0 {
        assert!(
            began.elapsed() < Duration::from_secs(20),
            "every use has changed an index"
        );
        app.clock.advance(app.app.lifetimes.renewal_interval());
        assert_eq!(client.session_status().await, 200);
        sleep(Duration::from_millis(200)).await;
    }
}

#[tokio::test]
async fn sessions_of_an_older_version_are_kept_while_they_live_and_purged_when_they_have_expired() {
    let app = TestApp::new().await;
    let client = app.signed_up("user@example.com").await;
    let upgrade = "UPDATE sessions SET expires_not_before = '1970-01-01T00:00:00+00:00'";
    app.database.execute(upgrade, upgrade).await;
    assert!(!purge_expired(&app.app).await.unwrap());
    assert_eq!(client.session_status().await, 200);
    app.clock.advance(TimeDelta::days(7));
    assert!(!purge_expired(&app.app).await.unwrap());
    assert_eq!(app.database.sessions().await, 0);
}

#[tokio::test]
async fn a_shorter_idle_time_out_holds_for_the_purge_too() {
    let app = TestApp::new().await;
    let cookie = app.signed_up("user@example.com").await.cookie();
    let mut changed = setup(&app.database.url, app.clock.clone());
    changed.lifetimes.idle = TimeDelta::hours(1);
    let client = app.instance(changed).await;
    client.set_cookie(cookie);
    app.clock.advance(TimeDelta::minutes(1));
    assert_eq!(client.session_status().await, 200);
    app.clock.advance(TimeDelta::hours(1));
    assert!(!purge_expired(&app.app).await.unwrap());
    assert_eq!(app.database.sessions().await, 0);
}

#[tokio::test]
async fn clock_jumps_decide_conservatively_and_break_nothing() {
    let app = TestApp::new().await;
    let client = app.signed_up("user@example.com").await;
    for back in [TimeDelta::hours(1), TimeDelta::days(3650)] {
        app.clock.advance(-back);
        assert_eq!(client.session_status().await, 200);
        app.clock.advance(back);
        assert_eq!(client.session_status().await, 200);
    }
    app.clock.advance(TimeDelta::days(3650));
    assert_eq!(client.session_status().await, 401);
}
