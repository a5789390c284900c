//! Servers that stop, fall silent or become read-only, and come back: answered 503 between, and served after.

use std::time::{Duration, Instant};

use tokio::time::sleep;

use crate::helpers::proxy::{State, Switch};
use crate::helpers::{Answer, PASSWORD, TestApp, TestDatabase};

/// Calls end after this time in these tests.
const TIMEOUT: Duration = Duration::from_secs(1);

async fn behind_a_switch() -> (TestApp, Switch) {
    let database = TestDatabase::create().await;
    let switch = Switch::to(&database.url).await;
    let url = switch.url.clone();
    let app = TestApp::on(database, |setup| {
        setup.database.url = url;
        setup.database.timeout = TIMEOUT;
    });
    (app.await, switch)
}

/// Waits until a new account can be made, and checks that every answer before says when to try again.
async fn served_again(app: &TestApp, name: &str, limit: Duration) {
    let began = Instant::now();
    for number in 0.. {
        let email = format!("{name}{number}@example.com");
        let answer = app.client().sign_up(&email, PASSWORD).await;
        if answer.status == 200 {
            return;
        }
        unavailable(&answer);
        assert!(began.elapsed() < limit, "not served after {limit:?}");
        sleep(Duration::from_millis(20)).await;
    }
}

fn unavailable(answer: &Answer) {
    answer.fails(503, "unavailable");
    assert_eq!(answer.header("retry-after"), Some("2"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs TEST_DATABASE_URL"]
async fn a_server_that_falls_silent_costs_the_timeout_once() {
    let (app, switch) = behind_a_switch().await;
    let alice = app.user("alice").await;
    app.client().get("/health/ready").await.ok();
    switch.set(State::Silent);
    let began = Instant::now();
    unavailable(&app.client().sign_up("bob@example.com", PASSWORD).await);
    assert!(began.elapsed() < 4 * TIMEOUT, "it took {:?}", began.elapsed());
    // The memory's trust ends within a second; from then on no session is assumed.
    sleep(Duration::from_secs(1)).await;
    unavailable(&alice.get("/api/auth/check").await);
    sleep(Duration::from_secs(5)).await;
    unavailable(&app.client().get("/health/ready").await);
    switch.set(State::Up);
    served_again(&app, "carol", 2 * TIMEOUT).await;
    assert!(alice.is_signed_in().await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs TEST_DATABASE_URL"]
async fn a_proxy_without_a_server_is_an_outage_and_no_defect() {
    let (app, switch) = behind_a_switch().await;
    let alice = app.user("alice").await;
    switch.set(State::Closing);
    unavailable(&app.client().sign_up("bob@example.com", PASSWORD).await);
    unavailable(&app.client().get("/health/ready").await);
    unavailable(&alice.log_in().await);
    unavailable(&alice.log_out().await);
    sleep(Duration::from_secs(1)).await;
    unavailable(&alice.get("/api/auth/session").await);
    switch.set(State::Up);
    served_again(&app, "carol", Duration::from_secs(2)).await;
    assert!(alice.is_signed_in().await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs TEST_DATABASE_URL"]
async fn a_server_that_takes_no_writes_is_left_as_soon_as_another_does() {
    let database = TestDatabase::create_whole("UTF8").await;
    let (owner, url) = (database.owner().await, database.url.clone());
    let app = TestApp::on(database, |_| {}).await;
    app.user("alice").await;
    // As after a switchover: the old server comes back as one that only reads.
    owner.set_read_only(true).await;
    owner.cut_all().await;
    unavailable(&app.client().sign_up("bob@example.com", PASSWORD).await);
    unavailable(&app.client().get("/health/ready").await);
    let started = TestApp::try_open(&url).await.unwrap_err();
    assert!(format!("{started:#}").contains("takes no writes"), "{started:#}");
    owner.set_read_only(false).await;
    served_again(&app, "carol", Duration::from_secs(2)).await;
    sleep(Duration::from_secs(1)).await;
    app.client().get("/health/ready").await.ok();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs TEST_DATABASE_URL"]
async fn of_several_hosts_the_one_that_works_is_used() {
    let database = TestDatabase::create().await;
    let (scheme, rest) = database.url.split_once("://").unwrap();
    let (user, rest) = rest.split_once('@').unwrap();
    let silent = crate::helpers::proxy::without_server(true).await;
    let url = format!("{scheme}://{user}@127.0.0.1:1,127.0.0.1:{silent},{rest}&target_session_attrs=read-write");
    let app = TestApp::by_way_of(url, database).await;
    let alice = app.user("alice").await;
    assert!(alice.is_signed_in().await);
    app.client().get("/health/ready").await.ok();
}
