//! `neptun-auth doctor`: names the setting that keeps people signed out. It changes nothing, and may run while the
//! service does.

mod live;
mod settings;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::Args;
use serde_json::{Value, json};
use url::Url;

use super::printable::{json_line, printable_lines};
use super::say::{misuse, say};
use crate::app::doctor::around::Surroundings;
use crate::config::{Settings, web_url};
use crate::model::client::origin::is_loopback;
use crate::model::doctor::{Finding, Level};

#[derive(Debug, Args)]
pub struct DoctorArgs {
    /// Address of the front end's pages, as browsers show it, such as `https://app.example.com` [default: the public
    /// URL]
    #[arg(long)]
    frontend: Option<Url>,
    /// Address of the running service, to ask it as a browser would; also that which the front end calls, unless it is
    /// on this machine and the public URL is not [default: none, and nothing is asked]
    #[arg(long, value_parser = web_url)]
    live: Option<Url>,
    /// File with an admin key in its first line, to ask how requests reach the running service; - for standard input
    /// [default: the variable `NEPTUN_AUTH_ADMIN_KEY`]
    #[arg(long, value_name = "FILE", requires = "live")]
    key_file: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl DoctorArgs {
    /// The address of the pages.
    fn page<'a>(&'a self, public_url: &'a Url) -> &'a Url {
        self.frontend.as_ref().unwrap_or(public_url)
    }

    /// The address that pages call. An instance that is asked on its own machine may be another address to browsers.
    fn called<'a>(&'a self, public_url: &'a Url) -> &'a Url {
        let is_behind = |live: &Url| is_loopback(live) && !is_loopback(public_url);
        self.live.as_ref().filter(|live| !is_behind(live)).unwrap_or(public_url)
    }
}

/// Looks at everything, and says what it found.
pub async fn run(arguments: &DoctorArgs, settings: &Settings) -> ExitCode {
    tell(arguments, settings).await.unwrap_or_else(|error| misuse(&error))
}

async fn tell(arguments: &DoctorArgs, settings: &Settings) -> anyhow::Result<ExitCode> {
    let around = settings.setup().and_then(Surroundings::new);
    let mut findings = settings::findings(settings, arguments, &around);
    if let Ok(around) = &around {
        findings.extend(around.findings().await);
    }
    findings.extend(live::findings(settings, arguments).await?);
    let text = if arguments.json {
        let all: Vec<Value> = findings.iter().map(object).collect();
        json_line(&json!(all))
    } else {
        text(&findings)
    };
    say(&text).context("writing to standard output")?;
    Ok(exit_code(&findings))
}

/// 0 if all is right, and 1 if something is to do.
fn exit_code(findings: &[Finding]) -> ExitCode {
    let worst = findings.iter().map(|finding| finding.level).max();
    ExitCode::from(u8::from(worst.is_some_and(|level| level > Level::Ok)))
}

fn object(finding: &Finding) -> Value {
    let mut object = json!({ "id": finding.id, "level": finding.level.as_str(), "says": finding.says });
    for (name, text) in [("setting", &finding.setting), ("value", &finding.value)] {
        if let Some(text) = text {
            object[name] = json!(text);
        }
    }
    object
}

/// One paragraph for each finding, and what they come to.
fn text(findings: &[Finding]) -> String {
    let mut lines: Vec<String> = findings.iter().map(line).collect();
    let count = |level| findings.iter().filter(|finding| finding.level == level).count();
    lines.push(format!(
        "{} right, {} to look at, {} wrong",
        count(Level::Ok),
        count(Level::Warn),
        count(Level::Fail)
    ));
    lines.join("\n") + "\n"
}

fn line(finding: &Finding) -> String {
    let first = format!("{:<4}  {}: {}", finding.level.as_str(), finding.id, finding.says);
    let value = finding.value.as_deref().filter(|value| !value.is_empty());
    let second = match (&finding.setting, value) {
        (Some(setting), Some(value)) => format!("\n      {setting} = {value}"),
        (Some(setting), None) => format!("\n      {setting}"),
        (None, Some(value)) => format!("\n      {value}"),
        (None, None) => String::new(),
    };
    printable_lines(&(first + &second))
}
