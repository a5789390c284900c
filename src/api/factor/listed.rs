//! `/api/auth/factors`: what the account has to log in with.

use poem_openapi::payload::Json;
use poem_openapi::types::Example;
use poem_openapi::{Object, OpenApi};

use crate::api::error::ApiError;
use crate::api::example;
use crate::api::guard::CurrentUser;
use crate::api::tag::Tag;
use crate::api::time::Time;
use crate::app::App;
use crate::flows::steps::read_factors::{ListedFactors, read_factors};

pub struct FactorsApi(pub App);

/// Something you can log in with, beside a password.
#[derive(Debug, Object)]
#[oai(example, rename = "Factor")]
pub struct FactorResponse {
    id: String,
    /// `totp`, `recovery_codes` or `passkey`.
    kind: String,
    name: String,
    created_at: Time,
    /// When you last used it; absent if you never did.
    #[oai(skip_serializing_if_is_none)]
    last_used_at: Option<Time>,
    /// The number of recovery codes that you have not used.
    #[oai(skip_serializing_if_is_none)]
    remaining: Option<i64>,
}

#[OpenApi(tag = "Tag::Factors")]
impl FactorsApi {
    /// List your factors
    ///
    /// Returns your authenticator app, your recovery codes and your passkeys, if you have set them up. Never includes
    /// their secrets.
    #[oai(path = "/api/auth/factors", method = "get", operation_id = "listFactors")]
    async fn list_factors(&self, user: CurrentUser) -> Result<Json<Vec<FactorResponse>>, ApiError> {
        Ok(Json(FactorResponse::all(read_factors(&self.0, user.0.user_id).await?)))
    }
}

impl FactorResponse {
    /// The factors as a list.
    pub fn all(factors: ListedFactors) -> Vec<Self> {
        let totp = factors.totp.map(|totp| Self {
            id: "totp".to_owned(),
            kind: "totp".to_owned(),
            name: totp.name,
            created_at: Time(totp.confirmed_at),
            last_used_at: totp.last_used_at.map(Time),
            remaining: None,
        });
        let recovery_codes = factors.recovery_codes.map(|codes| Self {
            id: "recovery_codes".to_owned(),
            kind: "recovery_codes".to_owned(),
            name: "Recovery codes".to_owned(),
            created_at: Time(codes.created_at),
            last_used_at: codes.last_used_at.map(Time),
            remaining: Some(codes.remaining),
        });
        let passkeys = factors.passkeys.into_iter().map(|passkey| Self {
            id: passkey.id.0.to_string(),
            kind: "passkey".to_owned(),
            name: passkey.name,
            created_at: Time(passkey.created_at),
            last_used_at: passkey.last_used_at.map(Time),
            remaining: None,
        });
        totp.into_iter().chain(recovery_codes).chain(passkeys).collect()
    }
}

impl Example for FactorResponse {
    fn example() -> Self {
        let signed_in = example::signed_in();
        Self {
            id: "totp".to_owned(),
            kind: "totp".to_owned(),
            name: "My phone".to_owned(),
            created_at: Time(signed_in.created_at),
            last_used_at: Some(Time(signed_in.last_seen_at)),
            remaining: None,
        }
    }
}
