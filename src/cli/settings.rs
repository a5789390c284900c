//! `neptun-auth settings`: writes `docs/settings.md` from the definitions behind `--help`.

use std::fmt::Write;

use clap::{Arg, CommandFactory};

use super::Cli;

const INTRODUCTION: &str = "# Settings

Each setting is a flag, an environment variable, or a key of the TOML file that `--config` names, with `_` for `-`
(`cookie_name = \"…\"`). A flag takes precedence over the environment, and both over the file. That holds for settings
that stand for each other too: `DATABASE_URL` and `PORT` in the environment replace `database_url` and `listen` in the
file. An empty value counts as none. A list is written with commas (`a, b`), in the file also as `[\"a\", \"b\"]`. If a
value can't work, the service does not start and the error says why. A variable that begins with `NEPTUN_AUTH_` and is
no setting is named in the log at the start.

`neptun-auth settings` writes this page from the program's own definitions; a test compares the two.
";

/// The page, as Markdown.
#[must_use]
pub fn page() -> String {
    let command = Cli::command();
    let settings = command
        .get_arguments()
        .filter(|argument| argument.get_env().is_some() && !argument.is_hide_set());
    let mut page = INTRODUCTION.to_owned();
    let mut section = None;
    for setting in settings {
        let heading = setting.get_help_heading().unwrap_or("File");
        if section != Some(heading) {
            section = Some(heading);
            write!(
                page,
                "\n## {heading}\n\n| flag, environment variable | default | what it does |\n|---|---|---|\n"
            )
            .expect("a string takes any text");
        }
        write_row(&mut page, setting);
    }
    page
}

fn write_row(page: &mut String, setting: &Arg) {
    let flag = setting.get_long().unwrap_or_default();
    let variable = setting.get_env().unwrap_or_default().to_string_lossy();
    let help = setting.get_help().map(ToString::to_string).unwrap_or_default();
    let (text, default) = text_and_default(&help, setting);
    writeln!(
        page,
        "| `--{flag}`<br>`{variable}` | {default} | {text}{} |",
        choices(setting)
    )
    .expect("a string takes any text");
}

/// A default that depends on other settings is written in brackets at the end of the help text.
fn text_and_default(help: &str, setting: &Arg) -> (String, String) {
    if let Some((text, default)) = help.split_once(" [default: ") {
        return (text.to_owned(), default.trim_end_matches(']').to_owned());
    }
    let values = setting.get_default_values().iter();
    let values: Vec<_> = values.map(|value| value.to_string_lossy()).collect();
    (help.to_owned(), format!("`{}`", values.join(",")))
}

fn choices(setting: &Arg) -> String {
    let values: Vec<_> = setting
        .get_possible_values()
        .iter()
        .map(|value| format!("`{}`", value.get_name()))
        .collect();
    if values.is_empty() {
        String::new()
    } else {
        format!(" ({})", values.join(", "))
    }
}
