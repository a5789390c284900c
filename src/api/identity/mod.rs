//! `/auth/{provider}`, `/api/auth/providers`, `/api/auth/identities`: log-in with other providers.

pub mod identities;

use poem_openapi::param::{Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::types::Example;
use poem_openapi::{ApiResponse, Object, OpenApi};

use crate::api::error::{ApiError, ErrorCode};
use crate::api::layers::session::RequestSession;
use crate::api::tag::Tag;
use crate::app::App;
use crate::app::providers::Provider;
use crate::flows::identity::begin_log_in::begin_log_in;
use crate::flows::identity::finish_ceremony::{Finished, Returned, finish_ceremony};
use crate::flows::identity::{FinishError, report};
use crate::model::client::Client;
use crate::model::identity::ceremony::Callback;

/// The operations of this chapter.
pub type Apis = (ProviderApi, identities::IdentitiesApi);

/// The operations of this chapter, ready to serve.
pub fn apis(app: &App) -> Apis {
    (ProviderApi(app.clone()), identities::IdentitiesApi(app.clone()))
}

/// The errors that operations return for reasons of their own. `spec` adds those that follow from their declaration.
pub const ERRORS: &[(&str, &[ErrorCode])] = &[
    ("startSocialLogIn", &[ErrorCode::NotFound]),
    (
        "linkIdentity",
        &[
            ErrorCode::NotFound,
            ErrorCode::ReauthenticationRequired,
            ErrorCode::AlreadySetUp,
            ErrorCode::TooManyRequests,
        ],
    ),
    (
        "removeIdentity",
        &[
            ErrorCode::NotFound,
            ErrorCode::ReauthenticationRequired,
            ErrorCode::LastCredential,
            ErrorCode::TooManyRequests,
        ],
    ),
];

/// Operations that set or remove the session cookie without requiring one.
pub const WRITE_COOKIE: &[&str] = &["startSocialLogIn"];

pub struct ProviderApi(pub App);

/// A provider that you can log in with.
#[derive(Debug, Object)]
#[oai(example, rename = "Provider")]
pub struct ProviderResponse {
    id: String,
    /// The name to show on a button.
    name: String,
    /// Open this address to log in. Use a link: a form's POST is blocked by many content security policies.
    url: String,
}

#[derive(ApiResponse)]
enum Redirect {
    /// Your browser goes on: to the provider, to the page after the log-in, or to the log-in page with `error`.
    #[oai(status = 303)]
    SeeOther(
        /// The page to open.
        #[oai(header = "Location")]
        String,
    ),
}

#[OpenApi(tag = "Tag::Identities")]
impl ProviderApi {
    /// List the providers that you can log in with
    ///
    /// Returns the name and the address of each provider that the operator has set up.
    #[oai(path = "/api/auth/providers", method = "get", operation_id = "listProviders")]
    async fn list_providers(&self) -> Json<Vec<ProviderResponse>> {
        Json(self.0.providers.all().map(ProviderResponse::of).collect())
    }

    /// Log in with a provider
    ///
    /// Open this in a browser, as a link. It leads to the provider, and the provider leads back here with `code` and
    /// `state`. Then you are signed in, with a session cookie, and the browser goes to `return_to` or to the page that
    /// the operator has set. An account is made if there is none.
    ///
    /// If the log-in fails, the browser goes to the log-in page with `error`: `access_denied`, `state_mismatch`,
    /// `provider_failed`, `email_missing`, `email_taken` (log in to that account, then link the provider),
    /// `identity_taken`, `second_factor_required` (finish with `POST /api/auth/login/second-factor`),
    /// `account_disabled`, `sign_up_closed`, `too_many_requests` or `unavailable` (both pass by themselves). Answers
    /// 404 `not_found` for a provider that is not set up. A browser that is signed in, and that a page of another site
    /// sends here, stays signed in as it is and goes to the page afterwards.
    #[oai(path = "/auth/:provider", method = "get", operation_id = "startSocialLogIn")]
    #[expect(clippy::too_many_arguments, reason = "the framework has one for each parameter")]
    async fn start_social_log_in(
        &self,
        /// The provider's id.
        provider: Path<String>,
        /// The page to open afterwards: a path, or an address at an allowed origin.
        return_to: Query<Option<String>>,
        /// From the provider.
        code: Query<Option<String>>,
        /// From the provider.
        state: Query<Option<String>>,
        /// From the provider.
        iss: Query<Option<String>>,
        /// From the provider.
        error: Query<Option<String>>,
        session: RequestSession,
        client: Client,
    ) -> Result<Redirect, ApiError> {
        let provider = self.provider(&provider.0)?;
        if session.ceremonies().is_ahead() {
            // A browser that only guesses what comes next asks again when the person does click.
            return Err(ErrorCode::Unavailable.into());
        }
        let callback = Callback {
            code: code.0,
            state: state.0,
            issuer: iss.0,
            error: error.0,
        };
        let page = if callback.is_one() {
            self.finish(provider, callback, &session, client).await
        } else {
            self.begin(provider, return_to.0.as_deref(), &session, &client).await
        };
        Ok(Redirect::SeeOther(page.or_else(|error| self.explain(error))?))
    }
}

impl ProviderApi {
    fn provider(&self, id: &str) -> Result<&Provider, ApiError> {
        Ok(self.0.providers.by_id(id).ok_or(ErrorCode::NotFound)?)
    }

    /// A person waits in front of a browser: what passes by itself leads to the log-in page too.
    fn explain(&self, error: ApiError) -> Result<String, ApiError> {
        match error.code {
            ErrorCode::TooManyRequests => Ok(self.0.providers.failure_page("too_many_requests")),
            ErrorCode::Unavailable => Ok(self.0.providers.failure_page("unavailable")),
            _ => Err(error),
        }
    }

    /// The address at the provider.
    async fn begin(
        &self,
        provider: &Provider,
        return_to: Option<&str>,
        session: &RequestSession,
        client: &Client,
    ) -> Result<String, ApiError> {
        self.0.limits.allow_set_out(client)?;
        let providers = &self.0.providers;
        // A link with a foreign page still logs in, and leads to ours.
        let page = providers.return_page(return_to);
        let page = page.unwrap_or_else(|| providers.after_log_in().to_owned());
        // A page elsewhere must not bring its visitors into another account than the one that they are signed in to
        // (OWASP ASVS v5.0.0-7.6.2).
        if session.ceremonies().is_from_another_site() && session.authenticate().await?.is_some() {
            return Ok(page);
        }
        Ok(match begin_log_in(&self.0, provider, page, None).await {
            Ok(begun) => {
                session.ceremonies().keep(begun.cookie);
                begun.url
            }
            Err(error) => {
                report(&self.0, provider, &error);
                providers.failure_page("provider_failed")
            }
        })
    }

    /// The page after a callback.
    async fn finish(
        &self,
        provider: &Provider,
        callback: Callback,
        session: &RequestSession,
        client: Client,
    ) -> Result<String, ApiError> {
        let returned = Returned {
            callback,
            cookies: session.ceremonies().presented(),
            session: session.authenticate().await?,
            is_session_kept_back: session.ceremonies().is_session_kept_back(),
        };
        session.ceremonies().discard();
        let failed = |code| Ok(self.0.providers.failure_page(code));
        match finish_ceremony(&self.0, provider, returned, session.start(client)).await {
            Ok(Finished::Linked { return_to }) => Ok(return_to),
            Ok(Finished::LogIn { outcome, return_to }) => match session.conclude(outcome) {
                Ok(_) => Ok(return_to),
                Err(_) => failed("second_factor_required"),
            },
            Err(FinishError::Internal(error)) => Err(error.into()),
            Err(error) => failed(reason(&error)),
        }
    }
}

/// The reason as the log-in page reads it.
fn reason(error: &FinishError) -> &'static str {
    match error {
        FinishError::AccessDenied => "access_denied",
        FinishError::StateMismatch => "state_mismatch",
        FinishError::ProviderFailed | FinishError::Internal(_) => "provider_failed",
        FinishError::EmailMissing => "email_missing",
        FinishError::EmailTaken => "email_taken",
        FinishError::IdentityTaken => "identity_taken",
        FinishError::AccountDisabled => "account_disabled",
        FinishError::SignUpClosed => "sign_up_closed",
    }
}

impl ProviderResponse {
    fn of(provider: &Provider) -> Self {
        Self {
            id: provider.id().to_string(),
            name: provider.name().to_owned(),
            url: provider.url().to_owned(),
        }
    }
}

impl Example for ProviderResponse {
    fn example() -> Self {
        Self {
            id: "github".to_owned(),
            name: "GitHub".to_owned(),
            url: "https://auth.example.com/auth/github".to_owned(),
        }
    }
}
