//! One of several instances claims the mails that are due.

use crate::app::App;
use crate::model::mail::ClaimedMail;
use crate::store::outbox;

/// Claims up to `limit` mails that are due: for five minutes no other instance gets them. Claims none where no mail
/// server is set.
pub async fn claim_mails(app: &App, limit: usize) -> anyhow::Result<Vec<ClaimedMail>> {
    let now = app.clock.now();
    if limit == 0 || !app.mailer.can_deliver() || !outbox::is_any_due(app.db.read().await?.conn(), now).await? {
        return Ok(Vec::new());
    }
    let mut tx = app.db.write().await?;
    let claimed = outbox::claim(tx.conn(), now, now + ClaimedMail::LEASE, i64::try_from(limit)?).await?;
    tx.commit().await?;
    Ok(claimed)
}
