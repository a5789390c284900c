//! The copies of a SQLite database that are made before it is migrated, so that an update can be taken back.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use anyhow::Context;
use chrono::{DateTime, Utc};

use super::Db;
use super::snapshot::{Snapshot, with_ending};

/// Between the name of the database and the number of the schema that the copy has.
const ENDING: &str = ".schema-";

/// Copies the database `file`, whose last migration is `version`, and deletes all but the newest `most` copies. With 0
/// it makes none, and deletes none.
///
/// # Errors
/// A sentence for the operator; the database must not be migrated then.
pub async fn make(file: &Path, version: i64, most: usize) -> anyhow::Result<()> {
    if most == 0 {
        return Ok(());
    }
    let copy = with_ending(file, &format!("{ENDING}{version:04}"));
    let failed = "a copy before the migration can't be made; free some space, or set MIGRATION_COPIES to 0";
    let mut database = Snapshot::open(file).await?;
    database.write_to(&copy).await.context(failed)?;
    database.close().await?;
    tracing::info!("copied the database to {} before migrating it", copy.display());
    delete_surplus(file, most).context("deleting old copies of before a migration")
}

impl Db {
    /// Deletes the copies of before a migration that were made before `moment`; returns how many.
    ///
    /// # Errors
    /// When the folder of the database can't be read or written to.
    pub fn delete_migration_copies(&self, moment: DateTime<Utc>) -> anyhow::Result<u64> {
        let Some(file) = self.file() else {
            return Ok(0);
        };
        let mut deleted = 0;
        for (made, copy) in copies_of(file)? {
            if made < SystemTime::from(moment) {
                fs::remove_file(&copy).with_context(|| format!("deleting {}", copy.display()))?;
                deleted += 1;
            }
        }
        Ok(deleted)
    }
}

fn delete_surplus(file: &Path, most: usize) -> anyhow::Result<()> {
    let mut copies = copies_of(file)?;
    copies.sort();
    let surplus = copies.len().saturating_sub(most);
    for (_, copy) in copies.into_iter().take(surplus) {
        fs::remove_file(copy)?;
    }
    Ok(())
}

/// All copies with the times at which they were made.
fn copies_of(file: &Path) -> anyhow::Result<Vec<(SystemTime, PathBuf)>> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
    let beginning = with_ending(Path::new(file.file_name().unwrap_or_default()), ENDING);
    let mut copies = Vec::new();
    for entry in fs::read_dir(folder.unwrap_or(Path::new(".")))? {
        let entry = entry?;
        let (name, beginning) = (entry.file_name(), beginning.as_os_str().to_string_lossy());
        let is_copy = name
            .to_string_lossy()
            .strip_prefix(beginning.as_ref())
            .is_some_and(|number| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()));
        if is_copy {
            copies.push((entry.metadata()?.modified()?, entry.path()));
        }
    }
    Ok(copies)
}
