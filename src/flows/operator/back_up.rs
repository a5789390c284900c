//! An operator copies the SQLite database while the service runs.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};

use crate::app::{own_key, secret_file, tokens};
use crate::model::secret_key::SecretKey;
use crate::store::{DatabaseSetup, Db, Snapshot, signing_keys};

/// Writes what is committed in `database` to the new file `to`, and its key to a second file of that name with `.key`
/// behind it if `carries_key`. Returns the name of that file. Nothing is migrated, and the service goes on.
///
/// # Errors
/// A sentence for the operator: there is such a file, the database is not in a file, or the key is not its own.
pub async fn back_up(
    database: &DatabaseSetup,
    secret_key: Option<SecretKey>,
    to: &Path,
    carries_key: bool,
) -> anyhow::Result<Option<PathBuf>> {
    let file = Db::file_of(&database.url).context(
        "`backup` copies SQLite; copy PostgreSQL with `pg_dump --format=custom`, and keep the SECRET_KEY too",
    )?;
    let key = own_key::of_file(&file, secret_key)?;
    let key_file = own_key::key_path(to);
    for path in [to, &key_file] {
        ensure!(
            !path.exists(),
            "{} is there already: give the copy another name",
            path.display()
        );
    }
    let mut snapshot = Snapshot::open(&file).await?;
    let keys = signing_keys::all(snapshot.conn()).await;
    // A copy without its key is worth little, and the day of the restore is too late to notice that.
    tokens::check_secret(&key, keys.context("the database is not one of this service")?)?;
    snapshot.write_to(to).await?;
    snapshot.close().await?;
    if !carries_key {
        return Ok(None);
    }
    if let Err(error) = secret_file::keep(&key_file, &key) {
        // So that the command can be run again when what was wrong is mended.
        fs::remove_file(to).with_context(|| format!("deleting the copy {} without a key", to.display()))?;
        return Err(error);
    }
    Ok(Some(key_file))
}
