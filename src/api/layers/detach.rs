//! Runs each request to its end, whatever its client does.
//!
//! A client that disconnects cancels the future that serves it. Cancelled between two steps it would leave an attempt counted
//! that was none, or a statement running on a connection that somebody else is lent. In a task of its own a
//! request can't be cancelled. One that waits for nothing, such as the check of a remembered session, is over before it
//! could be, and is spared the task.

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
    // Nothing is awaited between that first step and the task that goes on from there.
    let finished = tokio::spawn(answering).await;
    // Panics are caught further in, where the request's id is known; here only a shutdown can have ended the task.
    let response = finished.context("the task of a request ended early");
    Ok(response.unwrap_or_else(|error| ApiError::internal(&error).to_response()))
}
