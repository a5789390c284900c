//! Whether providers can be used, for `neptun-auth doctor`.

use super::discovery::Discovery;
use super::keys::Algorithm;
use super::{Endpoints, ProviderSetup, ProvidersSetup, redirect_uri};
use crate::app::clock::Clock;
use crate::app::outbound::Outbound;
use crate::model::doctor::Finding;

/// Algorithms of a provider that are named.
const MOST_NAMED: usize = 10;
/// Characters of such a name that are shown.
const LONGEST_NAME: usize = 40;

/// For each provider the address to register there, and whether it can be asked.
pub async fn findings(setup: &ProvidersSetup, http: &Outbound, clock: &Clock) -> Vec<Finding> {
    let mut findings = Vec::new();
    for provider in &setup.providers {
        findings.push(registered(setup, provider));
        findings.extend(published(provider, http, clock).await);
    }
    findings
}

fn registered(setup: &ProvidersSetup, provider: &ProviderSetup) -> Finding {
    match redirect_uri(&setup.public_url, &provider.id) {
        Ok(uri) => {
            let says = format!("register this redirect URI with {}, letter for letter", provider.name);
            Finding::ok("provider.redirect-uri", says).with(uri)
        }
        Err(error) => Finding::fail("provider.redirect-uri", format!("{error:#}")).about("PUBLIC_URL"),
    }
}

/// Whether an issuer publishes its endpoints, and signs so that it can be verified. GitHub publishes nothing.
async fn published(provider: &ProviderSetup, http: &Outbound, clock: &Clock) -> Option<Finding> {
    let Endpoints::Issuer { issuer, .. } = &provider.endpoints else {
        return None;
    };
    let examined = examine(&provider.name, &Discovery::of(issuer), http, clock).await;
    let finding = examined.unwrap_or_else(|error| {
        let says = format!("{} can't be used: {error:#}", provider.name);
        Finding::fail("provider.discovery", says)
    });
    Some(finding.of("PROVIDERS_FILE", issuer))
}

async fn examine(name: &str, discovery: &Discovery, http: &Outbound, clock: &Clock) -> anyhow::Result<Finding> {
    let ours = Algorithm::NAMES;
    if let Some(foreign) = discovery.metadata(http, clock).await?.foreign_algorithms() {
        let named = foreign
            .iter()
            .take(MOST_NAMED)
            .map(|name| name.chars().take(LONGEST_NAME).collect());
        let says = format!(
            "{name} signs with {} only, and this service verifies {ours}: let the provider sign with one of these",
            named.collect::<Vec<String>>().join(", ")
        );
        return Ok(Finding::fail("provider.algorithms", says));
    }
    Ok(if discovery.keys(http, clock).await?.is_empty() {
        let says = format!("{name} publishes no key that this service can verify ({ours})");
        Finding::fail("provider.discovery", says)
    } else {
        Finding::ok("provider.discovery", format!("{name} publishes its endpoints and keys"))
    })
}
