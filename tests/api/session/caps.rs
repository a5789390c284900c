//! How many sessions an account may have.

use std::time::{Duration, Instant};

use chrono::TimeDelta;
use neptun_auth::model::session::SessionCaps;

use crate::helpers::{ALICE, Client, PASSWORD, TestApp, at_once};

async fn capped(cookies: u32, tokens: u32) -> TestApp {
    TestApp::with_setup(|setup| setup.session_caps = SessionCaps { cookies, tokens }).await
}

async fn cookies(app: &TestApp) -> i64 {
    app.count("SELECT COUNT(*) FROM sessions WHERE kind = 'cookie'").await
}

async fn tokens(app: &TestApp) -> i64 {
    app.count("SELECT COUNT(*) FROM sessions WHERE kind = 'token'").await
}

#[tokio::test]
async fn an_account_has_a_hundred_sessions_of_each_kind_and_the_one_unused_for_longest_ends() {
    let app = TestApp::new().await;
    let first = app.user("alice").await;
    let second = first.elsewhere().await;
    let oldest_tokens = first.tokens().await;
    for _ in 2..100 {
        first.elsewhere().await;
        first.tokens().await;
    }
    first.tokens().await;
    assert_eq!((cookies(&app).await, tokens(&app).await), (100, 100));
    // The first session is used again, the second is not.
    app.clock.advance(TimeDelta::hours(1));
    assert!(first.is_signed_in().await && second.copy().cookie().is_some());

    let newest = first.elsewhere().await;
    assert_eq!((cookies(&app).await, tokens(&app).await), (100, 100));
    assert!(first.is_signed_in().await && newest.is_signed_in().await);
    assert!(!second.is_signed_in().await);
    assert_eq!(first.sessions().await.len(), 200);
    let export = first.export().await.ok().json();
    assert_eq!(export["sessions"].as_array().unwrap().len(), 200);

    app.client().refresh(&oldest_tokens.refresh).await.ok();
    for _ in 0..100 {
        first.tokens().await;
    }
    app.client().refresh(&oldest_tokens.refresh).await.assert_status(401);
    assert_eq!((cookies(&app).await, tokens(&app).await), (100, 100));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn concurrent_log_ins_on_two_instances_do_not_exceed_a_small_cap() {
    concurrent_log_ins(3, 2, 1).await;
}

/// Below it, sessions are stored without the lock under which they are counted.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn concurrent_log_ins_on_two_instances_do_not_exceed_the_default_cap() {
    concurrent_log_ins(100, 100, 5).await;
}

/// In each round, 40 cookies and 40 pairs of tokens are asked for at the same time.
async fn concurrent_log_ins(most_cookies: u32, most_tokens: u32, rounds: usize) {
    let app = capped(most_cookies, most_tokens).await;
    app.user("alice").await;
    let mut setup = crate::helpers::setup(&app.database.url, app.clock.clone());
    setup.session_caps = SessionCaps {
        cookies: most_cookies,
        tokens: most_tokens,
    };
    let instances = [app.client(), app.instance(setup).await];
    let mut clients: Vec<Client> = Vec::new();
    for _ in 0..rounds {
        let started = at_once(80, |number| {
            let client = instances[number % 2].another();
            async move {
                if number % 4 < 2 {
                    client.log_in(ALICE, PASSWORD).await.ok();
                } else {
                    client.token_pair(ALICE, PASSWORD).await;
                }
                client
            }
        });
        clients.extend(started.await);
        assert!(cookies(&app).await <= most_cookies.into());
        assert!(tokens(&app).await <= most_tokens.into());
    }
    let expected = (i64::from(most_cookies), i64::from(most_tokens));
    assert_eq!((cookies(&app).await, tokens(&app).await), expected);
    let mut signed_in = 0;
    for client in clients {
        signed_in += u32::from(client.is_signed_in().await);
    }
    assert!(
        signed_in <= most_cookies,
        "{signed_in} cookies of ended sessions are alive"
    );
}

#[tokio::test]
async fn a_session_that_has_just_started_stays_even_if_the_clock_was_set_back() {
    let app = TestApp::with_setup(|setup| {
        setup.session_caps = SessionCaps { cookies: 2, tokens: 2 };
        // The limits count by a clock that a machine never sets back, but a test does.
        setup.limits = None;
    })
    .await;
    let alice = app.user("alice").await;
    alice.elsewhere().await;
    app.clock.advance(TimeDelta::days(-1));
    let newest = alice.elsewhere().await;
    assert!(newest.is_signed_in().await);
    assert_eq!(cookies(&app).await, 2);
}

#[tokio::test]
async fn the_session_that_a_log_in_replaces_costs_no_other_one() {
    let app = capped(2, 2).await;
    let alice = app.user("alice").await;
    let phone = alice.elsewhere().await;
    for _ in 0..3 {
        app.clock.advance(TimeDelta::hours(1));
        alice.log_in().await.ok();
    }
    assert!(phone.is_signed_in().await && alice.is_signed_in().await);
}

/// As after an upgrade from a release without a cap.
#[tokio::test]
async fn an_account_with_fifty_thousand_sessions_lists_few_and_is_brought_to_the_cap_by_a_log_in() {
    let app = TestApp::new().await;
    let alice = app.user("alice").await;
    app.database
        .execute(
            "WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 50000) \
             INSERT INTO sessions SELECT randomblob(16), randomblob(32), user_id, kind, created_at, last_seen_at, \
             idle_expires_at, absolute_expires_at, ip, user_agent, data, generation, rotated_at, expires_not_before, \
             authenticated_at, amr, NULL FROM sessions, n",
            "INSERT INTO sessions SELECT gen_random_uuid(), sha256(n::text::bytea), user_id, kind, created_at, \
             last_seen_at, idle_expires_at, absolute_expires_at, ip, user_agent, data, generation, rotated_at, \
             expires_not_before, authenticated_at, amr, NULL FROM sessions, generate_series(1, 50000) n",
        )
        .await;
    assert_eq!(cookies(&app).await, 50_001);
    assert_eq!(alice.sessions().await.len(), 200);
    let export = alice.export().await.ok().json();
    assert_eq!(export["sessions"].as_array().unwrap().len(), 200);

    let start = Instant::now();
    let newest = alice.elsewhere().await;
    let taken = start.elapsed();
    assert_eq!(cookies(&app).await, 100);
    assert!(newest.is_signed_in().await);
    assert!(taken < Duration::from_secs(10), "{taken:?}");
}

#[tokio::test]
async fn an_export_lists_at_most_a_thousand_devices() {
    let app = TestApp::new().await;
    let alice = app.user("alice").await;
    app.database
        .execute(
            "WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 1200) \
             INSERT INTO devices SELECT user_id, family, 'network ' || n, first_seen_at, last_seen_at FROM devices, n",
            "INSERT INTO devices SELECT user_id, family, 'network ' || n, first_seen_at, last_seen_at \
             FROM devices, generate_series(1, 1200) n",
        )
        .await;
    let export = alice.export().await.ok().json();
    assert_eq!(export["devices"].as_array().unwrap().len(), 1000);
}
