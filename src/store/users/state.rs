//! What operators decide about an account: whether it is disabled, and whether it has the admin right.

use chrono::{DateTime, Utc};

use crate::model::id::UserId;
use crate::store::{Conn, Result, Tx, on};

/// Disables the account, so that the gate is closed to it; `false` when it was disabled before. End its sessions in the
/// same transaction.
pub async fn disable(tx: &mut Tx, user: UserId, now: DateTime<Utc>) -> Result<bool> {
    const SQL: &str = "UPDATE users SET disabled_at = $1 WHERE id = $2 AND disabled_at IS NULL";
    tx.note_change_of(user);
    let changed = on!(tx.conn(), c => sqlx::query(SQL).bind(now).bind(user).execute(c).await?.rows_affected());
    Ok(changed == 1)
}

/// Ends [`disable`]; `false` when the account was not disabled.
pub async fn enable(tx: &mut Tx, user: UserId) -> Result<bool> {
    const SQL: &str = "UPDATE users SET disabled_at = NULL WHERE id = $1 AND disabled_at IS NOT NULL";
    tx.note_change_of(user);
    let changed = on!(tx.conn(), c => sqlx::query(SQL).bind(user).execute(c).await?.rows_affected());
    Ok(changed == 1)
}

/// Lets the account's sessions use the admin API; `false` when they could before, or without a verified address or a
/// second factor. A right that was given before the second factor of today is given anew.
pub async fn give_admin_right(conn: Conn<'_>, user: UserId, now: DateTime<Utc>) -> Result<bool> {
    const SQL: &str = "UPDATE users SET admin_at = $1 WHERE id = $2 AND email_verified_at IS NOT NULL \
        AND second_factor_at IS NOT NULL AND (admin_at IS NULL OR admin_at < second_factor_at)";
    let changed = on!(conn, c => sqlx::query(SQL).bind(now).bind(user).execute(c).await?.rows_affected());
    Ok(changed == 1)
}

/// Ends [`give_admin_right`]; `false` when the account had no such right.
pub async fn take_admin_right(conn: Conn<'_>, user: UserId) -> Result<bool> {
    const SQL: &str = "UPDATE users SET admin_at = NULL WHERE id = $1 AND admin_at IS NOT NULL";
    let changed = on!(conn, c => sqlx::query(SQL).bind(user).execute(c).await?.rows_affected());
    Ok(changed == 1)
}
