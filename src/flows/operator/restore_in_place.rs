//! An operator has restored the database with another program.

use std::fs;

use anyhow::{Context, ensure};
use chrono::{DateTime, Utc};

use super::take_over::{RestoreOptions, Restored, take_over};
use crate::app::own_key;
use crate::model::secret_key::SecretKey;
use crate::store::{DatabaseSetup, Db};

/// Takes over what another program has restored in `database`.
///
/// # Errors
/// A sentence for the operator. Nothing was changed then, except that migrations may have been applied.
pub async fn restore_in_place(
    database: &DatabaseSetup,
    secret_key: Option<SecretKey>,
    options: &RestoreOptions,
    now: DateTime<Utc>,
) -> anyhow::Result<Restored> {
    let key = match Db::file_of(&database.url) {
        Some(file) => {
            let found = fs::metadata(&file);
            let is_there = found.is_ok_and(|found| found.len() > 0);
            ensure!(is_there, "there is no database in {}: restore it first", file.display());
            own_key::of_file(&file, secret_key)?
        }
        None => secret_key.context("SECRET_KEY is needed with PostgreSQL: the one of the service that was dumped")?,
    };
    take_over(database, &key, options, now).await
}
