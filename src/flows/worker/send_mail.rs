//! Sends a mail from the outbox.

use tokio_util::sync::CancellationToken;
use tracing::Instrument;

use crate::app::App;
use crate::app::mail::smtp::Rejected;
use crate::model::mail::ClaimedMail;
use crate::store::outbox;
use crate::telemetry::{self, Delivery, traces};

/// Sends a mail and deletes it, also if the mail server will never take it or the notice is switched off. A mail that
/// can't be sent now is tried again later. A mail whose sending is cut off by a shutdown is due at once, for the next
/// instance.
pub async fn send_mail(app: &App, claimed: &ClaimedMail, stop: &CancellationToken) -> anyhow::Result<()> {
    let span = traces::mail(claimed.id);
    attempt(app, claimed, stop).instrument(span).await
}

async fn attempt(app: &App, claimed: &ClaimedMail, stop: &CancellationToken) -> anyhow::Result<()> {
    let delivered = tokio::select! {
        delivered = deliver(app, claimed) => Some(delivered),
        () = stop.cancelled() => None,
    };
    let now = app.clock.now();
    let mut tx = app.db.write().await?;
    match delivered {
        Some(Ok(())) => outbox::delete(tx.conn(), claimed.id).await?,
        Some(Err(error)) if error.is::<Rejected>() => {
            let (mail, error) = (claimed.id, format!("{error:#}"));
            tracing::warn!(%mail, error, "a mail is given up");
            outbox::delete(tx.conn(), claimed.id).await?;
        }
        Some(Err(error)) => {
            let (mail, attempts, error) = (claimed.id, claimed.attempts, format!("{error:#}"));
            tracing::warn!(
                %mail,
                attempts,
                error,
                "a mail could not be sent yet; the next attempt follows after a pause"
            );
            outbox::postpone(tx.conn(), claimed.id, now + claimed.back_off()).await?;
        }
        None => outbox::postpone(tx.conn(), claimed.id, now).await?,
    }
    tx.commit().await?;
    Ok(())
}

async fn deliver(app: &App, claimed: &ClaimedMail) -> anyhow::Result<()> {
    let mail = app.outbox.read(claimed)?;
    if !app.outbox.wants(&mail) {
        return Ok(());
    }
    let delivered = app.mailer.deliver(claimed.id, &mail, app.clock.now()).await;
    telemetry::mail(match &delivered {
        Ok(()) => Delivery::Sent,
        Err(error) if error.is::<Rejected>() => Delivery::Rejected,
        Err(_) => Delivery::Failed,
    });
    delivered
}
