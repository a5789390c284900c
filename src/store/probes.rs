//! Shows that the database can be written to and read from, by one row that is written again and again.

use chrono::{DateTime, Utc};

use super::{Conn, Result, on};

/// Writes the row that all instances share.
pub async fn write(conn: Conn<'_>, now: DateTime<Utc>) -> Result<()> {
    const SQL: &str = "INSERT INTO probes (number, probed_at) VALUES (1, $1) \
        ON CONFLICT (number) DO UPDATE SET probed_at = excluded.probed_at";
    on!(conn, c => {
        sqlx::query(SQL).bind(now).execute(c).await?;
    });
    Ok(())
}

/// Reads a few rows of the tables and indexes that log-ins need. `place` decides which account is among them, so that
/// many probes see more of a damaged database than one.
pub async fn read(conn: Conn<'_>, place: &str) -> Result<()> {
    const SQL: &str = "SELECT \
        (SELECT password_hash FROM users WHERE email_canonical >= $1 ORDER BY email_canonical LIMIT 1), \
        (SELECT password_hash FROM users ORDER BY number DESC LIMIT 1), \
        (SELECT kind FROM sessions ORDER BY expires_not_before DESC LIMIT 1), \
        (SELECT kid FROM signing_keys ORDER BY number DESC LIMIT 1)";
    on!(conn, c => drop(sqlx::query(SQL).bind(place).fetch_one(c).await?));
    Ok(())
}

/// The time of the last change that the database knows of.
pub async fn last_change(conn: Conn<'_>) -> Result<Option<DateTime<Utc>>> {
    const SQL: &str = "SELECT MAX(at) FROM (SELECT MAX(probed_at) AS at FROM probes \
        UNION ALL SELECT MAX(last_seen_at) FROM sessions UNION ALL SELECT MAX(last_log_in_at) FROM users \
        UNION ALL SELECT MAX(happened_at) FROM events) AS changes";
    Ok(on!(conn, c => sqlx::query_scalar(SQL).fetch_one(c).await?))
}
