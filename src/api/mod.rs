//! HTTP: every route and every layer on one screen.

mod account;
mod admin;
mod body;
pub mod error;
mod event;
mod example;
mod factor;
mod formats;
mod guard;
mod identity;
mod layers;
mod operator;
mod pages;
mod paging;
mod passkey;
mod recovery;
mod session;
pub mod spec;
mod success;
mod tag;
mod time;
mod token;

use std::sync::Arc;
use std::time::Instant;

use poem::endpoint::BoxEndpoint;
use poem::http::HeaderValue;
use poem::{EndpointExt, IntoEndpoint, Response};
use poem_openapi::OpenApiService;

use crate::app::App;
use crate::app::pages::look::Look;
use crate::app::refusals::Refusals;
use crate::app::shares::Shares;
use crate::model::session::cookie::SessionCookie;
pub use admin::{elsewhere as without_admin, keys_only as private_admin};
use layers::admission::admission;
use layers::aliases::aliases;
use layers::body_limit::body_limit;
pub use layers::client::ClientAddress;
use layers::client::client;
use layers::detach::detach;
use layers::errors::{Paths, errors};
use layers::final_slash::final_slash;
pub use layers::forward_auth::ForwardAuth;
use layers::forward_auth::forward_auth;
use layers::headers::headers;
use layers::observe::observe;
pub use layers::origin::CrossOrigin;
use layers::origin::origin;
use layers::refusals::refusals;
use layers::retry::retry;
use layers::session::session;
use layers::token_api::token_api;
use operator::{dev_inbox, dev_tools, docs};
use pages::routes::Routes;
use spec::Document;

/// What the HTTP layers need to know of the deployment.
#[derive(Debug, Clone)]
pub struct Web {
    pub cookie: SessionCookie,
    pub cross_origin: CrossOrigin,
    pub client_address: ClientAddress,
    pub forward_auth: ForwardAuth,
    /// Scheme, host and port by which browsers reach the service.
    pub public_url: String,
    /// The value of `Strict-Transport-Security`.
    pub hsts: Option<HeaderValue>,
    pub requests: RequestBounds,
    /// Whether to serve the OpenAPI document and Swagger UI.
    pub docs: bool,
    /// Whether sessions of operators are served here: with a private listener for operators they are not.
    pub operators: bool,
}

/// How many requests may be in flight.
#[derive(Debug, Clone, Copy)]
pub struct RequestBounds {
    pub most: usize,
    /// Of these, how many one network may have in flight.
    pub share: usize,
}

/// Every operation, chapter by chapter.
type Apis = (
    account::Apis,
    recovery::Apis,
    session::Apis,
    factor::Apis,
    identity::Apis,
    token::Apis,
    passkey::Apis,
    event::Apis,
    admin::Apis,
    operator::Apis,
);

fn apis(app: &App, web: &Web) -> Apis {
    (
        account::apis(app),
        recovery::apis(app),
        session::apis(app),
        factor::apis(app),
        identity::apis(app),
        token::apis(app),
        passkey::apis(app),
        event::apis(app),
        admin::apis(app, web.client_address.clone()),
        operator::apis(app),
    )
}

/// The service as one endpoint: every route inside every layer.
#[must_use]
pub fn routes(app: &App, web: &Web) -> BoxEndpoint<'static, Response> {
    let (url, name) = (web.public_url.clone(), web.cookie.name().to_owned());
    let minimum = app.password_policy.minimum();
    let document = move || Document::new(&url, &name, minimum);
    let operations = Arc::new(Paths::new(&document(), &[]));
    let pages = pages::routes(app, web);
    let (inbox, tools) = (dev_inbox::routes(app), dev_tools::routes(app));
    let described = document.clone();
    let docs = if web.docs {
        docs::routes(Look::of(app.pages.as_ref()), document)
    } else {
        Routes::default()
    };
    let others: Vec<_> = [&pages, &docs, &inbox, &tools]
        .into_iter()
        .flat_map(Routes::paths)
        .collect();
    let paths = Arc::new(Paths::new(&described(), &others));
    let logged_paths = Arc::clone(&paths);
    let service = OpenApiService::new((apis(app, web), pages, docs, inbox, tools), "", "");
    // SQLite has one writer at a time.
    let may_conflict = app.db.file().is_none();
    let (app, cookie) = (app.clone(), Arc::new(web.cookie.clone()));
    let (address, origins) = (Arc::new(web.client_address.clone()), Arc::new(web.cross_origin.clone()));
    let (hsts, proxies) = (web.hsts.clone(), Arc::clone(&address));
    let shares = Shares::new(web.requests.most, web.requests.share);
    let turns = Arc::new(Refusals::new(Instant::now()));
    let (forwarding, return_origins) = (Arc::new(web.forward_auth.clone()), Arc::clone(&origins));

    // The last layer is the outermost: it sees the request first and the response last.
    service
        .into_endpoint()
        .around(move |next, request| errors(Arc::clone(&paths), next, request))
        .around(move |next, request| session(app.clone(), Arc::clone(&cookie), next, request))
        // Boxing here keeps the endpoint's type short. Without it each build takes 80 s longer.
        .boxed()
        .around(move |next, request| retry(may_conflict, next, request))
        .around(body_limit)
        .around(move |next, request| origin(Arc::clone(&origins), next, request))
        .around(move |next, request| forward_auth(Arc::clone(&forwarding), Arc::clone(&return_origins), next, request))
        // Boxing here keeps a request's future short: each layer adds to the size of the one that it calls, and a
        // thread's stack holds them all while it is polled.
        .boxed()
        .around(move |next, request| admission(Arc::clone(&shares), next, request))
        .around(move |next, request| client(Arc::clone(&address), next, request))
        .around(move |next, request| observe(Arc::clone(&logged_paths), Arc::clone(&proxies), next, request))
        .around(token_api)
        .around(move |next, request| final_slash(Arc::clone(&operations), next, request))
        .around(aliases)
        .around(move |next, request| headers(hsts.clone(), next, request))
        .around(detach)
        .around(move |next, request| refusals(Arc::clone(&turns), next, request))
        .map_to_response()
        .boxed()
}
