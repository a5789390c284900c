//! Where operators are served: on every listener, or on a private one, which takes keys only.

use poem::endpoint::BoxEndpoint;
use poem::{Endpoint, EndpointExt, Request, Response};

use crate::api::error::{ApiError, ErrorCode};

const PATH: &str = "/api/admin/";

/// What a listener has for operators. A request without this word came in where there is no private listener.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AdminPlace {
    /// Nothing: they have a listener of their own.
    Elsewhere,
    /// Everything, with a key. A browser, and with it a session, has no business here.
    KeysOnly,
}

/// `endpoint` as the public listener serves it beside a private one for operators.
#[must_use]
pub fn elsewhere(endpoint: BoxEndpoint<'static, Response>) -> BoxEndpoint<'static, Response> {
    placed(endpoint, AdminPlace::Elsewhere)
}

/// The operators' part of `endpoint`, as the private listener serves it.
#[must_use]
pub fn keys_only(endpoint: BoxEndpoint<'static, Response>) -> BoxEndpoint<'static, Response> {
    let endpoint = placed(endpoint, AdminPlace::KeysOnly);
    endpoint
        .around(async |next, request: Request| {
            if request.uri().path().starts_with(PATH) {
                Ok(next.get_response(request).await)
            } else {
                Ok(ApiError::from(ErrorCode::NotFound).to_response())
            }
        })
        .map_to_response()
        .boxed()
}

fn placed(endpoint: BoxEndpoint<'static, Response>, place: AdminPlace) -> BoxEndpoint<'static, Response> {
    let tell = move |mut request: Request| async move {
        request.extensions_mut().insert(place);
        Ok(request)
    };
    endpoint.before(tell).map_to_response().boxed()
}
