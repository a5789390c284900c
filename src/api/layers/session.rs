//! Reads the session cookie and the device cookie of a request, and sets them on the response.

use std::sync::{Arc, Mutex, PoisonError};

use poem::http::{HeaderMap, HeaderValue, header};
use poem::{Endpoint, FromRequest, Request, RequestBody, Response, Result};

use super::ceremony::CeremonyCookies;
use crate::api::error::{ApiError, ErrorCode};
use crate::app::App;
use crate::flows::session::authenticate::authenticate;
use crate::flows::session::look_up_session::look_up_session;
use crate::flows::steps::renew_session::RenewedSession;
use crate::flows::steps::start_session::{SessionStart, Transport};
use crate::model::client::Client;
use crate::model::device::Device;
use crate::model::id::UserId;
use crate::model::mail::browser::AskingBrowser;
use crate::model::session::SignedIn;
use crate::model::session::cookie::{Leftovers, SessionCookie};
use crate::model::session::half_log_in::HalfLogIn;
use crate::model::session::secret::SessionSecret;
use crate::model::session::started::{Outcome, StartedSession};
use crate::telemetry;

/// The session of one request: the presented secrets, and the change to make to the cookie.
#[derive(Debug, Clone)]
pub struct RequestSession(Arc<State>);

#[derive(Debug)]
struct State {
    app: App,
    /// The secrets in cookies of our name; more than one only after a change of settings, or if one was planted.
    presented: Vec<SessionSecret>,
    /// Empty for safe methods, which neither log in nor out.
    leftovers: Leftovers,
    cookie: Mutex<Option<CookieChange>>,
    /// The content of the request's device cookie, if it is authentic.
    device: Option<Device>,
    /// The browsers of the request's cookies that belong to links with log-in codes.
    browsers: Vec<AskingBrowser>,
    /// The value of such a cookie to set.
    new_browser: Mutex<Option<String>>,
    /// The cookie of a log-in with a provider.
    ceremonies: CeremonyCookies,
}

#[derive(Debug)]
enum CookieChange {
    /// Sets the session cookie and, for a device that is new to the account, the device cookie.
    Keep(SessionSecret, Arc<SignedIn>, Option<Device>),
    /// Sets the session cookie of a visitor in the middle of a log-in.
    Visit(SessionSecret),
    Remove,
}

/// Callbacks of providers start sessions although their method is a safe one.
const CALLBACKS: &str = "/auth/";

pub async fn session<E>(app: App, cookie: Arc<SessionCookie>, next: Arc<E>, mut request: Request) -> Result<Response>
where
    E: Endpoint<Output = Response>,
{
    let presented = cookie.find(cookies(request.headers()));
    // Safe methods check no password and start no session, callbacks aside. Skipping the device cookie for them saves
    // session checks the verification of its signature.
    let is_callback = request.uri().path().starts_with(CALLBACKS);
    let is_read = request.method().is_safe() && !is_callback;
    let device = (!is_read).then(|| device(&app, &cookie, request.headers())).flatten();
    let browsers = (!is_read).then(|| browsers(&app, &cookie, request.headers()));
    let ceremonies = is_callback.then(|| CeremonyCookies::of(&cookie, &request, cookies(request.headers())));
    let leftovers = (!is_read).then(|| cookie.leftovers(&cookies(request.headers()).collect::<Vec<_>>()));
    if let Some(client) = request.extensions_mut().get_mut::<Client>() {
        client.device = device;
    }
    let session = RequestSession(Arc::new(State {
        presented,
        leftovers: leftovers.unwrap_or_default(),
        cookie: Mutex::new(None),
        device,
        browsers: browsers.unwrap_or_default(),
        new_browser: Mutex::new(None),
        ceremonies: ceremonies.unwrap_or_default(),
        app,
    }));
    request.extensions_mut().insert(session.clone());
    let mut response = next.get_response(request).await;
    for value in session.set_cookies(&cookie) {
        let value = HeaderValue::try_from(value).expect("cookie settings are checked when they are read");
        response.headers_mut().append(header::SET_COOKIE, value);
    }
    Ok(response)
}

fn cookies(headers: &HeaderMap) -> impl Iterator<Item = &[u8]> {
    headers.get_all(header::COOKIE).into_iter().map(HeaderValue::as_bytes)
}

/// An invalid device cookie counts as none, and so do those of several accounts; the request is not rejected for it.
fn device(app: &App, cookie: &SessionCookie, headers: &HeaderMap) -> Option<Device> {
    let now = app.clock.now();
    let values = cookie.device().find(cookies(headers));
    let mut devices = values.filter_map(|value| app.device_cookies.open(value, now));
    let first = devices.next()?;
    devices.all(|device| device.user == first.user).then_some(first)
}

fn browsers(app: &App, cookie: &SessionCookie, headers: &HeaderMap) -> Vec<AskingBrowser> {
    let values = cookie.browser().find(cookies(headers));
    values.filter_map(|value| app.log_in_links.browser(value)).collect()
}

/// The first of the sessions that are alive, if all belong to one account.
fn first_of_one_account<T>(alive: Vec<T>, account: impl Fn(&T) -> UserId) -> Option<T> {
    let mut alive = alive.into_iter();
    let first = alive.next()?;
    alive.all(|other| account(&other) == account(&first)).then_some(first)
}

impl RequestSession {
    /// The live session that the request presents, and its account. Renews the session's idle time when that is due.
    /// Of several presented sessions, the first that is alive counts; if they belong to different accounts, none does.
    pub async fn authenticate(&self) -> Result<Option<Arc<SignedIn>>, ApiError> {
        let mut alive = Vec::new();
        for presented in &self.0.presented {
            if let Some(found) = authenticate(&self.0.app, *presented).await? {
                alive.push((*presented, found.signed_in, found.renewed));
            }
        }
        let found = first_of_one_account(alive, |(_, signed_in, _)| signed_in.user_id);
        Ok(found.map(|(presented, signed_in, renewed)| {
            telemetry::acts_for(signed_in.user_id.0, signed_in.session_id.0);
            if renewed {
                self.change_cookie(CookieChange::Keep(presented, Arc::clone(&signed_in), None));
            }
            signed_in
        }))
    }

    /// As [`Self::authenticate`], with the session's secret and without using the session.
    pub async fn look_up(&self) -> Result<Option<(SessionSecret, Arc<SignedIn>)>, ApiError> {
        let mut alive = Vec::new();
        for presented in &self.0.presented {
            if let Some(found) = look_up_session(&self.0.app, *presented).await? {
                alive.push((*presented, found.signed_in));
            }
        }
        let found = first_of_one_account(alive, |(_, signed_in)| signed_in.user_id);
        Ok(found.inspect(|(_, signed_in)| telemetry::acts_for(signed_in.user_id.0, signed_in.session_id.0)))
    }

    #[must_use]
    pub fn app(&self) -> &App {
        &self.0.app
    }

    /// Every secret that the request presents, whether or not its session is alive. A log-in and a log-out end them
    /// all, so that none comes back when the others are gone.
    #[must_use]
    pub fn presented(&self) -> Vec<SessionSecret> {
        [self.0.presented.as_slice(), &self.0.leftovers.secrets].concat()
    }

    /// The input with which a flow starts a session for `client`.
    #[must_use]
    pub fn start(&self, client: Client) -> SessionStart {
        SessionStart {
            client,
            transport: Transport::Cookie {
                presented: self.presented(),
            },
        }
    }

    /// Sends the client the cookie of a session that a flow has started, and the device cookie by which the account
    /// recognises this device.
    pub fn adopt(&self, started: &StartedSession) {
        if let Some(secret) = started.secret {
            let device = started.device(self.0.device);
            let signed_in = Arc::new(started.signed_in.clone());
            self.change_cookie(CookieChange::Keep(secret, signed_in, Some(device)));
        }
    }

    /// Sends the client the cookie of what a log-in has come to.
    ///
    /// # Errors
    /// `second_factor_required` after half a log-in; its cookie goes out with the error.
    pub fn conclude(&self, outcome: Outcome) -> Result<StartedSession, ApiError> {
        match outcome {
            Outcome::Started(started) => {
                self.adopt(&started);
                Ok(started)
            }
            Outcome::SecondFactorRequired(half) => {
                if let Some(secret) = half.secret {
                    self.change_cookie(CookieChange::Visit(secret));
                }
                Err(ApiError::needs_proof(ErrorCode::SecondFactorRequired, half.proofs))
            }
        }
    }

    /// Sends the client the cookie with the new secret of a session that a flow has renewed, and a new device cookie if
    /// the account has forgotten its devices.
    pub fn renew(&self, renewed: &RenewedSession) {
        self.change_cookie(CookieChange::Keep(
            renewed.secret,
            Arc::new(renewed.signed_in.clone()),
            renewed.new_device(),
        ));
    }

    /// Removes the session cookie from the client.
    pub fn discard(&self) {
        self.change_cookie(CookieChange::Remove);
    }

    /// The browsers in whose name the request may use a link with a log-in code.
    #[must_use]
    pub fn browsers(&self) -> Vec<AskingBrowser> {
        self.0.browsers.clone()
    }

    /// Sends the client the cookie without which the link with its log-in code does not work.
    pub fn remember_browser(&self, sealed: String) {
        *self.0.new_browser.lock().unwrap_or_else(PoisonError::into_inner) = Some(sealed);
    }

    /// The cookie of a log-in with a provider.
    #[must_use]
    pub fn ceremonies(&self) -> &CeremonyCookies {
        &self.0.ceremonies
    }

    fn change_cookie(&self, change: CookieChange) {
        *self.0.cookie.lock().unwrap_or_else(PoisonError::into_inner) = Some(change);
    }

    /// The values of `Set-Cookie`. Some clients read the first line only, and others keep the last one, such as a
    /// dictionary of urllib3's headers. So the session cookie is first and, beside others, last as well.
    fn set_cookies(&self, cookie: &SessionCookie) -> Vec<String> {
        let mut lines = self.set_session_cookies(cookie);
        let Some(line) = self.0.ceremonies.set_cookie(cookie, self.0.app.clock.now()) else {
            return lines;
        };
        match lines.as_slice() {
            [] => lines.push(line),
            [session] => lines = vec![session.clone(), line, session.clone()],
            _ => lines.insert(1, line),
        }
        lines
    }

    fn set_session_cookies(&self, cookie: &SessionCookie) -> Vec<String> {
        let change = self.0.cookie.lock().unwrap_or_else(PoisonError::into_inner).take();
        let (app, now) = (&self.0.app, self.0.app.clock.now());
        let keep = |secret, signed_in: &SignedIn| cookie.keep(secret, signed_in.expires_at() - now, now);
        let removals = self.0.leftovers.removals.iter().cloned();
        let browser = self.0.new_browser.lock().unwrap_or_else(PoisonError::into_inner).take();
        match change {
            None => browser
                .map(|sealed| cookie.browser().keep(&sealed, now))
                .into_iter()
                .collect(),
            Some(CookieChange::Visit(secret)) => {
                std::iter::once(cookie.keep(secret, HalfLogIn::LIFETIMES.absolute, now))
                    .chain(removals)
                    .collect()
            }
            Some(CookieChange::Remove) => std::iter::once(cookie.remove()).chain(removals).collect(),
            Some(CookieChange::Keep(secret, signed_in, None)) => vec![keep(secret, &signed_in)],
            Some(CookieChange::Keep(secret, signed_in, Some(device))) => {
                let session = keep(secret, &signed_in);
                let device = cookie.device().keep(&app.device_cookies.seal(device, now), now);
                let lines = std::iter::once(session.clone()).chain(removals);
                lines.chain([device, session]).collect()
            }
        }
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
