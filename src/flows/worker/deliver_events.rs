//! Tells one webhook of the events that it has not heard of.

use std::time::Duration;

use anyhow::Context;
use chrono::{SecondsFormat, TimeDelta};
use futures_util::future::join_all;
use serde_json::{Map, json};
use tracing::Instrument;
use url::Url;
use uuid::Uuid;

use crate::app::App;
use crate::app::outbound::{Answer, Call};
use crate::model::event::{Actor, Event, EventKind, shown_details};
use crate::model::webhook::{Delivery, Webhook};
use crate::store::{Tx, events, webhooks};
use crate::telemetry::traces;

/// Events that are put on their way in one transaction.
const BATCH: i64 = 500;
/// How long a receiver may take to answer.
const PATIENCE: Duration = Duration::from_secs(20);
/// A receiver can't ask for a longer pause than this.
const LONGEST_PAUSE: i64 = 24 * 60 * 60;

/// Puts new events on their way to `webhook` and sends those that are due; `true` when there may be more.
pub async fn deliver_events(app: &App, webhook: Uuid) -> anyhow::Result<bool> {
    let found = webhooks::by_id(app.db.read().await?.conn(), webhook).await?;
    let Some(webhook) = found.filter(|webhook| webhook.disabled_at.is_none()) else {
        return Ok(false);
    };
    let has_more = put_new(app, &webhook).await?;
    let now = app.clock.now();
    let mut tx = app.db.write().await?;
    let claimed = webhooks::claim(tx.conn(), webhook.id, now, now + Webhook::LEASE, Webhook::AT_ONCE).await?;
    tx.commit().await?;
    let sent = join_all(claimed.iter().map(|position| deliver(app, &webhook, *position))).await;
    for outcome in sent {
        outcome?;
    }
    Ok(has_more || !claimed.is_empty())
}

/// Moves the cursor of the webhook over new events, and puts those that it wants on their way.
async fn put_new(app: &App, webhook: &Webhook) -> anyhow::Result<bool> {
    // A look first: it costs less than the transaction, and mostly there is nothing.
    if events::after(app.db.read().await?.conn(), webhook, 1).await?.is_empty() {
        return Ok(false);
    }
    let mut tx = app.db.write().await?;
    let Some(webhook) = webhooks::lock(tx.conn(), webhook.id).await? else {
        return Ok(false);
    };
    let room = Webhook::MOST_WAITING - webhooks::waiting(tx.conn(), webhook.id).await?;
    let new = events::after(tx.conn(), &webhook, room.clamp(0, BATCH)).await?;
    let now = app.clock.now();
    for event in new.iter().filter(|event| webhook.wants(&event.kind)) {
        // A replay comes by here a second time.
        webhooks::forget(tx.conn(), webhook.id, event).await?;
        webhooks::put(tx.conn(), webhook.id, event, now).await?;
    }
    if let Some(last) = new.last() {
        webhooks::move_cursor(tx.conn(), webhook.id, last).await?;
    }
    tx.commit().await?;
    Ok(i64::try_from(new.len())? == BATCH)
}

/// Sends one event, unless it is gone.
async fn deliver(app: &App, webhook: &Webhook, position: i64) -> anyhow::Result<()> {
    let Some(delivery) = webhooks::delivery(app.db.read().await?.conn(), position).await? else {
        return Ok(());
    };
    let span = traces::webhook(webhook.id, delivery.event_id);
    attempt(app, webhook, position, &delivery).instrument(span).await
}

/// Sends one event and notes what came of it.
async fn attempt(app: &App, webhook: &Webhook, position: i64, delivery: &Delivery) -> anyhow::Result<()> {
    let answer = send(app, webhook, delivery).await;
    let now = app.clock.now();
    let status = answer.as_ref().ok().map(|answer| answer.status);
    let mut tx = app.db.write().await?;
    match (&answer, delivery.pause()) {
        (Ok(answer), _) if answer.is_success() => {
            webhooks::delivered(tx.conn(), position, answer.status, now).await?;
        }
        (Ok(answer), _) if answer.status == 410 => {
            webhooks::postpone(tx.conn(), position, status, now).await?;
            disable(app, &mut tx, webhook, "the receiver answered 410 Gone").await?;
        }
        (_, None) => {
            webhooks::postpone(tx.conn(), position, status, now).await?;
            disable(app, &mut tx, webhook, "an event could not be delivered for three days").await?;
        }
        (answer, Some(pause)) => {
            let asked = answer.as_ref().ok().and_then(asked_pause).unwrap_or_default();
            webhooks::postpone(tx.conn(), position, status, now + pause.max(asked)).await?;
        }
    }
    tx.commit().await?;
    let reason = match answer {
        Ok(answer) if answer.is_success() => return Ok(()),
        Ok(answer) => format!("the receiver answered {}", answer.status),
        Err(error) => format!("{error:#}"),
    };
    let (webhook, event) = (webhook.id, delivery.event_id);
    tracing::warn!(%webhook, %event, reason, "a receiver did not take an event; it is tried again after a pause");
    Ok(())
}

async fn send(app: &App, webhook: &Webhook, delivery: &Delivery) -> anyhow::Result<Answer> {
    let url = Url::parse(&webhook.url).context("the stored address of a webhook is no URL")?;
    let (body, now) = (body(delivery), app.clock.now());
    let signature = app.webhooks.sign(webhook, delivery.event_id, &body, now)?;
    let call = Call::post_json(&url, body)
        .header("webhook-id", &delivery.event_id.to_string())
        .header("webhook-timestamp", &now.timestamp().to_string())
        .header("webhook-signature", &signature)
        .without_body()
        .within(PATIENCE);
    Ok(app.outbound_to_webhooks.send(call).await?)
}

/// The event as receivers read it: what happened to which account, and no more about its owner.
fn body(delivery: &Delivery) -> String {
    let mut data = Map::new();
    data.insert("id".to_owned(), json!(delivery.event_id));
    data.insert("actor".to_owned(), json!(delivery.actor));
    if let Some(user) = delivery.user_id {
        data.insert("user_id".to_owned(), json!(user));
    }
    if let Some(session) = delivery.session_id {
        data.insert("session_id".to_owned(), json!(session));
    }
    let details = shown_details(delivery.data.as_deref());
    if !details.is_empty() {
        data.insert("details".to_owned(), json!(details));
    }
    let timestamp = delivery.happened_at.to_rfc3339_opts(SecondsFormat::Millis, true);
    json!({ "type": delivery.kind, "timestamp": timestamp, "data": data }).to_string()
}

/// The pause that the receiver asks for.
fn asked_pause(answer: &Answer) -> Option<TimeDelta> {
    let seconds: i64 = answer.header("retry-after")?.parse().ok()?;
    Some(TimeDelta::seconds(seconds.clamp(0, LONGEST_PAUSE)))
}

/// Disables the webhook and records that. What waits for it is kept for the time when it is enabled again.
async fn disable(app: &App, tx: &mut Tx, webhook: &Webhook, reason: &str) -> anyhow::Result<()> {
    let now = app.clock.now();
    if webhooks::disable(tx.conn(), webhook.id, reason, now).await? {
        let event = Event::new(EventKind::AdminAction, None, Actor::System, now);
        let event = event.with("action", &"webhook_disabled").with("webhook", &webhook.id);
        events::record(tx.conn(), &event).await?;
        tracing::warn!(webhook = %webhook.id, reason, "a webhook was disabled; enable it once its receiver works");
    }
    Ok(())
}
