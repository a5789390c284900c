//! Reads request bodies before anything else looks at them: at most 16 KiB, within ten seconds.

use std::sync::Arc;
use std::time::Duration;

use poem::error::ReadBodyError;
use poem::http::{HeaderMap, HeaderValue, header};
use poem::{Body, Endpoint, Request, Response, Result};

use crate::api::error::{ApiError, ErrorCode};

/// Far above what an honest request needs: the longest password takes about a kilobyte.
const LIMIT: usize = 16 * 1024;
const TIMEOUT: Duration = Duration::from_secs(10);

pub async fn body_limit<E>(next: Arc<E>, mut request: Request) -> Result<Response>
where
    E: Endpoint<Output = Response>,
{
    match read(&mut request).await {
        Ok(()) => Ok(next.get_response(request).await),
        Err(refusal) => {
            let mut response = refusal.to_response();
            // The rest of the body may still be on its way and must not be taken for the next request.
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
        // The client broke off; it will hardly read the answer.
        Ok(Err(_)) => return Err(ApiError::malformed()),
        Err(_) => return Err(ErrorCode::RequestTimeout.into()),
    };
    request.set_body(Body::from_bytes(bytes));
    Ok(())
}

fn declared_length(headers: &HeaderMap) -> Option<u64> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}
