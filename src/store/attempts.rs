//! Buckets of failed attempts. An attempt is counted before its secret is checked, by one statement that also rejects
//! it when the bucket holds too many.

use chrono::{DateTime, Utc};

use super::{Conn, OneStatement, Result, on};
use crate::model::limit::attempt::{Bucket, Budget, Failures};

/// Counts an attempt for the one row of `$one_row`, if the bucket takes it.
macro_rules! count {
    ($one_row:literal) => {
        concat!(
            "INSERT INTO attempts (subject, place, failures, free_at, forgotten_at) ",
            "SELECT $1, $2, 1, $3 + $4, $3 + $6 FROM ",
            $one_row,
            " WHERE TRUE ON CONFLICT (subject, place) DO UPDATE SET failures = attempts.failures + 1, ",
            "free_at = CASE WHEN attempts.free_at > $3 THEN attempts.free_at ELSE $3 END + $4, ",
            "forgotten_at = $3 + $6 * (attempts.failures + 1) ",
            "WHERE attempts.free_at + $4 <= $3 + $5 AND attempts.failures < $7"
        )
    };
}

/// Counts an attempt as a failure; `false` when the bucket takes no more now. Of any number of attempts at the same
/// moment, on any number of instances, no more are counted than `budget` allows.
///
/// Every other attempt sees the count at once. PostgreSQL does not wait for its disk, because a log-in does that when
/// its session is stored: a server that crashes forgets the counts of its last 0.6 s. A transaction around it would not
/// wait for the disk either, so there must be none.
pub async fn count(statement: OneStatement<'_>, bucket: &Bucket, budget: Budget, now: DateTime<Utc>) -> Result<bool> {
    const SQLITE: &str = count!("(SELECT 1) AS once");
    const POSTGRES: &str = count!("set_config('synchronous_commit', 'off', true)");
    let conn = statement.conn();
    let sql = conn.either(SQLITE, POSTGRES);
    let counted = on!(conn, c => {
        sqlx::query(sql)
            .bind(&bucket.subject)
            .bind(&bucket.place)
            .bind(now.timestamp_millis())
            .bind(budget.interval)
            .bind(budget.period)
            .bind(Budget::RETENTION_PER_FAILURE.num_milliseconds())
            .bind(Budget::MAX_IN_A_ROW)
            .execute(c)
            .await?
            .rows_affected()
    });
    Ok(counted == 1)
}

/// The failures in a bucket; `None` when there are none.
pub async fn failures(conn: Conn<'_>, bucket: &Bucket) -> Result<Option<Failures>> {
    const SQL: &str = "SELECT failures, free_at, forgotten_at FROM attempts WHERE subject = $1 AND place = $2";
    Ok(on!(conn, c => {
        sqlx::query_as(SQL).bind(&bucket.subject).bind(&bucket.place).fetch_optional(c).await?
    }))
}

/// Takes back one attempt that was counted and whose secret could not be checked.
pub async fn take_back(statement: OneStatement<'_>, bucket: &Bucket, budget: Budget) -> Result<()> {
    const SQL: &str = "UPDATE attempts SET failures = failures - 1, free_at = free_at - $3 \
        WHERE subject = $1 AND place = $2 AND failures > 0";
    on!(statement.conn(), c => {
        sqlx::query(SQL).bind(&bucket.subject).bind(&bucket.place).bind(budget.interval).execute(c).await?;
    });
    Ok(())
}

/// Clears the bucket of a place, and those that are full again anyway, if `$condition` holds.
macro_rules! clear_bucket {
    ($subject:literal, $place:literal, $now:literal, $condition:literal) => {
        concat!(
            "DELETE FROM attempts WHERE subject = ",
            $subject,
            " AND (place = ",
            $place,
            " OR free_at <= ",
            $now,
            ")",
            $condition
        )
    };
}

/// Ends the row of failures in the other buckets of the account, if `$condition` holds. What they still have to wait
/// stays, so that the owner's success lets no stranger in.
macro_rules! end_rows_elsewhere {
    ($subject:literal, $place:literal, $now:literal, $expires_at:literal, $condition:literal) => {
        concat!(
            "UPDATE attempts SET failures = 0, forgotten_at = CASE WHEN free_at > ",
            $expires_at,
            " THEN free_at ELSE ",
            $expires_at,
            " END WHERE subject = ",
            $subject,
            " AND place <> ",
            $place,
            " AND free_at > ",
            $now,
            $condition
        )
    };
}
pub(super) use {clear_bucket, end_rows_elsewhere};

/// The moments that [`clear_bucket`] and [`end_rows_elsewhere`] compare with: now, and when a bucket without a row of
/// failures expires.
pub(super) fn moments(now: DateTime<Utc>) -> (i64, i64) {
    let expires_at = now + Budget::RETENTION_PER_FAILURE;
    (now.timestamp_millis(), expires_at.timestamp_millis())
}

/// Clears the bucket of the place where a secret was right, and ends the row of failures in the account's other
/// buckets. For a transaction; lock the account first, because this may change several rows.
pub async fn record_success(conn: Conn<'_>, bucket: &Bucket, now: DateTime<Utc>) -> Result<()> {
    const CLEAR: &str = clear_bucket!("$1", "$2", "$3", "");
    const END_ROWS: &str = end_rows_elsewhere!("$1", "$2", "$3", "$4", "");
    let (now, expires_at) = moments(now);
    on!(conn, c => {
        sqlx::query(CLEAR).bind(&bucket.subject).bind(&bucket.place).bind(now).execute(&mut *c).await?;
        sqlx::query(END_ROWS)
            .bind(&bucket.subject)
            .bind(&bucket.place)
            .bind(now)
            .bind(expires_at)
            .execute(&mut *c)
            .await?;
    });
    Ok(())
}

/// Clears all buckets of a subject.
pub async fn clear_all_of_subject(conn: Conn<'_>, subject: &[u8]) -> Result<()> {
    const SQL: &str = "DELETE FROM attempts WHERE subject = $1";
    on!(conn, c => { sqlx::query(SQL).bind(subject).execute(c).await?; });
    Ok(())
}

/// Deletes at most `limit` expired buckets; returns how many.
pub async fn purge(conn: Conn<'_>, now: DateTime<Utc>, limit: i64) -> Result<u64> {
    const SQL: &str = "DELETE FROM attempts WHERE (subject, place) IN \
        (SELECT subject, place FROM attempts WHERE forgotten_at <= $1 ORDER BY forgotten_at LIMIT $2) \
        AND forgotten_at <= $1";
    Ok(on!(conn, c => sqlx::query(SQL).bind(now.timestamp_millis()).bind(limit).execute(c).await?.rows_affected()))
}
