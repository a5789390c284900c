//! Mails that wait to be sent.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{Conn, Result, on};
use crate::model::id::UserId;
use crate::model::mail::{ClaimedMail, NewMail};

/// Stores a mail. It is sent only if the transaction commits.
pub async fn insert(conn: Conn<'_>, mail: &NewMail) -> Result<()> {
    const SQL: &str = "INSERT INTO outbox (id, user_id, sealed, attempts, created_at, due_at, give_up_at) \
        VALUES ($1, $2, $3, 0, $4, $5, $6)";
    on!(conn, c => {
        sqlx::query(SQL)
            .bind(mail.id)
            .bind(mail.user_id)
            .bind(&mail.sealed)
            .bind(mail.created_at)
            .bind(mail.due_at)
            .bind(mail.give_up_at)
            .execute(c)
            .await?;
    });
    Ok(())
}

/// Whether any mail is due. This read costs less than [`claim`], which writes.
pub async fn is_any_due(conn: Conn<'_>, now: DateTime<Utc>) -> Result<bool> {
    const SQL: &str = "SELECT EXISTS (SELECT 1 FROM outbox WHERE due_at <= $1 AND give_up_at > $1)";
    Ok(on!(conn, c => sqlx::query_scalar(SQL).bind(now).fetch_one(c).await?))
}

/// Claims at most `limit` mails that are due: until `leased_until` no other instance gets them.
pub async fn claim(
    conn: Conn<'_>,
    now: DateTime<Utc>,
    leased_until: DateTime<Utc>,
    limit: i64,
) -> Result<Vec<ClaimedMail>> {
    // Codes come before notices, because they expire sooner. `due_at` is checked twice: an instance that waited for
    // another one's lock on a row must find that the row is no longer due.
    const SQL: &str = "UPDATE outbox SET due_at = $2, attempts = attempts + 1 WHERE due_at <= $1 AND id IN \
        (SELECT id FROM outbox WHERE due_at <= $1 AND give_up_at > $1 ORDER BY give_up_at LIMIT $3) \
        RETURNING id, sealed, attempts";
    Ok(on!(conn, c => sqlx::query_as(SQL).bind(now).bind(leased_until).bind(limit).fetch_all(c).await?))
}

/// Makes at most `limit` mails due that were written after `latest`, so before the clock was set back; returns how
/// many. They are found by the time at which they would be due, which has an index.
pub async fn make_due_if_written_after(
    conn: Conn<'_>,
    now: DateTime<Utc>,
    latest: DateTime<Utc>,
    limit: i64,
) -> Result<u64> {
    const SQL: &str = "UPDATE outbox SET created_at = $1, due_at = $1 WHERE id IN \
        (SELECT id FROM outbox WHERE due_at > $2 AND created_at > $2 LIMIT $3)";
    Ok(on!(conn, c => sqlx::query(SQL).bind(now).bind(latest).bind(limit).execute(c).await?.rows_affected()))
}

/// Deletes a mail that a mail server has accepted.
pub async fn delete(conn: Conn<'_>, id: Uuid) -> Result<()> {
    const SQL: &str = "DELETE FROM outbox WHERE id = $1";
    on!(conn, c => { sqlx::query(SQL).bind(id).execute(c).await?; });
    Ok(())
}

/// Makes a mail due again at `due_at`.
pub async fn postpone(conn: Conn<'_>, id: Uuid, due_at: DateTime<Utc>) -> Result<()> {
    const SQL: &str = "UPDATE outbox SET due_at = $1 WHERE id = $2";
    on!(conn, c => { sqlx::query(SQL).bind(due_at).bind(id).execute(c).await?; });
    Ok(())
}

/// How many mails wait to be sent.
#[derive(Debug, Clone, Copy)]
pub struct Waiting {
    pub mails: i64,
    /// When the oldest of them was written.
    pub oldest: Option<DateTime<Utc>>,
}

/// Counts at most `limit` mails that wait to be sent, the oldest first. Those that are due only when they are given up
/// are decoys.
pub async fn waiting(conn: Conn<'_>, limit: u32) -> Result<Waiting> {
    const SQL: &str = "SELECT COUNT(*) AS mails, MIN(created_at) AS oldest FROM \
        (SELECT created_at FROM outbox WHERE due_at < give_up_at ORDER BY id LIMIT $1) AS waiting";
    let (mails, oldest) = on!(conn, c => sqlx::query_as(SQL).bind(i64::from(limit)).fetch_one(c).await?);
    Ok(Waiting { mails, oldest })
}

/// When each of the first `limit` mails that wait to be sent to `user` was written.
pub async fn of_user(conn: Conn<'_>, user: UserId, limit: u32) -> Result<Vec<DateTime<Utc>>> {
    const SQL: &str = "SELECT created_at FROM outbox WHERE user_id = $1 ORDER BY id LIMIT $2";
    Ok(on!(conn, c => sqlx::query_scalar(SQL).bind(user).bind(i64::from(limit)).fetch_all(c).await?))
}

/// Deletes at most `limit` mails that could not be sent in time; returns how many.
pub async fn purge(conn: Conn<'_>, now: DateTime<Utc>, limit: i64) -> Result<u64> {
    const SQL: &str = "DELETE FROM outbox WHERE id IN (SELECT id FROM outbox WHERE give_up_at <= $1 LIMIT $2)";
    Ok(on!(conn, c => sqlx::query(SQL).bind(now).bind(limit).execute(c).await?.rows_affected()))
}

/// Deletes every mail; returns how many there were.
pub async fn delete_all(conn: Conn<'_>) -> Result<u64> {
    Ok(on!(conn, c => sqlx::query("DELETE FROM outbox").execute(c).await?.rows_affected()))
}

/// At most `limit` sealed mails, in the order of their ids and after `after`.
pub async fn page_of_sealed(conn: Conn<'_>, after: Uuid, limit: u32) -> Result<Vec<(Uuid, Vec<u8>)>> {
    const SQL: &str = "SELECT id, sealed FROM outbox WHERE id > $1 ORDER BY id LIMIT $2";
    Ok(on!(conn, c => sqlx::query_as(SQL).bind(after).bind(i64::from(limit)).fetch_all(c).await?))
}

/// Stores a mail in another sealed form.
pub async fn replace_sealed(conn: Conn<'_>, id: Uuid, sealed: &[u8]) -> Result<()> {
    const SQL: &str = "UPDATE outbox SET sealed = $2 WHERE id = $1";
    on!(conn, c => { sqlx::query(SQL).bind(id).bind(sealed).execute(c).await?; });
    Ok(())
}
