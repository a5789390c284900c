//! Tries a request again whose transaction the database gave up in favour of another one.
//!
//! PostgreSQL does so for deadlocks, and at the isolation level `serializable` for each pair of transactions that have
//! no order; engines that speak its protocol do so all the time (SQLSTATE 40001). Nothing of the transaction was kept,
//! so the request begins anew, with the state that the other one left.

use std::sync::Arc;
use std::time::Duration;

use poem::http::{Extensions, HeaderMap, Method, Uri};
use poem::{Body, Endpoint, Request, Response, Result};
use tokio::time::sleep;
use uuid::Uuid;

use crate::api::error::ApiError;
use crate::telemetry;

/// Each try may count as an attempt, and hash a password.
const MOST_TRIES: u32 = 3;
/// Before the second try; twice as long before the third. By then the other transaction has ended.
const PAUSE: Duration = Duration::from_millis(10);

/// `may_conflict` says whether the database ever gives a transaction up. Safe methods are not tried again: they change
/// little that could meet, and the callback of a provider has spent the provider's code.
pub async fn retry<E>(may_conflict: bool, next: Arc<E>, mut request: Request) -> Result<Response>
where
    E: Endpoint<Output = Response>,
{
    if !may_conflict || request.method().is_safe() {
        return Ok(next.get_response(request).await);
    }
    // It is in memory already and small.
    let body = request.take_body().into_bytes().await?;
    request.set_body(Body::from_bytes(body.clone()));
    let copy = Copy::of(&request);
    let mut response = next.get_response(request).await;
    for tries in 1..MOST_TRIES {
        if !met_another(&response) {
            break;
        }
        tracing::info!(tries, "a request met another one in the database, and is tried again");
        telemetry::request_tried_again();
        sleep(PAUSE * tries + jitter()).await;
        response = next.get_response(copy.with(Body::from_bytes(body.clone()))).await;
    }
    Ok(response)
}

/// At most 15 ms more, at random: those that met must not meet again.
fn jitter() -> Duration {
    let [.., random] = Uuid::now_v7().into_bytes();
    Duration::from_millis(u64::from(random % 16))
}

fn met_another(response: &Response) -> bool {
    response.data::<ApiError>().is_some_and(|error| error.is_conflict)
}

/// What the inner layers know of a request, except for its body.
struct Copy {
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    extensions: Extensions,
}

impl Copy {
    fn of(request: &Request) -> Self {
        Self {
            method: request.method().clone(),
            uri: request.uri().clone(),
            headers: request.headers().clone(),
            extensions: request.extensions().clone(),
        }
    }

    fn with(&self, body: Body) -> Request {
        let builder = Request::builder().method(self.method.clone()).uri(self.uri.clone());
        let mut request = builder.body(body);
        *request.headers_mut() = self.headers.clone();
        *request.extensions_mut() = self.extensions.clone();
        request
    }
}
