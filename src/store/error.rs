//! What can go wrong in a database, sorted by what a caller can do about it: try later, or nothing.

use std::io::ErrorKind;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use sqlx::error::DatabaseError;
use sqlx::sqlite::SqliteError;

use crate::model::unavailable::Unavailable;

const READ_ONLY: &str = "the database is read-only: does DATABASE_URL name a standby, or is its disk full?";

pub type Result<T, E = Error> = std::result::Result<T, E>;

/// A failed database operation.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Waiting may help: unreachable, locked, full or read-only.
    #[error("the database can't be used now")]
    Unavailable(#[source] Unavailable),
    /// A defect of the service or of its database: the same request would fail again.
    #[error("a database operation failed")]
    Failed(#[source] Arc<sqlx::Error>),
}

static UNAVAILABLE: AtomicU64 = AtomicU64::new(0);
static FAILED: AtomicU64 = AtomicU64::new(0);

/// Numbers of errors.
#[derive(Debug, Clone, Copy)]
pub struct ErrorCounts {
    pub unavailable: u64,
    pub failed: u64,
}

/// The errors of each kind in this process so far.
#[must_use]
pub fn errors_so_far() -> ErrorCounts {
    ErrorCounts {
        unavailable: UNAVAILABLE.load(Relaxed),
        failed: FAILED.load(Relaxed),
    }
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        Arc::new(error).into()
    }
}

impl From<Arc<sqlx::Error>> for Error {
    fn from(error: Arc<sqlx::Error>) -> Self {
        if let Some(what) = outage(&error) {
            UNAVAILABLE.fetch_add(1, Relaxed);
            Self::Unavailable(if is_conflict(&error) {
                Unavailable::conflict(what, error)
            } else {
                Unavailable::because(what, error)
            })
        } else {
            FAILED.fetch_add(1, Relaxed);
            Self::Failed(error)
        }
    }
}

/// The cause for the operator, and what to look at; `None` when waiting does not help.
fn outage(error: &sqlx::Error) -> Option<&'static str> {
    match error {
        sqlx::Error::Io(error) if error.kind() == ErrorKind::ReadOnlyFilesystem => Some(READ_ONLY),
        sqlx::Error::Io(error) if error.kind() == ErrorKind::TimedOut => {
            Some("the database did not answer in time: is its host alive, and reachable?")
        }
        // A proxy that has no server at the moment accepts connections and closes them in the middle of the protocol.
        sqlx::Error::Protocol(_) => {
            Some("the database answered nonsense: does the proxy in front of it reach a server?")
        }
        sqlx::Error::PoolTimedOut => {
            Some("no database connection became free in time: is the database slow, or a connection stuck?")
        }
        sqlx::Error::Io(_) | sqlx::Error::Tls(_) | sqlx::Error::PoolClosed | sqlx::Error::WorkerCrashed => {
            Some("the database can't be reached: does it run, and is DATABASE_URL right?")
        }
        sqlx::Error::Database(error) => match error.try_downcast_ref::<SqliteError>() {
            Some(error) => sqlite_outage(error),
            None => postgres_outage(error.code()?.as_ref()),
        },
        _ => None,
    }
}

/// Primary result codes, see <https://www.sqlite.org/rescode.html>.
fn sqlite_outage(error: &SqliteError) -> Option<&'static str> {
    let extended: u32 = error.code()?.parse().ok()?;
    match extended & 0xff {
        5 | 6 => {
            Some("the database stayed locked by another process for 5 s: is a second instance using the same file?")
        }
        8 => Some("the database is read-only: may the service write to the file and its folder?"),
        10 => Some("the disk under the database fails"),
        13 => Some("the disk under the database is full"),
        14 => Some("the database file can't be opened: is it there, and may the service read it?"),
        _ => None,
    }
}

/// Whether the database ended the transaction for the sake of another one: by a failed serialisation or a deadlock.
fn is_conflict(error: &sqlx::Error) -> bool {
    let sqlx::Error::Database(error) = error else {
        return false;
    };
    // SQLite's codes are small numbers.
    matches!(error.code().as_deref(), Some("40001" | "40P01"))
}

/// SQLSTATE classes, see appendix A of PostgreSQL's manual.
fn postgres_outage(sqlstate: &str) -> Option<&'static str> {
    match sqlstate {
        "25006" => Some(READ_ONLY),
        "40001" | "40P01" => Some("the database ended the transaction in favour of another one"),
        "55P03" | "57014" => Some("the database gave up on a lock or a slow statement"),
        "3D000" => Some("the database does not exist: is DATABASE_URL right?"),
        _ if sqlstate.starts_with("28") => Some("the database rejects the user or password in DATABASE_URL"),
        _ if sqlstate.starts_with("58") => Some("the disk under the database fails"),
        _ if sqlstate.starts_with("53") => Some("the database has run out of connections, memory or disk space"),
        _ if sqlstate.starts_with("08") || sqlstate.starts_with("57P") => {
            Some("the database is starting, stopping or can't be reached")
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_counted_by_kind() {
        let before = errors_so_far();
        drop(Error::from(sqlx::Error::PoolTimedOut));
        drop(Error::from(sqlx::Error::RowNotFound));
        let after = errors_so_far();
        // Other tests of this process may cause some too.
        assert!(after.unavailable > before.unavailable, "{after:?}");
        assert!(after.failed > before.failed, "{after:?}");
    }
}
