//! One-time codes and keys, one row for each subject. A new code replaces the subject's old one; each key is a subject
//! of its own.

pub mod invitations;

use chrono::{DateTime, Utc};

use super::{Conn, Result, on};
use crate::model::id::UserId;
use crate::model::mail::code::{GuessedCode, ISSUE_WINDOW, KeyedHash, ListedCode, MAX_GUESSES, NewCode, Purpose};

/// Binds the eight values of a new code.
macro_rules! bind_code {
    ($query:expr, $code:expr) => {
        $query
            .bind(&$code.subject)
            .bind($code.user_id)
            .bind($code.purpose.name())
            .bind(&$code.code_hash)
            .bind($code.email.as_deref())
            .bind(&$code.asked_by)
            .bind($code.issued_at)
            .bind($code.expires_at)
    };
}

/// Stores a code in place of the subject's last one; `false`, and nothing stored, when three were issued within
/// [`ISSUE_WINDOW`].
pub async fn replace(conn: Conn<'_>, code: &NewCode) -> Result<bool> {
    const SQL: &str = "INSERT INTO codes \
        (subject, user_id, purpose, code_hash, email, asked_by, guesses, issued_at, expires_at) \
        VALUES ($1, $2, $3, $4, $5, $6, 0, $7, $8) \
        ON CONFLICT (subject) DO UPDATE SET user_id = $2, code_hash = $4, email = $5, asked_by = $6, guesses = 0, \
        guesses_by_asker = 0, issued_at = $7, issued_before_at = codes.issued_at, \
        issued_earlier_at = codes.issued_before_at, expires_at = $8, used_at = NULL \
        WHERE codes.issued_earlier_at IS NULL OR codes.issued_earlier_at <= $9";
    let uncounted = code.issued_at - ISSUE_WINDOW;
    let stored = on!(conn, c => bind_code!(sqlx::query(SQL), code).bind(uncounted).execute(c).await?.rows_affected());
    Ok(stored == 1)
}

/// Stores a key beside the others of its account; `false`, and nothing stored, when `at_most` of its purpose are alive.
/// Lock the account first. Without an account there is nothing to count.
pub async fn insert_key(conn: Conn<'_>, key: &NewCode, at_most: i64) -> Result<bool> {
    const SQL: &str = "INSERT INTO codes \
        (subject, user_id, purpose, code_hash, email, asked_by, guesses, issued_at, expires_at) \
        SELECT $1, $2, $3, $4, $5, $6, 0, $7, $8 WHERE $9 > (SELECT COUNT(*) FROM codes \
        WHERE user_id = $2 AND purpose = $3 AND used_at IS NULL AND expires_at > $7)";
    let stored = on!(conn, c => bind_code!(sqlx::query(SQL), key).bind(at_most).execute(c).await?.rows_affected());
    Ok(stored == 1)
}

/// When the subject's third last code was issued; `None` when there were fewer than three.
pub async fn issued_earlier_at(conn: Conn<'_>, subject: &KeyedHash) -> Result<Option<DateTime<Utc>>> {
    const SQL: &str = "SELECT issued_earlier_at FROM codes WHERE subject = $1";
    let row: Option<Option<DateTime<Utc>>> =
        on!(conn, c => sqlx::query_scalar(SQL).bind(subject).fetch_optional(c).await?);
    Ok(row.flatten())
}

/// Counts a guess of a client that is known as `askers` at the subject's code, and returns the code to compare with;
/// `None` when none is alive or [`MAX_GUESSES`] were counted. Guesses of the client that asked for the code count apart
/// from all others. The caller commits before it compares, so that no guess goes uncounted.
pub async fn count_guess(
    conn: Conn<'_>,
    subject: &KeyedHash,
    askers: &[KeyedHash],
    now: DateTime<Utc>,
) -> Result<Option<GuessedCode>> {
    // Where nothing is known of the asker, the comparison is NULL and the guess counts as another client's.
    const SQL: &str = "UPDATE codes SET \
        guesses = guesses + CASE WHEN asked_by IN ($2, $3) THEN 0 ELSE 1 END, \
        guesses_by_asker = guesses_by_asker + CASE WHEN asked_by IN ($2, $3) THEN 1 ELSE 0 END \
        WHERE subject = $1 AND used_at IS NULL AND expires_at > $4 \
        AND CASE WHEN asked_by IN ($2, $3) THEN guesses_by_asker ELSE guesses END < $5 \
        RETURNING subject, code_hash, user_id, email, issued_at";
    Ok(on!(conn, c => {
        sqlx::query_as(SQL)
            .bind(subject)
            .bind(askers.first())
            .bind(askers.get(1))
            .bind(now)
            .bind(MAX_GUESSES)
            .fetch_optional(c)
            .await?
    }))
}

/// The account of a key that is alive; `None` for any other text.
pub async fn owner_of_key(conn: Conn<'_>, subject: &KeyedHash, now: DateTime<Utc>) -> Result<Option<UserId>> {
    const SQL: &str = "SELECT user_id FROM codes WHERE subject = $1 AND used_at IS NULL AND expires_at > $2";
    let row: Option<Option<UserId>> =
        on!(conn, c => sqlx::query_scalar(SQL).bind(subject).bind(now).fetch_optional(c).await?);
    Ok(row.flatten())
}

/// Uses up a code; `false` when it was used, replaced or voided before.
pub async fn consume(conn: Conn<'_>, subject: &KeyedHash, code: &KeyedHash, now: DateTime<Utc>) -> Result<bool> {
    const SQL: &str = "UPDATE codes SET used_at = $1 \
        WHERE subject = $2 AND code_hash = $3 AND used_at IS NULL AND expires_at > $1";
    let used = on!(conn, c => sqlx::query(SQL).bind(now).bind(subject).bind(code).execute(c).await?.rows_affected());
    Ok(used == 1)
}

/// Voids every code of `user`, but not the keys mailed to a former address: a thief of the account would void
/// those first. The rows stay, because they count how many codes were issued.
pub async fn void_all_but_restore_email(conn: Conn<'_>, user: UserId, now: DateTime<Utc>) -> Result<()> {
    const SQL: &str =
        "UPDATE codes SET used_at = $1 WHERE user_id = $2 AND used_at IS NULL AND purpose <> 'restore_email'";
    on!(conn, c => { sqlx::query(SQL).bind(now).bind(user).execute(c).await?; });
    Ok(())
}

/// Voids the same but for invitations: [`invitations::void_keys`] voids those.
pub async fn void_all_but_restore_email_and_invitation(conn: Conn<'_>, user: UserId, now: DateTime<Utc>) -> Result<()> {
    const SQL: &str = "UPDATE codes SET used_at = $1 \
        WHERE user_id = $2 AND used_at IS NULL AND purpose NOT IN ('restore_email', 'invitation')";
    on!(conn, c => { sqlx::query(SQL).bind(now).bind(user).execute(c).await?; });
    Ok(())
}

/// Voids the codes of `user` that are for `purpose`.
pub async fn void_of_purpose(conn: Conn<'_>, user: UserId, purpose: Purpose, now: DateTime<Utc>) -> Result<()> {
    const SQL: &str = "UPDATE codes SET used_at = $1 WHERE user_id = $2 AND purpose = $3 AND used_at IS NULL";
    on!(conn, c => { sqlx::query(SQL).bind(now).bind(user).bind(purpose.name()).execute(c).await?; });
    Ok(())
}

/// When the last key to a former address of `user` was issued.
pub async fn last_restore_email(conn: Conn<'_>, user: UserId) -> Result<Option<DateTime<Utc>>> {
    const SQL: &str = "SELECT issued_at FROM codes \
        WHERE user_id = $1 AND purpose = 'restore_email' ORDER BY issued_at DESC LIMIT 1";
    Ok(on!(conn, c => sqlx::query_scalar(SQL).bind(user).fetch_optional(c).await?))
}

/// Voids the keys to a former address that were issued at `moment` or later. Earlier keys lead to an earlier owner.
pub async fn void_restore_email_since(
    conn: Conn<'_>,
    user: UserId,
    moment: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<()> {
    const SQL: &str = "UPDATE codes SET used_at = $1 \
        WHERE user_id = $2 AND purpose = 'restore_email' AND issued_at >= $3 AND used_at IS NULL";
    on!(conn, c => { sqlx::query(SQL).bind(now).bind(user).bind(moment).execute(c).await?; });
    Ok(())
}

/// At most `limit` codes that were issued to `user`, the latest first.
pub async fn of_user(conn: Conn<'_>, user: UserId, limit: u32) -> Result<Vec<ListedCode>> {
    const SQL: &str = "SELECT purpose, email, issued_at, expires_at, used_at FROM codes \
        WHERE user_id = $1 ORDER BY issued_at DESC LIMIT $2";
    Ok(on!(conn, c => sqlx::query_as(SQL).bind(user).bind(i64::from(limit)).fetch_all(c).await?))
}

/// Deletes at most `limit` codes that have expired and no longer count as issued; returns how many. Invitations stay
/// until something has ended them: they say which accounts go with them.
pub async fn purge(conn: Conn<'_>, now: DateTime<Utc>, limit: i64) -> Result<u64> {
    const SQL: &str = "DELETE FROM codes WHERE subject IN \
        (SELECT subject FROM codes WHERE expires_at <= $1 AND issued_at <= $2 \
        AND NOT (purpose = 'invitation' AND used_at IS NULL AND email IS NOT NULL) ORDER BY expires_at LIMIT $3) \
        AND expires_at <= $1 AND issued_at <= $2";
    let uncounted = now - ISSUE_WINDOW;
    Ok(on!(conn, c => {
        sqlx::query(SQL).bind(now).bind(uncounted).bind(limit).execute(c).await?.rows_affected()
    }))
}

/// Deletes every code and key but for invitations that nothing has ended; returns how many.
/// [`invitations::void_all_keys`] voids those.
pub async fn delete_all_but_invitations(conn: Conn<'_>) -> Result<u64> {
    const SQL: &str = "DELETE FROM codes WHERE NOT (purpose = 'invitation' AND used_at IS NULL)";
    Ok(on!(conn, c => sqlx::query(SQL).execute(c).await?.rows_affected()))
}
