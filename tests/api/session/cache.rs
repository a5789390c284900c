//! The session cache: it answers from memory, and forgets an ended session at once, or within a second if another
//! process has ended it.

use std::sync::Arc;
use std::time::Instant;

use chrono::{DateTime, TimeDelta};
use neptun_auth::app::Setup;
use neptun_auth::app::sessions::cache::{Remembered, SessionCache};
use neptun_auth::model::id::{SessionId, UserId};
use neptun_auth::model::session::SignedIn;
use neptun_auth::model::session::secret::SessionSecret;
use neptun_auth::store::Freshness;
use tower_sessions::SessionStore;
use tower_sessions::session::Id;
use uuid::Uuid;

use super::{CACHE_DELAY, check, check_until_cached, check_until_ended};
use crate::helpers::{ALICE, Client, PASSWORD, TestApp, setup};

fn secret(client: &Client) -> SessionSecret {
    client.secret().parse().unwrap()
}

#[tokio::test]
async fn the_cache_answers_for_a_session_in_use() {
    let app = TestApp::new().await;
    let alice = app.user("alice").await;
    check_until_cached(&app.app, &alice).await;
    assert_eq!(app.app.session_cache.len(), 1);
    assert_eq!(alice.shown_email().await, ALICE);
}

#[tokio::test]
async fn a_cache_without_entries_answers_nothing() {
    let app = TestApp::new().await;
    let settings = Setup {
        session_cache_entries: 0,
        ..setup(&app.database.url, app.clock.clone())
    };
    let client = app.instance(settings).await;
    client.sign_up(ALICE, PASSWORD).await.ok();
    assert_eq!(check(&client).await, 204);
    app.execute("DELETE FROM sessions").await;
    assert_eq!(check(&client).await, 401);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn once_a_log_out_is_answered_the_cache_does_not_know_the_session() {
    let app = TestApp::new().await;
    let alice = app.user("alice").await;
    for _ in 0..200 {
        let client = alice.elsewhere().await;
        check_until_cached(&app.app, &client).await;
        let (checker, late_checker) = (client.copy(), client.copy());
        let racing = tokio::spawn(async move {
            while check(&checker).await == 204 {
                tokio::task::yield_now().await;
            }
            check(&checker).await
        });
        assert_eq!(client.log_out().await.ok().body, "true");
        assert_eq!(check(&late_checker).await, 401);
        assert_eq!(racing.await.unwrap(), 401);
    }
}

#[tokio::test]
async fn every_way_to_end_a_session_removes_it_from_the_cache() {
    let app = TestApp::new().await;
    let acting = app.user("alice").await;
    let other = acting.elsewhere().await;
    for way in ["one", "others", "password", "replaced", "store"] {
        other.log_in().await.ok();
        let copy = other.copy();
        check_until_cached(&app.app, &copy).await;
        match way {
            "one" => {
                let id = other.session_id().await;
                acting.end_session(&id).await.assert_status(204);
            }
            "others" => drop(acting.end_other_sessions().await.ok()),
            "password" => drop(acting.change_password(PASSWORD, PASSWORD).await.ok()),
            "replaced" => drop(other.log_in().await.ok()),
            _ => app.app.sessions.delete(&secret(&copy).id()).await.unwrap(),
        }
        assert_eq!(check(&copy).await, 401, "{way}");
    }
}

#[tokio::test]
async fn a_row_that_was_read_before_a_log_out_cannot_enter_the_cache_after_it() {
    let app = TestApp::new().await;
    let alice = app.user("alice").await;
    check_until_cached(&app.app, &alice).await;
    let (cache, secret) = (&app.app.session_cache, secret(&alice));
    // A check reads the row, and the log-out overtakes it before it fills the cache.
    let read = loop {
        if let Some(found) = cache.recall(secret, app.clock.now()) {
            break found;
        }
        check_until_cached(&app.app, &alice).await;
    };
    let thief = alice.copy();
    alice.log_out().await.ok();
    cache.remember(secret, &read);
    assert_eq!(check(&thief).await, 401);
}

#[tokio::test]
async fn the_cache_does_not_extend_a_session_beyond_its_deadline() {
    let app = TestApp::new().await;
    let alice = app.user("alice").await;
    check_until_cached(&app.app, &alice).await;
    app.clock.advance(TimeDelta::days(7) - TimeDelta::seconds(1));
    assert_eq!(check(&alice.copy()).await, 204);
    // That use has moved the idle deadline, in the cache too.
    app.clock.advance(TimeDelta::seconds(1));
    check_until_cached(&app.app, &alice).await;
    app.clock.advance(TimeDelta::days(7));
    assert_eq!(check(&alice).await, 401);
}

#[tokio::test]
async fn a_change_by_another_process_is_noticed_within_a_second() {
    let app = TestApp::new().await;
    for statement in [
        "DELETE FROM sessions",
        "DELETE FROM users",
        "UPDATE sessions SET idle_expires_at = created_at",
        "UPDATE sessions SET user_id = NULL",
    ] {
        let user = app.user(&format!("user{}", statement.len())).await;
        check_until_cached(&app.app, &user).await;
        app.execute(statement).await;
        check_until_ended(&user, Instant::now()).await;
    }
}

#[tokio::test]
async fn an_address_that_another_process_changes_is_shown_within_a_second() {
    let app = TestApp::new().await;
    let alice = app.user("alice").await;
    check_until_cached(&app.app, &alice).await;
    app.execute("UPDATE users SET email = 'new@example.com'").await;
    let changed = Instant::now();
    loop {
        let asked = changed.elapsed();
        if alice.shown_email().await == "new@example.com" {
            break;
        }
        assert!(asked < CACHE_DELAY, "the old address after {asked:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_that_one_instance_ends_is_unknown_to_another_within_a_second_and_from_then_on() {
    let app = TestApp::new().await;
    let (there, second) = app.second_app().await;
    for round in 0..10 {
        let user = app.user(&format!("user{round}")).await;
        let copy = there.copy();
        copy.set_cookie(user.cookie());
        check_until_cached(&second, &copy).await;
        user.log_out().await.ok();
        check_until_ended(&copy, Instant::now()).await;
        for _ in 0..1000 {
            assert_eq!(check(&copy).await, 401);
        }
    }
}

fn signed_in() -> SignedIn {
    let now = DateTime::UNIX_EPOCH;
    SignedIn {
        session_id: SessionId(Uuid::from_u128(1)),
        user_id: UserId(Uuid::from_u128(2)),
        user_number: 1,
        email: ALICE.to_owned(),
        email_verified: true,
        password_breached: false,
        authenticated_at: now,
        methods: neptun_auth::model::session::methods::Methods::PASSWORD,
        created_at: now,
        identity: None,
        last_seen_at: now,
        idle_expires_at: now + TimeDelta::days(7),
        absolute_expires_at: now + TimeDelta::days(30),
    }
}

#[test]
fn a_million_sessions_do_not_exceed_the_number_of_entries() {
    let cache = SessionCache::new(200_000, Arc::new(Freshness::default()));
    let session = Remembered {
        signed_in: Arc::new(signed_in()),
        stamp: cache.stamp(),
    };
    for number in 0..1_000_000_i128 {
        cache.remember(SessionSecret::from(Id(number)), &session);
        if number == 99_999 {
            assert!(cache.len() > 99_000, "only {} of 100,000 were kept", cache.len());
        }
    }
    assert!((150_000..=200_000).contains(&cache.len()), "{} are kept", cache.len());
}
