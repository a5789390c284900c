//! What the settings alone tell: whether the service would start, and whether browsers keep its cookie.

use std::time::Duration;

use clap::{Arg, CommandFactory};
use url::Url;

use super::DoctorArgs;
use crate::app::doctor::around::Surroundings;
use crate::cli::Cli;
use crate::config::{Settings, names};
use crate::model::doctor::Finding;
use crate::model::doctor::front_end::FrontEnd;
use crate::model::session::Lifetimes;

/// People who read a page for longer than this would be signed out.
const SHORT_IDLE: Duration = Duration::from_mins(10);

/// Everything that needs no other server and no database. `around` is what the service needs, or why it does not start.
pub fn findings(settings: &Settings, arguments: &DoctorArgs, around: &anyhow::Result<Surroundings>) -> Vec<Finding> {
    let mut findings = vec![start(settings, around)];
    findings.extend(unknown());
    let Ok(public_url) = settings.public_url() else {
        return findings;
    };
    findings.extend(exposed(settings, &public_url));
    findings.extend(operators(settings));
    findings.extend(settings.lifetimes().ok().and_then(|lifetimes| short(&lifetimes)));
    findings.extend(cookie(settings, &public_url, arguments));
    findings
}

/// Whether the service would start with these settings.
fn start(settings: &Settings, around: &anyhow::Result<Surroundings>) -> Finding {
    let others = settings.web().and_then(|_| settings.traces());
    let others = others.and_then(|_| settings.operation.admin_listen());
    match around.as_ref().err().or(others.as_ref().err()) {
        None => Finding::ok("settings", "the settings fit together"),
        Some(error) => {
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
    let is_setting = |word: &&str| {
        names
            .iter()
            .any(|name| name.strip_prefix("NEPTUN_AUTH_").unwrap_or(name) == *word)
    };
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

/// A listener for operators that other networks may reach.
fn operators(settings: &Settings) -> Option<Finding> {
    let address = settings.operation.exposed_admin_listen()?;
    let says = "other networks may reach the listener for operators, where a guessed or stolen key is all it takes; \
        listen on a loopback or private address";
    Some(Finding::warn("admin-listen", says).of("ADMIN_LISTEN", address.to_string()))
}

fn short(lifetimes: &Lifetimes) -> Option<Finding> {
    let idle = lifetimes.idle.to_std().unwrap_or_default();
    let idle_text = humantime::format_duration(idle).to_string();
    let says = format!("a session ends when it is not used for {idle_text}, which is shorter than people read a page");
    (idle < SHORT_IDLE).then(|| Finding::warn("session.idle", says).of("SESSION_IDLE_TIMEOUT", idle_text))
}

/// The cookie, and what becomes of it on the pages of the front end.
fn cookie(settings: &Settings, public_url: &Url, arguments: &DoctorArgs) -> Vec<Finding> {
    // A combination that browsers would drop is an error of the settings, and has been said.
    let Ok(cookie) = settings.cookie(public_url) else {
        return Vec::new();
    };
    let front_end = FrontEnd {
        page: arguments.page(public_url),
        service: arguments.called(public_url),
        public_url,
        cookie: cookie.attributes(),
        origins: &settings.origins(public_url),
        listed: &settings.allowed_origins(),
    };
    let described = Finding::ok("cookie", "the session cookie").with(cookie.described());
    let mut findings = vec![described];
    findings.extend(front_end.findings());
    findings.extend(passkeys(settings, public_url, arguments.page(public_url)));
    findings
}

/// Whether pages of the front end can use passkeys.
fn passkeys(settings: &Settings, public_url: &Url, page: &Url) -> Option<Finding> {
    let id = "front-end.passkeys";
    let page = page.origin().ascii_serialization();
    let party = settings.passkeys(public_url).ok()?.relying_party;
    let Some(party) = party else {
        let says = "there are no passkeys: browsers make none for an IP address or a public suffix; use a domain of \
            your own, or localhost";
        return Some(Finding::ok(id, says).about("RP_ID"));
    };
    let domain = party.id.as_str();
    Some(if party.accepts(&page) {
        Finding::ok(id, format!("pages of {page} can use passkeys")).of("RP_ID", domain)
    } else {
        // Without the setting, passkeys may not be wanted.
        let level = if settings.names_rp_id() {
            Finding::warn
        } else {
            Finding::ok
        };
        let says = format!(
            "pages of {page} can't use passkeys: these belong to `{domain}`, and the page is not allowed, or not at or \
             below that domain; a domain above both serves both, and a later change makes every passkey useless"
        );
        level(id, says).of("RP_ID", domain)
    })
}
