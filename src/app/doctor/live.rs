//! Asks a running instance the way a browser does, and compares its answers with the settings.

use chrono::{DateTime, TimeDelta, Utc};
use url::Url;

use super::arrival::{self, Asker};
use super::certificate;
use crate::app::outbound::{Answer, Call, Outbound, OutboundError, OutboundSetup};
use crate::model::doctor::{Finding, Level};
use crate::model::session::cookie::SessionCookie;

/// A difference between two clocks with which codes of authenticator apps are refused.
const CLOCK_TOLERANCE: TimeDelta = TimeDelta::seconds(30);
const ORIGIN: &str = "access-control-allow-origin";

/// The instance, and the pages that are to call it.
#[derive(Debug, Clone, Copy)]
pub struct Live<'a> {
    pub url: &'a Url,
    /// The `Origin` of the front end's pages.
    pub page: &'a str,
    /// Whether browsers apply CORS: page and service have different origins.
    pub is_cross_origin: bool,
    pub cookie: &'a SessionCookie,
    /// `None` if no operator asks, or the key must not go there.
    pub asker: Option<Asker<'a>>,
}

/// Everything about the instance.
///
/// # Errors
/// When the trusted certificates of the settings can't be read.
pub async fn findings(live: Live<'_>, setup: &OutboundSetup, now: DateTime<Utc>) -> anyhow::Result<Vec<Finding>> {
    let (outbound, watch) = Outbound::watching(setup, now)?;
    let asking = Asking { live, outbound };
    let outcome = asking.get("/health/live").await;
    let certificate = watch.seen().map(|seen| certificate::finding(&seen, now));
    if let Some(refused) = certificate.as_ref().filter(|finding| finding.level == Level::Fail) {
        return Ok(vec![refused.clone()]);
    }
    let mut findings: Vec<Finding> = certificate.into_iter().collect();
    let alive = match outcome {
        Ok(answer) if is_ours(&answer) => answer,
        outcome => {
            findings.push(absent(live.url, outcome));
            return Ok(findings);
        }
    };
    let says = format!("{} answers", live.url.origin().ascii_serialization());
    findings.push(Finding::ok("live", says));
    findings.extend(clock(&alive, now));
    findings.push(ready(asking.get("/health/ready").await));
    if live.is_cross_origin {
        findings.push(asking.preflight().await);
    }
    findings.push(asking.cookie().await);
    if let Some(asker) = live.asker {
        let outbound = Outbound::to_anywhere_encrypted(setup)?;
        findings.push(arrival::finding(&outbound, &asking.at("/api/admin/instance"), asker).await);
    }
    Ok(findings)
}

fn is_ours(answer: &Answer) -> bool {
    answer.status == 200 && answer.body == br#"{"status":"ok"}"#
}

fn absent(url: &Url, outcome: Result<Answer, OutboundError>) -> Finding {
    let says = match outcome {
        Ok(answer) => format!(
            "{url}health/live answers with {}, not as this service does: another program is there, or a proxy passes \
             the path on to one",
            answer.status
        ),
        Err(error) => format!("{url} does not answer: {}", told(error)),
    };
    Finding::fail("live", says)
}

fn told(error: OutboundError) -> String {
    format!("{:#}", anyhow::Error::from(error))
}

/// Whether the two clocks agree. A proxy may answer without `Date`.
fn clock(answer: &Answer, now: DateTime<Utc>) -> Option<Finding> {
    let date = DateTime::parse_from_rfc2822(answer.header("date")?).ok()?;
    let difference = now.signed_duration_since(date);
    Some(if difference.abs() <= CLOCK_TOLERANCE {
        Finding::ok("live.clock", "its clock agrees with this machine's")
    } else {
        let says = format!(
            "its clock and this machine's are {} s apart: cookies expire at the wrong time, and codes of \
             authenticator apps are refused; run a time service on both",
            difference.num_seconds().abs()
        );
        Finding::warn("live.clock", says)
    })
}

fn ready(outcome: Result<Answer, OutboundError>) -> Finding {
    match outcome {
        Ok(answer) if answer.status == 200 => Finding::ok("live.ready", "it is ready"),
        Ok(answer) => {
            let says = format!(
                "it is not ready ({}): it is about to stop, or its database can't serve; its log has the cause",
                answer.status
            );
            Finding::fail("live.ready", says)
        }
        Err(error) => Finding::fail("live.ready", format!("/health/ready does not answer: {}", told(error))),
    }
}

struct Asking<'a> {
    live: Live<'a>,
    outbound: Outbound,
}

impl Asking<'_> {
    async fn get(&self, path: &str) -> Result<Answer, OutboundError> {
        self.outbound.send(Call::get(&self.at(path))).await
    }

    fn at(&self, path: &str) -> Url {
        let mut url = self.live.url.clone();
        url.set_path(path);
        url
    }

    /// Whether a browser would send a log-in with JSON: it asks first.
    async fn preflight(&self) -> Finding {
        let id = "live.preflight";
        let page = self.live.page;
        let call = Call::options(&self.at("/api/auth/login"))
            .header("origin", page)
            .header("access-control-request-method", "POST")
            .header("access-control-request-headers", "content-type");
        let answer = match self.outbound.send(call).await {
            Ok(answer) => answer,
            Err(error) => return Finding::fail(id, format!("a preflight has no answer: {}", told(error))),
        };
        if answer.status == 403 {
            let says = format!(
                "it rejects pages of {page}: the running instance has another list than these settings, or a proxy \
                 answers instead"
            );
            return Finding::fail(id, says).about("ALLOWED_ORIGINS");
        }
        match allows(&answer, page) {
            _ if !answer.is_success() => {
                let says = format!(
                    "a preflight of {page} is answered with {}: does a proxy answer it?",
                    answer.status
                );
                Finding::fail(id, says)
            }
            Ok(()) => Finding::ok(id, format!("it lets pages of {page} call with cookies")),
            Err(why) => Finding::fail(id, format!("browsers refuse the answer to a preflight: {why}")),
        }
    }

    /// Whether its `Set-Cookie` arrives as these settings make it. A log-out without a session changes nothing, and
    /// removes the cookie with the attributes that it is set with.
    async fn cookie(&self) -> Finding {
        let id = "live.cookie";
        let page = self.live.page;
        let call = Call::post_json(&self.at("/api/auth/logout"), "{}".to_owned()).header("origin", page);
        let answer = match self.outbound.send(call).await {
            Ok(answer) => answer,
            Err(error) => return Finding::fail(id, format!("a log-out has no answer: {}", told(error))),
        };
        if answer.status == 403 {
            let says = format!("a request of {page} that changes something is answered with 403");
            return Finding::fail(id, says).about("ALLOWED_ORIGINS");
        }
        if self.live.is_cross_origin
            && let Err(why) = allows(&answer, page)
        {
            return Finding::fail(id, format!("pages of {page} can't read its answers: {why}"));
        }
        self.compare(&answer.headers("set-cookie"))
    }

    fn compare(&self, lines: &[&str]) -> Finding {
        let (id, expected) = ("live.cookie", self.live.cookie.remove());
        if lines.contains(&expected.as_str()) {
            return Finding::ok(id, "its cookie arrives as these settings make it");
        }
        let Some(line) = lines.first() else {
            let says = "no Set-Cookie arrives: a proxy or a cache in front of it removes the header";
            return Finding::fail(id, says);
        };
        let says = "its cookie arrives with another name or other attributes than these settings make: a proxy \
            rewrites it, or the running instance has other settings";
        Finding::fail(id, says).with(format!(
            "arrives: {}, expected: {}",
            without_value(line),
            without_value(&expected)
        ))
    }
}

/// A `Set-Cookie` line without the value and the lifetime.
fn without_value(line: &str) -> String {
    let mut parts = line.split(';').map(str::trim);
    let name = parts.next().and_then(|pair| pair.split('=').next()).unwrap_or_default();
    let is_lifetime = |part: &&str| part.starts_with("Max-Age=") || part.starts_with("Expires=");
    let attributes = parts.filter(|part| !is_lifetime(part)).map(|part| format!("; {part}"));
    format!("{name}=…{}", attributes.collect::<String>())
}

/// Whether a browser hands an answer to `page`, for a request with cookies.
fn allows(answer: &Answer, page: &str) -> Result<(), String> {
    let proxy = "a proxy adds headers of its own; let the service alone answer CORS";
    match answer.headers(ORIGIN)[..] {
        [] => Err("it has no Access-Control-Allow-Origin; does a proxy remove it?".to_owned()),
        [one] if one == page => match answer.header("access-control-allow-credentials") {
            Some("true") => Ok(()),
            _ => Err("Access-Control-Allow-Credentials is not `true`; does a proxy remove it?".to_owned()),
        },
        [one] => Err(format!(
            "Access-Control-Allow-Origin is `{one}` instead of `{page}`: {proxy}"
        )),
        [..] => Err(format!("Access-Control-Allow-Origin is there more than once: {proxy}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_is_shown_without_its_value() {
        let line = "__Host-s=secret; HttpOnly; SameSite=Lax; Path=/; Secure; Max-Age=5; Expires=Thu, 01 Jan 1970";
        assert_eq!(
            without_value(line),
            "__Host-s=…; HttpOnly; SameSite=Lax; Path=/; Secure"
        );
        assert_eq!(without_value(""), "=…");
    }
}
