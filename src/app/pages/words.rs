//! The texts of the pages in one language: those of templates, and those that scripts show.

use anyhow::{Context, ensure};
use minijinja::value::{Serde, Value};
use serde_json::Value as Json;

use crate::model::spelling::did_you_mean;

/// The section for scripts.
const SCRIPT: &str = "script";
/// The section for scripts of the operators' pages, which no other page has to load.
const ADMIN_SCRIPT: &str = "admin_script";

/// The texts of one language.
#[derive(Debug, Clone)]
pub struct Words {
    all: Json,
    /// As templates read them.
    pub page: Value,
    /// As scripts read them: JSON that is safe inside an element of a page.
    pub script: String,
    /// The same for the operators' pages, with texts of their own.
    pub admin_script: String,
}

impl Words {
    /// The texts of a file: sections with a text for each name.
    ///
    /// # Errors
    /// When the file is not of this form.
    pub fn parse(text: &str) -> anyhow::Result<Self> {
        let all: Json = serde_json::from_str(text)?;
        for (name, value) in names(&all)? {
            ensure!(value.is_string(), "{name} must be a text in quotes");
        }
        Self::of(all)
    }

    /// These texts with those of `other` in place of the same names.
    ///
    /// # Errors
    /// When `other` has a name that is none.
    pub fn replaced_by(&self, other: &Self) -> anyhow::Result<Self> {
        let known: Vec<_> = names(&self.all)?.into_iter().map(|(name, _)| name).collect();
        let mut all = self.all.clone();
        for (name, value) in names(&other.all)? {
            let place = name.split_once('.').filter(|_| known.contains(&name));
            let suggestion = || did_you_mean(&name, known.iter().map(String::as_str));
            let (section, key) = place.with_context(|| format!("there is no text {name}{}", suggestion()))?;
            all[section][key] = value.clone();
        }
        Self::of(all)
    }

    fn of(all: Json) -> anyhow::Result<Self> {
        let mut both = all[SCRIPT].clone();
        if let (Some(both), Some(more)) = (both.as_object_mut(), all[ADMIN_SCRIPT].as_object()) {
            both.extend(more.clone());
        }
        Ok(Self {
            page: Value::from(Serde(&all)),
            script: for_scripts(&all[SCRIPT])?,
            admin_script: for_scripts(&both)?,
            all,
        })
    }
}

/// JSON for a script element, in which text must not look like a tag.
fn for_scripts(texts: &Json) -> anyhow::Result<String> {
    Ok(serde_json::to_string(texts)?.replace('<', "\\u003c"))
}

/// All texts with their names, as in `log_in.title`.
///
/// # Errors
/// When the texts are not in sections.
pub fn names(all: &Json) -> anyhow::Result<Vec<(String, &Json)>> {
    let form = "write sections with texts, as in {\"log_in\": {\"title\": \"…\"}}";
    let mut found = Vec::new();
    for (section, texts) in all.as_object().context(form)? {
        for (name, value) in texts.as_object().context(form)? {
            found.push((format!("{section}.{name}"), value));
        }
    }
    Ok(found)
}
