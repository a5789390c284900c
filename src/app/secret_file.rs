//! Keeps the secret key in a file, for services that run without `SECRET_KEY`.

use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;

use anyhow::{Context, ensure};
use zeroize::Zeroizing;

use crate::model::secret_key::SecretKey;

/// The permissions of users that are neither the file's owner nor in its group.
const READABLE_BY_OTHERS: u32 = 0o007;

/// Creates a file at `path` with a new key, readable only for its owner. If another process creates it at the same
/// time, both processes use the key of the first.
///
/// # Errors
/// When the folder can't be written to.
pub fn create(path: &Path) -> anyhow::Result<SecretKey> {
    write(path, &SecretKey::generate())?;
    read(path)
}

/// Makes sure that the file at `path` holds `key`, readable only for its owner.
///
/// # Errors
/// When the folder can't be written to, or the file is there with another key.
pub fn keep(path: &Path, key: &SecretKey) -> anyhow::Result<()> {
    write(path, key)?;
    refuse_other(path, key)
}

/// Makes sure that the file at `path` holds `key` or is not there.
///
/// # Errors
/// When the file can't be read or holds another key.
pub fn refuse_other(path: &Path, key: &SecretKey) -> anyhow::Result<()> {
    ensure!(
        !path.exists() || read(path)?.as_bytes() == key.as_bytes(),
        "the secret key file {} holds another key: move it away",
        path.display()
    );
    Ok(())
}

/// Writes the file unless there is one.
fn write(path: &Path, key: &SecretKey) -> anyhow::Result<()> {
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    let subject = || format!("creating the secret key file {}", path.display());
    // The file gets its name only once it is complete and on the disk, so a crash can't leave half a key.
    let draft = folder.join(format!(".{}.secret-key", uuid::Uuid::now_v7()));
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&draft)
        .with_context(subject)?;
    file.write_all(key.reveal().as_bytes()).with_context(subject)?;
    file.sync_all().with_context(subject)?;
    let linked = fs::hard_link(&draft, path);
    fs::remove_file(&draft).with_context(subject)?;
    match linked {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(error).with_context(subject),
        _ => File::open(folder)
            .and_then(|folder| folder.sync_all())
            .with_context(subject),
    }
}

/// Reads the key in the file at `path`.
///
/// # Errors
/// When the file can't be read or has no key in it.
pub fn read(path: &Path) -> anyhow::Result<SecretKey> {
    let text = read_text(path)?;
    text.parse()
        .with_context(|| format!("reading the secret key file {}", path.display()))
}

/// Reads the secret text in the file at `path`, without the end of its line.
///
/// # Errors
/// When the file can't be read.
pub fn read_text(path: &Path) -> anyhow::Result<Zeroizing<String>> {
    let subject = || format!("reading the secret key file {}", path.display());
    let text = Zeroizing::new(fs::read_to_string(path).with_context(subject)?);
    let mode = fs::metadata(path).with_context(subject)?.permissions().mode();
    if mode & READABLE_BY_OTHERS != 0 {
        // Container platforms mount secrets that way, so it is no reason not to start.
        tracing::warn!(
            "every user of this machine can read the secret key file {}; take that away with `chmod o-rwx`",
            path.display()
        );
    }
    Ok(Zeroizing::new(text.trim_end_matches(['\r', '\n']).to_owned()))
}
