//! Bounds the requests in flight, for the process and for each network.
//!
//! A request counts until its work is done, not until its client is gone: `detach` lets the work go on after a
//! disconnect, so a client that hangs up and asks again would otherwise pile up work that nothing bounds.

use std::sync::Arc;

use poem::{Endpoint, Request, Response, Result};

use crate::api::error::{ApiError, ErrorCode};
use crate::app::shares::Shares;
use crate::model::client::Client;
use crate::model::client::network::Network;
use crate::telemetry;

/// Says that the process is alive. It holds nothing and waits for nothing, and a busy process must not be restarted for
/// being busy: a supervisor may come from the address of the clients that make it so.
const LIVENESS: &str = "/health/live";

pub async fn admission<E>(shares: Arc<Shares>, next: Arc<E>, request: Request) -> Result<Response>
where
    E: Endpoint<Output = Response>,
{
    if request.uri().path() == LIVENESS {
        return Ok(next.get_response(request).await);
    }
    let ip = request.extensions().get::<Client>().and_then(|client| client.ip);
    let networks = ip.map(Network::shares).unwrap_or_default();
    let Some(_place) = shares.take(networks) else {
        telemetry::request_refused();
        return Ok(ApiError::from(ErrorCode::Unavailable).to_response());
    };
    Ok(next.get_response(request).await)
}
