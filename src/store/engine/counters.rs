//! The counters from which the databases take the numbers of rows.

use super::{Conn, on};
use crate::store::Result;

/// Lets every counter skip `by` numbers.
pub async fn move_counters_ahead(conn: Conn<'_>, by: i64) -> Result<()> {
    const SQLITE: &str = "UPDATE sqlite_sequence SET seq = seq + $1";
    // One that was never used has no last value.
    const POSTGRES: &str = "SELECT COUNT(setval(format('%I.%I', schemaname, sequencename)::regclass, \
        COALESCE(last_value, 0) + $1)) FROM pg_sequences WHERE schemaname = current_schema()";
    let sql = conn.either(SQLITE, POSTGRES);
    on!(conn, c => { sqlx::query(sql).bind(by).execute(c).await?; });
    Ok(())
}
