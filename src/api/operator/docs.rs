//! `/openapi.json`, `/openapi.yaml` and Swagger UI at `/docs/`, which works offline and is signed in by its own cookie.

use std::sync::{Arc, LazyLock};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use poem::endpoint::make_sync;
use poem::http::{StatusCode, header};
use poem::{Endpoint, Request, Response, Result, Route, get};
use sha2::{Digest, Sha256};

use crate::api::spec::Document;

/// Every path here; all of them take GET.
pub const PATHS: &[&str] = &["/", "/docs", "/docs/", "/openapi.json", "/openapi.yaml"];

/// The pages that show the document. They take two megabytes, so they are made when somebody first asks for one.
pub(in crate::api) struct Pages(LazyLock<Route, Box<dyn FnOnce() -> Route + Send>>);

impl Pages {
    /// The pages that show what `document` will return.
    pub fn new(document: impl FnOnce() -> Document + Send + 'static) -> Self {
        Self(LazyLock::new(Box::new(move || pages(&document()))))
    }
}

/// Answers requests for one of `pages`, if there are any, and passes all others on.
pub(in crate::api) async fn docs<E>(pages: Option<Arc<Pages>>, next: Arc<E>, request: Request) -> Result<Response>
where
    E: Endpoint<Output = Response>,
{
    match pages {
        Some(pages) if PATHS.contains(&request.uri().path()) => pages.0.call(request).await,
        _ => next.call(request).await,
    }
}

fn pages(document: &Document) -> Route {
    let page = document.swagger_ui();
    let policy = content_security_policy(&page);
    // Shared, not copied: many slow readers of a large page must not fill the memory.
    let page = Bytes::from(page);
    let fixed = |content_type: &'static str, body: String| {
        let body = Bytes::from(body);
        get(make_sync(move |_| {
            Response::builder().content_type(content_type).body(body.clone())
        }))
    };
    Route::new()
        .at("/openapi.json", fixed("application/json", document.json()))
        .at("/openapi.yaml", fixed("application/yaml", document.yaml()))
        .at("/", get(make_sync(|_| to_docs())))
        .at("/docs", get(make_sync(|_| to_docs())))
        .at(
            "/docs/",
            get(make_sync(move |_| {
                Response::builder()
                    .content_type("text/html; charset=utf-8")
                    .header(header::CONTENT_SECURITY_POLICY, &policy)
                    .header("cross-origin-opener-policy", "same-origin")
                    .body(page.clone())
            })),
        )
}

fn to_docs() -> Response {
    Response::builder()
        .status(StatusCode::TEMPORARY_REDIRECT)
        .header(header::LOCATION, "/docs/")
        .finish()
}

/// Lets run what is on the page, by hash, and nothing else. Swagger UI sets style attributes, which have no hashes.
fn content_security_policy(page: &str) -> String {
    let hashes: Vec<_> = inline_scripts(page)
        .map(|script| format!("'sha256-{}'", BASE64_STANDARD.encode(Sha256::digest(script))))
        .collect();
    format!(
        "default-src 'none'; script-src {}; style-src 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; \
         base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        hashes.join(" ")
    )
}

/// The scripts in the page, read as a browser does: a script ends at the first end tag, and the text `<script` inside of
/// one begins nothing.
fn inline_scripts(mut page: &str) -> impl Iterator<Item = &str> {
    std::iter::from_fn(move || {
        let (_, rest) = page.split_once("<script")?;
        let (_, rest) = rest.split_once('>')?;
        let (script, rest) = rest.split_once("</script>")?;
        page = rest;
        Some(script)
    })
}
