//! The secret key in a file beside the SQLite database, and what it says about the database.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};

use super::secret_file;
use crate::model::secret_key::SecretKey;
use crate::store::{self, Db};

const ENDING: &str = ".key";
/// Other key files, such as those for TLS, are not ours.
const DATABASE_ENDINGS: [&str; 3] = [".db", ".sqlite", ".sqlite3"];

/// What was there before the database was opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Before {
    /// No SQLite file, or one without a byte.
    Nothing,
    Database,
}

/// Looks for the database of `url` before it is opened, which would create a missing file.
///
/// # Errors
/// When its key file is there without it: a service that starts without its accounts would lose them for good.
pub fn look(url: &str) -> anyhow::Result<Before> {
    let Some(path) = Db::file_of(url) else {
        return Ok(Before::Database);
    };
    let is_missing = fs::metadata(&path).is_ok_and(|file| file.len() == 0) || !path.exists();
    let key = key_path(&path);
    ensure!(
        !(is_missing && key.exists()),
        "the database file {} is gone or empty, but its key file {} is there: restore the database from a backup, \
         correct DATABASE_URL, or delete the key file to start without accounts",
        path.display(),
        key.display()
    );
    Ok(if is_missing { Before::Nothing } else { Before::Database })
}

/// Says whether the database was created or opened, and what is odd about that.
pub async fn report(db: &Db, before: Before) -> anyhow::Result<()> {
    let name = db
        .file()
        .map_or_else(|| "in PostgreSQL".to_owned(), |path| format!("file {}", path.display()));
    let other_key = db.file().and_then(key_of_another);
    let has_key = db.file().is_some_and(|path| key_path(path).exists());
    match (before, other_key) {
        (Before::Nothing, Some(other)) => tracing::warn!(
            "created the database {name} without accounts, in a folder with {}: is DATABASE_URL misspelt?",
            other.display()
        ),
        (Before::Nothing, None) => tracing::info!("created the database {name} without accounts"),
        (Before::Database, _) if !is_new(db).await? => tracing::info!("opened the database {name}"),
        (Before::Database, _) if has_key => {
            tracing::warn!("opened the database {name}, which has a key file but was never used: was it emptied?");
        }
        (Before::Database, _) => tracing::info!("opened the database {name}, which was not used yet"),
    }
    Ok(())
}

/// The key in the file beside the SQLite database. A missing file is created only while the database stores no signing
/// key: a new secret key could not decrypt the stored ones.
pub async fn read_or_create(db: &Db) -> anyhow::Result<SecretKey> {
    let database = db
        .file()
        .context("SECRET_KEY is needed, because the database is not a file that a key file could stand beside")?;
    let path = key_path(database);
    if path.exists() {
        return secret_file::read(&path);
    }
    ensure!(
        is_new(db).await?,
        "the secret key file {} is gone, but the database has signing keys that were encrypted with it: restore the \
         file from a backup, or delete all rows of the table signing_keys to start with a new key, which ends \
         all tokens",
        path.display()
    );
    secret_file::create(&path)
}

/// The first start of a service stores a signing key.
async fn is_new(db: &Db) -> anyhow::Result<bool> {
    Ok(store::signing_keys::all(db.read().await?.conn()).await?.is_empty())
}

/// The secret key of the service whose database is at `database`: `set`, or the key in the file beside it.
///
/// # Errors
/// When there is none.
pub fn of_file(database: &Path, set: Option<SecretKey>) -> anyhow::Result<SecretKey> {
    let path = key_path(database);
    match set {
        Some(key) => Ok(key),
        None => secret_file::read(&path).context("there is no SECRET_KEY, and no file beside the database holds it"),
    }
}

/// The file that holds the key of the database at `database`.
#[must_use]
pub fn key_path(database: &Path) -> PathBuf {
    let mut path = OsString::from(database);
    path.push(ENDING);
    path.into()
}

/// The key file of another database in the same folder. A folder that can't be listed tells of none.
fn key_of_another(database: &Path) -> Option<PathBuf> {
    let folder = database.parent().filter(|folder| !folder.as_os_str().is_empty());
    let own = key_path(database);
    let entries = fs::read_dir(folder.unwrap_or(Path::new("."))).ok()?;
    let mut keys = entries.flatten().map(|entry| entry.path());
    keys.find(|path| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let is_of_a_database = DATABASE_ENDINGS
            .iter()
            .any(|ending| name.ends_with(&format!("{ending}{ENDING}")));
        is_of_a_database && path.file_name() != own.file_name()
    })
}
