//! An operator moves from SQLite to PostgreSQL.

use crate::store::{DatabaseSetup, Db};

/// Copies every row of `from` into the empty database `to`, as it is: ids, numbers, sessions and keys. Returns the
/// number of rows of each table.
///
/// # Errors
/// A sentence for the operator. The database `to` is as it was then, except for its tables.
pub async fn copy_database(
    from: &DatabaseSetup,
    to: &DatabaseSetup,
    progress: &mut dyn FnMut(&str, u64),
) -> anyhow::Result<Vec<(String, u64)>> {
    let source = Db::connect(from).await?;
    let target = Db::connect(to).await?;
    let copied = source.copy_to(&target, progress).await;
    target.close().await;
    source.close().await;
    copied
}
