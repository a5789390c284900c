//! An operator takes over a copy of the database. What has ended since the copy was made must not come back with it.

use chrono::{DateTime, Utc};

use crate::app::tokens;
use crate::flows::steps::record_deletion::record_deletion;
use crate::model::event::{Actor, Event, EventKind};
use crate::model::id::UserId;
use crate::model::mail::code::INVITATION_LIFETIME;
use crate::model::secret_key::SecretKey;
use crate::store::codes::invitations;
use crate::store::{
    self, DatabaseSetup, Db, admin_keys, codes, events, outbox, probes, sessions, signing_keys, users, webhooks,
};

/// How far ahead of the copy the generations of devices begin. An account does not replace its password or prove its
/// address as often between a copy and its restore.
const GENERATIONS_AHEAD: i64 = 1_000_000;

/// How far ahead of the copy numbers begin: an account or an event must not get one that was given since. Applications
/// know accounts by their number, and readers of events go on behind a number.
const NUMBERS_AHEAD: i64 = 1_000_000;

/// Why a webhook is disabled.
const RESTORED: &str = "restored from a copy; enable it if it is still wanted";

/// What is to become of what the copy holds.
#[derive(Debug)]
pub struct RestoreOptions {
    /// Accounts that were deleted after the copy was made.
    pub deletions: Vec<UserId>,
    /// Leave sessions, codes, mails, webhooks, signing keys and keys for the admin API as they are.
    pub keep_access: bool,
}

/// What became of it.
#[derive(Debug, Default)]
pub struct Restored {
    /// The last change that the copy knows of. What came later is lost.
    pub last_change: Option<DateTime<Utc>>,
    pub accounts_deleted: u64,
    pub sessions_ended: u64,
    pub codes_voided: u64,
    pub mails_voided: u64,
    pub admin_keys_revoked: u64,
    pub webhooks_disabled: u64,
    pub signing_keys_replaced: u64,
}

/// Migrates `database` and does to it what `options` say.
///
/// # Errors
/// A sentence for the operator. Nothing was changed then, except that migrations may have been applied.
pub(super) async fn take_over(
    database: &DatabaseSetup,
    key: &SecretKey,
    options: &RestoreOptions,
    now: DateTime<Utc>,
) -> anyhow::Result<Restored> {
    let db = Db::connect(database).await?;
    let restored = end_access(&db, key, options, now).await;
    db.close().await;
    restored
}

async fn end_access(
    db: &Db,
    key: &SecretKey,
    options: &RestoreOptions,
    now: DateTime<Utc>,
) -> anyhow::Result<Restored> {
    let mut tx = db.write().await?;
    let stored = signing_keys::all(tx.conn()).await?;
    let newest = stored.last().map_or(0, |key| key.number);
    tokens::check_secret(key, stored)?;
    let mut restored = Restored {
        last_change: probes::last_change(tx.conn()).await?,
        ..Restored::default()
    };
    if !options.keep_access {
        restored.sessions_ended = sessions::end_all(&mut tx).await?;
        restored.codes_voided = codes::delete_all_but_invitations(tx.conn()).await?;
        // A guest may have come since the copy was made, so that the account is in use. The guest gets the time of a
        // new invitation to be invited again, or to come by a reset.
        restored.codes_voided += invitations::void_all_keys(tx.conn(), now + INVITATION_LIFETIME).await?;
        restored.mails_voided = outbox::delete_all(tx.conn()).await?;
        restored.admin_keys_revoked = admin_keys::delete_all(tx.conn()).await?;
        restored.webhooks_disabled = webhooks::disable_all(tx.conn(), RESTORED, now).await?;
        // A key that was rotated since, because it had been stolen, must not sign again.
        restored.signing_keys_replaced = signing_keys::delete_all(tx.conn()).await?;
        let signing_key = tokens::first_signing_key(key, newest + 1, now)?;
        signing_keys::insert_if_absent(tx.conn(), &signing_key).await?;
        users::begin_device_generations(tx.conn(), GENERATIONS_AHEAD).await?;
        store::move_counters_ahead(tx.conn(), NUMBERS_AHEAD).await?;
    }
    for user in &options.deletions {
        if users::delete(&mut tx, *user).await? {
            let event = Event::new(EventKind::AccountDeleted, Some(*user), Actor::Operator, now);
            record_deletion(&mut tx, &event).await?;
            restored.accounts_deleted += 1;
        }
    }
    let event = Event::new(EventKind::AdminAction, None, Actor::Operator, now);
    let event = event
        .with("action", &"restored")
        .with("sessions", &restored.sessions_ended)
        .with("deleted", &restored.accounts_deleted);
    events::record(tx.conn(), &event).await?;
    tx.commit().await?;
    Ok(restored)
}
