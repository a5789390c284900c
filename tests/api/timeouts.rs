//! Idle and absolute time-outs, renewal, and the purge of what has expired.

use chrono::TimeDelta;
use neptun_auth::flows::purge_expired::purge_expired;

use crate::helpers::{PASSWORD, TestApp};

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
async fn renewal_writes_at_most_once_a_minute_and_renews_the_cookie() {
    let app = TestApp::new().await;
    let client = app.signed_up("user@example.com").await;
    app.clock.advance(TimeDelta::seconds(59));
    assert_eq!(client.get("/api/auth/session").await.set_cookie(), None);
    app.clock.advance(TimeDelta::seconds(1));
    let renewed = client.get("/api/auth/session").await;
    let cookie = client.cookie().unwrap();
    assert!(renewed.set_cookie().unwrap().starts_with(&cookie));
    assert!(renewed.set_cookie().unwrap().contains("Max-Age=604800"));
    assert_eq!(renewed.json()["expires_at"], "2024-10-11T00:01:00Z");
    app.clock.advance(TimeDelta::seconds(59));
    let again = client.get("/api/auth/session").await;
    assert_eq!(again.set_cookie(), None);
    assert_eq!(again.json()["expires_at"], "2024-10-11T00:01:00Z");
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
