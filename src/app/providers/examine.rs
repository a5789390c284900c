//! Whether providers can be used, for `neptun-auth doctor`.

use super::discovery::Discovery;
use super::{Endpoints, ProviderSetup, ProvidersSetup, redirect_uri};
use crate::app::clock::Clock;
use crate::app::outbound::Outbound;
use crate::model::doctor::Finding;

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

/// Whether an issuer publishes its endpoints, and keys whose signatures can be verified. GitHub publishes neither.
async fn published(provider: &ProviderSetup, http: &Outbound, clock: &Clock) -> Option<Finding> {
    let Endpoints::Issuer { issuer, .. } = &provider.endpoints else {
        return None;
    };
    let name = &provider.name;
    let finding = match Discovery::of(issuer).keys(http, clock).await {
        Ok(keys) if keys.is_empty() => {
            let says = format!("{name} publishes no key that this service can verify (RS256, ES256 or EdDSA)");
            Finding::fail("provider.discovery", says)
        }
        Ok(_) => Finding::ok("provider.discovery", format!("{name} publishes its endpoints and keys")),
        Err(error) => Finding::fail("provider.discovery", format!("{name} can't be used: {error:#}")),
    };
    Some(finding.of("PROVIDERS_FILE", issuer))
}
