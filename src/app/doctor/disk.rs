//! Room on the disk of a SQLite database.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::Path;

use rustix::fs::statvfs;

use crate::model::doctor::Finding;
use crate::store::with_ending;

const MEBIBYTE: u64 = 1024 * 1024;
/// Room that the service needs besides a copy of the database, for its write-ahead log.
const MARGIN: u64 = 64 * MEBIBYTE;
/// The service empties the log at a hundredth of this.
const LARGE_LOG: u64 = 512 * MEBIBYTE;

/// Whether there is room for a copy of the database `file`, and whether its log is emptied.
pub fn findings(file: &Path) -> Vec<Finding> {
    match (room(file), log(file)) {
        (Ok(room), Ok(log)) => [room].into_iter().chain(log).collect(),
        (Err(error), _) | (_, Err(error)) => {
            vec![Finding::warn("database.disk", format!("the disk can't be looked at: {error}")).about("DATABASE_URL")]
        }
    }
}

fn room(file: &Path) -> io::Result<Finding> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
    let disk = statvfs(folder.unwrap_or(Path::new(".")))?;
    let free = disk.f_bavail.saturating_mul(disk.f_frsize);
    let size = fs::metadata(file)?.len();
    let value = format!("{} MiB free, the database has {} MiB", free / MEBIBYTE, size / MEBIBYTE);
    let finding = if free < size.saturating_add(MARGIN) {
        let says = "the disk has no room for a second copy of the database, which an update makes before it migrates; \
            a full disk refuses every change";
        Finding::warn("database.disk", says)
    } else {
        Finding::ok("database.disk", "the disk has room for a copy of the database")
    };
    Ok(finding.of("DATABASE_URL", value))
}

fn log(file: &Path) -> io::Result<Option<Finding>> {
    let size = match fs::metadata(with_ending(file, "-wal")) {
        Ok(log) => log.len(),
        Err(error) if error.kind() == ErrorKind::NotFound => 0,
        Err(error) => return Err(error),
    };
    let says = "the write-ahead log beside the database has grown, because a program reads the database without an \
        end, such as a forgotten shell, and so keeps the service from emptying it: end that program";
    let value = format!("{} MiB", size / MEBIBYTE);
    Ok((size > LARGE_LOG).then(|| Finding::warn("database.log", says).of("DATABASE_URL", value)))
}
