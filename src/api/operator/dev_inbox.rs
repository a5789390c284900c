//! `/dev/inbox/{key}`: the mails of a service without an SMTP server, for developers on their own machine. The start
//! prints the URL with its key. A POST to the page empties the inbox.

use std::sync::Arc;

use poem::http::{StatusCode, header};
use poem::{Request, Response, Result};
use sha2::{Digest, Sha256};

use super::local::is_local;
use crate::api::error::{ApiError, ErrorCode};
use crate::api::pages::routes::{Routes, script_hash};
use crate::app::App;
use crate::app::mail::inbox;
use crate::app::pages::look::Look;

const PATH: &str = "/dev/inbox/:key";

/// The inbox page if the mailer has an inbox; otherwise no page.
#[must_use]
pub fn routes(app: &App) -> Routes {
    let Some(key) = app.mailer.inbox_key() else {
        return Routes::default();
    };
    let inbox = Arc::new(DevInbox {
        app: app.clone(),
        key: Sha256::digest(key).into(),
        look: Look::of(app.pages.as_ref()),
        policy: content_security_policy(),
    });
    let emptied = Arc::clone(&inbox);
    Routes::default()
        .get((PATH, move |request: &Request| inbox.page(request)))
        .post((PATH, move |request: Request| {
            let answer = emptied.empty(&request);
            async { answer }
        }))
}

struct DevInbox {
    app: App,
    key: [u8; 32],
    look: Look,
    policy: String,
}

impl DevInbox {
    /// Comparing hashes keeps the time of the comparison from telling anything about the key.
    fn admit(&self, request: &Request) -> Result<(), ApiError> {
        let key = Sha256::digest(request.raw_path_param("key").unwrap_or_default());
        if <[u8; 32]>::from(key) == self.key && is_local(request) {
            return Ok(());
        }
        Err(ErrorCode::NotFound.into())
    }

    fn page(&self, request: &Request) -> Result<Response> {
        self.admit(request)?;
        let page = self.app.mailer.inbox_page(&self.look);
        let page = page.ok_or_else(|| ApiError::from(ErrorCode::NotFound))?;
        Ok(Response::builder()
            .content_type("text/html; charset=utf-8")
            .header(header::CONTENT_SECURITY_POLICY, &self.policy)
            .header(header::CACHE_CONTROL, "no-store")
            .body(page.map_err(ApiError::from)?))
    }

    fn empty(&self, request: &Request) -> Result<Response> {
        self.admit(request)?;
        self.app.mailer.empty_inbox();
        Ok(Response::builder().status(StatusCode::NO_CONTENT).finish())
    }
}

/// Allows the page's own script, which asks for the page again and empties the inbox. Mails can't run any.
fn content_security_policy() -> String {
    format!(
        "default-src 'none'; script-src {}; connect-src 'self'; style-src 'unsafe-inline'; img-src data:; \
         base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        script_hash(inbox::SCRIPT)
    )
}
