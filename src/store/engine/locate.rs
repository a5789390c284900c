//! Where a database is, before it is opened.

use std::path::PathBuf;
use std::str::FromStr;

use sqlx::sqlite::SqliteConnectOptions;

use super::Db;

impl Db {
    /// The file that `url` names; `None` if it is not a SQLite URL.
    #[must_use]
    pub fn file_of(url: &str) -> Option<PathBuf> {
        let options = url.starts_with("sqlite:").then(|| SqliteConnectOptions::from_str(url));
        options?.ok().map(|options| options.get_filename().to_owned())
    }
}
