//! Decides which pages may call from a browser: CORS for allowed origins, 403 for state-changing requests from others.
//!
//! No CSRF token is needed: browsers report a request's origin in `Origin` and `Sec-Fetch-Site`, and a page can't
//! change either. Programs send neither, but they also hold no cookies that a foreign page could use.

use std::sync::Arc;

use poem::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use poem::{Endpoint, Request, Response, Result};

use crate::api::error::{ApiError, ErrorCode};
use crate::model::client::origin::AllowedOrigins;

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
const ALLOWED_METHODS: &str = "GET, HEAD, POST, PATCH, DELETE";
/// Headers that a page may send: those of the API, and those that tracing libraries and jQuery add to each request.
const ALLOWED_HEADERS: &str = "authorization, content-type, baggage, sentry-trace, traceparent, tracestate, \
    x-requested-with";
const EXPOSED_HEADERS: &str = "ratelimit, ratelimit-policy, retry-after, x-request-id";
/// Seconds for which a browser may cache a preflight; Chromium's upper bound.
const PREFLIGHT_MAX_AGE: &str = "7200";

/// Paths that pages of other origins may not even read from: an open stream takes a place and shows that there is a
/// session.
const NO_READS_FROM_ELSEWHERE: [&str; 1] = ["/api/auth/events"];

/// Operators work on our own pages only: what is below this path is for no page of another origin, listed or not.
const ADMIN: &str = "/api/admin/";

/// Marks a request that comes from no page of another origin. A request without it may use no cookie for the admin API.
#[derive(Debug, Clone, Copy)]
pub struct OwnPage;

/// Which pages may call, and with which headers.
#[derive(Debug, Clone)]
pub struct CrossOrigin {
    origins: AllowedOrigins,
    headers: String,
}

impl CrossOrigin {
    /// Pages of `origins` may send the headers `more` besides those that every page may send.
    #[must_use]
    pub fn new(origins: AllowedOrigins, more: &[HeaderName]) -> Self {
        let mut headers = ALLOWED_HEADERS.to_owned();
        for name in more {
            headers.push_str(", ");
            headers.push_str(name.as_str());
        }
        Self { origins, headers }
    }

    /// The pages that may call.
    #[must_use]
    pub fn origins(&self) -> &AllowedOrigins {
        &self.origins
    }
}

pub async fn origin<E>(allowed: Arc<CrossOrigin>, next: Arc<E>, mut request: Request) -> Result<Response>
where
    E: Endpoint<Output = Response>,
{
    let is_admin = request.uri().path().starts_with(ADMIN);
    let caller = if is_admin {
        Caller::of_admin(request.headers(), &allowed.origins)
    } else {
        Caller::of(request.headers(), &allowed.origins)
    };
    if is_admin && caller.may_change_state() {
        request.extensions_mut().insert(OwnPage);
    }
    let is_safe = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    let is_guarded = is_admin || NO_READS_FROM_ELSEWHERE.contains(&request.uri().path());
    let mut response = if is_preflight(&request) {
        preflight(&caller, &allowed.headers)
    } else if is_guarded && is_sibling(request.headers()) && !matches!(caller, Caller::Allowed(_)) {
        ApiError::from(ErrorCode::OriginNotAllowed).to_response()
    } else if (is_safe && !is_guarded) || caller.may_change_state() {
        next.get_response(request).await
    } else {
        ApiError::from(ErrorCode::OriginNotAllowed).to_response()
    };
    let headers = response.headers_mut();
    headers.append(header::VARY, HeaderValue::from_static("Origin"));
    if let Caller::Allowed(origin) = caller {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        headers.insert(
            header::ACCESS_CONTROL_ALLOW_CREDENTIALS,
            HeaderValue::from_static("true"),
        );
        headers.insert(
            header::ACCESS_CONTROL_EXPOSE_HEADERS,
            HeaderValue::from_static(EXPOSED_HEADERS),
        );
    }
    Ok(response)
}

/// The origin of a request, as the browser reports it.
enum Caller {
    Allowed(HeaderValue),
    Foreign,
    /// Not a page of another origin: `curl`, an SDK, a navigation in the browser, or our own page without a name.
    NoPage,
}

impl Caller {
    fn of(headers: &HeaderMap, allowed: &AllowedOrigins) -> Self {
        let mut origins = headers.get_all(header::ORIGIN).iter();
        match (origins.next(), origins.next()) {
            (Some(origin), None) if origin.to_str().is_ok_and(|text| allowed.contains(text)) => {
                Self::Allowed(origin.clone())
            }
            (None, _) if !is_cross_site(headers) => Self::NoPage,
            // A form on our own page sends `null` because `Referrer-Policy: no-referrer` hides its origin. Any page can
            // send `null`, but only the browser can say `same-origin`, and it never does of a sandboxed page.
            (Some(origin), None) if origin == "null" && is_same_origin(headers) => Self::NoPage,
            _ => Self::Foreign,
        }
    }

    /// A page of any other origin is foreign here, also one of the same site and one that may call everything else.
    fn of_admin(headers: &HeaderMap, allowed: &AllowedOrigins) -> Self {
        let mut origins = headers.get_all(header::ORIGIN).iter();
        let is_own = match (origins.next(), origins.next()) {
            (None, _) => !is_cross_site(headers) && !is_sibling(headers),
            (Some(origin), None) => origin.to_str().is_ok_and(|text| allowed.is_own(text)),
            _ => false,
        };
        if is_own { Self::NoPage } else { Self::Foreign }
    }

    fn may_change_state(&self) -> bool {
        !matches!(self, Self::Foreign)
    }
}

fn is_cross_site(headers: &HeaderMap) -> bool {
    headers.get_all(SEC_FETCH_SITE).iter().any(|site| site == "cross-site")
}

/// Whether a page of another host on the same site sends the request. Its requests carry the cookie, and those that it
/// sends without CORS have no `Origin`.
fn is_sibling(headers: &HeaderMap) -> bool {
    headers.get_all(SEC_FETCH_SITE).iter().any(|site| site == "same-site")
}

fn is_same_origin(headers: &HeaderMap) -> bool {
    let mut sites = headers.get_all(SEC_FETCH_SITE).iter();
    sites.next().is_some_and(|site| site == "same-origin") && sites.next().is_none()
}

fn is_preflight(request: &Request) -> bool {
    let headers = request.headers();
    request.method() == Method::OPTIONS
        && headers.contains_key(header::ORIGIN)
        && headers.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD)
}

fn preflight(caller: &Caller, allowed_headers: &str) -> Response {
    if !matches!(caller, Caller::Allowed(_)) {
        return ApiError::from(ErrorCode::OriginNotAllowed).to_response();
    }
    Response::builder()
        .status(StatusCode::NO_CONTENT)
        .header(header::ACCESS_CONTROL_ALLOW_METHODS, ALLOWED_METHODS)
        .header(header::ACCESS_CONTROL_ALLOW_HEADERS, allowed_headers)
        .header(header::ACCESS_CONTROL_MAX_AGE, PREFLIGHT_MAX_AGE)
        .finish()
}
