//! HTTP: every route and every layer on one screen.

mod account;
mod body;
mod dev_inbox;
pub mod docs;
mod email;
pub mod error;
mod example;
mod fields;
mod flow_errors;
mod guard;
mod health;
mod jwks;
mod layers;
mod password_reset;
mod refusal;
mod session;
mod sessions;
pub mod spec;
mod spec_responses;
mod tag;
mod time;
mod token_error;
mod token_types;
mod tokens;
mod user_types;
mod users;

use std::sync::Arc;

use poem::endpoint::BoxEndpoint;
use poem::{EndpointExt, IntoEndpoint, Response};
use poem_openapi::OpenApiService;

use crate::app::App;
use crate::model::origin::AllowedOrigins;
use crate::model::session_cookie::SessionCookie;
use dev_inbox::dev_inbox;
use docs::Pages;
use layers::body_limit::body_limit;
pub use layers::client::ClientAddress;
use layers::client::client;
use layers::detach::detach;
use layers::errors::errors;
use layers::headers::headers;
use layers::observe::observe;
use layers::origin::origin;
use layers::session::session;
use layers::token_api::token_api;
use spec::{Document, Paths};

/// How the service meets browsers and proxies.
#[derive(Debug, Clone)]
pub struct Web {
    pub cookie: SessionCookie,
    pub origins: AllowedOrigins,
    pub client_address: ClientAddress,
    /// Whether browsers reach the service by https.
    pub https: bool,
    /// Whether the document and Swagger UI are served.
    pub docs: bool,
}

type Apis = (
    account::AccountApi,
    users::UsersApi,
    password_reset::PasswordResetApi,
    email::EmailApi,
    session::SessionApi,
    sessions::SessionsApi,
    tokens::TokensApi,
    jwks::JwksApi,
    health::HealthApi,
);

fn apis(app: &App) -> Apis {
    (
        account::AccountApi(app.clone()),
        users::UsersApi(app.clone()),
        password_reset::PasswordResetApi(app.clone()),
        email::EmailApi(app.clone()),
        session::SessionApi(app.clone()),
        sessions::SessionsApi(app.clone()),
        tokens::TokensApi(app.clone()),
        jwks::JwksApi(app.clone()),
        health::HealthApi(app.clone()),
    )
}

/// The whole service as one endpoint that answers every request.
#[must_use]
pub fn routes(app: &App, web: &Web) -> BoxEndpoint<'static, Response> {
    let (name, minimum) = (web.cookie.name().to_owned(), app.password_policy.minimum());
    let document = move || Document::new(&name, minimum);
    let others = if web.docs { docs::PATHS } else { &[] };
    let paths = Arc::new(Paths::new(&document(), others));
    let pages = web.docs.then(|| Arc::new(Pages::new(document)));
    let (inbox, app, cookie) = (app.clone(), app.clone(), Arc::new(web.cookie.clone()));
    let (address, origins) = (Arc::new(web.client_address.clone()), Arc::new(web.origins.clone()));
    let https = web.https;

    // The last layer is the outermost.
    OpenApiService::new(apis(&app), "", "")
        .into_endpoint()
        .around(move |next, request| docs::docs(pages.clone(), next, request))
        .around(move |next, request| dev_inbox(inbox.clone(), next, request))
        .around(move |next, request| errors(Arc::clone(&paths), next, request))
        .around(move |next, request| session(app.clone(), Arc::clone(&cookie), next, request))
        // One box here keeps the type of the whole short: without it the compiler needs 80 s longer for each build.
        .boxed()
        .around(body_limit)
        .around(move |next, request| origin(Arc::clone(&origins), next, request))
        .around(move |next, request| client(Arc::clone(&address), next, request))
        .around(observe)
        .around(token_api)
        .around(move |next, request| headers(https, next, request))
        .around(detach)
        .map_to_response()
        .boxed()
}
