//! Receivers that answer oddly, slowly or never.

use std::sync::Mutex;
use std::thread;
use std::time::Duration;

use chrono::TimeDelta;
use neptun_auth::flows::operator::list_webhooks::list_webhooks;
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::{app, create, deliver, deliver_by, takes_all, types};
use crate::helpers::web::{Received, WebServer, reply};

#[tokio::test]
async fn only_the_status_of_an_answer_counts() {
    let endless = |_: &Received| "HTTP/1.1 200 OK\r\n\r\n".to_owned() + &"x".repeat(1_000_000);
    let cut_off = |_: &Received| "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf".to_owned();
    for server in [
        WebServer::https(|_| reply(200, &[], &"x".repeat(1_000_000))),
        WebServer::https(endless),
        WebServer::https(cut_off),
    ] {
        let app = app().await;
        let (webhook, _) = create(&app, &server, &["sign_up"]).await;
        app.user("alice").await;
        deliver(&app, webhook).await;
        assert_eq!(types(&server), ["sign_up"]);
        let waiting = "SELECT COUNT(*) FROM webhook_deliveries WHERE delivered_at IS NULL";
        assert_eq!(app.count(waiting).await, 0, "it was delivered");
    }
}

#[tokio::test]
async fn attempts_that_a_stop_cut_off_do_not_count() {
    let hanging = Mutex::new(10);
    let server = WebServer::https(move |_| {
        let mut left = hanging.lock().unwrap();
        if *left == 0 {
            return reply(500, &[], "");
        }
        *left -= 1;
        drop(left);
        loop {
            thread::park();
        }
    });
    let app = app().await;
    let (webhook, _) = create(&app, &server, &["sign_up"]).await;
    app.user("alice").await;
    app.database.settle().await;
    for attempt in 1..=10 {
        let mut telling = JoinSet::new();
        let instance = app.app.clone();
        telling.spawn(async move { deliver_by(&instance, webhook).await });
        while server.received().len() < attempt {
            sleep(Duration::from_millis(5)).await;
        }
        telling.shutdown().await;
        app.clock.advance(TimeDelta::minutes(2));
    }
    deliver(&app, webhook).await;
    assert_eq!(server.received().len(), 11);
    let listed = list_webhooks(&app.app).await.unwrap();
    assert_eq!(listed[0].0.disabled_reason, None, "one attempt has failed");
}

#[tokio::test]
async fn receivers_that_hang_hold_up_no_other() {
    let (app, server) = (app().await, WebServer::https(takes_all));
    let hanging = WebServer::https(|_| {
        loop {
            thread::park();
        }
    });
    let mut telling = JoinSet::new();
    let mut webhooks = Vec::new();
    for _ in 0..9 {
        webhooks.push(create(&app, &hanging, &["sign_up"]).await.0);
    }
    let (healthy, _) = create(&app, &server, &["sign_up"]).await;
    for name in ["alice", "bob", "carol", "dave"] {
        app.user(name).await;
    }
    app.database.settle().await;
    for webhook in webhooks {
        let app = app.app.clone();
        telling.spawn(async move { deliver_by(&app, webhook).await });
    }
    // Eight of them have four calls in flight each.
    while hanging.received().len() < 32 {
        sleep(Duration::from_millis(5)).await;
    }
    deliver(&app, healthy).await;
    assert_eq!(types(&server), ["sign_up"; 4]);
}

/// It would name the accounts and keys that are worth an attack.
#[tokio::test]
async fn a_receiver_is_not_told_which_operator_acted() {
    let server = WebServer::https(takes_all);
    let app = app().await;
    let (webhook, _) = create(&app, &server, &[]).await;
    let alice = app.user("alice").await;
    let id = alice.session().await["user"]["id"].as_str().unwrap().to_owned();
    let operator = app.operator().await;
    let change = serde_json::json!({"disabled": true, "email_verified": true});
    operator.patch(&format!("/users/{id}"), &change).await.ok();
    deliver(&app, webhook).await;
    let received = server.received();
    let of_operator = |message: &&Received| message.body.contains(r#""actor":"operator""#);
    assert_eq!(
        received.iter().filter(of_operator).count(),
        4,
        "webhook, key, address, disabling"
    );
    for message in &received {
        assert!(!message.body.contains(r#""operator":"#), "{}", message.body);
    }
    let disabled = received
        .iter()
        .find(|message| message.body.contains("account_disabled"));
    assert!(disabled.unwrap().body.contains(r#""details":{"sessions":"1"}"#));
}
