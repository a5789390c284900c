//! Connects a request with its session, and writes the cookie last.

use std::sync::{Arc, Mutex, PoisonError};

use poem::http::{HeaderMap, HeaderValue, header};
use poem::{Endpoint, FromRequest, Request, RequestBody, Response, Result};

use crate::api::error::ApiError;
use crate::app::App;
use crate::flows::authenticate::authenticate;
use crate::flows::start_session::{Carrier, Newcomer, StartedSession};
use crate::model::client::Client;
use crate::model::session::SignedIn;
use crate::model::session_cookie::SessionCookie;
use crate::model::session_secret::SessionSecret;

/// The session of one request: what was presented, and what is to become of the cookie.
#[derive(Debug, Clone)]
pub struct RequestSession(Arc<State>);

#[derive(Debug)]
struct State {
    app: App,
    presented: Option<SessionSecret>,
    cookie: Mutex<Option<CookieChange>>,
}

#[derive(Debug)]
enum CookieChange {
    Keep(SessionSecret, Arc<SignedIn>),
    Remove,
}

pub async fn session<E>(app: App, cookie: Arc<SessionCookie>, next: Arc<E>, mut request: Request) -> Result<Response>
where
    E: Endpoint<Output = Response>,
{
    let presented = presented(&cookie, request.headers());
    let session = RequestSession(Arc::new(State {
        presented,
        cookie: Mutex::new(None),
        app,
    }));
    request.extensions_mut().insert(session.clone());
    let mut response = next.get_response(request).await;
    if let Some(value) = session.set_cookie(&cookie) {
        let value = HeaderValue::try_from(value).expect("cookie settings are checked when they are read");
        response.headers_mut().append(header::SET_COOKIE, value);
    }
    Ok(response)
}

fn presented(cookie: &SessionCookie, headers: &HeaderMap) -> Option<SessionSecret> {
    cookie.find(headers.get_all(header::COOKIE).iter().map(HeaderValue::as_bytes))
}

impl RequestSession {
    /// Whose session came with the request, if it is alive. Renews it when that is due.
    pub async fn authenticate(&self) -> Result<Option<Arc<SignedIn>>, ApiError> {
        let Some(presented) = self.0.presented else {
            return Ok(None);
        };
        let authenticated = authenticate(&self.0.app, presented).await?;
        Ok(authenticated.map(|found| {
            if found.renewed {
                self.change_cookie(CookieChange::Keep(presented, Arc::clone(&found.signed_in)));
            }
            found.signed_in
        }))
    }

    #[must_use]
    pub fn app(&self) -> &App {
        &self.0.app
    }

    /// The secret that the request presented, alive or not.
    #[must_use]
    pub fn presented(&self) -> Option<SessionSecret> {
        self.0.presented
    }

    /// What a flow needs to know to start a session for `client`.
    #[must_use]
    pub fn newcomer(&self, client: Client) -> Newcomer {
        Newcomer {
            client,
            carrier: Carrier::Cookie {
                presented: self.0.presented,
            },
        }
    }

    /// Gives the client the secret of a session that a flow has started.
    pub fn adopt(&self, started: &StartedSession) {
        if let Some(secret) = started.secret {
            self.change_cookie(CookieChange::Keep(secret, Arc::new(started.signed_in.clone())));
        }
    }

    /// Takes the cookie away from the client.
    pub fn discard(&self) {
        self.change_cookie(CookieChange::Remove);
    }

    fn change_cookie(&self, change: CookieChange) {
        *self.0.cookie.lock().unwrap_or_else(PoisonError::into_inner) = Some(change);
    }

    fn set_cookie(&self, cookie: &SessionCookie) -> Option<String> {
        let change = self.0.cookie.lock().unwrap_or_else(PoisonError::into_inner).take();
        change.map(|change| match change {
            CookieChange::Keep(secret, signed_in) => {
                cookie.keep(secret, signed_in.expires_at() - self.0.app.clock.now())
            }
            CookieChange::Remove => cookie.remove(),
        })
    }
}

impl<'a> FromRequest<'a> for RequestSession {
    async fn from_request(request: &'a Request, _: &mut RequestBody) -> Result<Self> {
        Ok(request
            .extensions()
            .get()
            .cloned()
            .expect("the session layer surrounds every operation"))
    }
}
