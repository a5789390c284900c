//! An operator changes a webhook. Every change is an event.

use uuid::Uuid;
use zeroize::Zeroizing;

use crate::app::App;
use crate::model::admin::Operator;
use crate::model::event::EventPlace;
use crate::model::webhook::Webhook;
use crate::store::{self, Tx, events, webhooks};

/// A change of one webhook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WebhookChange {
    Rotate,
    Disable,
    /// Also lets what waits begin again with its first attempt.
    Enable,
    /// Tells another address, or of other types of events; `None` leaves them. [`Webhook::check`] has accepted both.
    Redirect {
        url: Option<String>,
        types: Option<String>,
    },
    /// Sends an event now, from its first attempt on, also if it was delivered before.
    Retry(Uuid),
    /// Tells it again of the events behind this place.
    Replay(EventPlace),
    Delete,
}

#[derive(Debug, thiserror::Error)]
pub enum ChangeWebhookError {
    #[error("there is no such webhook; `neptun-auth webhooks list` shows all")]
    NotFound,
    #[error("the webhook is {0} already")]
    Unchanged(&'static str),
    #[error("the webhook has no delivery of that event")]
    NoSuchDelivery,
    #[error("there is nothing to replay from there: nothing behind it was sent before")]
    NothingToReplay,
    #[error(transparent)]
    Internal(#[from] anyhow::Error),
}

internal_from_store!(ChangeWebhookError);

/// What a change left. It is read in the transaction of the change: a read after the commit may fail, and a new secret
/// would be in no answer.
#[derive(Debug)]
pub struct ChangedWebhook {
    /// The webhook and the number of events that wait for it; `None` if it was deleted.
    pub left: Option<(Webhook, i64)>,
    /// The new secret if it got one.
    pub secret: Option<Zeroizing<String>>,
}

/// Changes the webhook `id`.
pub async fn change_webhook(
    app: &App,
    operator: &Operator,
    id: Uuid,
    change: WebhookChange,
) -> Result<ChangedWebhook, ChangeWebhookError> {
    let (mut tx, known) = begin(app, id).await?;
    let secret = apply(app, &mut tx, operator, &known, change).await?;
    let left = look(&mut tx, id).await?;
    tx.commit().await?;
    Ok(ChangedWebhook { left, secret })
}

/// Makes all of `changes` to the webhook `id`, or none. What it is already is no error here.
pub async fn update_webhook(
    app: &App,
    operator: &Operator,
    id: Uuid,
    changes: Vec<WebhookChange>,
) -> Result<(Webhook, i64), ChangeWebhookError> {
    let (mut tx, known) = begin(app, id).await?;
    for change in changes {
        match apply(app, &mut tx, operator, &known, change).await {
            Ok(_) | Err(ChangeWebhookError::Unchanged(_)) => {}
            Err(error) => return Err(error),
        }
    }
    let left = look(&mut tx, id).await?.ok_or(ChangeWebhookError::NotFound)?;
    tx.commit().await?;
    Ok(left)
}

async fn begin(app: &App, id: Uuid) -> Result<(Tx, Webhook), ChangeWebhookError> {
    let mut tx = app.db.write().await?;
    let known = webhooks::lock(tx.conn(), id).await?;
    Ok((tx, known.ok_or(ChangeWebhookError::NotFound)?))
}

/// The webhook and the number of events that wait for it, as they are in the transaction.
async fn look(tx: &mut Tx, id: Uuid) -> store::Result<Option<(Webhook, i64)>> {
    let Some(webhook) = webhooks::by_id(tx.conn(), id).await? else {
        return Ok(None);
    };
    let waiting = webhooks::waiting(tx.conn(), id).await?;
    Ok(Some((webhook, waiting)))
}

/// Makes one change and records it; returns the new secret if there is one.
async fn apply(
    app: &App,
    tx: &mut Tx,
    operator: &Operator,
    known: &Webhook,
    change: WebhookChange,
) -> Result<Option<Zeroizing<String>>, ChangeWebhookError> {
    let (id, now) = (known.id, app.clock.now());
    let mut secret = None;
    let action = match change {
        WebhookChange::Rotate => {
            let (shown, sealed) = app.webhooks.new_secret(id)?;
            webhooks::rotate(tx.conn(), id, &sealed, now + Webhook::OVERLAP).await?;
            secret = Some(shown);
            "webhook_rotated"
        }
        WebhookChange::Disable => {
            if !webhooks::disable(tx.conn(), id, "an operator disabled it", now).await? {
                return Err(ChangeWebhookError::Unchanged("disabled"));
            }
            "webhook_disabled"
        }
        WebhookChange::Enable => {
            if !webhooks::enable(tx.conn(), id).await? {
                return Err(ChangeWebhookError::Unchanged("enabled"));
            }
            webhooks::start_over(tx.conn(), id, now).await?;
            "webhook_enabled"
        }
        WebhookChange::Redirect { url, types } => {
            let url = url.as_ref().unwrap_or(&known.url);
            let types = types.as_ref().unwrap_or(&known.types);
            webhooks::redirect(tx.conn(), id, url, types).await?;
            "webhook_changed"
        }
        WebhookChange::Retry(event) => {
            if !webhooks::retry(tx.conn(), id, event, now).await? {
                return Err(ChangeWebhookError::NoSuchDelivery);
            }
            "webhook_retried"
        }
        WebhookChange::Replay(place) => {
            if !webhooks::move_cursor_back(tx.conn(), id, &place).await? {
                return Err(ChangeWebhookError::NothingToReplay);
            }
            "webhook_replayed"
        }
        WebhookChange::Delete => {
            webhooks::delete(tx.conn(), id).await?;
            "webhook_deleted"
        }
    };
    record(app, tx, operator, action, id).await?;
    Ok(secret)
}

/// Records what an operator did with the webhook `id`.
pub(super) async fn record(
    app: &App,
    tx: &mut Tx,
    operator: &Operator,
    action: &'static str,
    id: Uuid,
) -> store::Result<()> {
    let event = operator.action(action, None, app.clock.now());
    events::record(tx.conn(), &event.with("webhook", &id)).await
}
