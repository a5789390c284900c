//! The optional TOML file: its values become the defaults of the flags with the same names.

use std::fs;
use std::path::Path;

use anyhow::{Context, bail, ensure};
use clap::Command;
use toml::{Table, Value};

/// Makes the values in the file at `path` the defaults of `command`, so that flags and environment variables override
/// them.
///
/// # Errors
/// When the file can't be read, or has an unknown name or a value of an unsupported kind.
pub fn with_defaults_of(mut command: Command, path: &Path) -> anyhow::Result<Command> {
    let subject = || format!("the settings file {}", path.display());
    let text = fs::read_to_string(path).with_context(subject)?;
    let table: Table = text.parse().with_context(subject)?;
    for (name, value) in table {
        let is_known = command
            .get_arguments()
            .any(|argument| argument.get_id() == name.as_str());
        ensure!(
            is_known && name != "config",
            "{}: there is no setting `{name}`",
            subject()
        );
        let value = text_of(&value).with_context(|| format!("{}: `{name}`", subject()))?;
        command = command.mut_arg(&name, |argument| argument.default_value(value));
    }
    Ok(command)
}

fn text_of(value: &Value) -> anyhow::Result<String> {
    Ok(match value {
        Value::String(text) => text.clone(),
        Value::Integer(number) => number.to_string(),
        Value::Array(items) => items.iter().map(text_of).collect::<anyhow::Result<Vec<_>>>()?.join(","),
        _ => bail!("the value must be a string, a number, or a list of them"),
    })
}
