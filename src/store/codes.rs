//! One-time codes and reset keys, one row for each subject: a new one replaces the old one.

use chrono::{DateTime, Utc};

use super::{Conn, Result, on};
use crate::model::id::UserId;
use crate::model::mail::code::{GuessedCode, ISSUE_WINDOW, KeyedHash, ListedCode, MAX_GUESSES, NewCode};

/// Stores a code in place of the subject's last one; `false`, and nothing stored, when three were issued within
/// [`ISSUE_WINDOW`].
pub async fn replace(conn: Conn<'_>, code: &NewCode) -> Result<bool> {
    const SQL: &str = "INSERT INTO codes (subject, user_id, purpose, code_hash, email, guesses, issued_at, expires_at) \
        VALUES ($1, $2, $3, $4, $5, 0, $6, $7) \
        ON CONFLICT (subject) DO UPDATE SET user_id = $2, code_hash = $4, email = $5, guesses = 0, issued_at = $6, \
        issued_before_at = codes.issued_at, issued_earlier_at = codes.issued_before_at, \
        expires_at = $7, used_at = NULL \
        WHERE codes.issued_earlier_at IS NULL OR codes.issued_earlier_at <= $8";
    let stored = on!(conn, c => {
        sqlx::query(SQL)
            .bind(&code.subject)
            .bind(code.user_id)
            .bind(code.purpose.name())
            .bind(&code.code_hash)
            .bind(code.email.as_deref())
            .bind(code.issued_at)
            .bind(code.expires_at)
            .bind(code.issued_at - ISSUE_WINDOW)
            .execute(c)
            .await?
            .rows_affected()
    });
    Ok(stored == 1)
}

/// When the subject's third last code was issued; `None` when there were fewer than three.
pub async fn issued_earlier_at(conn: Conn<'_>, subject: &KeyedHash) -> Result<Option<DateTime<Utc>>> {
    const SQL: &str = "SELECT issued_earlier_at FROM codes WHERE subject = $1";
    let row: Option<Option<DateTime<Utc>>> =
        on!(conn, c => sqlx::query_scalar(SQL).bind(subject).fetch_optional(c).await?);
    Ok(row.flatten())
}

/// Counts a guess at the subject's code and returns the code to compare with; `None` when none is alive or it was
/// guessed at [`MAX_GUESSES`] times. The caller commits before it compares, so that no guess goes uncounted.
pub async fn count_guess(conn: Conn<'_>, subject: &KeyedHash, now: DateTime<Utc>) -> Result<Option<GuessedCode>> {
    const SQL: &str = "UPDATE codes SET guesses = guesses + 1 \
        WHERE subject = $1 AND used_at IS NULL AND expires_at > $2 AND guesses < $3 \
        RETURNING code_hash, user_id, email, issued_at";
    Ok(on!(conn, c => {
        sqlx::query_as(SQL).bind(subject).bind(now).bind(MAX_GUESSES).fetch_optional(c).await?
    }))
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

/// The codes that were issued to `user`, the latest first.
pub async fn of_user(conn: Conn<'_>, user: UserId) -> Result<Vec<ListedCode>> {
    const SQL: &str = "SELECT purpose, email, issued_at, expires_at, used_at FROM codes \
        WHERE user_id = $1 ORDER BY issued_at DESC";
    Ok(on!(conn, c => sqlx::query_as(SQL).bind(user).fetch_all(c).await?))
}

/// Deletes at most `limit` codes that have expired and no longer count as issued; returns how many.
pub async fn purge(conn: Conn<'_>, now: DateTime<Utc>, limit: i64) -> Result<u64> {
    const SQL: &str = "DELETE FROM codes WHERE subject IN \
        (SELECT subject FROM codes WHERE expires_at <= $1 AND issued_at <= $2 ORDER BY expires_at LIMIT $3) \
        AND expires_at <= $1 AND issued_at <= $2";
    let uncounted = now - ISSUE_WINDOW;
    Ok(on!(conn, c => {
        sqlx::query(SQL).bind(now).bind(uncounted).bind(limit).execute(c).await?.rows_affected()
    }))
}
