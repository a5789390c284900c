//! The end of a log-in: the session is stored, and the account and its failed-attempt buckets know of it.

use uuid::Uuid;

use super::{bind_session, insert_session};
use crate::model::session::identity::SessionIdentity;
use crate::model::session::{Inserted, LogInSession, NewSession};
use crate::model::user::Credentials;
use crate::store::attempts::{clear_bucket, end_rows_elsewhere, moments};
use crate::store::events::insert_event;
use crate::store::{Conn, Result, on};

/// Records a log-in, but only if `$stored` has the row of its session. `$id`, `$network` and `$browser` are bound last.
macro_rules! insert_log_in_event {
    ($id:literal, $network:literal, $browser:literal, $stored:literal) => {
        insert_event!(
            $id, "$3", "'log_in'", "$5", "$1", "'self'", $network, $browser, "NULL", $stored
        )
    };
}

/// Stores the session of an account, records the log-in, notes its time and returns the account's number. Nothing is
/// done when the account is disabled, or asks for a second factor and the session has none. One statement on
/// PostgreSQL, three on SQLite. Lock the account first: only then does a change to it that is under way count.
pub async fn insert_recording_log_in(conn: Conn<'_>, session: &NewSession) -> Result<Option<i64>> {
    const SQLITE: &str = concat!(
        insert_session!("users WHERE id = $3 AND disabled_at IS NULL AND ($12 OR second_factor_at IS NULL)"),
        "; ",
        insert_log_in_event!("$13", "$14", "$15", "sessions WHERE id = $1"),
        "; ",
        "UPDATE users SET last_log_in_at = $5 WHERE id = $3 AND EXISTS (SELECT 1 FROM sessions WHERE id = $1) ",
        "RETURNING number"
    );
    const POSTGRES: &str = concat!(
        "WITH stored AS (",
        insert_session!("users WHERE id = $3 AND disabled_at IS NULL AND ($12 OR second_factor_at IS NULL)"),
        " RETURNING user_id), event AS (",
        insert_log_in_event!("$13", "$14", "$15", "stored"),
        ") UPDATE users SET last_log_in_at = $5 WHERE id = (SELECT user_id FROM stored) RETURNING number"
    );
    let sql = conn.either(SQLITE, POSTGRES);
    let data = SessionIdentity::to_data(session.identity.as_ref());
    let numbers: Vec<i64> = on!(conn, c => {
        bind_session!(sqlx::query_scalar(sql), session, &data)
            .bind(session.methods.has_second_factor())
            .bind(Uuid::now_v7())
            .bind(session.client.provider_range().map(|network| network.to_string()))
            .bind(session.client.family())
            .fetch_all(c)
            .await?
    });
    Ok(numbers.first().copied())
}

/// Notes a log-in, but only if the password is still the verified one and the gate is open to a password alone. Its
/// values are bound after those of its session.
macro_rules! record_log_in {
    () => {
        "UPDATE users SET last_log_in_at = $5, password_hash = $12 WHERE id = $13 AND password_hash = $14 \
         AND disabled_at IS NULL AND second_factor_at IS NULL"
    };
}

/// The number of sessions of the kind and the account of a new one.
macro_rules! count_sessions {
    () => {
        "(SELECT COUNT(*) FROM sessions WHERE user_id = $3 AND kind = $4)"
    };
}

/// Stores the session of a log-in, records the event, notes the time of the log-in, clears its failed-attempt bucket
/// and ends the row of failures in the account's others. No session is stored when the password was changed or the
/// account deleted since the hash was read, or when the account is disabled or asks for a second factor. Such a change
/// and this log-in wait for each other. One statement on PostgreSQL; five on SQLite, which the caller's transaction
/// holds together.
///
/// An account that has `room` sessions of this kind gets no other one. On PostgreSQL that does not count the sessions
/// of log-ins that overlap with this statement, so leave room for them.
pub async fn insert_recording_log_in_clearing_failures(
    conn: Conn<'_>,
    log_in: &LogInSession<'_>,
    known: &Credentials,
    room: Option<u32>,
) -> Result<Inserted> {
    // Each text gives one row for the verified password and one for the stored session.
    // The other statements find the account by the hash that the first has just written. On PostgreSQL that one locks
    // the account, so that no two log-ins change the same buckets in different orders.
    const SQLITE: &str = concat!(
        record_log_in!(),
        " RETURNING number; ",
        clear_bucket!(
            "$15",
            "$16",
            "$18",
            " AND EXISTS (SELECT 1 FROM users WHERE id = $13 AND password_hash = $12)"
        ),
        "; ",
        end_rows_elsewhere!(
            "$15",
            "$16",
            "$18",
            "$19",
            " AND EXISTS (SELECT 1 FROM users WHERE id = $13 AND password_hash = $12)"
        ),
        "; ",
        insert_session!(
            "users WHERE id = $13 AND password_hash = $12 AND disabled_at IS NULL AND second_factor_at IS NULL \
             AND $17 > "
        ),
        count_sessions!(),
        " RETURNING generation; ",
        insert_log_in_event!("$20", "$21", "$22", "sessions WHERE id = $1")
    );
    const POSTGRES: &str = concat!(
        "WITH verified AS (",
        record_log_in!(),
        " RETURNING number), cleared AS (",
        clear_bucket!("$15", "$16", "$18", " AND EXISTS (SELECT 1 FROM verified)"),
        "), ended AS (",
        end_rows_elsewhere!("$15", "$16", "$18", "$19", " AND EXISTS (SELECT 1 FROM verified)"),
        "), stored AS (",
        insert_session!("verified WHERE $17 > "),
        count_sessions!(),
        " RETURNING generation), event AS (",
        insert_log_in_event!("$20", "$21", "$22", "stored"),
        ") SELECT number FROM verified UNION ALL SELECT generation FROM stored"
    );
    let sql = conn.either(SQLITE, POSTGRES);
    let (now, expires_at) = moments(log_in.session.created_at);
    let rows: Vec<i64> = on!(conn, c => {
        bind_session!(sqlx::query_scalar(sql), log_in.session, "{}")
            .bind(log_in.current)
            .bind(known.id)
            .bind(log_in.verified)
            .bind(log_in.counted.map(|bucket| &bucket.subject))
            .bind(log_in.counted.map(|bucket| &bucket.place))
            .bind(room.map_or(i64::MAX, i64::from))
            .bind(now)
            .bind(expires_at)
            .bind(Uuid::now_v7())
            .bind(log_in.session.client.provider_range().map(|network| network.to_string()))
            .bind(log_in.session.client.family())
            // `fetch_one` would stop SQLite at the first row, before it runs the other statements.
            .fetch_all(c)
            .await?
    });
    Ok(match rows.as_slice() {
        [] => Inserted::Nothing,
        [_] => Inserted::NoRoom,
        _ => Inserted::Session(known.number),
    })
}
