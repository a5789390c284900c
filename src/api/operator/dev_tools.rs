//! `/dev/clock`, `/dev/sessions` and `/dev/mails`: what end-to-end tests of an application need of `serve --ephemeral`.
//! No other service has them.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use poem::http::header;
use poem::{Body, FromRequest, Request, RequestBody, Response, Result};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::local::is_local;
use crate::api::body::fields::Fields;
use crate::api::error::{ApiError, ErrorCode, Issue, IssueCode};
use crate::api::guard::{bearer, request_session};
use crate::api::pages::routes::Routes;
use crate::app::App;
use crate::flows::admin::mint_session::mint_session;
use crate::model::client::Client;

/// How far a test may move the clock at once, and the longest time that anything here is kept.
const FARTHEST: TimeDelta = TimeDelta::days(3653);

/// The tools if the service has a key for them; otherwise no route.
#[must_use]
pub fn routes(app: &App) -> Routes {
    let Some(key) = &app.dev_key else {
        return Routes::default();
    };
    let tools = Arc::new(Tools {
        app: app.clone(),
        key: Sha256::digest(key).into(),
    });
    let (clock, set, mint, mails) = (tools.clone(), tools.clone(), tools.clone(), tools);
    Routes::default()
        .get(("/dev/clock", move |request: &Request| {
            clock.admit(request)?;
            Ok(clock.time())
        }))
        .post(("/dev/clock", move |request| Arc::clone(&set).set_clock(request)))
        .post(("/dev/sessions", move |request| Arc::clone(&mint).mint(request)))
        .get(("/dev/mails", move |request: &Request| {
            mails.admit(request)?;
            Ok(answer(&json!(mails.app.mailer.inbox_mails())))
        }))
}

struct Tools {
    app: App,
    key: [u8; 32],
}

impl Tools {
    /// Comparing hashes keeps the time of the comparison from telling anything about the key.
    fn admit(&self, request: &Request) -> Result<(), ApiError> {
        let key = bearer(request).unwrap_or_default();
        if is_local(request) && <[u8; 32]>::from(Sha256::digest(key)) == self.key {
            return Ok(());
        }
        Err(ErrorCode::NotFound.into())
    }

    fn time(&self) -> Response {
        answer(&json!({ "now": self.app.clock.now() }))
    }

    async fn set_clock(self: Arc<Self>, mut request: Request) -> Result<Response> {
        self.admit(&request)?;
        let body = object(&mut request).await?;
        let by = movement(&body, self.app.clock.now())?;
        self.app.clock.advance(by);
        Ok(self.time())
    }

    async fn mint(self: Arc<Self>, mut request: Request) -> Result<Response> {
        self.admit(&request)?;
        let mut fields = Fields::new(object(&mut request).await?);
        let email = fields.new_email("email", &self.app.mailer);
        let email = fields.finish(email)?;
        let mut body = RequestBody::default();
        let session = request_session(&request, &mut body).await?;
        let client = Client::from_request(&request, &mut body).await?;
        let outcome = mint_session(&self.app, email, session.start(client)).await;
        let started = session.conclude(outcome.map_err(ApiError::from)?)?;
        let user = json!({ "id": started.signed_in.user_id, "email": started.signed_in.email });
        Ok(answer(&json!({ "user": user })))
    }
}

/// No clock moves beyond the year 2100, however often it is moved: times have to stay writable.
const LATEST: i64 = 4_102_444_800;

/// The movement that `{"advance": SECONDS}` or `{"now": TIME}` asks for. What has happened can't be undone, so clocks
/// do not go back.
fn movement(body: &Map<String, Value>, now: DateTime<Utc>) -> Result<TimeDelta, ApiError> {
    let by = match (body.get("advance"), body.get("now")) {
        (Some(seconds), None) => seconds.as_i64().and_then(TimeDelta::try_seconds),
        (None, Some(time)) => time
            .as_str()
            .and_then(|time| DateTime::parse_from_rfc3339(time).ok())
            .map(|time| time.to_utc() - now),
        _ => None,
    };
    let is_near = |by: &TimeDelta| (TimeDelta::zero()..=FARTHEST).contains(by) && (now + *by).timestamp() <= LATEST;
    by.filter(is_near).ok_or_else(|| {
        ApiError::validation(vec![Issue {
            code: IssueCode::InvalidType,
            path: vec!["advance".to_owned()],
            message: "Send \"advance\" in seconds or a later \"now\", at most ten years ahead and before 2100"
                .to_owned(),
        }])
    })
}

async fn object(request: &mut Request) -> Result<Map<String, Value>, ApiError> {
    let bytes = request.take_body().into_bytes().await;
    let bytes = bytes.map_err(|_| ApiError::malformed())?;
    serde_json::from_slice(&bytes).map_err(|_| ApiError::malformed())
}

fn answer(body: &Value) -> Response {
    Response::builder()
        .content_type("application/json; charset=utf-8")
        .header(header::CACHE_CONTROL, "no-store")
        .body(Body::from(body.to_string()))
}
