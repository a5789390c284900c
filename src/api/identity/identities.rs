//! `/api/auth/identities`: lists, links and removes the identities of an account.

use poem_openapi::param::Path;
use poem_openapi::payload::Json;
use poem_openapi::types::Example;
use poem_openapi::{ApiResponse, Object, OpenApi};
use uuid::Uuid;

use crate::api::body::OptionalJsonBody;
use crate::api::body::fields::Fields;
use crate::api::error::{ApiError, ErrorCode, IssueCode};
use crate::api::example;
use crate::api::formats::Nullable;
use crate::api::guard::CurrentUser;
use crate::api::layers::session::RequestSession;
use crate::api::tag::Tag;
use crate::api::time::Time;
use crate::app::App;
use crate::flows::identity::begin_link::{BeginLinkError, begin_link};
use crate::flows::identity::list_identities::list_identities;
use crate::flows::identity::remove_identity::{RemoveIdentityError, remove_identity};
use crate::model::client::Client;
use crate::model::identity::Identity;

pub struct IdentitiesApi(pub App);

/// An account at another provider that you can log in with.
#[derive(Debug, Object)]
#[oai(example, rename = "Identity")]
pub struct IdentityResponse {
    id: Uuid,
    /// The provider's id.
    provider: String,
    /// The address that the provider gave last.
    email: Nullable<String>,
    created_at: Time,
    last_used_at: Time,
}

/// Where to go after the provider.
#[derive(Debug, Object)]
#[oai(example)]
pub struct LinkIdentityRequest {
    /// The page to open afterwards: a path, or an address at an allowed origin.
    #[oai(validator(max_length = 2048), skip_serializing_if_is_none)]
    return_to: Option<String>,
}

/// Where your page has to go.
#[derive(Debug, Object)]
#[oai(example)]
pub struct LinkIdentityResponse {
    /// The address at the provider. Navigate to it in the same browser within ten minutes.
    url: String,
}

#[derive(ApiResponse)]
enum RemoveResponse {
    /// The identity is removed.
    #[oai(status = 204)]
    Removed,
}

#[OpenApi(tag = "Tag::Identities")]
impl IdentitiesApi {
    /// List your identities
    ///
    /// Returns the accounts at other providers that log in to your account, the oldest first.
    #[oai(path = "/api/auth/identities", method = "get", operation_id = "listIdentities")]
    async fn list_identities(&self, user: CurrentUser) -> Result<Json<Vec<IdentityResponse>>, ApiError> {
        let identities = list_identities(&self.0, user.0.user_id).await?;
        Ok(Json(identities.into_iter().map(IdentityResponse::of).collect()))
    }

    /// Link an identity
    ///
    /// Returns the address at the provider to which your page has to navigate. The provider leads back to
    /// `/auth/{provider}`, and the browser goes to `return_to` with the identity linked, or to the log-in page with
    /// `error`.
    ///
    /// Answers 403 `reauthentication_required` if your last proof is more than ten minutes ago, 404 `not_found` for a
    /// provider that is not set up, and 409 `already_set_up` if your account has 20 identities.
    #[oai(path = "/api/auth/identities/:id", method = "post", operation_id = "linkIdentity")]
    async fn link_identity(
        &self,
        user: CurrentUser,
        /// The provider's id.
        id: Path<String>,
        body: OptionalJsonBody<LinkIdentityRequest>,
        session: RequestSession,
        client: Client,
    ) -> Result<Json<LinkIdentityResponse>, ApiError> {
        let provider = self.0.providers.by_id(&id.0).ok_or(ErrorCode::NotFound)?;
        let return_to = self.read_return_to(body.fields)?;
        let begun = begin_link(&self.0, &user.0, provider, return_to, &client).await?;
        session.ceremonies().keep(begun.cookie);
        Ok(Json(LinkIdentityResponse { url: begun.url }))
    }

    /// Remove an identity
    ///
    /// Removes the identity and mails a notice. Sessions that it opened go on; revoke them if they are not yours.
    ///
    /// Answers 403 `reauthentication_required` if your last proof is more than ten minutes ago, 404 `not_found` if your
    /// account has no identity with this id, and 409 `last_credential` if it is the last way into your account.
    #[oai(
        path = "/api/auth/identities/:id",
        method = "delete",
        operation_id = "removeIdentity"
    )]
    async fn remove_identity(
        &self,
        user: CurrentUser,
        /// The identity's id from the list of identities.
        id: Path<Uuid>,
        client: Client,
    ) -> Result<RemoveResponse, ApiError> {
        remove_identity(&self.0, &user.0, id.0, &client).await?;
        Ok(RemoveResponse::Removed)
    }
}

impl IdentitiesApi {
    fn read_return_to(&self, mut fields: Fields) -> Result<String, ApiError> {
        let asked = fields.is_given("return_to").then(|| fields.text("return_to")).flatten();
        let page = self.0.providers.return_page(asked.as_deref());
        if page.is_none() {
            fields.add_issue(
                "return_to",
                IssueCode::InvalidChoice,
                "Must be a path, or an address at an allowed origin",
            );
        }
        fields.finish(page)
    }
}

impl From<BeginLinkError> for ApiError {
    fn from(error: BeginLinkError) -> Self {
        match error {
            BeginLinkError::Reauthentication(error) => error.into(),
            BeginLinkError::Full => ErrorCode::AlreadySetUp.into(),
            // It has been logged already.
            BeginLinkError::ProviderFailed => ErrorCode::Unavailable.into(),
            BeginLinkError::Internal(error) => error.into(),
        }
    }
}

impl From<RemoveIdentityError> for ApiError {
    fn from(error: RemoveIdentityError) -> Self {
        match error {
            RemoveIdentityError::NotAuthenticated => ErrorCode::NotAuthenticated.into(),
            RemoveIdentityError::Reauthentication(error) => error.into(),
            RemoveIdentityError::NotFound => ErrorCode::NotFound.into(),
            RemoveIdentityError::LastCredential => ErrorCode::LastCredential.into(),
            RemoveIdentityError::Internal(error) => error.into(),
        }
    }
}

impl IdentityResponse {
    pub fn of(identity: Identity) -> Self {
        Self {
            id: identity.id,
            provider: identity.provider,
            email: identity.email.into(),
            created_at: Time(identity.created_at),
            last_used_at: Time(identity.last_used_at),
        }
    }
}

impl Example for IdentityResponse {
    fn example() -> Self {
        let signed_in = example::signed_in();
        Self {
            id: signed_in.session_id.0,
            provider: "github".to_owned(),
            email: Some("user@example.com".to_owned()).into(),
            created_at: Time(signed_in.created_at),
            last_used_at: Time(signed_in.created_at),
        }
    }
}

impl Example for LinkIdentityRequest {
    fn example() -> Self {
        Self {
            return_to: Some("/account/security".to_owned()),
        }
    }
}

impl Example for LinkIdentityResponse {
    fn example() -> Self {
        Self {
            url: "https://github.com/login/oauth/authorize?client_id=example".to_owned(),
        }
    }
}
