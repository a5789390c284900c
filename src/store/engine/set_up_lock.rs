//! Lets one process at a time set up a SQLite database, or put one in its place.

use std::fs::{File, OpenOptions, TryLockError};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use anyhow::{Context, bail};

use super::with_ending;

/// Behind the name of the database.
const ENDING: &str = "-lock";

/// Held from its making until it is dropped, or its process ends.
#[derive(Debug)]
pub struct SetUpLock {
    _file: File,
}

impl SetUpLock {
    /// Waits until no other process holds the lock of the database `file`.
    ///
    /// # Errors
    /// When the file beside the database can't be written to. The text names it: a restore as root leaves it to root.
    pub fn take(file: &Path) -> anyhow::Result<Self> {
        let lock = open(file)?;
        lock.lock().context("locking the place of the database")?;
        Ok(Self { _file: lock })
    }

    /// Takes the lock of the database `file`.
    ///
    /// # Errors
    /// When another process holds it, or the file beside the database can't be written to.
    pub fn try_take(file: &Path) -> anyhow::Result<Self> {
        let lock = open(file)?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { _file: lock }),
            Err(TryLockError::WouldBlock) => bail!("a service is starting there, or another restore is under way"),
            Err(TryLockError::Error(error)) => Err(error).context("locking the place of the database"),
        }
    }
}

fn open(file: &Path) -> anyhow::Result<File> {
    let path = with_ending(file, ENDING);
    let opened = OpenOptions::new().append(true).create(true).mode(0o600).open(&path);
    opened.with_context(|| {
        format!(
            "the lock file {} can't be opened; give it to the user of the service, or delete it while nothing runs",
            path.display()
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_one_is_refused_until_the_first_is_dropped() {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("auth.db");
        let first = SetUpLock::take(&database).unwrap();
        let error = SetUpLock::try_take(&database).unwrap_err().to_string();
        assert!(error.contains("another restore"), "{error}");
        drop(first);
        SetUpLock::try_take(&database).unwrap();
    }

    #[test]
    fn a_lock_file_that_can_not_be_opened_is_named() {
        let folder = tempfile::tempdir().unwrap();
        // A folder in its place can't be written to, by root neither.
        let lock = folder.path().join("auth.db-lock");
        std::fs::create_dir(&lock).unwrap();
        let database = folder.path().join("auth.db");
        for error in [SetUpLock::take(&database), SetUpLock::try_take(&database)].map(Result::unwrap_err) {
            let error = format!("{error:#}");
            assert!(error.contains(&format!("the lock file {}", lock.display())), "{error}");
        }
    }
}
