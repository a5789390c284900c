//! `GET /api/auth/events`.

use chrono::TimeDelta;
use tokio_util::sync::CancellationToken;

use crate::helpers::{ALICE, Client, PASSWORD, TestApp};

const ENDED: Option<&str> = Some("session_ended");

#[tokio::test]
async fn a_stream_says_when_its_session_ends_and_ends_with_it() {
    let app = TestApp::new().await;
    let alice = app.user("alice").await;
    let elsewhere = alice.elsewhere().await;
    let mut stream = elsewhere.open_stream().await;
    assert_eq!(stream.answer.header("content-type"), Some("text/event-stream"));
    assert_eq!(stream.answer.header("cache-control"), Some("no-store"));
    assert_eq!(stream.answer.header("x-accel-buffering"), Some("no"));
    let mut of_alice = alice.open_stream().await;
    alice.end_other_sessions().await.ok();
    assert_eq!(stream.next().await.as_deref(), ENDED);
    assert_eq!(stream.next().await, None);
    alice.log_out().await.ok();
    assert_eq!(
        of_alice.next().await.as_deref(),
        ENDED,
        "the other session's end is no event of this one"
    );
}

#[tokio::test]
async fn an_end_on_another_instance_is_told_too() {
    let app = TestApp::new().await;
    let alice = app.user("alice").await;
    let mut stream = alice.open_stream().await;
    let second = app.second_instance().await;
    second.set_cookie(alice.cookie());
    second.log_out().await.ok();
    assert_eq!(stream.next().await.as_deref(), ENDED);
    assert_eq!(stream.next().await, None);
}

#[tokio::test]
async fn a_change_of_what_the_session_shows_is_told_once() {
    let app = TestApp::new().await;
    let alice = app.user("alice").await;
    let mut stream = alice.open_stream().await;
    app.database
        .execute(
            "UPDATE users SET email_verified_at = '2024-10-04T00:00:00+00:00'",
            "UPDATE users SET email_verified_at = '2024-10-04'",
        )
        .await;
    assert_eq!(stream.next().await.as_deref(), Some("user_changed"));
    // A change that no session shows.
    alice.elsewhere().await;
    alice.log_out().await.ok();
    assert_eq!(stream.next().await.as_deref(), ENDED);
}

#[tokio::test]
async fn a_new_cookie_of_the_session_closes_the_stream_without_an_event() {
    let app = TestApp::new().await;
    let alice = app.user("alice").await;
    let elsewhere = alice.elsewhere().await;
    let (mut own, mut other) = (alice.open_stream().await, elsewhere.open_stream().await);
    alice.change_password(PASSWORD, "another horse battery").await.ok();
    assert_eq!(own.next().await, None);
    assert_eq!(other.next().await.as_deref(), ENDED);
    alice.open_stream().await;
}

#[tokio::test]
async fn following_is_no_use_of_the_session() {
    let app = TestApp::new().await;
    let alice = app.user("alice").await;
    app.clock.advance(TimeDelta::days(1));
    let mut stream = alice.open_stream().await;
    assert_eq!(stream.answer.set_cookie(), None);
    let used = app
        .count("SELECT COUNT(*) FROM sessions WHERE last_seen_at > created_at")
        .await;
    assert_eq!(used, 0, "no session counts as used");
    app.clock.advance(TimeDelta::days(6));
    assert_eq!(
        stream.next().await.as_deref(),
        ENDED,
        "it expires although it is followed"
    );
    alice.stream(&[]).await.answer.assert_status(401);
}

#[tokio::test]
async fn a_session_has_six_streams_and_all_together_have_a_bound() {
    let app = TestApp::with_setup(|setup| setup.event_streams = 8).await;
    let alice = app.user("alice").await;
    let mut open = Vec::new();
    for _ in 0..6 {
        open.push(alice.open_stream().await);
    }
    let refused = alice.stream(&[]).await;
    refused.answer.assert_status(503);
    assert!(refused.answer.header("retry-after").is_some());
    drop(open.pop());
    open.push(alice.open_stream().await);
    let elsewhere = alice.elsewhere().await;
    open.push(elsewhere.open_stream().await);
    open.push(elsewhere.open_stream().await);
    elsewhere.stream(&[]).await.answer.assert_status(503);
    drop(open);
    elsewhere.open_stream().await;
}

#[tokio::test]
async fn only_our_own_and_listed_origins_may_follow_not_even_siblings() {
    let app = TestApp::with_web("https://auth.example.com", &["https://app.example.com"]).await;
    let alice = app.user("alice").await;
    for headers in [
        &[("origin", "https://evil.example")][..],
        &[
            ("origin", "https://sibling.example.com"),
            ("sec-fetch-site", "same-site"),
        ],
        &[("origin", "null")],
        &[("sec-fetch-site", "same-site")],
        &[("sec-fetch-site", "cross-site")],
    ] {
        alice.stream(headers).await.answer.assert_status(403);
    }
    for headers in [
        &[("sec-fetch-site", "same-origin")][..],
        &[],
        &[("sec-fetch-site", "none")],
        &[("origin", "https://auth.example.com")],
        &[("origin", "https://app.example.com"), ("sec-fetch-site", "same-site")],
    ] {
        alice.stream(headers).await.answer.ok();
    }
    let listed = alice.stream(&[("origin", "https://app.example.com")]).await;
    let allowed = listed.answer.header("access-control-allow-origin");
    assert_eq!(allowed, Some("https://app.example.com"));
}

#[tokio::test]
async fn it_takes_the_cookie_only() {
    let app = TestApp::new().await;
    let alice = app.user("alice").await;
    let bearer = format!("Bearer {}", alice.tokens().await.access);
    let stranger: Client = app.client();
    stranger
        .stream(&[("authorization", &bearer)])
        .await
        .answer
        .assert_status(401);
}

#[tokio::test]
async fn a_stop_ends_the_stream_without_an_event() {
    let draining = CancellationToken::new();
    let stop = draining.clone();
    let app = TestApp::with_setup(|setup| setup.draining = draining).await;
    let alice = app.user("alice").await;
    let mut stream = alice.open_stream().await;
    stop.cancel();
    assert_eq!(stream.next().await, None);
    app.log_in(ALICE, PASSWORD).await.ok();
    assert!(alice.is_signed_in().await);
}
