//! An operator adds a webhook.

use anyhow::ensure;
use uuid::Uuid;
use zeroize::Zeroizing;

use super::change_webhook::record;
use crate::app::App;
use crate::model::webhook::Webhook;
use crate::store::webhooks;

/// Stores a webhook that is told of events from now on; returns its id and its secret, which is shown this once.
pub async fn create_webhook(app: &App, url: &str, types: &[String]) -> anyhow::Result<(Uuid, Zeroizing<String>)> {
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
    ensure!(
        webhooks::insert(tx.conn(), &webhook, Webhook::MOST).await?,
        "there are {} webhooks already, which is the most",
        Webhook::MOST
    );
    record(app, &mut tx, "webhook_created", id).await?;
    tx.commit().await?;
    Ok((id, secret))
}
