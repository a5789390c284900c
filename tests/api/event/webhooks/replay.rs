//! A receiver that lost something gets it once more.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use neptun_auth::flows::operator::change_webhook::{WebhookChange, change_webhook};
use neptun_auth::flows::operator::place_in_events::place_in_events;
use neptun_auth::model::admin::Operator;
use neptun_auth::model::event::EventStart;
use uuid::Uuid;

use super::super::events;
use super::{answers, app, create, deliver, takes_all, types};
use crate::helpers::TestApp;
use crate::helpers::web::WebServer;

async fn replay(app: &TestApp, webhook: Uuid, start: EventStart) -> anyhow::Result<()> {
    let place = place_in_events(&app.app, start).await?;
    let change = WebhookChange::Replay(place);
    change_webhook(&app.app, &Operator::at_command_line(), webhook, change).await?;
    Ok(())
}

/// The ids of all messages so far.
fn ids(server: &WebServer) -> Vec<Uuid> {
    let received = server.received();
    received
        .iter()
        .map(|message| message.header("webhook-id").unwrap().parse().unwrap())
        .collect()
}

#[tokio::test]
async fn what_follows_an_event_is_sent_again_under_the_same_ids() {
    let (app, server) = (app().await, WebServer::https(takes_all));
    let (webhook, _) = create(&app, &server, &["sign_up", "log_in", "log_out"]).await;
    let alice = app.user("alice").await;
    alice.log_out().await.ok();
    alice.log_in().await.ok();
    deliver(&app, webhook).await;
    let first = ids(&server);
    replay(&app, webhook, EventStart::After(first[0])).await.unwrap();
    deliver(&app, webhook).await;
    assert_eq!(ids(&server)[3..], first[1..]);
    let recorded = "SELECT COUNT(*) FROM events WHERE kind = 'admin_action' AND data LIKE '%webhook_replayed%'";
    assert_eq!(app.count(recorded).await, 1);
}

#[tokio::test]
async fn a_time_begins_a_replay_too_even_before_the_webhook_was_there() {
    let (app, server) = (app().await, WebServer::https(takes_all));
    app.user("carol").await;
    app.clock.advance(TimeDelta::hours(1));
    let since = app.clock.now();
    let alice = app.user("alice").await;
    app.database.settle().await;
    let (webhook, _) = create(&app, &server, &["sign_up", "log_in", "log_out"]).await;
    app.clock.advance(TimeDelta::hours(1));
    alice.log_out().await.ok();
    deliver(&app, webhook).await;
    assert_eq!(types(&server), ["log_out"]);
    replay(&app, webhook, EventStart::Since(since)).await.unwrap();
    deliver(&app, webhook).await;
    assert_eq!(types(&server), ["log_out", "sign_up", "log_out"]);
}

#[tokio::test]
async fn what_waits_keeps_its_order_behind_what_is_replayed() {
    let (app, server) = (app().await, WebServer::https(answers(&[204, 500, 204])));
    let since = app.clock.now();
    let (webhook, _) = create(&app, &server, &["sign_up", "log_in", "log_out"]).await;
    let alice = app.user("alice").await;
    alice.log_out().await.ok();
    deliver(&app, webhook).await;
    assert_eq!(
        types(&server),
        ["sign_up", "log_out"],
        "the second one failed and waits"
    );
    alice.log_in().await.ok();
    replay(&app, webhook, EventStart::Since(since)).await.unwrap();
    deliver(&app, webhook).await;
    assert_eq!(types(&server)[2..], ["sign_up", "log_out", "log_in"]);
}

#[tokio::test]
async fn a_replay_never_skips_what_was_not_sent_yet() {
    let (app, server) = (app().await, WebServer::https(takes_all));
    let (webhook, _) = create(&app, &server, &["sign_up", "log_out"]).await;
    let alice = app.user("alice").await;
    let signed_up = events(&alice).await[0]["id"].as_str().unwrap().parse().unwrap();
    alice.log_out().await.ok();
    app.database.settle().await;
    let later = app.clock.now() + TimeDelta::hours(1);
    for start in [
        EventStart::After(signed_up),
        EventStart::After(Uuid::now_v7()),
        EventStart::Since(later),
    ] {
        let error = replay(&app, webhook, start).await.unwrap_err();
        assert!(error.to_string().contains("nothing to replay"), "{error}");
    }
    deliver(&app, webhook).await;
    assert_eq!(types(&server), ["sign_up", "log_out"]);
}

/// The last event that a receiver has may be erased with its account by the time it asks.
#[tokio::test]
async fn a_replay_goes_on_behind_an_event_that_was_erased() {
    let (app, server) = (app().await, WebServer::https(takes_all));
    let (webhook, _) = create(&app, &server, &["sign_up", "log_out", "account_deleted"]).await;
    let alice = app.user("alice").await;
    let erased: Uuid = events(&alice).await[0]["id"].as_str().unwrap().parse().unwrap();
    app.user("bob").await.log_out().await.ok();
    deliver(&app, webhook).await;
    alice.delete_account().await.ok();
    deliver(&app, webhook).await;
    let all = ids(&server);
    replay(&app, webhook, EventStart::After(erased)).await.unwrap();
    deliver(&app, webhook).await;
    // Those of different accounts come in any order.
    let again: BTreeSet<_> = ids(&server)[all.len()..].iter().copied().collect();
    let kept: BTreeSet<_> = all.into_iter().filter(|id| *id != erased).collect();
    assert_eq!(again, kept, "all but the one that is gone");
    let error = replay(&app, webhook, EventStart::After(Uuid::nil())).await.unwrap_err();
    assert!(error.to_string().contains("no event has such an id"), "{error}");
}
