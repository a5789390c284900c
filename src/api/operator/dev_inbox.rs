//! `/dev/inbox/{key}`: the mails of a service without an SMTP server, for developers on their own machine. The start
//! prints the URL with its key.

use poem::http::header;
use poem::{Request, Response, Result};
use sha2::{Digest, Sha256};

use super::local::is_local;
use crate::api::error::{ApiError, ErrorCode};
use crate::api::pages::routes::{Routes, script_hash};
use crate::app::App;
use crate::app::mail::inbox;

const PATH: &str = "/dev/inbox/:key";

/// The inbox page if the mailer has an inbox; otherwise no page.
#[must_use]
pub fn routes(app: &App) -> Routes {
    let Some(key) = app.mailer.inbox_key() else {
        return Routes::default();
    };
    let (app, key) = (app.clone(), Sha256::digest(key));
    let policy = content_security_policy();
    Routes::default().get((PATH, move |request: &Request| {
        // Comparing hashes keeps the time of the comparison from telling anything about the key.
        let is_right = Sha256::digest(request.raw_path_param("key").unwrap_or_default()) == key;
        dev_inbox(&app, is_right && is_local(request), &policy)
    }))
}

fn dev_inbox(app: &App, may_read: bool, policy: &str) -> Result<Response> {
    match app.mailer.inbox_page().filter(|_| may_read) {
        Some(page) => Ok(Response::builder()
            .content_type("text/html; charset=utf-8")
            .header(header::CONTENT_SECURITY_POLICY, policy)
            .header(header::CACHE_CONTROL, "no-store")
            .body(page.map_err(ApiError::from)?)),
        None => Err(ApiError::from(ErrorCode::NotFound).into()),
    }
}

/// Allows the page's own script, which asks for the page again to show new mails. Mails can't run any.
fn content_security_policy() -> String {
    format!(
        "default-src 'none'; script-src {}; connect-src 'self'; style-src 'unsafe-inline'; img-src data:; \
         base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        script_hash(inbox::SCRIPT)
    )
}
