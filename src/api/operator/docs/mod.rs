//! `/openapi.json`, `/openapi.yaml`, and Swagger UI at `/docs/`, which works offline and with the session cookie.

mod swagger_ui;

use std::sync::{Arc, LazyLock};

use bytes::Bytes;
use poem::Response;
use poem::http::{StatusCode, header};

use crate::api::pages::routes::{Routes, script_hash};
use crate::api::spec::Document;
use crate::app::pages::look::Look;

/// The pages for the document that `document` builds. They take two megabytes, so the first request builds them.
#[must_use]
pub fn routes(look: Look, document: impl FnOnce() -> Document + Send + 'static) -> Routes {
    let made: Lazy = Arc::new(LazyLock::new(Box::new(move || Made::of(&document(), &look))));
    let page = |path: &'static str, answer: fn(&Made) -> Response| {
        let made = Arc::clone(&made);
        (path, move |_: &poem::Request| Ok(answer(&made)))
    };
    Routes::default()
        .get(page("/openapi.json", |made| plain("application/json", &made.json)))
        .get(page("/openapi.yaml", |made| plain("application/yaml", &made.yaml)))
        .get(page("/docs/", Made::swagger_ui))
        .get(page("/docs", |_| to_docs()))
}

type Lazy = Arc<LazyLock<Made, Box<dyn FnOnce() -> Made + Send>>>;

/// The pages' bodies. Responses share them, so that many slow readers of a large page do not fill the memory.
struct Made {
    json: Bytes,
    yaml: Bytes,
    swagger_ui: Bytes,
    swagger_ui_policy: String,
}

impl Made {
    fn of(document: &Document, look: &Look) -> Self {
        let page = swagger_ui::page(document, look);
        Self {
            json: document.json().into(),
            yaml: document.yaml().into(),
            swagger_ui_policy: content_security_policy(&page),
            swagger_ui: page.into(),
        }
    }

    fn swagger_ui(&self) -> Response {
        Response::builder()
            .content_type("text/html; charset=utf-8")
            .header(header::CONTENT_SECURITY_POLICY, &self.swagger_ui_policy)
            .header("cross-origin-opener-policy", "same-origin")
            .body(self.swagger_ui.clone())
    }
}

fn plain(content_type: &str, body: &Bytes) -> Response {
    Response::builder().content_type(content_type).body(body.clone())
}

fn to_docs() -> Response {
    Response::builder()
        .status(StatusCode::TEMPORARY_REDIRECT)
        .header(header::LOCATION, "/docs/")
        .finish()
}

/// Allows the scripts on the page by their hashes, and no others. Styles are `unsafe-inline` because Swagger UI sets
/// style attributes, which can't be allowed by hash.
fn content_security_policy(page: &str) -> String {
    let hashes: Vec<_> = inline_scripts(page).map(script_hash).collect();
    format!(
        "default-src 'none'; script-src {}; style-src 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; \
         base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        hashes.join(" ")
    )
}

/// The scripts in the page, split as a browser does: a script ends at the first end tag, and `<script` inside a script
/// is text.
fn inline_scripts(mut page: &str) -> impl Iterator<Item = &str> {
    std::iter::from_fn(move || {
        let (_, rest) = page.split_once("<script")?;
        let (_, rest) = rest.split_once('>')?;
        let (script, rest) = rest.split_once("</script>")?;
        page = rest;
        Some(script)
    })
}
