//! The way of a copy to the place of a lost SQLite database. It is prepared beside that place and moved there in one
//! step, so that a restore that is killed leaves nothing that a service would start on.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail, ensure};

use super::{own_key, secret_file};
use crate::model::secret_key::SecretKey;
use crate::store::{DatabaseSetup, Db, SetUpLock, Snapshot, with_ending};

/// Behind the name of the database.
const DRAFT_ENDING: &str = ".restoring";
/// The files that SQLite and the service keep beside a database.
const BESIDE: [&str; 3] = ["-wal", "-shm", "-lock"];

#[derive(Debug)]
pub struct Restoring {
    target: PathBuf,
    draft: PathBuf,
    /// The copy, which is to be changed before it is moved.
    pub database: DatabaseSetup,
    pub key: SecretKey,
    /// Whether the key came with the copy, and goes beside the database.
    came_with_copy: bool,
    /// Held until the copy is in its place, so that neither a service nor another restore begins there before.
    _set_up: SetUpLock,
}

impl Restoring {
    /// Prepares `copy` for the place that `database` names. The key is `set`, or the one that came with the copy.
    ///
    /// # Errors
    /// A sentence for the operator, for example when there is a database in that place.
    pub async fn prepare(copy: &Path, database: &DatabaseSetup, set: Option<SecretKey>) -> anyhow::Result<Self> {
        let target = Db::file_of(&database.url).context(
            "a file is restored to SQLite; restore PostgreSQL with `pg_restore`, and run `neptun-auth restore \
             --in-place` on it",
        )?;
        let set_up = SetUpLock::try_take(&target).with_context(|| format!("restoring to {}", target.display()))?;
        refuse_present(&target)?;
        let (path, query) = database.url.split_once('?').unwrap_or((&database.url, ""));
        let separator = if query.is_empty() { "" } else { "?" };
        let url = format!("{path}{DRAFT_ENDING}{separator}{query}");
        let (key, came_with_copy) = key_of(copy, &target, set)?;
        let restoring = Self {
            draft: with_ending(&target, DRAFT_ENDING),
            target,
            // The copy is itself what it was before it is migrated.
            database: DatabaseSetup {
                url,
                migration_copies: 0,
                ..database.clone()
            },
            key,
            came_with_copy,
            _set_up: set_up,
        };
        if came_with_copy {
            secret_file::refuse_other(&own_key::key_path(&restoring.target), &restoring.key)?;
        }
        restoring.discard()?;
        let mut copy = Snapshot::open(copy).await?;
        copy.write_to(&restoring.draft).await?;
        copy.close().await?;
        Ok(restoring)
    }

    /// Moves the copy, which is closed by now, to its place, and the key beside it.
    ///
    /// # Errors
    /// When the folder can't be written to, or another database has taken the place.
    pub fn finish(self) -> anyhow::Result<()> {
        refuse_present(&self.target)?;
        self.refuse_leftover_log()?;
        // First the key: a service without a key file would make itself a new one, or refuse to start.
        if self.came_with_copy {
            secret_file::keep(&own_key::key_path(&self.target), &self.key)?;
        }
        let subject = || format!("moving the copy to {}", self.target.display());
        fs::rename(&self.draft, &self.target).with_context(subject)?;
        let folder = self.target.parent().filter(|folder| !folder.as_os_str().is_empty());
        let folder = fs::File::open(folder.unwrap_or(Path::new("."))).with_context(subject)?;
        folder.sync_all().with_context(subject)?;
        self.discard()
    }

    /// SQLite does not say when it could not move its log into the file as it closed, and the file alone is moved: what
    /// the log still holds, such as the end of all sessions, would be lost.
    fn refuse_leftover_log(&self) -> anyhow::Result<()> {
        let log = with_ending(&self.draft, "-wal");
        ensure!(
            fs::metadata(&log).map_or(true, |file| file.len() == 0),
            "nothing was restored: {} still holds changes; is the disk full, or does another program read that file?",
            log.display()
        );
        Ok(())
    }

    /// Deletes what was prepared, and what a killed restore has left.
    ///
    /// # Errors
    /// When the folder can't be written to.
    pub fn discard(&self) -> anyhow::Result<()> {
        for ending in BESIDE.into_iter().chain([""]) {
            let path = with_ending(&self.draft, ending);
            match fs::remove_file(&path) {
                Err(error) if error.kind() != ErrorKind::NotFound => {
                    return Err(error).with_context(|| format!("deleting {}", path.display()));
                }
                _ => {}
            }
        }
        Ok(())
    }
}

/// Refuses a place with a database, or with the log of one, which SQLite would apply to the copy.
fn refuse_present(target: &Path) -> anyhow::Result<()> {
    for ending in ["", "-wal", "-journal"] {
        let path = with_ending(target, ending);
        ensure!(
            fs::metadata(&path).map_or(true, |file| file.len() == 0),
            "{} is there: stop the service, and move it away with the files beside it whose names begin alike, except \
             for the key file",
            path.display()
        );
    }
    Ok(())
}

/// The key of the copy, and whether it came with it.
fn key_of(copy: &Path, target: &Path, set: Option<SecretKey>) -> anyhow::Result<(SecretKey, bool)> {
    let (with_copy, with_target) = (own_key::key_path(copy), own_key::key_path(target));
    if let Some(key) = set {
        return Ok((key, false));
    }
    if with_copy.exists() {
        return Ok((secret_file::read(&with_copy)?, true));
    }
    if with_target.exists() {
        return Ok((secret_file::read(&with_target)?, false));
    }
    bail!(
        "the key of the copy is missing: put it into {}, or set SECRET_KEY or SECRET_KEY_FILE",
        with_copy.display()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_whose_log_still_holds_changes_is_not_moved() {
        let folder = tempfile::tempdir().unwrap();
        let place = |name: &str| folder.path().join(name);
        let restoring = || Restoring {
            target: place("auth.db"),
            draft: place("auth.db.restoring"),
            database: DatabaseSetup::new(""),
            key: SecretKey::generate(),
            came_with_copy: false,
            _set_up: SetUpLock::try_take(&place("auth.db")).unwrap(),
        };
        fs::write(place("auth.db.restoring"), "copy").unwrap();
        fs::write(place("auth.db.restoring-wal"), "changes").unwrap();
        let error = restoring().finish().unwrap_err().to_string();
        assert!(error.starts_with("nothing was restored"), "{error}");
        assert!(!place("auth.db").exists());
        fs::write(place("auth.db.restoring-wal"), "").unwrap();
        restoring().finish().unwrap();
        assert_eq!(fs::read_to_string(place("auth.db")).unwrap(), "copy");
        assert!(!place("auth.db.restoring-wal").exists());
    }
}
