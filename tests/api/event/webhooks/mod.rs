//! Webhooks: other services that are told of events.

mod receivers;
mod replay;

use std::sync::Mutex;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::TimeDelta;
use neptun_auth::app::App;
use neptun_auth::flows::operator::change_webhook::{WebhookChange, change_webhook};
use neptun_auth::flows::operator::create_webhook::create_webhook;
use neptun_auth::flows::operator::list_webhooks::list_webhooks;
use neptun_auth::flows::worker::deliver_events::deliver_events;
use neptun_auth::model::admin::Operator;
use ring::hmac;
use serde_json::Value;
use uuid::Uuid;

use crate::helpers::web::{Received, WebServer, local_servers, reply};
use crate::helpers::{TestApp, at_once};

async fn app() -> TestApp {
    TestApp::with_setup(|setup| setup.outbound = local_servers()).await
}

fn takes_all(_: &Received) -> String {
    reply(204, &[], "")
}

/// Answers with these statuses in turn, and with the last one from then on.
fn answers(statuses: &'static [u16]) -> impl Fn(&Received) -> String + Send + Sync + 'static {
    let next = Mutex::new(0);
    move |_| {
        let mut next = next.lock().unwrap();
        let status = statuses[(*next).min(statuses.len() - 1)];
        *next += 1;
        reply(status, &[], "")
    }
}

/// Sends everything that is due.
async fn deliver(app: &TestApp, webhook: Uuid) {
    app.database.settle().await;
    deliver_by(&app.app, webhook).await;
}

/// Lets this instance send what is due.
async fn deliver_by(app: &App, webhook: Uuid) {
    while deliver_events(app, webhook).await.unwrap() {}
}

/// Creates a webhook that is told of nothing that has happened before.
async fn create(app: &TestApp, server: &WebServer, types: &[&str]) -> (Uuid, String) {
    app.database.settle().await;
    let types: Vec<_> = types.iter().map(|name| (*name).to_owned()).collect();
    let (webhook, secret) = create_webhook(&app.app, &Operator::at_command_line(), server.url.as_str(), &types)
        .await
        .unwrap();
    (webhook.id, secret.to_string())
}

/// The types of the received events, whose actors are account owners.
fn types(server: &WebServer) -> Vec<String> {
    let received = server.received();
    let bodies = received
        .iter()
        .map(|message| serde_json::from_str::<Value>(&message.body).unwrap());
    bodies
        .filter(|body| body["data"]["actor"] == "self")
        .map(|body| body["type"].as_str().unwrap().to_owned())
        .collect()
}

/// Whether one of the signatures is made with `secret`.
fn is_signed(message: &Received, secret: &str) -> bool {
    let secret = STANDARD.decode(secret.strip_prefix("whsec_").unwrap()).unwrap();
    let key = hmac::Key::new(hmac::HMAC_SHA256, &secret);
    let header = |name| message.header(name).unwrap();
    let text = format!(
        "{}.{}.{}",
        header("webhook-id"),
        header("webhook-timestamp"),
        message.body
    );
    let expected = format!("v1,{}", STANDARD.encode(hmac::sign(&key, text.as_bytes())));
    header("webhook-signature")
        .split(' ')
        .any(|signature| signature == expected)
}

#[tokio::test]
async fn a_receiver_gets_each_event_once_in_order_and_signed() {
    let (app, server) = (app().await, WebServer::https(takes_all));
    app.user("before").await;
    let (webhook, secret) = create(&app, &server, &["log_in", "log_out", "sign_up"]).await;
    let alice = app.user("alice").await;
    alice.log_out().await.ok();
    alice.log_in().await.ok();
    alice
        .change_password(crate::helpers::PASSWORD, "another horse battery")
        .await
        .ok();
    deliver(&app, webhook).await;
    deliver(&app, webhook).await;
    assert_eq!(types(&server), ["sign_up", "log_out", "log_in"]);
    let received = server.received();
    assert!(received.iter().all(|message| is_signed(message, &secret)));
    let body: Value = serde_json::from_str(&received[0].body).unwrap();
    assert_eq!(body["timestamp"], "2024-10-04T00:00:00.000Z");
    assert_eq!(body["data"]["id"], received[0].header("webhook-id").unwrap());
    assert_eq!(body["data"]["user_id"], alice.session().await["user"]["id"]);
    assert!(!received[0].body.contains('@'), "{}", received[0].body);
}

#[tokio::test]
async fn a_receiver_that_was_away_gets_everything_and_each_account_in_order() {
    let (app, server) = (app().await, WebServer::https(answers(&[500, 302, 204])));
    let (webhook, _) = create(&app, &server, &["sign_up", "log_out"]).await;
    let alice = app.user("alice").await;
    alice.log_out().await.ok();
    deliver(&app, webhook).await;
    assert_eq!(types(&server), ["sign_up"], "the second event waits for the first");
    app.clock.advance(TimeDelta::seconds(7));
    deliver(&app, webhook).await;
    assert_eq!(
        types(&server),
        ["sign_up", "sign_up"],
        "a redirect is not followed and is no success"
    );
    deliver(&app, webhook).await;
    assert_eq!(server.received().len(), 2, "nothing is due yet");
    app.clock.advance(TimeDelta::minutes(7));
    deliver(&app, webhook).await;
    assert_eq!(types(&server), ["sign_up", "sign_up", "sign_up", "log_out"]);
    let ids = server.received();
    assert_eq!(ids[0].header("webhook-id"), ids[2].header("webhook-id"));
}

#[tokio::test]
async fn a_receiver_can_ask_for_a_longer_pause() {
    let slow_down = |_: &Received| reply(429, &[("retry-after", "3600")], "");
    let (app, server) = (app().await, WebServer::https(slow_down));
    let (webhook, _) = create(&app, &server, &["sign_up"]).await;
    app.user("alice").await;
    deliver(&app, webhook).await;
    app.clock.advance(TimeDelta::minutes(59));
    deliver(&app, webhook).await;
    assert_eq!(server.received().len(), 1);
    app.clock.advance(TimeDelta::minutes(1));
    deliver(&app, webhook).await;
    assert_eq!(server.received().len(), 2);
}

#[tokio::test]
async fn a_webhook_that_is_gone_or_stays_dead_is_disabled_with_an_event_and_loses_nothing() {
    let (app, gone, dead) = (
        app().await,
        WebServer::https(answers(&[410, 204])),
        WebServer::https(answers(&[500])),
    );
    let (first, _) = create(&app, &gone, &["sign_up", "log_out"]).await;
    let (second, _) = create(&app, &dead, &["sign_up"]).await;
    let alice = app.user("alice").await;
    deliver(&app, first).await;
    alice.log_out().await.ok();
    deliver(&app, first).await;
    assert_eq!(types(&gone), ["sign_up"]);
    for _ in 0..12 {
        deliver(&app, second).await;
        app.clock.advance(TimeDelta::hours(31));
    }
    assert_eq!(dead.received().len(), 10);
    let disabled = "SELECT COUNT(*) FROM events WHERE kind = 'admin_action' AND actor = 'system'";
    assert_eq!(app.count(disabled).await, 2);
    let listed = list_webhooks(&app.app).await.unwrap();
    assert!(
        listed
            .iter()
            .all(|(webhook, waiting)| webhook.disabled_reason.is_some() && *waiting == 1)
    );

    change_webhook(&app.app, &Operator::at_command_line(), first, WebhookChange::Enable)
        .await
        .unwrap();
    deliver(&app, first).await;
    assert_eq!(types(&gone), ["sign_up", "sign_up", "log_out"]);
}

#[tokio::test]
async fn both_secrets_sign_for_a_day_after_a_rotation() {
    let (app, server) = (app().await, WebServer::https(takes_all));
    let (webhook, former) = create(&app, &server, &["sign_up"]).await;
    let present = change_webhook(&app.app, &Operator::at_command_line(), webhook, WebhookChange::Rotate)
        .await
        .unwrap()
        .secret
        .unwrap();
    app.user("alice").await;
    deliver(&app, webhook).await;
    app.clock.advance(TimeDelta::hours(24));
    app.user("bob").await;
    deliver(&app, webhook).await;
    let received = server.received();
    let signed = |secret: &str| {
        received
            .iter()
            .map(|message| is_signed(message, secret))
            .collect::<Vec<_>>()
    };
    assert_eq!(signed(&present), [true, true]);
    assert_eq!(signed(&former), [true, false]);
}

#[tokio::test]
async fn two_instances_tell_each_event_once() {
    let (app, server) = (app().await, WebServer::https(takes_all));
    let mut setup = crate::helpers::setup(&app.database.url, app.clock.clone());
    setup.outbound = local_servers();
    let second = App::open(setup).await.unwrap();
    let (webhook, _) = create(&app, &server, &["sign_up", "log_in"]).await;
    let alice = app.user("alice").await;
    for _ in 0..5 {
        alice.elsewhere().await;
    }
    app.user("bob").await;
    app.database.settle().await;
    at_once(4, |number| {
        let app = if number % 2 == 0 {
            app.app.clone()
        } else {
            second.clone()
        };
        async move { deliver_by(&app, webhook).await }
    })
    .await;
    let mut ids: Vec<_> = server
        .received()
        .iter()
        .map(|message| message.header("webhook-id").unwrap().to_owned())
        .collect();
    assert_eq!(ids.len(), 7);
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 7);
}

#[tokio::test]
async fn it_is_no_way_into_a_private_network() {
    let app = TestApp::new().await;
    let server = WebServer::https(takes_all);
    let (webhook, _) = create(&app, &server, &["sign_up"]).await;
    app.user("alice").await;
    deliver(&app, webhook).await;
    assert_eq!(server.received().len(), 0);
    let plain = create_webhook(&app.app, &Operator::at_command_line(), "http://example.com", &[])
        .await
        .unwrap_err();
    assert!(plain.to_string().contains("https"), "{plain}");
}

#[tokio::test]
async fn of_a_deleted_account_only_the_deletion_is_told() {
    let (app, server) = (app().await, WebServer::https(takes_all));
    let (webhook, _) = create(&app, &server, &[]).await;
    let alice = app.user("alice").await;
    alice.delete_account().await.ok();
    deliver(&app, webhook).await;
    assert_eq!(types(&server), ["account_deleted"]);
    change_webhook(&app.app, &Operator::at_command_line(), webhook, WebhookChange::Delete)
        .await
        .unwrap();
    assert_eq!(app.count("SELECT COUNT(*) FROM webhook_deliveries").await, 0);
}

#[tokio::test]
async fn a_webhook_has_room_for_a_bounded_number_of_events() {
    let (app, server) = (app().await, WebServer::https(takes_all));
    app.database
        .execute(
            "INSERT INTO events (id, kind, happened_at) WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n \
             WHERE n < 9999) SELECT randomblob(16), 'log_in', '2024-10-04T00:00:00+00:00' FROM n",
            "INSERT INTO events (id, kind, happened_at) SELECT gen_random_uuid(), 'log_in', '2024-10-04' \
             FROM generate_series(1, 9999)",
        )
        .await;
    let (webhook, _) = create(&app, &server, &["sign_up"]).await;
    app.database
        .execute(
            "INSERT INTO webhook_deliveries (webhook_id, event_id, attempts, due_at) SELECT w.id, e.id, 0, \
             '2100-01-01T00:00:00+00:00' FROM webhooks w, events e WHERE e.kind = 'log_in'",
            "INSERT INTO webhook_deliveries (webhook_id, event_id, attempts, due_at) SELECT w.id, e.id, 0, '2100-01-01' \
             FROM webhooks w, events e WHERE e.kind = 'log_in'",
        )
        .await;
    for name in ["alice", "bob", "carol"] {
        app.user(name).await;
    }
    app.database.settle().await;
    deliver_events(&app.app, webhook).await.unwrap();
    let waiting = "SELECT COUNT(*) FROM webhook_deliveries WHERE delivered_at IS NULL";
    assert!(app.count(waiting).await <= 10_000);
    deliver(&app, webhook).await;
    assert_eq!(types(&server), ["sign_up"; 3], "there was room again after each");
}
