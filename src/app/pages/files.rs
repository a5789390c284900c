//! The operator's pages: `LANGUAGE/words.json`, `layout.html` and the other templates in one folder.

use std::path::Path;

use anyhow::{Context, ensure};

use super::built_in::TEMPLATES;
use super::words::Words;
use crate::app::overrides;
use crate::model::spelling::did_you_mean;

/// The setting that names the folder.
const SETTING: &str = "PAGE_TEMPLATES";

/// What a folder has.
#[derive(Debug, Default)]
pub struct Own {
    /// Templates with their names.
    pub templates: Vec<(String, String)>,
    /// Texts with their languages.
    pub words: Vec<(String, Words)>,
}

/// Reads a folder. Names that begin with `_` are parts for templates to include; those that begin with a dot are not
/// read.
///
/// # Errors
/// When a file has a name that means nothing, or can't be read.
pub fn read(folder: &Path) -> anyhow::Result<Own> {
    let mut own = Own::default();
    for (name, path) in overrides::entries(SETTING, folder)? {
        if path.is_dir() {
            let language = overrides::language(SETTING, &name)?;
            for (file, path) in overrides::entries(SETTING, &path)? {
                if is(&language, &file, &["words.json"], ".json")? {
                    own.words.push((language.clone(), words(&language, &path)?));
                }
            }
        } else if is("", &name, &TEMPLATES.map(|(name, _)| name), ".html")? {
            let text = overrides::text(&format!("the page template {name}"), &path)?;
            own.templates.push((name, text));
        }
    }
    Ok(own)
}

fn words(language: &str, path: &Path) -> anyhow::Result<Words> {
    let subject = format!("{SETTING}: {language}/words.json");
    Words::parse(&overrides::text(&subject, path)?).context(subject)
}

/// Whether the file is one of those that are read: an `ending` of ours and a `known` name, or that of a part.
fn is(folder: &str, file: &str, known: &[&str], ending: &str) -> anyhow::Result<bool> {
    let place = if folder.is_empty() {
        file.to_owned()
    } else {
        format!("{folder}/{file}")
    };
    if !file.ends_with(ending) {
        tracing::warn!("{SETTING}: {place} does nothing: files in this place end with {ending}");
        return Ok(false);
    }
    let is_part = file.starts_with('_') && ending == ".html";
    ensure!(
        known.contains(&file) || is_part,
        "{SETTING}: there is no page template {place}{}",
        did_you_mean(file, known.iter().copied())
    );
    Ok(true)
}
