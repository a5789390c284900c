//! The optional TOML file: its values become the defaults of the flags with the same names.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, bail, ensure};
use clap::{Arg, ArgMatches, Command};
use toml::{Table, Value};

use super::values::{FilePath, is_quoted};
use crate::model::spelling::did_you_mean;

/// The settings in the file, by the names that clap has for them.
#[derive(Debug, Default)]
pub struct SettingsFile(BTreeMap<String, String>);

impl SettingsFile {
    /// The file that `--config` or its variable names; without one, no settings.
    ///
    /// # Errors
    /// When the file can't be read, or has an unknown name or a value of an unsupported kind.
    pub fn of(given: &ArgMatches, command: &Command) -> anyhow::Result<Self> {
        let Some(path) = given.get_one::<FilePath>("config") else {
            return Ok(Self::default());
        };
        Self::read(path, command).with_context(|| format!("the settings file {}", path.display()))
    }

    fn read(path: &Path, command: &Command) -> anyhow::Result<Self> {
        let text = fs::read_to_string(path)?;
        let mut settings = BTreeMap::new();
        for (name, value) in parse(&text)? {
            let id = known(&name, &value, command)?;
            let value = text_of(&value).with_context(|| format!("`{name}`"))?;
            ensure!(
                !is_quoted(&value),
                "`{name}` has quotes within its quotes: write one pair of them"
            );
            if !value.trim().is_empty() && settings.insert(id, value).is_some() {
                bail!("`{name}` is there twice, with `_` and with `-`");
            }
        }
        Ok(Self(settings))
    }

    /// Drops a setting that another layer replaces.
    pub fn forget(&mut self, id: &str) {
        self.0.remove(id);
    }

    /// `command` with these values as its defaults.
    #[must_use]
    pub fn into_defaults_of(self, command: Command) -> Command {
        self.0.into_iter().fold(command, |command, (id, value)| {
            change_everywhere(command, &id, |argument| argument.default_value(value.clone()))
        })
    }
}

/// Changes a setting in `command`, and in the commands below that have a copy of it: where the copy has a value of its
/// own, clap prefers that.
pub fn change_everywhere(command: Command, id: &str, change: impl Fn(Arg) -> Arg) -> Command {
    let has_copy = |command: &Command| command.get_arguments().any(|argument| argument.get_id() == id);
    command.mut_arg(id, &change).mut_subcommands(|below| {
        if has_copy(&below) {
            below.mut_arg(id, &change)
        } else {
            below
        }
    })
}

/// The library's own text quotes the line, which may hold a secret.
fn parse(text: &str) -> anyhow::Result<Table> {
    text.parse().map_err(|error: toml::de::Error| {
        let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
        anyhow::anyhow!(
            "line {}: {}; a text is written in quotes, as in `listen = \"127.0.0.1:8080\"`",
            before.matches('\n').count() + 1,
            error.message()
        )
    })
}

/// The setting that `name` stands for. Flags are written with `-`, so that is understood here too.
fn known(name: &str, value: &Value, command: &Command) -> anyhow::Result<String> {
    let id = name.replace('-', "_");
    let settings = command.get_arguments().filter(|setting| !setting.is_hide_set());
    let ids: Vec<_> = settings
        .map(|setting| setting.get_id().as_str())
        .filter(|id| *id != "config")
        .collect();
    if ids.contains(&id.as_str()) {
        return Ok(id);
    }
    ensure!(
        !value.is_table(),
        "there is no section `[{name}]`: write all settings without sections"
    );
    let bare = id.to_lowercase();
    let instead = did_you_mean(bare.strip_prefix("neptun_auth_").unwrap_or(&bare), ids.into_iter());
    bail!("there is no setting `{name}`{instead}")
}

fn text_of(value: &Value) -> anyhow::Result<String> {
    Ok(match value {
        Value::String(text) => text.clone(),
        Value::Integer(number) => number.to_string(),
        Value::Boolean(true) => "on".to_owned(),
        Value::Boolean(false) => "off".to_owned(),
        Value::Array(items) => items.iter().map(text_of).collect::<anyhow::Result<Vec<_>>>()?.join(","),
        _ => bail!("the value must be a string, a number, true or false, or a list"),
    })
}
