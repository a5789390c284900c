//! Turns every refusal, the framework's own included, into the one error body, and gives 405 its `Allow` header.

use std::sync::Arc;

use poem::error::ResponseError;
use poem::http::{HeaderValue, header};
use poem::{Endpoint, Error, IntoResponse, Request, Response, Result};
use poem_openapi::OperationId;

use crate::api::error::django::TokenError;
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
    let mut response = answer(&error, &path, &paths);
    if let Some(operation) = error.data::<OperationId>() {
        response.set_data(*operation);
    }
    Ok(response)
}

fn answer(error: &Error, path: &str, paths: &Paths) -> Response {
    if let Some(refusal) = error.downcast_ref::<TokenError>() {
        return refusal.as_response();
    }
    let refusal = ApiError::from(error);
    let mut response = refusal.to_response();
    if refusal.code == ErrorCode::MethodNotAllowed {
        let allow = HeaderValue::try_from(paths.methods(path)).expect("methods are header characters");
        response.headers_mut().insert(header::ALLOW, allow);
    }
    response
}
