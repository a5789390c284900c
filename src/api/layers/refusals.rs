//! Lets answers 429 wait for their turn when there are many.
//!
//! A refusal costs so little that a client with hundreds of connections gets thousands a second, and each burst of them
//! stands before the requests of everyone else. This layer surrounds `detach`: a client that hangs up ends its wait.
//! The request holds no place in `admission` any more.

use std::sync::Arc;
use std::time::Instant;

use poem::{Endpoint, Request, Response, Result};

use crate::app::refusals::{EndsConnection, Refusals, RefusedClient};

pub async fn refusals<E>(refusals: Arc<Refusals>, next: Arc<E>, request: Request) -> Result<Response>
where
    E: Endpoint<Output = Response>,
{
    let mut response = next.get_response(request).await;
    if let Some(client) = response.extensions_mut().remove::<RefusedClient>() {
        let turn = refusals.turn(Instant::now(), client);
        if !turn.wait.is_zero() {
            tokio::time::sleep(turn.wait).await;
        }
        if turn.ends_connection {
            response.set_data(EndsConnection);
        }
    }
    Ok(response)
}
