//! A SQLite file as it is: read without migrating it, and copied while other processes write to it.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::ErrorKind;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection, SqliteConnection};

use super::{Conn, Database};

/// What a copy is called until it is complete.
pub const DRAFT_ENDING: &str = ".part";
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

#[derive(Debug)]
pub struct Snapshot(SqliteConnection);

impl Snapshot {
    /// Opens `file` for reading.
    ///
    /// # Errors
    /// When it is not there or can't be read.
    pub async fn open(file: &Path) -> anyhow::Result<Self> {
        let options = SqliteConnectOptions::new().filename(file).read_only(true);
        let opened = options.busy_timeout(BUSY_TIMEOUT).connect().await;
        Ok(Self(opened.with_context(|| {
            format!("the database file {} can't be opened", file.display())
        })?))
    }

    pub fn conn(&mut self) -> Conn<'_> {
        let database = Database::Sqlite(&mut self.0);
        Conn { database }
    }

    pub async fn close(self) -> anyhow::Result<()> {
        Ok(self.0.close().await?)
    }

    /// Writes everything that was committed at this moment to `to`, which only its owner can read. Other processes
    /// go on reading and writing. `to` gets its name when it is complete, checked and on the disk; a file of that name
    /// is replaced.
    ///
    /// # Errors
    /// A sentence for the operator; there is no new file then.
    pub async fn write_to(&mut self, to: &Path) -> anyhow::Result<()> {
        let draft = with_ending(to, DRAFT_ENDING);
        let subject = || format!("writing the copy {}", to.display());
        let file = claim(&draft).with_context(subject)?;
        let name = draft.to_str().context("a copy needs a name that is UTF-8")?.to_owned();
        // Unlike the online backup of SQLite, this does not begin again whenever another process commits.
        let written = sqlx::query("VACUUM INTO $1").bind(name).execute(&mut self.0).await;
        written.with_context(subject)?;
        file.sync_all().with_context(subject)?;
        check(&draft).await.with_context(subject)?;
        fs::rename(&draft, to).with_context(subject)?;
        let folder = to.parent().filter(|folder| !folder.as_os_str().is_empty());
        let folder = File::open(folder.unwrap_or(Path::new("."))).with_context(subject)?;
        folder.sync_all().with_context(subject)
    }
}

/// A new file at `path` that only its owner can read, and that no other process writes to as long as the result lives.
/// What is there goes: a killed process left it, or another user made it, as a link or to read the copy in it.
fn claim(path: &Path) -> anyhow::Result<File> {
    if fs::symlink_metadata(path).is_ok_and(|there| there.is_file())
        && let Ok(there) = File::open(path)
    {
        lock(&there, path)?;
    }
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error.into()),
        _ => {}
    }
    let file = OpenOptions::new()
        .append(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
    lock(&file, path)?;
    Ok(file)
}

fn lock(file: &File, path: &Path) -> anyhow::Result<()> {
    match file.try_lock() {
        Ok(()) => Ok(()),
        Err(TryLockError::WouldBlock) => bail!("another process is writing {}", path.display()),
        Err(TryLockError::Error(error)) => Err(error.into()),
    }
}

/// Refuses a copy that SQLite finds something wrong with.
async fn check(file: &Path) -> anyhow::Result<()> {
    let mut copy = Snapshot::open(file).await?;
    let found: String = sqlx::query_scalar("PRAGMA quick_check(1)")
        .fetch_one(&mut copy.0)
        .await?;
    copy.close().await?;
    ensure!(
        found == "ok",
        "the copy is damaged, and so may the database be: {found}"
    );
    Ok(())
}

/// `path` with more behind its name.
#[must_use]
pub fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(ending);
    name.into()
}
