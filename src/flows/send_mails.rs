//! The service sends the mails that wait in its outbox.

use futures_util::future::join_all;

use crate::app::App;
use crate::model::mail::ClaimedMail;
use crate::store::outbox;
use crate::telemetry;

/// How many mails are sent at once.
const BATCH: i64 = 16;

/// Sends some of the mails that are due; `true` when there may be more. Each is taken over first, so that of several
/// instances one sends it, and forgotten once it was handed over. One that can't be sent now is tried again later.
pub async fn send_mails(app: &App) -> anyhow::Result<bool> {
    let now = app.clock.now();
    if !app.mailer.can_deliver() || !outbox::is_any_due(app.db.read().await?.conn(), now).await? {
        return Ok(false);
    }
    let mut tx = app.db.write().await?;
    let claimed = outbox::claim(tx.conn(), now, now + ClaimedMail::LEASE, BATCH).await?;
    tx.commit().await?;
    let results = join_all(claimed.iter().map(|mail| send(app, mail))).await;
    // A mail that was sent must not be left in the box because another one's row could not be written.
    results.into_iter().collect::<anyhow::Result<Vec<()>>>()?;
    Ok(!claimed.is_empty())
}

async fn send(app: &App, claimed: &ClaimedMail) -> anyhow::Result<()> {
    let delivered = match app.outbox.read(claimed) {
        Ok(mail) => app.mailer.deliver(claimed.id, &mail).await,
        Err(error) => Err(error),
    };
    telemetry::mail(delivered.is_ok());
    let mut tx = app.db.write().await?;
    match delivered {
        Ok(()) => outbox::delete(tx.conn(), claimed.id).await?,
        Err(error) => {
            let attempts = claimed.attempts;
            tracing::warn!(mail = %claimed.id, attempts, error = format!("{error:#}"), "a mail could not be sent yet");
            outbox::postpone(tx.conn(), claimed.id, app.clock.now() + claimed.back_off()).await?;
        }
    }
    tx.commit().await?;
    Ok(())
}
