//! What the settings alone tell: whether the service would start, and whether browsers keep its cookie.

use std::time::Duration;

use clap::{Arg, CommandFactory};
use url::Url;

use crate::cli::Cli;
use crate::config::{Settings, names};
use crate::model::doctor::Finding;
use crate::model::doctor::front_end::FrontEnd;
use crate::model::session::Lifetimes;

/// People who read a page for longer than this would be signed out.
const SHORT_IDLE: Duration = Duration::from_mins(10);

/// Everything that needs no other server and no database.
pub fn findings(settings: &Settings, front_end: Option<&Url>) -> Vec<Finding> {
    let mut findings = vec![start(settings)];
    findings.extend(unknown());
    let Ok(public_url) = settings.public_url() else {
        return findings;
    };
    findings.extend(exposed(settings, &public_url));
    findings.extend(settings.lifetimes().ok().and_then(|lifetimes| short(&lifetimes)));
    findings.extend(cookie(settings, &public_url, front_end.unwrap_or(&public_url)));
    findings
}

/// Whether the service would start with these settings.
fn start(settings: &Settings) -> Finding {
    match settings.setup().and_then(|_| settings.web()) {
        Ok(_) => Finding::ok("settings", "the settings fit together"),
        Err(error) => {
            let text = format!("{error:#}");
            let finding = Finding::fail("settings", format!("the service does not start: {text}"));
            match first_setting(&text) {
                Some(setting) => finding.about(&setting),
                None => finding,
            }
        }
    }
}

/// The first word of a sentence that is the name of a setting.
fn first_setting(text: &str) -> Option<String> {
    let command = Cli::command();
    let names = command.get_arguments().filter_map(Arg::get_env);
    let names: Vec<_> = names.map(|name| name.to_string_lossy().into_owned()).collect();
    let mut words = text.split(|character: char| !character.is_ascii_uppercase() && character != '_');
    let is_setting = |word: &&str| names.iter().any(|name| name.strip_prefix("NEPTUN_AUTH_") == Some(word));
    words.find(is_setting).map(str::to_owned)
}

fn unknown() -> impl Iterator<Item = Finding> {
    let sentences = names::unknown_variables(&Cli::command()).into_iter();
    sentences.map(|sentence| Finding::warn("settings.unknown", sentence))
}

/// A service for development that other machines can reach.
fn exposed(settings: &Settings, public_url: &Url) -> Option<Finding> {
    let says = "other machines can reach this service, but PUBLIC_URL is on localhost: browsers that call it by \
        another name get a cookie that is not Secure, and no page is allowed; set it to the https address that \
        browsers use";
    settings
        .is_exposed_development(public_url)
        .then(|| Finding::warn("public-url", says).of("PUBLIC_URL", public_url.origin().ascii_serialization()))
}

fn short(lifetimes: &Lifetimes) -> Option<Finding> {
    let idle = lifetimes.idle.to_std().unwrap_or_default();
    let idle_text = humantime::format_duration(idle).to_string();
    let says = format!("a session ends when it is not used for {idle_text}, which is shorter than people read a page");
    (idle < SHORT_IDLE).then(|| Finding::warn("session.idle", says).of("SESSION_IDLE_TIMEOUT", idle_text))
}

/// The cookie, and what becomes of it on the pages of the front end.
fn cookie(settings: &Settings, public_url: &Url, page: &Url) -> Vec<Finding> {
    // A combination that browsers would drop is an error of the settings, and has been said.
    let Ok(cookie) = settings.cookie(public_url) else {
        return Vec::new();
    };
    let front_end = FrontEnd {
        page,
        service: public_url,
        public_url,
        cookie: cookie.attributes(),
        origins: &settings.origins(public_url),
        listed: &settings.allowed_origins(),
    };
    let described = Finding::ok("cookie", "the session cookie").with(cookie.described());
    let mut findings = vec![described];
    findings.extend(front_end.findings());
    findings
}
