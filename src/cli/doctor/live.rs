//! What a running instance answers.

use url::Url;

use super::DoctorArgs;
use crate::app::clock::Clock;
use crate::app::doctor::arrival::Asker;
use crate::app::doctor::live::{self, Live};
use crate::cli::remote;
use crate::config::Settings;
use crate::model::doctor::Finding;

/// Nothing, if no instance is to be asked.
pub async fn findings(settings: &Settings, arguments: &DoctorArgs) -> anyhow::Result<Vec<Finding>> {
    let (Some(url), Ok(public_url)) = (&arguments.live, settings.public_url()) else {
        return Ok(Vec::new());
    };
    let called = arguments.called(&public_url);
    let mut findings: Vec<Finding> = other_address(called, &public_url).into_iter().collect();
    let Ok(cookie) = settings.cookie(&public_url) else {
        return Ok(findings);
    };
    let page = origin(arguments.page(&public_url));
    let key = remote::admin_key(arguments.key_file.as_deref())?;
    // Another address than the public one may lead around the proxy that is to be looked at.
    let is_public = origin(url) == origin(&public_url) && matches!(settings.operation.admin_listen(), Ok(None));
    let asks = is_public && !key.is_empty() && remote::may_get_key(url);
    let address = settings.client_address();
    let header = address.header_name().as_str();
    let live = Live {
        url,
        page: &page,
        is_cross_origin: page != origin(called),
        cookie: &cookie,
        asker: asks.then_some(Asker { key: &key, header }),
    };
    findings.extend(live::findings(live, &settings.outbound(), Clock::System.now()).await?);
    Ok(findings)
}

/// An address beside the public one.
fn other_address(called: &Url, public_url: &Url) -> Option<Finding> {
    let (called, public_url) = (origin(called), origin(public_url));
    let says = format!(
        "browsers call {called}, and PUBLIC_URL is another address: links in mails, log-ins with providers and the \
         service's own pages lead there, where the cookie of {called} is not"
    );
    (called != public_url).then(|| Finding::warn("live.address", says).of("PUBLIC_URL", public_url))
}

fn origin(url: &Url) -> String {
    url.origin().ascii_serialization()
}
