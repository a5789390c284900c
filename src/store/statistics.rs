//! Numbers about all accounts. Each statement reads a whole index, so callers keep what they got for a while.

use chrono::{DateTime, Utc};

use super::{Conn, Result, on};

/// The number of accounts.
pub async fn accounts(conn: Conn<'_>) -> Result<i64> {
    const SQL: &str = "SELECT COUNT(*) FROM users";
    Ok(on!(conn, c => sqlx::query_scalar(SQL).fetch_one(c).await?))
}

/// The number of sessions of accounts that are alive.
pub async fn live_sessions(conn: Conn<'_>, now: DateTime<Utc>) -> Result<i64> {
    const SQL: &str = "SELECT COUNT(*) FROM sessions WHERE user_id IS NOT NULL AND idle_expires_at > $1";
    Ok(on!(conn, c => sqlx::query_scalar(SQL).bind(now).fetch_one(c).await?))
}

/// The condition is, word for word, that of the index `events_by_day`.
const BY_DAY_ON_SQLITE: &str = "SELECT substr(happened_at, 1, 10) AS day, kind, COUNT(*) FROM events \
    WHERE kind IN ('sign_up', 'log_in') AND happened_at >= $1 GROUP BY 1, 2";
const BY_DAY_ON_POSTGRES: &str = "SELECT to_char(happened_at AT TIME ZONE 'UTC', 'YYYY-MM-DD') AS day, kind, \
    COUNT(*) FROM events WHERE kind IN ('sign_up', 'log_in') AND happened_at >= $1 GROUP BY 1, 2";

/// The number of sign-ups and of log-ins of each day since `from` that has any: the day, the kind of event, the number.
pub async fn by_day(conn: Conn<'_>, from: DateTime<Utc>) -> Result<Vec<(String, String, i64)>> {
    let sql = conn.either(BY_DAY_ON_SQLITE, BY_DAY_ON_POSTGRES);
    Ok(on!(conn, c => sqlx::query_as(sql).bind(from).fetch_all(c).await?))
}

#[cfg(test)]
mod tests {
    use sqlx::Row;

    use super::*;
    use crate::store::engine::DatabaseSetup;
    use crate::store::{Db, on};

    #[tokio::test]
    async fn sqlite_counts_days_in_the_index_alone() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("plan.db");
        let setup = DatabaseSetup::new(&format!("sqlite:{}", file.display()));
        let db = Db::connect(&setup).await.unwrap();
        let mut read = db.read().await.unwrap();
        let sql = sqlx::AssertSqlSafe(format!("EXPLAIN QUERY PLAN {BY_DAY_ON_SQLITE}"));
        let steps: Vec<String> = on!(read.conn(), c => {
            let rows = sqlx::query(sql).fetch_all(c).await.unwrap();
            rows.iter().map(|row| row.get("detail")).collect()
        });
        let plan = steps.join("\n");
        assert!(plan.contains("COVERING INDEX events_by_day (happened_at>?)"), "{plan}");
    }
}
