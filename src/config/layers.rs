//! Where a setting's value comes from: the command line, then the environment, then the file, then the default.
//!
//! clap knows these layers for one setting. Here they hold for settings that stand for each other too, so a `PORT` in
//! the environment replaces a `listen` in the file. An empty value is none, in every layer.

use std::env;
use std::ffi::{OsStr, OsString};

use anyhow::ensure;
use clap::parser::ValueSource;
use clap::{ArgMatches, Command};

use super::file::{SettingsFile, change_everywhere};
use super::values::is_quoted;

/// Settings of which one is enough. Within a layer, the code that reads them decides between them.
const ALTERNATIVES: [&[&str]; 9] = [
    &["listen", "port"],
    &["database_url", "bare_database_url"],
    &["secret_key", "secret_key_file"],
    &["previous_secret_key", "previous_secret_key_file"],
    &["otlp_endpoint", "otlp_traces_endpoint"],
    &["otlp_headers", "otlp_traces_headers"],
    &["otlp_timeout", "otlp_traces_timeout"],
    &["otlp_compression", "otlp_traces_compression"],
    &["otlp_protocol", "otlp_traces_protocol"],
];

/// The values of `command` from all layers.
///
/// # Errors
/// When a value is in quotes, or the file can't be used. The outer error is for the operator; the inner one is clap's,
/// and may also be the answer to `--help`.
pub fn read(command: Command) -> anyhow::Result<Result<ArgMatches, clap::Error>> {
    let arguments = without_empty_values(&command, env::args_os());
    let command = without_empty_variables(command)?;
    let given = match command.clone().try_get_matches_from(&arguments) {
        Ok(given) => given,
        Err(error) => return Ok(Err(error)),
    };
    let mut file = SettingsFile::of(&given, &command)?;
    let mut command = command;
    for group in ALTERNATIVES {
        let highest = group
            .iter()
            .map(|id| layer(&given, id))
            .max()
            .unwrap_or(Layer::BelowEnvironment);
        for id in group {
            if highest > Layer::BelowEnvironment {
                file.forget(id);
            }
            if layer(&given, id) < highest {
                command = without_variable(command, id);
            }
        }
    }
    Ok(file.into_defaults_of(command).try_get_matches_from(arguments))
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Layer {
    BelowEnvironment,
    Environment,
    CommandLine,
}

fn layer(given: &ArgMatches, id: &str) -> Layer {
    match given.value_source(id) {
        Some(ValueSource::CommandLine) => Layer::CommandLine,
        Some(ValueSource::EnvVariable) => Layer::Environment,
        _ => Layer::BelowEnvironment,
    }
}

fn without_variable(command: Command, id: &str) -> Command {
    change_everywhere(command, id, |argument| argument.env(None::<&'static str>))
}

/// Deployment tools set variables to nothing (`${NAME:-}`), and env files keep the quotes around a value.
fn without_empty_variables(mut command: Command) -> anyhow::Result<Command> {
    let settings = command
        .get_arguments()
        .filter_map(|setting| Some((setting.get_id().clone(), setting.get_env()?)));
    let settings: Vec<_> = settings.map(|(id, name)| (id, name.to_owned())).collect();
    for (id, name) in settings {
        let Some(value) = env::var_os(&name) else { continue };
        let value = value.to_string_lossy();
        ensure!(
            !is_quoted(&value),
            "{} is in quotes: write the value without them",
            name.to_string_lossy()
        );
        if value.trim().is_empty() {
            command = without_variable(command, id.as_str());
        }
    }
    Ok(command)
}

/// Leaves `--name ""` and `--name=` out, as scripts write them around a variable that is not set.
fn without_empty_values(command: &Command, arguments: impl Iterator<Item = OsString>) -> Vec<OsString> {
    let is_setting = |argument: &OsStr| {
        let name = argument.to_str().and_then(|argument| argument.strip_prefix("--"));
        let name = name.map(|name| name.strip_suffix('=').unwrap_or(name));
        let mut settings = command.get_arguments();
        settings.any(|setting| setting.get_env().is_some() && setting.get_long() == name)
    };
    let mut kept: Vec<OsString> = Vec::new();
    for argument in arguments {
        let is_empty_value = argument.is_empty() && kept.last().is_some_and(|last| is_setting(last));
        if is_empty_value {
            kept.pop();
        } else if !(argument.to_string_lossy().ends_with('=') && is_setting(&argument)) {
            kept.push(argument);
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use clap::Arg;

    use super::*;

    #[test]
    fn only_values_of_settings_are_left_out_when_they_are_empty() {
        let setting = |name| Arg::new(name).long(name).env("PATH");
        let command = Command::new("test").args([setting("one"), setting("two")]);
        let kept = |arguments: &[&str]| {
            let kept = without_empty_values(&command, arguments.iter().map(OsString::from));
            kept.into_iter()
                .map(|argument| argument.into_string().unwrap())
                .collect::<Vec<_>>()
        };
        assert_eq!(kept(&["test", "--one", "", "--two="]), ["test"]);
        assert_eq!(
            kept(&["test", "--one", "1", "--two=2", ""]),
            ["test", "--one", "1", "--two=2", ""]
        );
        assert_eq!(
            kept(&["test", "--three", "", "--four="]),
            ["test", "--three", "", "--four="]
        );
    }
}
