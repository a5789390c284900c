//! A provider that is down takes no places away from others.

use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex, OnceLock};

use chrono::TimeDelta;
use neptun_auth::app::clock::Clock;

use crate::helpers::identities::{OidcDouble, Said};
use crate::helpers::web::{WebServer, reply};

const FAILED: &str = "/log-in?error=provider_failed";
const DISCOVERY: &str = "/.well-known/openid-configuration";

fn double_that(answer: impl Fn() + Send + Sync + 'static) -> OidcDouble {
    let server = WebServer::http(move |_| {
        answer();
        reply(500, &[], "")
    });
    let said = Arc::new(Mutex::new(Said::default()));
    OidcDouble { server, said }
}

#[tokio::test]
async fn a_provider_that_fails_slowly_is_left_alone_for_a_moment_too() {
    let clock: Arc<OnceLock<Clock>> = Arc::default();
    let moved = Arc::clone(&clock);
    // Each answer takes as long as the pause after a failure.
    let double = double_that(move || moved.get().unwrap().advance(TimeDelta::seconds(5)));
    let app = double.app().await;
    clock.set(app.clock.clone()).unwrap();
    for _ in 0..3 {
        assert_eq!(app.client().set_out("/auth/sso").await, FAILED);
    }
    assert_eq!(double.asked_for(DISCOVERY), 1);
    app.clock.advance(TimeDelta::seconds(5));
    assert_eq!(app.client().set_out("/auth/sso").await, FAILED);
    assert_eq!(double.asked_for(DISCOVERY), 2);
}

#[tokio::test]
async fn of_the_requests_for_a_provider_that_has_failed_one_waits_for_it() {
    let (begun, begins) = channel();
    let (go_on, goes_on) = channel::<()>();
    let goes_on = Mutex::new(goes_on);
    let double = double_that(move || {
        begun.send(()).unwrap();
        goes_on.lock().unwrap().recv().unwrap();
    });
    let app = double.app().await;
    go_on.send(()).unwrap();
    assert_eq!(app.client().set_out("/auth/sso").await, FAILED);
    begins.recv().unwrap();
    app.clock.advance(TimeDelta::seconds(5));

    let waiting = app.client();
    let waiting = tokio::spawn(async move { waiting.set_out("/auth/sso").await });
    tokio::task::spawn_blocking(move || begins.recv().unwrap())
        .await
        .unwrap();
    for _ in 0..20 {
        assert_eq!(app.client().set_out("/auth/sso").await, FAILED);
    }
    assert!(!waiting.is_finished());
    go_on.send(()).unwrap();
    assert_eq!(waiting.await.unwrap(), FAILED);
    assert_eq!(double.asked_for(DISCOVERY), 2);
}
