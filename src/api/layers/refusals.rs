//! Lets answers 429 wait for their turn when there are many.
//!
//! A refusal costs so little that a client with hundreds of connections gets thousands a second, and each burst of them
//! stands before the requests of everyone else. This layer surrounds `detach`: a client that hangs up ends its wait,
//! and what waits is bounded by the connections and their streams. The request holds no place in `admission` any more.

use std::sync::Arc;
use std::time::Instant;

use poem::http::StatusCode;
use poem::{Endpoint, Request, Response, Result};

use crate::app::refusals::Refusals;

pub async fn refusals<E>(refusals: Arc<Refusals>, next: Arc<E>, request: Request) -> Result<Response>
where
    E: Endpoint<Output = Response>,
{
    let response = next.get_response(request).await;
    if response.status() == StatusCode::TOO_MANY_REQUESTS {
        let wait = refusals.wait(Instant::now());
        if !wait.is_zero() {
            tokio::time::sleep(wait).await;
        }
    }
    Ok(response)
}
