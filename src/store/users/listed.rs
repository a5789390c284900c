//! Accounts as operators list them, a page at a time. Each list follows an index, so that a page costs the same in a
//! large table as in a small one.
//!
//! Beginnings are compared byte by byte: on PostgreSQL by indexes of their own, on SQLite by the unique ones.

use uuid::Uuid;

use crate::model::admin::search::Search;
use crate::model::id::UserId;
use crate::model::user::listed::ListedUser;
use crate::store::{Conn, Result, on};

macro_rules! select_listed {
    ($($rest:literal),+) => {
        concat!(
            "SELECT id, number, email, email_canonical, email_verified_at, pending_email, ",
            "password_hash IS NOT NULL AS has_password, second_factor_at, username, username_canonical, first_name, ",
            "last_name, number_phone, disabled_at, admin_at, created_at, last_log_in_at, ",
            "(SELECT COUNT(*) FROM passkeys WHERE user_id = users.id) AS passkeys, ",
            "(SELECT COUNT(*) FROM identities WHERE user_id = users.id) AS identities FROM users ",
            $($rest),+
        )
    };
}

/// Selects by the beginning of the column `$name`; `$bytes` makes the database compare bytes.
macro_rules! select_by_prefix {
    ($name:literal, $bytes:literal) => {
        select_listed!(
            "WHERE ",
            $name,
            $bytes,
            " >= $1 AND ",
            $name,
            $bytes,
            " < $2 AND ",
            $name,
            $bytes,
            " > $3 ORDER BY ",
            $name,
            $bytes,
            " LIMIT $4"
        )
    };
}

/// The number of all accounts. It reads a whole index, so callers keep it for a while.
pub async fn count(conn: Conn<'_>) -> Result<i64> {
    const SQL: &str = "SELECT COUNT(*) FROM users";
    Ok(on!(conn, c => sqlx::query_scalar(SQL).fetch_one(c).await?))
}

/// Of the first `limit` accounts, how many there are and how many have the admin right.
pub async fn first_operators(conn: Conn<'_>, limit: u32) -> Result<(i64, i64)> {
    const SQL: &str = "SELECT COUNT(*), COUNT(admin_at) FROM \
        (SELECT admin_at FROM users ORDER BY number LIMIT $1) AS first_accounts";
    Ok(on!(conn, c => sqlx::query_as(SQL).bind(i64::from(limit)).fetch_one(c).await?))
}

/// One account.
pub async fn listed(conn: Conn<'_>, id: UserId) -> Result<Option<ListedUser>> {
    const SQL: &str = select_listed!("WHERE id = $1");
    Ok(on!(conn, c => sqlx::query_as(SQL).bind(id).fetch_optional(c).await?))
}

/// At most `limit` accounts with numbers below `before`, the newest first.
pub async fn newest_first(conn: Conn<'_>, before: i64, limit: u32) -> Result<Vec<ListedUser>> {
    const SQL: &str = select_listed!("WHERE number < $1 ORDER BY number DESC LIMIT $2");
    Ok(on!(conn, c => sqlx::query_as(SQL).bind(before).bind(i64::from(limit)).fetch_all(c).await?))
}

/// At most `limit` accounts with ids from `first` to `last`, in their order; with `after` those behind it.
pub async fn with_id_between(
    conn: Conn<'_>,
    (first, last): (Uuid, Uuid),
    after: Option<UserId>,
    limit: u32,
) -> Result<Vec<ListedUser>> {
    const SQL: &str = select_listed!("WHERE id >= $1 AND id <= $2 AND id > $3 ORDER BY id LIMIT $4");
    let after = after.map_or(Uuid::nil(), |UserId(id)| id);
    Ok(on!(conn, c => {
        sqlx::query_as(SQL).bind(first).bind(last).bind(after).bind(i64::from(limit)).fetch_all(c).await?
    }))
}

/// At most `limit` accounts whose canonical address begins like the search, in the order of addresses, behind `after`.
pub async fn with_address_prefix(conn: Conn<'_>, search: &Search, after: &str, limit: u32) -> Result<Vec<ListedUser>> {
    const SQLITE: &str = select_by_prefix!("email_canonical", "");
    const POSTGRES: &str = select_by_prefix!("email_canonical", " COLLATE \"C\"");
    with_prefix(conn, (SQLITE, POSTGRES), search, after, limit).await
}

/// At most `limit` accounts whose user name begins like the search, in the order of names, behind `after`; also those
/// whose address does.
pub async fn with_name_prefix(conn: Conn<'_>, search: &Search, after: &str, limit: u32) -> Result<Vec<ListedUser>> {
    const SQLITE: &str = select_by_prefix!("username_canonical", "");
    const POSTGRES: &str = select_by_prefix!("username_canonical", " COLLATE \"C\"");
    with_prefix(conn, (SQLITE, POSTGRES), search, after, limit).await
}

async fn with_prefix(
    conn: Conn<'_>,
    (sqlite, postgres): (&'static str, &'static str),
    search: &Search,
    after: &str,
    limit: u32,
) -> Result<Vec<ListedUser>> {
    let sql = conn.either(sqlite, postgres);
    Ok(on!(conn, c => {
        sqlx::query_as(sql)
            .bind(search.first())
            .bind(search.end())
            .bind(after)
            .bind(i64::from(limit))
            .fetch_all(c)
            .await?
    }))
}

#[cfg(test)]
mod tests {
    use sqlx::Row;

    use crate::store::engine::DatabaseSetup;
    use crate::store::{Db, on};

    /// What SQLite does for a query, in its own words. `tests/api/admin/list.rs` asks PostgreSQL.
    async fn plan(db: &Db, sql: &'static str) -> String {
        let mut read = db.read().await.unwrap();
        let steps: Vec<String> = on!(read.conn(), c => {
            let rows = sqlx::query(sql).fetch_all(c).await.unwrap();
            rows.iter().map(|row| row.get("detail")).collect()
        });
        steps.join("\n")
    }

    #[tokio::test]
    async fn sqlite_reads_each_list_in_the_order_of_an_index() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("plan.db");
        let setup = DatabaseSetup::new(&format!("sqlite:{}", file.display()));
        let db = Db::connect(&setup).await.unwrap();
        for (sql, index) in [
            (
                concat!("EXPLAIN QUERY PLAN ", select_listed!("WHERE id = $1")),
                "(id=?)",
            ),
            (
                concat!(
                    "EXPLAIN QUERY PLAN ",
                    select_listed!("WHERE number < $1 ORDER BY number DESC LIMIT $2")
                ),
                "INTEGER PRIMARY KEY (rowid<?)",
            ),
            (
                concat!("EXPLAIN QUERY PLAN ", select_by_prefix!("email_canonical", "")),
                "(email_canonical>? AND email_canonical<?)",
            ),
            (
                concat!("EXPLAIN QUERY PLAN ", select_by_prefix!("username_canonical", "")),
                "(username_canonical>? AND username_canonical<?)",
            ),
        ] {
            let plan = plan(&db, sql).await;
            assert!(plan.starts_with("SEARCH users USING") && plan.contains(index), "{plan}");
            assert!(!plan.contains("SCAN") && !plan.contains("TEMP"), "{plan}");
        }
    }
}
