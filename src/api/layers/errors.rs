//! Turns every refusal, the framework's own included, into the one error body, and gives 405 its `Allow` header.

use std::sync::Arc;

use poem::http::{HeaderValue, header};
use poem::{Endpoint, IntoResponse, Request, Response, Result};
use poem_openapi::OperationId;

use crate::api::error::{ApiError, ErrorCode};
use crate::api::spec::Paths;

pub async fn errors<E>(paths: Arc<Paths>, next: Arc<E>, request: Request) -> Result<Response>
where
    E: Endpoint,
    E::Output: IntoResponse,
{
    let path = request.uri().path().to_owned();
    let error = match next.call(request).await {
        Ok(response) => return Ok(response.into_response()),
        Err(error) => error,
    };
    let refusal = ApiError::from(&error);
    let mut response = refusal.to_response();
    if let Some(operation) = error.data::<OperationId>() {
        response.set_data(*operation);
    }
    if refusal.code == ErrorCode::MethodNotAllowed {
        let allow = HeaderValue::try_from(paths.methods(&path)).expect("methods are header characters");
        response.headers_mut().insert(header::ALLOW, allow);
    }
    Ok(response)
}
