//! `/api/auth/passkeys`: what an owner does with passkeys; `/.well-known/webauthn`: which other domains may use them.

use poem_openapi::param::Path;
use poem_openapi::payload::Json;
use poem_openapi::types::Example;
use poem_openapi::{ApiResponse, Object, OpenApi};
use uuid::Uuid;

use crate::api::body::JsonBody;
use crate::api::body::fields::Fields;
use crate::api::error::{ApiError, ErrorCode, IssueCode};
use crate::api::formats::Nullable;
use crate::api::guard::CurrentUser;
use crate::api::tag::Tag;
use crate::api::time::Time;
use crate::app::App;
use crate::flows::passkey::list_passkeys::list_passkeys;
use crate::flows::passkey::remove_passkey::{RemovePasskeyError, remove_passkey};
use crate::flows::passkey::rename_passkey::rename_passkey;
use crate::model::client::Client;
use crate::model::passkey::stored::{InvalidName, ListedPasskey, PasskeyId, PasskeyName, transports};

pub struct PasskeysApi(pub App);

/// One of your passkeys.
#[derive(Debug, Object)]
#[oai(example, rename = "ListedPasskey")]
pub struct ListedPasskeyResponse {
    /// Use this id to rename or remove the passkey. It is not a credential.
    id: Uuid,
    name: String,
    created_at: Time,
    last_used_at: Nullable<Time>,
    /// Whether the passkey is synced to other devices, as its authenticator says.
    backed_up: bool,
    /// How a browser can reach the authenticator, such as `internal` or `usb`.
    transports: Vec<String>,
    /// The model of authenticator; all zeros where it does not say.
    aaguid: Uuid,
}

/// The new name of a passkey.
#[derive(Debug, Object)]
#[oai(example)]
pub struct RenamePasskeyRequest {
    #[oai(validator(min_length = 1, max_length = 64))]
    name: String,
}

/// The origins on other domains whose pages may use the passkeys.
#[derive(Debug, Object)]
#[oai(example)]
pub struct RelatedOriginsResponse {
    origins: Vec<String>,
}

#[derive(ApiResponse)]
enum RemoveResponse {
    /// The passkey is removed.
    #[oai(status = 204)]
    Removed,
}

#[OpenApi(tag = "Tag::Passkeys")]
impl PasskeysApi {
    /// List your passkeys
    ///
    /// Returns every passkey of your account, the oldest first. An account has at most 20.
    #[oai(path = "/api/auth/passkeys", method = "get", operation_id = "listPasskeys")]
    async fn list_passkeys(&self, user: CurrentUser) -> Result<Json<Vec<ListedPasskeyResponse>>, ApiError> {
        let passkeys = list_passkeys(&self.0, user.0.user_id).await?;
        Ok(Json(passkeys.into_iter().map(ListedPasskeyResponse::of).collect()))
    }

    /// Rename one of your passkeys
    ///
    /// Answers 404 `not_found` if your account has no passkey with this id.
    #[oai(path = "/api/auth/passkeys/:id", method = "patch", operation_id = "renamePasskey")]
    async fn rename_passkey(
        &self,
        user: CurrentUser,
        /// The passkey's id from the list of passkeys.
        id: Path<Uuid>,
        body: JsonBody<RenamePasskeyRequest>,
    ) -> Result<Json<ListedPasskeyResponse>, ApiError> {
        let name = read_name(body.fields)?;
        let renamed = rename_passkey(&self.0, &user.0, PasskeyId(id.0), &name).await?;
        let renamed = renamed.ok_or(ErrorCode::NotFound)?;
        Ok(Json(ListedPasskeyResponse::of(renamed)))
    }

    /// Remove one of your passkeys
    ///
    /// Mails you a notice. Sessions that were started with the passkey go on.
    ///
    /// Answers 403 `reauthentication_required` without a fresh proof that it is you, 404 `not_found` if your account
    /// has no passkey with this id, and 409 `last_credential` if no password, other passkey or identity would be left.
    #[oai(path = "/api/auth/passkeys/:id", method = "delete", operation_id = "removePasskey")]
    async fn remove_passkey(
        &self,
        user: CurrentUser,
        /// The passkey's id from the list of passkeys.
        id: Path<Uuid>,
        client: Client,
    ) -> Result<RemoveResponse, ApiError> {
        remove_passkey(&self.0, &user.0, PasskeyId(id.0), &client).await?;
        Ok(RemoveResponse::Removed)
    }

    /// Get the origins on other domains that may use the passkeys
    ///
    /// Browsers read this when a page on another domain asks for a passkey (WebAuthn Level 3, related origins). Answers
    /// 404 `not_found` if there are none.
    #[oai(path = "/.well-known/webauthn", method = "get", operation_id = "getRelatedOrigins")]
    async fn get_related_origins(&self) -> Result<Json<RelatedOriginsResponse>, ApiError> {
        let party = self.0.passkeys.relying_party.as_ref();
        let origins = party.map(|party| party.related().to_vec()).unwrap_or_default();
        if origins.is_empty() {
            return Err(ErrorCode::NotFound.into());
        }
        Ok(Json(RelatedOriginsResponse { origins }))
    }
}

fn read_name(mut fields: Fields) -> Result<PasskeyName, ApiError> {
    let name = fields.text("name").and_then(|text| {
        let (code, message) = match PasskeyName::parse(&text) {
            Ok(name) => return Some(name),
            Err(InvalidName::Empty) => (IssueCode::TooShort, "Enter a name"),
            Err(InvalidName::TooLong) => (IssueCode::TooLong, "Must have at most 64 characters"),
            Err(InvalidName::Characters) => (IssueCode::InvalidCharacters, "Must not contain control characters"),
        };
        fields.add_issue("name", code, message);
        None
    });
    fields.finish(name)
}

impl ListedPasskeyResponse {
    fn of(passkey: ListedPasskey) -> Self {
        Self {
            id: passkey.id.0,
            name: passkey.name,
            created_at: Time(passkey.created_at),
            last_used_at: passkey.last_used_at.map(Time).into(),
            backed_up: passkey.backed_up,
            transports: transports(&passkey.transports),
            aaguid: passkey.aaguid,
        }
    }
}

impl From<RemovePasskeyError> for ApiError {
    fn from(error: RemovePasskeyError) -> Self {
        match error {
            RemovePasskeyError::NotAuthenticated => ErrorCode::NotAuthenticated.into(),
            RemovePasskeyError::Reauthentication(error) => error.into(),
            RemovePasskeyError::NotFound => ErrorCode::NotFound.into(),
            RemovePasskeyError::LastCredential => ErrorCode::LastCredential.into(),
            RemovePasskeyError::Internal(error) => error.into(),
        }
    }
}

impl Example for ListedPasskeyResponse {
    fn example() -> Self {
        let signed_in = crate::api::example::signed_in();
        Self {
            id: signed_in.session_id.0,
            name: "Chrome on Android".to_owned(),
            created_at: Time(signed_in.created_at),
            last_used_at: Some(Time(signed_in.last_seen_at)).into(),
            backed_up: true,
            transports: vec!["hybrid".to_owned(), "internal".to_owned()],
            aaguid: Uuid::nil(),
        }
    }
}

impl Example for RenamePasskeyRequest {
    fn example() -> Self {
        Self {
            name: "My phone".to_owned(),
        }
    }
}

impl Example for RelatedOriginsResponse {
    fn example() -> Self {
        Self {
            origins: vec!["https://app.example.org".to_owned()],
        }
    }
}
