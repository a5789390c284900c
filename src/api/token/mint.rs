//! `/api/auth/token`: access tokens for pages with a session cookie.

use poem_openapi::OpenApi;
use poem_openapi::payload::Json;

use super::types::{AccessTokenResponse, MintTokenRequest};
use crate::api::body::OptionalJsonBody;
use crate::api::body::fields::Fields;
use crate::api::error::{ApiError, Issue, IssueCode};
use crate::api::guard::CurrentUser;
use crate::api::tag::Tag;
use crate::api::time::Time;
use crate::app::App;
use crate::flows::token::mint_access_token::{MintError, mint_access_token};

pub struct MintApi(pub App);

#[OpenApi(tag = "Tag::Tokens")]
impl MintApi {
    /// Get an access token for the current session
    ///
    /// Returns an access token for your page to send to other services. It is valid for five minutes. The services
    /// verify it offline with the keys from `/.well-known/jwks.json`. With `audience`, the token has that `aud` claim,
    /// and this service does not accept it.
    ///
    /// Answers 400 `validation_error` with the issue `invalid_choice` if the service does not know the audience, and
    /// 403 `email_not_verified` if the service gives tokens to confirmed addresses only.
    #[oai(path = "/api/auth/token", method = "post", operation_id = "mintAccessToken")]
    async fn mint_access_token(
        &self,
        user: CurrentUser,
        body: OptionalJsonBody<MintTokenRequest>,
    ) -> Result<Json<AccessTokenResponse>, ApiError> {
        let audience = read_audience(body.fields)?;
        let (access, expires_at) = mint_access_token(&self.0, &user.0, audience.as_deref()).await?;
        Ok(Json(AccessTokenResponse {
            access,
            expires_at: Time(expires_at),
        }))
    }
}

fn read_audience(mut fields: Fields) -> Result<Option<String>, ApiError> {
    let audience = fields.is_given("audience").then(|| fields.text("audience")).flatten();
    fields.finish(Some(audience))
}

impl From<MintError> for ApiError {
    fn from(error: MintError) -> Self {
        match error {
            MintError::UnknownAudience => Self::validation(vec![Issue {
                code: IssueCode::InvalidChoice,
                path: vec!["audience".to_owned()],
                message: "The service gives no tokens for this audience".to_owned(),
            }]),
            MintError::Internal(error) => error.into(),
        }
    }
}
