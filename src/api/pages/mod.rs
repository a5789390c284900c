//! `/`, `/account/…` and `/admin/…`: the pages for people. They call the same API as every other front end.

mod assets;
mod host;
pub mod routes;

use std::sync::Arc;

use poem::http::{StatusCode, header};
use poem::{Request, Response, Result};
use url::form_urlencoded;

use super::Web;
use crate::api::error::{ApiError, ErrorCode};
use crate::app::App;
use crate::app::pages::{Facts, Offer, Pages, ProviderLink};
use crate::model::client::Client;
use crate::model::client::return_to;
use routes::Routes;

/// The page that a log-in leads to if nothing else is asked for.
const HOME: &str = "/account/";

/// The pages below `/account/`, with the names of their templates.
const ACCOUNT: [(&str, &str); 8] = [
    (HOME, "account"),
    ("/account/security", "security"),
    ("/account/sessions", "sessions"),
    ("/account/activity", "activity"),
    ("/account/data", "data"),
    ("/account/login", "log_in"),
    ("/account/sign-up", "sign_up"),
    ("/account/recover", "recover"),
];

/// The pages of operators. They hold nothing but texts: what they show comes from the API, which decides who may read
/// it.
const ADMIN: [(&str, &str); 5] = [
    ("/admin/", "admin"),
    ("/admin/users", "admin_users"),
    ("/admin/users/:id", "admin_user"),
    ("/admin/events", "admin_events"),
    ("/admin/webhooks", "admin_webhooks"),
];

/// Scripts and styles come from this service only, nothing can be framed, and no text becomes HTML (trusted types).
/// Forms are sent by scripts: without them a form sends nothing, so that no password gets into an address.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
    connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'; \
    require-trusted-types-for 'script'; trusted-types 'none'";

/// The pages that are switched on. Without them `/` leads to the documentation, if there is any.
#[must_use]
pub fn routes(app: &App, web: &Web) -> Routes {
    if app.pages.is_none() {
        return if web.docs {
            Routes::default().get(("/", |_: &Request| Ok(redirect("/docs/"))))
        } else {
            Routes::default()
        };
    }
    let shared = Arc::new(Shared {
        app: app.clone(),
        web: web.clone(),
    });
    let mut routes = Routes::default()
        .get(shared.route("/", Shared::start))
        .get(("/account", |_: &Request| Ok(redirect(HOME))))
        .get(shared.route(assets::PATH, |shared, request| assets::answer(shared.pages()?, request)));
    let mut named = ACCOUNT.to_vec();
    if web.operators {
        routes = routes.get(("/admin", |_: &Request| Ok(redirect("/admin/"))));
        named.extend(ADMIN);
    }
    for (path, name) in named {
        routes = routes.get(shared.route(path, move |shared, request| shared.page(name, request)));
    }
    routes
}

struct Shared {
    app: App,
    web: Web,
}

impl Shared {
    fn route<F>(
        self: &Arc<Self>,
        path: &'static str,
        answer: F,
    ) -> (
        &'static str,
        impl Fn(&Request) -> Result<Response> + Send + Sync + 'static + use<F>,
    )
    where
        F: Fn(&Self, &Request) -> Result<Response> + Send + Sync + 'static,
    {
        let shared = Arc::clone(self);
        (path, move |request: &Request| answer(&shared, request))
    }

    fn pages(&self) -> Result<&Pages, ApiError> {
        self.app.pages.as_ref().ok_or_else(|| ErrorCode::NotFound.into())
    }

    fn start(&self, request: &Request) -> Result<Response> {
        match self.pages()?.start_url() {
            Some(url) => Ok(redirect(url)),
            None => self.page("start", request),
        }
    }

    fn page(&self, name: &str, request: &Request) -> Result<Response> {
        if let Some(address) = host::public_address(&self.web.public_url, request) {
            return Ok(redirect(&address));
        }
        let client = request.extensions().get::<Client>().cloned();
        let languages = client.map(|client| client.languages).unwrap_or_default();
        let page = self.pages()?.render(name, &languages, &self.facts(request));
        let page = page.map_err(ApiError::from)?;
        Ok(Response::builder()
            .content_type("text/html; charset=utf-8")
            .header(header::CONTENT_SECURITY_POLICY, POLICY)
            .header(header::CONTENT_LANGUAGE, page.language)
            .header(header::VARY, "Accept-Language")
            .header("cross-origin-opener-policy", "same-origin")
            .body(page.html))
    }

    fn offers(&self) -> Vec<Offer> {
        let app = &self.app;
        let has = |offer: &Offer| match offer {
            Offer::Docs => self.web.docs,
            Offer::Inbox => app.mailer.inbox_key().is_some(),
            Offer::SignUp => app.allows_some_new_accounts(),
            Offer::Codes => app.log_in_by_code,
            Offer::Passkeys => app.passkeys.relying_party.is_some(),
            Offer::Admin => self.web.operators,
        };
        Offer::ALL.into_iter().filter(has).collect()
    }

    fn facts(&self, request: &Request) -> Facts {
        let app = &self.app;
        let query = request.uri().query().unwrap_or_default();
        let asked = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "return_to");
        let origins = self.web.cross_origin.origins();
        let asked = asked.and_then(|(_, page)| return_to::page(origins, &page));
        let query = asked.as_ref().map(|page| {
            let mut query = form_urlencoded::Serializer::for_suffix("?".to_owned(), 1);
            query.append_pair("return_to", page).finish()
        });
        Facts {
            offers: self.offers(),
            minimum: app.password_policy.minimum(),
            providers: app.providers.all().map(link).collect(),
            return_to: asked.unwrap_or_else(|| HOME.to_owned()),
            query: query.unwrap_or_default(),
        }
    }
}

fn link(provider: &crate::app::providers::Provider) -> ProviderLink {
    ProviderLink {
        name: provider.name().to_owned(),
        url: provider.url().to_owned(),
    }
}

fn redirect(address: &str) -> Response {
    Response::builder()
        .status(StatusCode::TEMPORARY_REDIRECT)
        .header(header::LOCATION, address)
        .finish()
}
