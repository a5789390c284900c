//! The operator's templates: `LANGUAGE/KIND.txt`, `LANGUAGE/KIND.html` and `layout.html` in one folder.

use std::collections::BTreeSet;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail, ensure};

use super::built_in::PAGES;
use crate::model::mail::Message;
use crate::model::spelling::did_you_mean;

/// The templates in `folder`: their names, as in `fr/reset_code.txt`, and their texts. Names that begin with `_` are
/// parts for other templates to include; those that begin with a dot are not read.
///
/// # Errors
/// When a file has a name that no mail has, or can't be read.
pub fn read(folder: &Path) -> anyhow::Result<Vec<(String, String)>> {
    let kinds: BTreeSet<_> = Message::examples().iter().map(Message::kind).collect();
    let mut files = Vec::new();
    for (name, path) in entries(folder)? {
        if !path.is_dir() {
            let pages = PAGES.iter().map(|(page, _)| *page);
            files.extend(template(&name, &path, pages)?);
            continue;
        }
        let language = name.to_lowercase();
        ensure!(
            is_language(&language),
            "MAIL_TEMPLATES: the folder {name} is not a language, such as `fr` or `pt-br`"
        );
        for (file, path) in entries(&path)? {
            let names = kinds
                .iter()
                .flat_map(|kind| [format!("{kind}.txt"), format!("{kind}.html")]);
            let names: Vec<_> = names.map(|file| format!("{language}/{file}")).collect();
            files.extend(template(
                &format!("{language}/{file}"),
                &path,
                names.iter().map(String::as_str),
            )?);
        }
    }
    Ok(files)
}

/// The entries of a folder, in order. Editors, version control and Kubernetes keep files of their own under a dot.
fn entries(folder: &Path) -> anyhow::Result<Vec<(String, PathBuf)>> {
    let read = || -> std::io::Result<Vec<_>> {
        let entries = fs::read_dir(folder)?.map(|entry| entry.map(|entry| (entry.file_name(), entry.path())));
        entries.collect()
    };
    let entries = read().with_context(|| format!("MAIL_TEMPLATES: {}", folder.display()))?;
    let entries = entries
        .into_iter()
        .map(|(name, path)| (name.to_string_lossy().into_owned(), path));
    let mut entries: Vec<_> = entries.filter(|(name, _)| !name.starts_with('.')).collect();
    entries.sort();
    Ok(entries)
}

/// The template at `path`, if its ending says that it is one.
fn template<'n>(
    name: &str,
    path: &Path,
    known: impl Iterator<Item = &'n str> + Clone,
) -> anyhow::Result<Option<(String, String)>> {
    let file = name.rsplit('/').next().unwrap_or(name);
    let has_ending = path
        .extension()
        .is_some_and(|ending| ending == "txt" || ending == "html");
    let is_known = known.clone().any(|known| known == name) || file.starts_with('_');
    if !has_ending || path.is_dir() {
        tracing::warn!("MAIL_TEMPLATES: {name} does nothing: templates end with .txt or .html");
        return Ok(None);
    }
    ensure!(
        is_known,
        "MAIL_TEMPLATES: there is no mail template {name}{}",
        did_you_mean(name, known)
    );
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some((name.to_owned(), text))),
        Err(error) if error.kind() == ErrorKind::InvalidData => bail!("the mail template {name} is not in UTF-8"),
        Err(error) => Err(error).with_context(|| format!("the mail template {name}")),
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

#[cfg(test)]
mod tests {
    use super::*;

    fn error_for(files: &[(&str, &[u8])]) -> Option<String> {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        read(folder.path()).err().map(|error| format!("{error:#}"))
    }

    #[test]
    fn a_misspelt_or_unreadable_template_is_named() {
        for (name, text, sentence) in [
            (
                "fr/resetcode.txt",
                "",
                "template fr/resetcode.txt; did you mean `fr/reset_code.txt`?",
            ),
            ("fr/Reset_Code.html", "", "did you mean `fr/reset_code.html`?"),
            ("layuot.html", "", "template layuot.html; did you mean `layout.html`?"),
            ("reset_code.txt", "", "there is no mail template reset_code.txt"),
            ("français/reset_code.txt", "", "the folder français is not a language"),
            ("templates/reset_code.txt", "", "the folder templates is not a language"),
            (
                "fr/reset_code.txt",
                "Subject: Pr\u{e9}nom",
                "the mail template fr/reset_code.txt is not in UTF-8",
            ),
        ] {
            let latin: Vec<_> = text.chars().map(|character| u8::try_from(character).unwrap()).collect();
            let error = error_for(&[(name, &latin)]).unwrap_or_default();
            assert!(error.contains(sentence), "{name}: {error}");
        }
    }

    #[test]
    fn parts_and_files_of_other_programs_are_no_mistakes() {
        for name in [
            "pt-BR/reset_code.txt",
            "fr/_footer.txt",
            "_footer.html",
            ".git/x.txt",
            "fr/.reset.txt",
            "README.md",
        ] {
            assert_eq!(error_for(&[(name, b"text")]), None, "{name}");
        }
    }
}
