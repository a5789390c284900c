//! Sessions that the service remembers: answered from memory, and never a moment longer than the contract allows.

use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta};
use neptun_auth::app::App;
use neptun_auth::app::sessions::cache::{Remembered, SessionCache};
use neptun_auth::model::id::{SessionId, UserId};
use neptun_auth::model::session::SignedIn;
use neptun_auth::model::session::secret::SessionSecret;
use neptun_auth::store::Freshness;
use serde_json::json;
use tower_sessions::SessionStore;
use tower_sessions::session::Id;
use uuid::Uuid;

use crate::helpers::{Client, PASSWORD, TestApp, setup};

/// How long a session may be recognised after another process has ended it.
const BEHIND_THE_BACK: Duration = Duration::from_secs(1);

async fn check(client: &Client) -> u16 {
    client.get("/api/auth/check").await.status.as_u16()
}

/// Checks until the service has answered from memory, which it does not while the machine keeps it from asking the database.
async fn remembered(app: &App, client: &Client) {
    let (hits, started) = (app.session_cache.hits(), Instant::now());
    while app.session_cache.hits() == hits {
        assert_eq!(check(client).await, 204);
        assert!(
            started.elapsed() < Duration::from_secs(20),
            "no check is answered from memory"
        );
    }
}

/// Checks until the session is refused; no check that began a second after `ended` may succeed.
async fn refused_in_time(client: &Client, ended: Instant) {
    loop {
        let asked = ended.elapsed();
        match check(client).await {
            401 => return,
            status => assert_eq!(status, 204),
        }
        assert!(asked < BEHIND_THE_BACK, "recognised {asked:?} after its end");
    }
}

fn secret(client: &Client) -> SessionSecret {
    client.cookie().unwrap().split_once('=').unwrap().1.parse().unwrap()
}

#[tokio::test]
async fn a_session_in_use_is_answered_from_memory() {
    let app = TestApp::new().await;
    let client = app.signed_up("user@example.com").await;
    remembered(&app.app, &client).await;
    assert_eq!(app.app.session_cache.len(), 1);
    let answer = client.get("/api/auth/session").await;
    assert_eq!(answer.json()["user"]["primary_email"], "user@example.com");
}

#[tokio::test]
async fn a_cache_of_no_entries_remembers_nothing() {
    let app = TestApp::new().await;
    let settings = neptun_auth::app::Setup {
        session_cache_entries: 0,
        ..setup(&app.database.url, app.clock.clone())
    };
    let client = app.instance(settings).await;
    client.sign_up("user@example.com", PASSWORD).await.assert_status(200);
    let delete = "DELETE FROM sessions";
    assert_eq!(check(&client).await, 204);
    app.database.execute(delete, delete).await;
    assert_eq!(check(&client).await, 401);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_the_answer_of_a_log_out_a_remembered_session_is_refused() {
    let app = TestApp::new().await;
    app.signed_up("user@example.com").await;
    for _ in 0..200 {
        let client = app.client();
        client.log_in("user@example.com", PASSWORD).await.assert_status(200);
        remembered(&app.app, &client).await;
        let (checker, late_checker) = (client.copy(), client.copy());
        let racing = tokio::spawn(async move {
            while check(&checker).await == 204 {
                tokio::task::yield_now().await;
            }
            check(&checker).await
        });
        assert_eq!(client.log_out().await.assert_status(200).body, "true");
        assert_eq!(check(&late_checker).await, 401);
        assert_eq!(racing.await.unwrap(), 401);
    }
}

#[tokio::test]
async fn every_way_to_end_a_session_ends_what_is_remembered_of_it() {
    let app = TestApp::new().await;
    let acting = app.signed_up("user@example.com").await;
    let other = app.client();
    for way in ["one", "others", "password", "replaced", "store"] {
        other.log_in("user@example.com", PASSWORD).await.assert_status(200);
        let copy = other.copy();
        remembered(&app.app, &copy).await;
        match way {
            "one" => {
                let list = acting.get("/api/auth/sessions").await.json();
                let theirs = list.as_array().unwrap().iter().find(|line| line["current"] == false);
                let path = format!("/api/auth/sessions/{}", theirs.unwrap()["id"].as_str().unwrap());
                acting.delete(&path).await.assert_status(204);
            }
            "others" => drop(acting.delete("/api/auth/sessions").await.assert_status(200)),
            "password" => {
                let body = json!({ "current_password": PASSWORD, "new_password": PASSWORD });
                acting.post("/api/auth/password", &body).await.assert_status(200);
            }
            "replaced" => drop(other.log_in("user@example.com", PASSWORD).await.assert_status(200)),
            _ => app.app.sessions.delete(&secret(&copy).id()).await.unwrap(),
        }
        assert_eq!(check(&copy).await, 401, "{way}");
    }
}

#[tokio::test]
async fn what_was_read_before_a_log_out_can_not_be_remembered_after_it() {
    let app = TestApp::new().await;
    let client = app.signed_up("user@example.com").await;
    remembered(&app.app, &client).await;
    let (cache, secret) = (&app.app.session_cache, secret(&client));
    // A check that reads the row, and is then overtaken by the log-out before it remembers what it read.
    let read = loop {
        if let Some(found) = cache.recall(secret, app.clock.now()) {
            break found;
        }
        remembered(&app.app, &client).await;
    };
    let thief = client.copy();
    client.log_out().await.assert_status(200);
    cache.remember(secret, &read);
    assert_eq!(check(&thief).await, 401);
}

#[tokio::test]
async fn a_remembered_session_ends_when_its_time_is_over() {
    let app = TestApp::new().await;
    let client = app.signed_up("user@example.com").await;
    remembered(&app.app, &client).await;
    app.clock.advance(TimeDelta::days(7) - TimeDelta::seconds(1));
    assert_eq!(check(&client.copy()).await, 204);
    // That use has moved the idle deadline, in memory too.
    app.clock.advance(TimeDelta::seconds(1));
    remembered(&app.app, &client).await;
    app.clock.advance(TimeDelta::days(7));
    assert_eq!(check(&client).await, 401);
}

#[tokio::test]
async fn what_another_process_changes_is_noticed_within_a_second() {
    let app = TestApp::new().await;
    for statement in [
        "DELETE FROM sessions",
        "DELETE FROM users",
        "UPDATE sessions SET idle_expires_at = created_at",
        "UPDATE sessions SET user_id = NULL",
        "TRUNCATE sessions",
    ] {
        if statement.starts_with("TRUNCATE") && !app.database.is_postgres() {
            continue;
        }
        let name = format!("user{}@example.com", statement.len());
        let client = app.signed_up(&name).await;
        remembered(&app.app, &client).await;
        app.database.execute(statement, statement).await;
        refused_in_time(&client, Instant::now()).await;
    }
}

#[tokio::test]
async fn an_address_that_another_process_changes_is_shown_within_a_second() {
    let app = TestApp::new().await;
    let client = app.signed_up("user@example.com").await;
    remembered(&app.app, &client).await;
    let change = "UPDATE users SET email = 'new@example.com'";
    app.database.execute(change, change).await;
    let changed = Instant::now();
    loop {
        let asked = changed.elapsed();
        let answer = client.get("/api/auth/session").await;
        if answer.json()["user"]["primary_email"] == "new@example.com" {
            break;
        }
        assert!(asked < BEHIND_THE_BACK, "the old address after {asked:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_instance_refuses_within_a_second_and_ever_after() {
    let app = TestApp::new().await;
    let (there, second) = app.second_app().await;
    for round in 0..10 {
        let client = app.signed_up(&format!("user{round}@example.com")).await;
        let copy = there.copy();
        copy.set_cookie(client.cookie());
        remembered(&second, &copy).await;
        client.log_out().await.assert_status(200);
        refused_in_time(&copy, Instant::now()).await;
        for _ in 0..1000 {
            assert_eq!(check(&copy).await, 401);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_instance_that_can_not_listen_forgets_within_a_second() {
    let app = TestApp::new().await;
    if !app.database.is_postgres() {
        return;
    }
    let (there, second) = app.second_app().await;
    for round in 0..5 {
        let client = app.signed_up(&format!("user{round}@example.com")).await;
        let copy = there.copy();
        copy.set_cookie(client.cookie());
        remembered(&second, &copy).await;
        let cut = "SELECT COUNT(pg_terminate_backend(pid)) FROM pg_stat_activity \
            WHERE query = 'SELECT 1' AND application_name = current_schema()";
        assert!(app.database.count(cut).await >= 1, "no connection listens");
        client.log_out().await.assert_status(200);
        refused_in_time(&copy, Instant::now()).await;
        assert_eq!(check(&copy).await, 401);
    }
}

#[tokio::test]
async fn what_happens_all_the_time_notifies_nobody() {
    let app = TestApp::new().await;
    let Some(mut listener) = app.database.listener().await else {
        return;
    };
    let id = async |client: &Client| client.get("/api/auth/session").await.json()["user"]["id"].clone();
    let user = app.signed_up("user@example.com").await;
    app.client()
        .log_in("user@example.com", PASSWORD)
        .await
        .assert_status(200);
    app.clock.advance(TimeDelta::minutes(5));
    assert!(
        user.get("/api/auth/check").await.set_cookie().is_some(),
        "nothing was renewed"
    );
    let other = app.signed_up("other@example.com").await;
    let (user_id, other_id) = (id(&user).await, id(&other).await);
    other.log_out().await.assert_status(200);
    // They come in the order of the commits. Instances say hello with ids that nobody has.
    loop {
        let notification = listener.recv().await.unwrap();
        assert_ne!(user_id, notification.payload());
        if other_id == notification.payload() {
            break;
        }
    }
}

fn signed_in() -> SignedIn {
    let now = DateTime::UNIX_EPOCH;
    SignedIn {
        session_id: SessionId(Uuid::from_u128(1)),
        user_id: UserId(Uuid::from_u128(2)),
        user_number: 1,
        email: "user@example.com".to_owned(),
        email_verified: true,
        created_at: now,
        last_seen_at: now,
        idle_expires_at: now + TimeDelta::days(7),
        absolute_expires_at: now + TimeDelta::days(30),
    }
}

#[test]
fn a_million_sessions_stay_within_the_bound() {
    let cache = SessionCache::new(200_000, Arc::new(Freshness::default()));
    let session = Remembered {
        signed_in: Arc::new(signed_in()),
        stamp: cache.stamp(),
    };
    for number in 0..1_000_000_i128 {
        cache.remember(SessionSecret::from(Id(number)), &session);
        if number == 99_999 {
            assert!(
                cache.len() > 99_000,
                "only {} of a hundred thousand were kept",
                cache.len()
            );
        }
    }
    assert!((150_000..=200_000).contains(&cache.len()), "{} are kept", cache.len());
}

#[tokio::test]
async fn every_column_of_an_account_but_those_of_log_ins_notifies() {
    let app = TestApp::new().await;
    if !app.database.is_postgres() {
        return;
    }
    let columns = i64::try_from(app.database.columns("users").await.len()).unwrap();
    let as_meant = "SELECT COUNT(*) FROM pg_trigger t \
        JOIN pg_attribute a ON a.attrelid = t.tgrelid AND a.attnum > 0 AND NOT a.attisdropped \
        WHERE t.tgname = 'user_changed' AND t.tgrelid = 'users'::regclass \
        AND (a.attnum = ANY (t.tgattr)) <> (a.attname IN ('password_hash', 'last_log_in_at'))";
    assert_eq!(app.database.count(as_meant).await, columns);
}
