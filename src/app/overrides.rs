//! Folders in which operators keep templates of their own: what all kinds of them share.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail, ensure};

/// The entries of a folder, in order. Editors, version control and Kubernetes keep files of their own under a dot.
///
/// # Errors
/// When the folder can't be read; `setting` is the one that names it.
pub fn entries(setting: &str, folder: &Path) -> anyhow::Result<Vec<(String, PathBuf)>> {
    let read = || -> std::io::Result<Vec<_>> {
        let entries = fs::read_dir(folder)?.map(|entry| entry.map(|entry| (entry.file_name(), entry.path())));
        entries.collect()
    };
    let entries = read().with_context(|| format!("{setting}: {}", folder.display()))?;
    let entries = entries
        .into_iter()
        .map(|(name, path)| (name.to_string_lossy().into_owned(), path));
    let mut entries: Vec<_> = entries.filter(|(name, _)| !name.starts_with('.')).collect();
    entries.sort();
    Ok(entries)
}

/// The language that a folder is for.
///
/// # Errors
/// When the folder's name is not that of a language.
pub fn language(setting: &str, name: &str) -> anyhow::Result<String> {
    let language = name.to_lowercase();
    ensure!(
        is_language(&language),
        "{setting}: the folder {name} is not a language, such as `fr` or `pt-br`"
    );
    Ok(language)
}

/// The text of the file `subject`.
///
/// # Errors
/// When it can't be read, or is not in UTF-8.
pub fn text(subject: &str, path: &Path) -> anyhow::Result<String> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(text),
        Err(error) if error.kind() == ErrorKind::InvalidData => bail!("{subject} is not in UTF-8"),
        Err(error) => Err(error).with_context(|| subject.to_owned()),
    }
}

/// Whether `name` has the form of a language tag, in lower case.
fn is_language(name: &str) -> bool {
    let mut subtags = name.split('-');
    let language = subtags.next().unwrap_or_default();
    let is_subtag =
        |subtag: &str| (2..=8).contains(&subtag.len()) && subtag.bytes().all(|byte| byte.is_ascii_alphanumeric());
    (2..=3).contains(&language.len())
        && language.bytes().all(|byte| byte.is_ascii_lowercase())
        && subtags.all(is_subtag)
}
