//! The secret key in a file, for those who set none.

use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use anyhow::Context;

use crate::model::secret_key::SecretKey;

/// The key in the file at `path`; a missing file is made, readable for its owner only, with a new key.
///
/// # Errors
/// When the file can't be read or written, or holds something else.
pub fn read_or_create(path: &Path) -> anyhow::Result<SecretKey> {
    let subject = || format!("the secret key file {}", path.display());
    match OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
        Ok(mut file) => {
            let key = SecretKey::generate();
            file.write_all(key.reveal().as_bytes()).with_context(subject)?;
            file.sync_all().with_context(subject)?;
            Ok(key)
        }
        Err(error) if error.kind() == ErrorKind::AlreadyExists => read(path),
        Err(error) => Err(error).with_context(subject),
    }
}

/// The key in the file at `path`.
pub fn read(path: &Path) -> anyhow::Result<SecretKey> {
    let subject = || format!("the secret key file {}", path.display());
    let text = zeroize::Zeroizing::new(fs::read_to_string(path).with_context(subject)?);
    text.parse().with_context(subject)
}
