//! `/api/auth/verify` as proxies call it: each in its own way, about a request that is meant for an application.
//!
//! nginx, Caddy and Traefik send GET and say in `X-Forwarded-Method` what the client sent. Envoy repeats the client's
//! method and appends the client's path (`/api/auth/verify/orders?page=2`), and of all answers lets only 200 pass.

use std::sync::Arc;

use poem::http::{HeaderName, HeaderValue, Method, StatusCode, Uri, header};
use poem::{Body, Endpoint, Request, Response, Result};
use url::Url;

use super::origin::CrossOrigin;
use crate::model::client::origin::AllowedOrigins;
use crate::model::client::return_to::return_to;

/// The path of the operation.
pub const VERIFY: &str = "/api/auth/verify";

const X_FORWARDED_METHOD: HeaderName = HeaderName::from_static("x-forwarded-method");
const X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
const X_FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
const X_FORWARDED_URI: HeaderName = HeaderName::from_static("x-forwarded-uri");
const SEC_FETCH_MODE: HeaderName = HeaderName::from_static("sec-fetch-mode");
/// Begins the names of the headers that Envoy adds to its own requests.
const ENVOY: &str = "x-envoy-";

/// What a proxy is told about requests without a session.
#[derive(Debug, Clone, Default)]
pub struct ForwardAuth {
    /// The page to which browsers are redirected; without one they get 401.
    pub log_in_url: Option<Url>,
    /// Whether CORS preflights of the application pass. A browser sends them without a cookie.
    pub preflights: bool,
}

pub async fn forward_auth<E>(
    settings: Arc<ForwardAuth>,
    cross_origin: Arc<CrossOrigin>,
    next: Arc<E>,
    mut request: Request,
) -> Result<Response>
where
    E: Endpoint<Output = Response>,
{
    let Some(appended) = appended_path(&request) else {
        return Ok(next.get_response(request).await);
    };
    let success = if is_envoy(&request, &appended) {
        StatusCode::OK
    } else {
        StatusCode::NO_CONTENT
    };
    if appended.is_empty() && is_preflight(&request, request.method()) {
        // It may be about this path itself: a page that calls it. The `origin` layer answers those.
        let response = next.get_response(request).await;
        let passes = settings.preflights && !response.status().is_success();
        return Ok(if passes { empty(success) } else { response });
    }
    let method = asked_method(&request, &appended);
    if settings.preflights && is_preflight(&request, &method) {
        return Ok(empty(success));
    }
    let log_in = settings.log_in_page(&request, &method, &appended, cross_origin.origins());
    ask(&mut request);
    let mut response = next.get_response(request).await;
    match (response.status(), log_in) {
        (StatusCode::NO_CONTENT, _) => response.set_status(success),
        (StatusCode::UNAUTHORIZED, Some(page)) => redirect(&mut response, page),
        _ => {}
    }
    Ok(response)
}

/// The path and query that follow the operation's own path, or nothing; `None` for another operation, and for methods
/// that no proxy asks about.
fn appended_path(request: &Request) -> Option<String> {
    let path = request.uri().path().strip_prefix(VERIFY)?;
    let is_asked = !matches!(*request.method(), Method::TRACE | Method::CONNECT);
    match (is_asked, path) {
        (true, "") => Some(String::new()),
        (true, path) if path.starts_with('/') => {
            let query = request.uri().query().map(|query| format!("?{query}"));
            Some(format!("{path}{}", query.unwrap_or_default()))
        }
        _ => None,
    }
}

/// Envoy appends `/` for the application's first page. The same path from others is this operation with a final slash.
fn is_envoy(request: &Request, appended: &str) -> bool {
    match appended {
        "" => false,
        "/" => request.headers().keys().any(|name| name.as_str().starts_with(ENVOY)),
        _ => true,
    }
}

/// The method that the client used. With an appended path it is the request's own.
fn asked_method(request: &Request, appended: &str) -> Method {
    let told = single(request, &X_FORWARDED_METHOD).filter(|_| appended.is_empty());
    let told = told.and_then(|method| Method::from_bytes(method.as_bytes()).ok());
    told.unwrap_or_else(|| request.method().clone())
}

fn is_preflight(request: &Request, method: &Method) -> bool {
    let headers = request.headers();
    *method == Method::OPTIONS
        && headers.contains_key(header::ORIGIN)
        && headers.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD)
}

/// Makes the request the operation's own: a GET without a body, whose length may still be declared.
fn ask(request: &mut Request) {
    if request.method() != Method::HEAD {
        request.set_method(Method::GET);
    }
    *request.uri_mut() = Uri::from_static(VERIFY);
    drop(request.take_body());
    request.headers_mut().remove(header::CONTENT_LENGTH);
}

impl ForwardAuth {
    /// The address of the log-in page, if this is a person who opens a page.
    fn log_in_page(
        &self,
        request: &Request,
        method: &Method,
        appended: &str,
        origins: &AllowedOrigins,
    ) -> Option<HeaderValue> {
        let mut page = self.log_in_url.clone()?;
        if !is_navigation(request, method) {
            return None;
        }
        let log_in_page = page.origin().ascii_serialization();
        let asked = asked_address(request, appended, page.scheme());
        if let Some(back) = asked.and_then(|(origin, path)| return_to(origins, &log_in_page, &origin, &path)) {
            page.query_pairs_mut().append_pair("return_to", &back);
        }
        HeaderValue::try_from(page.as_str()).ok()
    }
}

/// Whether a browser opens a page. Scripts do not name `text/html` in `Accept`, and a browser says so itself.
fn is_navigation(request: &Request, method: &Method) -> bool {
    let headers = request.headers();
    let accepts = headers
        .get_all(header::ACCEPT)
        .iter()
        .filter_map(|value| value.to_str().ok());
    let takes_page = accepts.flat_map(|value| value.split(',')).any(|range| {
        range
            .split(';')
            .next()
            .is_some_and(|media| media.trim().eq_ignore_ascii_case("text/html"))
    });
    let mode = headers.get(SEC_FETCH_MODE);
    matches!(*method, Method::GET | Method::HEAD)
        && takes_page
        && mode.is_none_or(|mode| mode == "navigate")
        && !headers.contains_key(header::UPGRADE)
}

/// Origin and path of the page that the client asked the proxy for. They are what the proxy or the client says, so
/// [`return_to`] has the last word.
fn asked_address(request: &Request, appended: &str, default_scheme: &str) -> Option<(String, String)> {
    let host = single(request, &X_FORWARDED_HOST).or_else(|| single(request, &header::HOST))?;
    let scheme = single(request, &X_FORWARDED_PROTO).unwrap_or(default_scheme);
    let path = if appended.is_empty() {
        single(request, &X_FORWARDED_URI).unwrap_or_default()
    } else {
        appended
    };
    Some((format!("{scheme}://{host}"), path.to_owned()))
}

/// The value of a header that was sent once.
fn single<'r>(request: &'r Request, name: &HeaderName) -> Option<&'r str> {
    let mut values = request.headers().get_all(name).into_iter();
    match (values.next(), values.next()) {
        (Some(value), None) => value.to_str().ok(),
        _ => None,
    }
}

fn empty(status: StatusCode) -> Response {
    Response::builder().status(status).finish()
}

fn redirect(response: &mut Response, page: HeaderValue) {
    response.set_status(StatusCode::FOUND);
    response.set_body(Body::empty());
    let headers = response.headers_mut();
    headers.remove(header::CONTENT_TYPE);
    headers.remove(header::WWW_AUTHENTICATE);
    headers.insert(header::LOCATION, page);
}
