//! What an account has to log in with, over all tables that hold some of it.

use chrono::{DateTime, Utc};

use crate::model::factor::Factors;
use crate::model::id::UserId;
use crate::store::{Conn, Result, Tx, on};

/// What the account has; `None` without such an account.
pub async fn factors(conn: Conn<'_>, user: UserId) -> Result<Option<Factors>> {
    const SQL: &str = "SELECT disabled_at, second_factor_at, password_hash, \
        EXISTS (SELECT 1 FROM recovery_codes WHERE user_id = users.id AND used_at IS NULL) AS has_recovery_code, \
        EXISTS (SELECT 1 FROM passkeys WHERE user_id = users.id) AS has_passkey \
        FROM users WHERE id = $1";
    Ok(on!(conn, c => sqlx::query_as(SQL).bind(user).fetch_optional(c).await?))
}

/// Whether the account has anything to log in with; `false` also without such an account.
pub async fn has_credentials(conn: Conn<'_>, user: UserId) -> Result<bool> {
    const SQL: &str = "SELECT EXISTS (SELECT 1 FROM users WHERE id = $1 \
        AND (password_hash IS NOT NULL OR second_factor_at IS NOT NULL)) \
        OR EXISTS (SELECT 1 FROM passkeys WHERE user_id = $1) \
        OR EXISTS (SELECT 1 FROM identities WHERE user_id = $1)";
    Ok(on!(conn, c => sqlx::query_scalar(SQL).bind(user).fetch_one(c).await?))
}

/// Removes everything but the password: authenticator app, recovery codes, passkeys and identities.
pub async fn remove_factors(tx: &mut Tx, user: UserId) -> Result<()> {
    const SQL: [&str; 5] = [
        "UPDATE users SET second_factor_at = NULL WHERE id = $1",
        "DELETE FROM totp WHERE user_id = $1",
        "DELETE FROM recovery_codes WHERE user_id = $1",
        "DELETE FROM passkeys WHERE user_id = $1",
        "DELETE FROM identities WHERE user_id = $1",
    ];
    tx.note_change_of(user);
    for sql in SQL {
        on!(tx.conn(), c => { sqlx::query(sql).bind(user).execute(c).await?; });
    }
    Ok(())
}

/// Removes passkeys and identities, which open the account by themselves, and an authenticator app and recovery codes
/// that were added at `moment` or later. Lock the account first.
pub async fn remove_factors_of_thief(tx: &mut Tx, user: UserId, moment: DateTime<Utc>) -> Result<()> {
    const ANY: [&str; 2] = [
        "DELETE FROM passkeys WHERE user_id = $1",
        "DELETE FROM identities WHERE user_id = $1",
    ];
    const ADDED: [&str; 2] = [
        "DELETE FROM totp WHERE user_id = $1 AND (confirmed_at IS NULL OR confirmed_at >= $2)",
        "DELETE FROM recovery_codes WHERE user_id = $1 AND created_at >= $2",
    ];
    const WITHOUT_APP: [&str; 2] = [
        "UPDATE users SET second_factor_at = NULL WHERE id = $1 \
         AND NOT EXISTS (SELECT 1 FROM totp WHERE totp.user_id = users.id)",
        "DELETE FROM recovery_codes WHERE user_id = $1 \
         AND NOT EXISTS (SELECT 1 FROM totp WHERE totp.user_id = recovery_codes.user_id)",
    ];
    tx.note_change_of(user);
    for sql in ADDED {
        on!(tx.conn(), c => { sqlx::query(sql).bind(user).bind(moment).execute(c).await?; });
    }
    for sql in ANY.into_iter().chain(WITHOUT_APP) {
        on!(tx.conn(), c => { sqlx::query(sql).bind(user).execute(c).await?; });
    }
    Ok(())
}
