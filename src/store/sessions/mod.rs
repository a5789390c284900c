//! Sessions. A session lives while its row exists and `idle_expires_at` is in the future; ending one deletes the row.

mod ending;
mod expiry;
mod log_in;

use chrono::{DateTime, Utc};

use super::{Conn, OneStatement, Result, Tx, on};
use crate::model::id::{SessionId, UserId};
use crate::model::session::secret::SecretHash;
use crate::model::session::{ListedSession, NewSession, SignedIn, StoredSession};
use crate::model::token::Rotation;
pub use ending::{
    count_alive, end_all, end_all_of_user, end_by_id, end_by_id_unless_locked, end_by_secret, end_by_secrets,
    end_one_of_user, end_others_of_user, end_surplus, is_replaced, window,
};
pub use expiry::{postpone_purge, purge, renew};
pub use log_in::{insert_recording_log_in, insert_recording_log_in_clearing_failures};

/// Inserts one session for each row of `$rows`: a table that may turn out empty.
macro_rules! insert_session {
    ($rows:literal) => {
        concat!(
            "INSERT INTO sessions (id, secret_hash, user_id, kind, created_at, last_seen_at, idle_expires_at, ",
            "expires_not_before, absolute_expires_at, ip, user_agent, data, amr, generation, rotated_at, ",
            "authenticated_at) SELECT $1, $2, $3, $4, $5, $5, $6, $6, $7, $8, $9, $10, $11, 0, $5, $5 FROM ",
            $rows
        )
    };
}

/// Binds the eleven values of [`insert_session`].
macro_rules! bind_session {
    ($query:expr, $session:expr, $data:expr) => {
        $query
            .bind($session.id)
            .bind(&$session.secret_hash)
            .bind($session.user_id)
            .bind($session.kind.name())
            .bind($session.created_at)
            .bind($session.idle_expires_at)
            .bind($session.absolute_expires_at)
            .bind($session.client.ip.map(|ip| ip.to_string()))
            .bind($session.client.user_agent.as_deref())
            .bind($data)
            .bind($session.methods.to_column())
    };
}
pub(in crate::store) use {bind_session, insert_session};

/// Stores a new session. It never overwrites one, because secret hashes and ids are unique.
pub async fn insert(conn: Conn<'_>, session: &NewSession, data: &str) -> Result<()> {
    const SQL: &str = insert_session!("(SELECT 1) AS once");
    on!(conn, c => { bind_session!(sqlx::query(SQL), session, data).execute(c).await?; });
    Ok(())
}

/// Selects a session with its account by `$condition`.
macro_rules! select_session {
    ($condition:literal) => {
        concat!(
            "SELECT s.id, s.user_id, u.number AS user_number, u.email, u.email_verified_at, ",
            "u.password_breached_at, s.created_at, s.authenticated_at, s.amr, s.last_seen_at, s.idle_expires_at, ",
            "s.absolute_expires_at, s.data ",
            "FROM sessions s LEFT JOIN users u ON u.id = s.user_id WHERE u.disabled_at IS NULL AND ",
            $condition
        )
    };
}

/// The live session that a secret belongs to, with its account.
pub async fn by_secret(conn: Conn<'_>, secret: &SecretHash, now: DateTime<Utc>) -> Result<Option<StoredSession>> {
    const SQL: &str = select_session!("s.secret_hash = $1 AND s.idle_expires_at > $2");
    Ok(on!(conn, c => sqlx::query_as(SQL).bind(secret).bind(now).fetch_optional(c).await?))
}

/// Whether a session with this secret has a row, alive or expired.
pub async fn is_stored(conn: Conn<'_>, secret: &SecretHash) -> Result<bool> {
    const SQL: &str = "SELECT EXISTS (SELECT 1 FROM sessions WHERE secret_hash = $1)";
    Ok(on!(conn, c => sqlx::query_scalar(SQL).bind(secret).fetch_one(c).await?))
}

/// The live session with a public id, with its account. The id is no credential: it must come from a token that we
/// signed or from a session that was checked.
pub async fn by_id(conn: Conn<'_>, id: SessionId, now: DateTime<Utc>) -> Result<Option<StoredSession>> {
    const SQL: &str = select_session!("s.id = $1 AND s.idle_expires_at > $2");
    Ok(on!(conn, c => sqlx::query_as(SQL).bind(id).bind(now).fetch_optional(c).await?))
}

/// Makes other transactions that lock this session wait until this one has ended.
pub async fn lock(tx: &mut Tx, id: SessionId) -> Result<()> {
    const SQL: &str = "UPDATE sessions SET generation = generation WHERE id = $1";
    let conn = tx.conn();
    if !conn.excludes_other_writers() {
        on!(conn, c => { sqlx::query(SQL).bind(id).execute(c).await?; });
    }
    Ok(())
}

/// Moves a session to the refresh token after `generation`; `false` when it has moved past that already. A `generation`
/// ahead of the row is accepted: the row then comes from a restored backup.
pub async fn rotate(conn: Conn<'_>, id: SessionId, generation: i64, now: DateTime<Utc>) -> Result<bool> {
    const SQL: &str = "UPDATE sessions SET generation = $3 + 1, rotated_at = $1, last_seen_at = $1 \
        WHERE id = $2 AND kind = 'token' AND generation <= $3 AND idle_expires_at > $1";
    let rotated = on!(conn, c => {
        sqlx::query(SQL).bind(now).bind(id).bind(generation).execute(c).await?.rows_affected()
    });
    Ok(rotated == 1)
}

/// The generation of a session's latest refresh token, and when it was issued.
pub async fn rotation(conn: Conn<'_>, id: SessionId) -> Result<Option<Rotation>> {
    const SQL: &str = "SELECT generation, rotated_at FROM sessions WHERE id = $1 AND kind = 'token'";
    Ok(on!(conn, c => sqlx::query_as(SQL).bind(id).fetch_optional(c).await?))
}

/// At most `limit` live sessions of an account, the latest used first.
pub async fn of_user(conn: Conn<'_>, user: UserId, now: DateTime<Utc>, limit: u32) -> Result<Vec<ListedSession>> {
    const SQL: &str = "SELECT id, kind, created_at, authenticated_at, amr, last_seen_at, idle_expires_at, ip, \
        user_agent FROM sessions \
        WHERE user_id = $1 AND idle_expires_at > $2 ORDER BY last_seen_at DESC, id DESC LIMIT $3";
    Ok(on!(conn, c => {
        sqlx::query_as(SQL).bind(user).bind(now).bind(i64::from(limit)).fetch_all(c).await?
    }))
}

/// Gives the session `old` the id and the proof of `renewed`, and a new secret. The old ones stop working at once, also
/// for requests under way.
pub async fn replace_id_and_secret(tx: &mut Tx, old: SessionId, renewed: &SignedIn, secret: &SecretHash) -> Result<()> {
    const SQL: &str = "UPDATE sessions SET id = $1, secret_hash = $2, authenticated_at = $3, amr = $4, \
        former_id = $5 WHERE id = $5 AND kind = 'cookie'";
    tx.note_change_of(renewed.user_id);
    on!(tx.conn(), c => {
        sqlx::query(SQL)
            .bind(renewed.session_id)
            .bind(secret)
            .bind(renewed.authenticated_at)
            .bind(renewed.methods.to_column())
            .bind(old)
            .execute(c)
            .await?;
    });
    Ok(())
}

/// Wrong codes that half a log-in allows, this one included (OWASP ASVS v5.0.0-6.6.3).
const MAX_GUESSES: i64 = 5;

/// Counts a guess at the second factor by a visitor in the middle of a log-in; `false` when the visitor has no guess
/// left or no live session. The count stands in `generation`, which is for refresh tokens otherwise.
pub async fn count_guess_of_visitor(
    statement: OneStatement<'_>,
    secret: &SecretHash,
    now: DateTime<Utc>,
) -> Result<bool> {
    const SQL: &str = "UPDATE sessions SET generation = generation + 1 \
        WHERE secret_hash = $1 AND user_id IS NULL AND idle_expires_at > $2 AND generation < $3";
    let counted = on!(statement.conn(), c => {
        sqlx::query(SQL).bind(secret).bind(now).bind(MAX_GUESSES).execute(c).await?.rows_affected()
    });
    Ok(counted == 1)
}

/// Replaces the data of a session; `false` when it has ended. It only updates, so it can't revive an ended session.
pub async fn save_data(conn: Conn<'_>, secret: &SecretHash, data: &str, now: DateTime<Utc>) -> Result<bool> {
    const SQL: &str = "UPDATE sessions SET data = $1 WHERE secret_hash = $2 AND idle_expires_at > $3";
    let saved = on!(conn, c => sqlx::query(SQL).bind(data).bind(secret).bind(now).execute(c).await?.rows_affected());
    Ok(saved == 1)
}
