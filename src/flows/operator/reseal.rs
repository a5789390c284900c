//! An operator has replaced the secret key: what the previous one sealed is sealed under the present one.

use anyhow::bail;
use uuid::Uuid;

use crate::app::App;
use crate::model::id::UserId;
use crate::store::{outbox, totp, webhooks};

/// Number of rows in one transaction: few, so that other writers wait for milliseconds.
const BATCH: u32 = 250;

/// Number of times that everything is looked at: once to seal it, once to find nothing, and some for instances that
/// were restarted between the two.
const MOST_PASSES: u32 = 10;

/// How many rows were sealed anew.
#[derive(Debug, Default, Clone, Copy)]
pub struct Resealed {
    pub authenticator_apps: u64,
    pub webhooks: u64,
    pub mails: u64,
    pub signing_keys: u64,
}

/// Seals everything under the present secret key, and tells `progress` how many of how many authenticator apps were
/// looked at. The service may run. What is sealed under the present key already is left alone, so this can be killed
/// and run again.
///
/// An instance that does not know the present key yet may seal something behind a place that was passed, so this begins
/// again until it finds nothing. The signing keys come last: a database whose signing keys open with the present key
/// alone needs no other key.
///
/// # Errors
/// Those of the database, when a row opens with neither key, and when something goes on sealing under the previous key.
pub async fn reseal(app: &App, progress: &mut dyn FnMut(u64, u64)) -> anyhow::Result<Resealed> {
    let mut all = Resealed::default();
    for _ in 0..MOST_PASSES {
        let apps = reseal_apps(app, progress).await?;
        let webhooks = reseal_webhooks(app).await?;
        let mails = reseal_mails(app).await?;
        all.authenticator_apps += apps;
        all.webhooks += webhooks;
        all.mails += mails;
        if apps + webhooks + mails == 0 {
            all.signing_keys = app.tokens.keys.reseal().await?;
            return Ok(all);
        }
    }
    bail!(
        "an instance still seals under the previous key: restart every instance with the present one, and run this \
         again"
    )
}

async fn reseal_apps(app: &App, progress: &mut dyn FnMut(u64, u64)) -> anyhow::Result<u64> {
    let all = totp::count(app.db.read().await?.conn()).await?.unsigned_abs();
    let (mut after, mut seen, mut resealed) = (UserId(Uuid::nil()), 0, 0);
    loop {
        let page = totp::page_of_sealed(app.db.read().await?.conn(), after, BATCH).await?;
        let Some((last, _)) = page.last() else {
            return Ok(resealed);
        };
        after = *last;
        let mut tx = app.db.write().await?;
        for (user, sealed) in &page {
            if let Some(new) = app.second_factors.reseal_totp(*user, sealed)? {
                totp::replace_sealed(tx.conn(), *user, sealed, &new).await?;
                resealed += 1;
            }
        }
        tx.commit().await?;
        seen += u64::try_from(page.len())?;
        progress(seen, all);
    }
}

async fn reseal_webhooks(app: &App) -> anyhow::Result<u64> {
    let mut resealed = 0;
    for known in webhooks::all(app.db.read().await?.conn()).await? {
        let mut tx = app.db.write().await?;
        if let Some(webhook) = webhooks::lock(tx.conn(), known.id).await?
            && let Some((secret, previous)) = app.webhooks.reseal(&webhook)?
        {
            webhooks::replace_sealed(tx.conn(), webhook.id, &secret, previous.as_deref()).await?;
            resealed += 1;
        }
        tx.commit().await?;
    }
    Ok(resealed)
}

async fn reseal_mails(app: &App) -> anyhow::Result<u64> {
    let (mut after, mut resealed) = (Uuid::nil(), 0);
    loop {
        let page = outbox::page_of_sealed(app.db.read().await?.conn(), after, BATCH).await?;
        let Some((last, _)) = page.last() else {
            return Ok(resealed);
        };
        after = *last;
        let mut tx = app.db.write().await?;
        for (id, sealed) in &page {
            if let Some(new) = app.outbox.reseal(*id, sealed)? {
                outbox::replace_sealed(tx.conn(), *id, &new).await?;
                resealed += 1;
            }
        }
        tx.commit().await?;
    }
}
