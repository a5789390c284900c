//! Reads the request body before the inner layers run: at most 16 KiB, within ten seconds.

use std::sync::Arc;
use std::time::Duration;

use poem::error::ReadBodyError;
use poem::http::{HeaderMap, HeaderValue, header};
use poem::{Body, Endpoint, Request, Response, Result};

use crate::api::error::{ApiError, ErrorCode};

/// Well above what a request needs: the longest password takes about a kilobyte.
const LIMIT: usize = 16 * 1024;
const TIMEOUT: Duration = Duration::from_secs(10);

pub async fn body_limit<E>(next: Arc<E>, mut request: Request) -> Result<Response>
where
    E: Endpoint<Output = Response>,
{
    match read(&mut request).await {
        Ok(()) => Ok(next.get_response(request).await),
        Err(error) => {
            let mut response = error.to_response();
            // Close the connection: the rest of the body may still arrive and must not be read as the next request.
            response
                .headers_mut()
                .insert(header::CONNECTION, HeaderValue::from_static("close"));
            Ok(response)
        }
    }
}

async fn read(request: &mut Request) -> Result<(), ApiError> {
    if declared_length(request.headers()).is_some_and(|length| length > LIMIT as u64) {
        return Err(ErrorCode::BodyTooLarge.into());
    }
    let reading = request.take_body().into_bytes_limit(LIMIT);
    let bytes = match tokio::time::timeout(TIMEOUT, reading).await {
        Ok(Ok(bytes)) => bytes,
        Ok(Err(ReadBodyError::PayloadTooLarge)) => return Err(ErrorCode::BodyTooLarge.into()),
        // The client closed the connection, so it hardly reads this answer.
        Ok(Err(_)) => return Err(ApiError::malformed()),
        Err(_) => return Err(ErrorCode::RequestTimeout.into()),
    };
    request.set_body(Body::from_bytes(bytes));
    Ok(())
}

fn declared_length(headers: &HeaderMap) -> Option<u64> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}
