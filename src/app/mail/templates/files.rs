//! The operator's templates: `LANGUAGE/KIND.txt`, `LANGUAGE/KIND.html` and `layout.html` in one folder.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::ensure;

use super::built_in::PAGES;
use crate::app::overrides;
use crate::model::mail::Message;
use crate::model::spelling::did_you_mean;

/// The setting that names the folder.
const SETTING: &str = "MAIL_TEMPLATES";

/// The templates in `folder`: their names, as in `fr/reset_code.txt`, and their texts. Names that begin with `_` are
/// parts for other templates to include; those that begin with a dot are not read.
///
/// # Errors
/// When a file has a name that no mail has, or can't be read.
pub fn read(folder: &Path) -> anyhow::Result<Vec<(String, String)>> {
    let kinds: BTreeSet<_> = Message::examples().iter().map(Message::kind).collect();
    let mut files = Vec::new();
    for (name, path) in overrides::entries(SETTING, folder)? {
        if !path.is_dir() {
            let pages = PAGES.iter().map(|(page, _)| *page);
            files.extend(template(&name, &path, pages)?);
            continue;
        }
        let language = overrides::language(SETTING, &name)?;
        for (file, path) in overrides::entries(SETTING, &path)? {
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
    let text = overrides::text(&format!("the mail template {name}"), path)?;
    Ok(Some((name.to_owned(), text)))
}

#[cfg(test)]
mod tests {
    use std::fs;

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
