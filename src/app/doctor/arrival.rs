//! Asks a running instance, as an operator, how a request reaches it.

use serde::Deserialize;
use url::Url;
use zeroize::Zeroizing;

use crate::app::outbound::{Call, Outbound};
use crate::model::doctor::Finding;
use crate::model::doctor::arrival::{Arrival, CLAIMED};

/// The header of which the service takes an address with its port only.
const WITH_PORT: &str = "cloudfront-viewer-address";
const CLAIMED_PORT: &str = "192.0.2.77:1";

/// An operator's key, and the header in which these settings look for the client's address.
#[derive(Clone, Copy)]
pub struct Asker<'a> {
    pub key: &'a str,
    pub header: &'a str,
}

impl Asker<'_> {
    /// What a client would write that claims [`CLAIMED`].
    fn claim(&self) -> &'static str {
        if self.header == WITH_PORT {
            CLAIMED_PORT
        } else {
            CLAIMED
        }
    }
}

/// The key is a secret.
impl std::fmt::Debug for Asker<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Asker")
            .field("header", &self.header)
            .finish_non_exhaustive()
    }
}

/// The part of the answer that is looked at.
#[derive(Debug, Deserialize)]
struct Instance {
    arrival: Arrival,
}

/// Claims an address, and asks `url` what became of the claim.
pub async fn finding(outbound: &Outbound, url: &Url, asker: Asker<'_>) -> Finding {
    match ask(outbound, url, asker).await {
        Ok(arrival) => arrival.finding(url.scheme() == "https"),
        Err(why) => Finding::warn(
            "live.client-address",
            format!("whose address counts can't be seen: {why}"),
        ),
    }
}

async fn ask(outbound: &Outbound, url: &Url, asker: Asker<'_>) -> Result<Arrival, String> {
    let bearer = Zeroizing::new(format!("Bearer {}", asker.key));
    let call = Call::get(url)
        .header("authorization", &bearer)
        .header(asker.header, asker.claim());
    let answer = outbound.send(call).await;
    let answer = answer.map_err(|error| format!("{:#}", anyhow::Error::from(error)))?;
    match answer.status {
        200 => {
            let read: Result<Instance, _> = serde_json::from_slice(&answer.body);
            let read = read.map_err(|_| "the instance is of another release")?;
            Ok(read.arrival)
        }
        401 => Err("the admin key is not accepted: it has expired, was revoked, or is for another service".to_owned()),
        404 => Err("the instance serves operators elsewhere (ADMIN_LISTEN)".to_owned()),
        status => Err(format!("the instance answers an operator with {status}")),
    }
}
