//! Invitations, which are keys among the codes. The row of one that is stored with an address says more: the account
//! was made for a guest, and goes when the invitation expires. So that row has to outlive its key.

use chrono::{DateTime, Utc};

use crate::model::id::UserId;
use crate::store::{Conn, Result, on};

/// When the last invitations of `user` were issued, at most `limit` since `moment`, the latest first.
pub async fn issued_since(
    conn: Conn<'_>,
    user: UserId,
    moment: DateTime<Utc>,
    limit: i64,
) -> Result<Vec<DateTime<Utc>>> {
    const SQL: &str = "SELECT issued_at FROM codes WHERE user_id = $1 AND purpose = 'invitation' AND issued_at > $2 \
        ORDER BY issued_at DESC LIMIT $3";
    Ok(on!(conn, c => sqlx::query_scalar(SQL).bind(user).bind(moment).bind(limit).fetch_all(c).await?))
}

/// Whether `user` has an account because of an invitation that nothing has ended yet. Only such an invitation is stored
/// with an address.
pub async fn is_invited(conn: Conn<'_>, user: UserId) -> Result<bool> {
    const SQL: &str = "SELECT EXISTS (SELECT 1 FROM codes \
        WHERE user_id = $1 AND purpose = 'invitation' AND used_at IS NULL AND email IS NOT NULL)";
    Ok(on!(conn, c => sqlx::query_scalar(SQL).bind(user).fetch_one(c).await?))
}

/// Ends a condition on `$user`: it has no recovery key that an operator has handed over and that is alive.
macro_rules! without_handed_key {
    ($user:literal) => {
        concat!(
            "NOT EXISTS (SELECT 1 FROM codes AS handed WHERE handed.user_id = ",
            $user,
            " AND handed.purpose = 'handed_recovery_key' AND handed.used_at IS NULL AND handed.expires_at > $1)"
        )
    };
}

/// At most `limit` accounts that were made for an invitation which has expired. Disabled ones wait until they are
/// enabled, and those with a recovery key that an operator has handed over until that expires.
pub async fn expired(conn: Conn<'_>, now: DateTime<Utc>, limit: i64) -> Result<Vec<UserId>> {
    const SQL: &str = concat!(
        "SELECT codes.user_id FROM codes JOIN users ON users.id = codes.user_id \
        WHERE codes.expires_at <= $1 AND codes.purpose = 'invitation' AND codes.used_at IS NULL \
        AND codes.email IS NOT NULL AND users.disabled_at IS NULL AND ",
        without_handed_key!("codes.user_id"),
        " ORDER BY codes.expires_at LIMIT $2"
    );
    Ok(on!(conn, c => sqlx::query_scalar(SQL).bind(now).bind(limit).fetch_all(c).await?))
}

/// Voids the expired invitation of `user`; `false` when it was used, or replaced by one that is alive, and while a
/// recovery key that an operator has handed over is alive. Lock the account first.
pub async fn void_expired(conn: Conn<'_>, user: UserId, now: DateTime<Utc>) -> Result<bool> {
    const SQL: &str = concat!(
        "UPDATE codes SET used_at = $1 \
        WHERE user_id = $2 AND purpose = 'invitation' AND used_at IS NULL AND expires_at <= $1 AND ",
        without_handed_key!("$2")
    );
    Ok(on!(conn, c => sqlx::query(SQL).bind(now).bind(user).execute(c).await?.rows_affected()) > 0)
}

/// Voids the keys of invitations, and lets their rows expire at `$1`.
macro_rules! void_keys {
    ($($rest:literal),*) => {
        // No key has this subject: a key and its subject are hashed with different prefixes.
        concat!(
            "UPDATE codes SET subject = code_hash, expires_at = $1 WHERE purpose = 'invitation' AND used_at IS NULL"
            $(, $rest)*
        )
    };
}

/// Voids the keys of the invitations of `user`. The rows stay, and expire at `until`: so an account that was made for a
/// guest still goes if the guest comes in no other way.
pub async fn void_keys(conn: Conn<'_>, user: UserId, until: DateTime<Utc>) -> Result<()> {
    const SQL: &str = void_keys!(" AND user_id = $2");
    on!(conn, c => { sqlx::query(SQL).bind(until).bind(user).execute(c).await?; });
    Ok(())
}

/// The same for all accounts; returns how many there were.
pub async fn void_all_keys(conn: Conn<'_>, until: DateTime<Utc>) -> Result<u64> {
    const SQL: &str = void_keys!();
    Ok(on!(conn, c => sqlx::query(SQL).bind(until).execute(c).await?.rows_affected()))
}
