//! Runs each request to its end, even if its client disconnects.
//!
//! A disconnect drops the future that serves the request. Dropped between two steps, it would leave an attempt counted
//! as a failure, or a statement running on a connection that another request checks out. So each request runs in a task
//! of its own, which a disconnect does not cancel. A request that never waits, such as the check of a cached session,
//! finishes at its first poll and needs no task.

use std::sync::Arc;

use anyhow::Context;
use futures_util::FutureExt;
use poem::{Endpoint, Request, Response, Result};

use crate::api::error::ApiError;

pub async fn detach<E>(next: Arc<E>, request: Request) -> Result<Response>
where
    E: Endpoint<Output = Response> + 'static,
{
    let mut answering = Box::pin(async move { next.get_response(request).await });
    if let Some(response) = answering.as_mut().now_or_never() {
        return Ok(response);
    }
    // No await stands between the first poll and the spawn, so the request can't be dropped in between.
    let finished = tokio::spawn(answering).await;
    // The `observe` layer catches panics, because it knows the request's id. Only a shutdown can end the task early.
    let response = finished.context("the task of a request ended early");
    Ok(response.unwrap_or_else(|error| ApiError::internal(&error).to_response()))
}
