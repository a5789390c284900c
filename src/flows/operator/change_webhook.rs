//! An operator changes a webhook. Every change is an event.

use anyhow::{bail, ensure};
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::app::App;
use crate::model::event::{Actor, Event, EventKind};
use crate::model::webhook::{ReplayStart, Webhook};
use crate::store::{self, Tx, events, webhooks};

/// A change of one webhook.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WebhookChange {
    Rotate,
    Disable,
    /// Also lets what waits begin again with its first attempt.
    Enable,
    /// Tells it again of the events from there on.
    Replay(ReplayStart),
    Delete,
}

/// Changes the webhook `id`; returns the new secret if it got one.
pub async fn change_webhook(app: &App, id: Uuid, change: WebhookChange) -> anyhow::Result<Option<Zeroizing<String>>> {
    let now = app.clock.now();
    let mut tx = app.db.write().await?;
    let Some(known) = webhooks::lock(tx.conn(), id).await? else {
        bail!("there is no webhook {id}; `neptun-auth webhooks list` shows all");
    };
    let mut secret = None;
    let action = match change {
        WebhookChange::Rotate => {
            let (shown, sealed) = app.webhooks.new_secret(id)?;
            webhooks::rotate(tx.conn(), id, &sealed, now + Webhook::OVERLAP).await?;
            secret = Some(shown);
            "webhook_rotated"
        }
        WebhookChange::Disable => {
            ensure!(
                webhooks::disable(tx.conn(), id, "an operator disabled it", now).await?,
                "the webhook is disabled already"
            );
            "webhook_disabled"
        }
        WebhookChange::Enable => {
            ensure!(known.disabled_at.is_some(), "the webhook is enabled already");
            webhooks::enable(tx.conn(), id).await?;
            webhooks::start_over(tx.conn(), id, now).await?;
            "webhook_enabled"
        }
        WebhookChange::Replay(start) => {
            ensure!(
                webhooks::move_cursor_back(tx.conn(), id, start).await?,
                "there is nothing to replay from there: no such event is kept, or it was not sent before"
            );
            "webhook_replayed"
        }
        WebhookChange::Delete => {
            webhooks::delete(tx.conn(), id).await?;
            "webhook_deleted"
        }
    };
    record(app, &mut tx, action, id).await?;
    tx.commit().await?;
    Ok(secret)
}

/// Records what an operator did with the webhook `id`.
pub(super) async fn record(app: &App, tx: &mut Tx, action: &'static str, id: Uuid) -> store::Result<()> {
    let event = Event::new(EventKind::AdminAction, None, Actor::Operator, app.clock.now());
    events::record(tx.conn(), &event.with("action", &action).with("webhook", &id)).await
}
