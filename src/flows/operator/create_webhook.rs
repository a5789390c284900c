//! An operator adds a webhook.

use uuid::Uuid;
use zeroize::Zeroizing;

use super::change_webhook::record;
use crate::app::App;
use crate::model::admin::Operator;
use crate::model::webhook::{InvalidWebhook, Webhook};
use crate::store::webhooks;

#[derive(Debug, thiserror::Error)]
pub enum CreateWebhookError {
    #[error(transparent)]
    Invalid(#[from] InvalidWebhook),
    #[error("there are {} webhooks already, which is the most", Webhook::MOST)]
    TooMany,
    #[error(transparent)]
    Internal(#[from] anyhow::Error),
}

internal_from_store!(CreateWebhookError);

/// Stores a webhook that is told of events from now on; returns it and its secret, which is shown this once.
pub async fn create_webhook(
    app: &App,
    operator: &Operator,
    url: &str,
    types: &[String],
) -> Result<(Webhook, Zeroizing<String>), CreateWebhookError> {
    let types = Webhook::check(url, types)?;
    let (id, now) = (Uuid::now_v7(), app.clock.now());
    let (secret, sealed_secret) = app.webhooks.new_secret(id)?;
    let webhook = Webhook {
        id,
        url: url.to_owned(),
        types,
        sealed_secret,
        sealed_previous: None,
        previous_until: None,
        created_at: now,
        disabled_at: None,
        disabled_reason: None,
        cursor_transaction: String::new(),
        cursor_number: 0,
    };
    let mut tx = app.db.write().await?;
    webhooks::lock_number(&mut tx).await?;
    if !webhooks::insert(tx.conn(), &webhook, Webhook::MOST).await? {
        return Err(CreateWebhookError::TooMany);
    }
    record(app, &mut tx, operator, "webhook_created", id).await?;
    tx.commit().await?;
    Ok((webhook, secret))
}
