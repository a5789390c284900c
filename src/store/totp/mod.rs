//! Authenticator apps, at most one for each account, and recovery codes.

pub mod recovery_codes;

use chrono::{DateTime, Utc};

use super::{Conn, Result, Tx, on};
use crate::model::factor::totp::{DEFAULT_NAME, ListedTotp, PendingTotp};
use crate::model::id::UserId;

/// Stores a secret that waits for its first code, in place of an earlier one that did; `false`, and nothing stored,
/// when the account has a confirmed app.
pub async fn start(
    conn: Conn<'_>,
    user: UserId,
    name: &str,
    pending_secret: &[u8],
    now: DateTime<Utc>,
) -> Result<bool> {
    const SQL: &str = "INSERT INTO totp (user_id, name, created_at, pending_secret, pending_at) \
        VALUES ($1, $2, $3, $4, $3) ON CONFLICT (user_id) DO UPDATE SET name = $2, created_at = $3, \
        pending_secret = $4, pending_at = $3 WHERE totp.confirmed_at IS NULL";
    let stored = on!(conn, c => {
        sqlx::query(SQL).bind(user).bind(name).bind(now).bind(pending_secret).execute(c).await?.rows_affected()
    });
    Ok(stored == 1)
}

/// The app of `user` that waits for its first code.
pub async fn pending(conn: Conn<'_>, user: UserId) -> Result<Option<PendingTotp>> {
    const SQL: &str = "SELECT pending_secret, pending_at FROM totp \
        WHERE user_id = $1 AND confirmed_at IS NULL AND pending_at IS NOT NULL";
    Ok(on!(conn, c => sqlx::query_as(SQL).bind(user).fetch_optional(c).await?))
}

/// Makes the pending secret the account's second factor, stored as `sealed`, with the code of `step` as the first that
/// was used; `false` when another secret waits by now, or none. Lock the account first.
pub async fn confirm(
    tx: &mut Tx,
    user: UserId,
    (pending, sealed): (&PendingTotp, &[u8]),
    step: i64,
    now: DateTime<Utc>,
) -> Result<bool> {
    const CONFIRM: &str = "UPDATE totp SET sealed_secret = $5, confirmed_at = $2, last_used_at = $2, \
        last_step = $3, pending_secret = NULL, pending_at = NULL \
        WHERE user_id = $1 AND confirmed_at IS NULL AND pending_secret = $4";
    const REQUIRE: &str = "UPDATE users SET second_factor_at = $2 WHERE id = $1";
    tx.note_change_of(user);
    let confirmed = on!(tx.conn(), c => {
        sqlx::query(CONFIRM)
            .bind(user)
            .bind(now)
            .bind(step)
            .bind(&pending.pending_secret)
            .bind(sealed)
            .execute(c)
            .await?
            .rows_affected()
    });
    if confirmed == 1 {
        on!(tx.conn(), c => { sqlx::query(REQUIRE).bind(user).bind(now).execute(c).await?; });
    }
    Ok(confirmed == 1)
}

/// Stores the app of an account that was just imported as its second factor.
pub async fn insert_confirmed(tx: &mut Tx, user: UserId, sealed: &[u8], now: DateTime<Utc>) -> Result<()> {
    const INSERT: &str = "INSERT INTO totp (user_id, name, created_at, confirmed_at, sealed_secret) \
        VALUES ($1, $2, $3, $3, $4)";
    const REQUIRE: &str = "UPDATE users SET second_factor_at = $2 WHERE id = $1";
    tx.note_change_of(user);
    on!(tx.conn(), c => {
        sqlx::query(INSERT).bind(user).bind(DEFAULT_NAME).bind(now).bind(sealed).execute(&mut *c).await?;
        sqlx::query(REQUIRE).bind(user).bind(now).execute(&mut *c).await?;
    });
    Ok(())
}

/// The sealed secret of the confirmed app of `user`.
pub async fn confirmed_secret(conn: Conn<'_>, user: UserId) -> Result<Option<Vec<u8>>> {
    const SQL: &str = "SELECT sealed_secret FROM totp WHERE user_id = $1 AND confirmed_at IS NOT NULL";
    Ok(on!(conn, c => sqlx::query_scalar(SQL).bind(user).fetch_optional(c).await?))
}

/// Uses up the code of `step` and every earlier one; `false` when one of this step or a later one was used, or when the
/// app has another secret by now.
pub async fn use_step(conn: Conn<'_>, user: UserId, secret: &[u8], step: i64, now: DateTime<Utc>) -> Result<bool> {
    const SQL: &str = "UPDATE totp SET last_step = $3, last_used_at = $4 WHERE user_id = $1 AND sealed_secret = $2 \
        AND confirmed_at IS NOT NULL AND (last_step IS NULL OR last_step < $3)";
    let rows = on!(conn, c => {
        sqlx::query(SQL).bind(user).bind(secret).bind(step).bind(now).execute(c).await?.rows_affected()
    });
    Ok(rows == 1)
}

/// The confirmed app of `user`, as its owner sees it.
pub async fn of_user(conn: Conn<'_>, user: UserId) -> Result<Option<ListedTotp>> {
    const SQL: &str =
        "SELECT name, confirmed_at, last_used_at FROM totp WHERE user_id = $1 AND confirmed_at IS NOT NULL";
    Ok(on!(conn, c => sqlx::query_as(SQL).bind(user).fetch_optional(c).await?))
}

/// Removes the confirmed app of `user` and the recovery codes, which nothing would ask for any more; `false` when there
/// is none. Lock the account first.
pub async fn remove_with_recovery_codes(tx: &mut Tx, user: UserId) -> Result<bool> {
    const REMOVE: &str = "DELETE FROM totp WHERE user_id = $1 AND confirmed_at IS NOT NULL";
    const NO_LONGER: [&str; 2] = [
        "UPDATE users SET second_factor_at = NULL WHERE id = $1",
        "DELETE FROM recovery_codes WHERE user_id = $1",
    ];
    tx.note_change_of(user);
    let removed = on!(tx.conn(), c => sqlx::query(REMOVE).bind(user).execute(c).await?.rows_affected());
    if removed == 0 {
        return Ok(false);
    }
    for sql in NO_LONGER {
        on!(tx.conn(), c => { sqlx::query(sql).bind(user).execute(c).await?; });
    }
    Ok(true)
}

/// At most `limit` sealed secrets of confirmed apps, in the order of their accounts and after `after`.
pub async fn page_of_sealed(conn: Conn<'_>, after: UserId, limit: u32) -> Result<Vec<(UserId, Vec<u8>)>> {
    const SQL: &str = "SELECT user_id, sealed_secret FROM totp \
        WHERE confirmed_at IS NOT NULL AND user_id > $1 ORDER BY user_id LIMIT $2";
    Ok(on!(conn, c => sqlx::query_as(SQL).bind(after).bind(i64::from(limit)).fetch_all(c).await?))
}

/// The number of confirmed apps.
pub async fn count(conn: Conn<'_>) -> Result<i64> {
    const SQL: &str = "SELECT COUNT(*) FROM totp WHERE confirmed_at IS NOT NULL";
    Ok(on!(conn, c => sqlx::query_scalar(SQL).fetch_one(c).await?))
}

/// Stores the secret of `user`'s app in another sealed form, unless the app was replaced since.
pub async fn replace_sealed(conn: Conn<'_>, user: UserId, old: &[u8], new: &[u8]) -> Result<()> {
    const SQL: &str = "UPDATE totp SET sealed_secret = $3 WHERE user_id = $1 AND sealed_secret = $2";
    on!(conn, c => { sqlx::query(SQL).bind(user).bind(old).bind(new).execute(c).await?; });
    Ok(())
}
