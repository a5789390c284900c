//! The options that a browser takes (WebAuthn Level 3, sections 5.4 and 5.5), in the JSON that
//! `PublicKeyCredential.parseCreationOptionsFromJSON()` reads.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use poem_openapi::Object;
use poem_openapi::types::Example;

use crate::api::example;
use crate::flows::passkey::begin_authentication::AuthenticationOptions;
use crate::flows::passkey::begin_registration::RegistrationOptions;
use crate::model::id::UserId;
use crate::model::passkey::public_key::Algorithm;
use crate::model::passkey::relying_party::RelyingParty;
use crate::model::passkey::stored::{ListedPasskey, transports};

/// How long the browser waits for the person, in milliseconds.
const TIMEOUT: u32 = 300_000;

/// The service, as authenticators show it.
#[derive(Debug, Object)]
pub struct RelyingPartyEntity {
    /// The domain that the passkey belongs to.
    id: String,
    name: String,
}

/// The account that the passkey is for.
#[derive(Debug, Object)]
pub struct UserEntity {
    /// The account's id, in base64url.
    id: String,
    name: String,
    #[oai(rename = "displayName")]
    display_name: String,
}

/// An algorithm of keys that the service verifies.
#[derive(Debug, Object)]
pub struct CredentialParameters {
    #[oai(rename = "type")]
    kind: String,
    /// The algorithm's number in COSE.
    alg: i64,
}

/// A passkey, named to the browser.
#[derive(Debug, Object)]
pub struct CredentialDescriptor {
    /// The credential's id, in base64url.
    id: String,
    #[oai(rename = "type")]
    kind: String,
    transports: Vec<String>,
}

/// What the authenticator has to be able to do.
#[derive(Debug, Object)]
pub struct AuthenticatorSelection {
    #[oai(rename = "residentKey")]
    resident_key: String,
    #[oai(rename = "requireResidentKey")]
    require_resident_key: bool,
    #[oai(rename = "userVerification")]
    user_verification: String,
}

/// The extensions that the browser is asked for.
#[derive(Debug, Object)]
pub struct CreationExtensions {
    #[oai(rename = "credProps")]
    cred_props: bool,
}

/// The options for `navigator.credentials.create()`.
#[derive(Debug, Object)]
pub struct CreationOptions {
    rp: RelyingPartyEntity,
    user: UserEntity,
    /// Random bytes, in base64url.
    challenge: String,
    #[oai(rename = "pubKeyCredParams")]
    pub_key_cred_params: Vec<CredentialParameters>,
    timeout: u32,
    /// The passkeys that your account has already.
    #[oai(rename = "excludeCredentials")]
    exclude_credentials: Vec<CredentialDescriptor>,
    #[oai(rename = "authenticatorSelection")]
    authenticator_selection: AuthenticatorSelection,
    attestation: String,
    extensions: CreationExtensions,
}

/// The options for `navigator.credentials.get()`.
#[derive(Debug, Object)]
pub struct RequestOptions {
    /// Random bytes, in base64url.
    challenge: String,
    timeout: u32,
    #[oai(rename = "rpId")]
    rp_id: String,
    /// Always empty: the person chooses among the passkeys that the authenticator has for this domain.
    #[oai(rename = "allowCredentials")]
    allow_credentials: Vec<CredentialDescriptor>,
    #[oai(rename = "userVerification")]
    user_verification: String,
}

impl CreationOptions {
    /// The options to make a passkey for the account of `user`, whose address is `email`.
    pub fn of(options: &RegistrationOptions, user: UserId, email: &str, display_name: Option<String>) -> Self {
        let existing = options.existing.iter().map(CredentialDescriptor::of).collect();
        let name = &options.relying_party.name;
        let rp = RelyingPartyEntity::of(options.relying_party.id.as_str(), name);
        Self::new(rp, &options.challenge, existing, (user, email), display_name)
    }

    fn new(
        rp: RelyingPartyEntity,
        challenge: &[u8],
        existing: Vec<CredentialDescriptor>,
        (user, email): (UserId, &str),
        display_name: Option<String>,
    ) -> Self {
        let parameters = Algorithm::OFFERED.iter().map(|algorithm| CredentialParameters {
            kind: PUBLIC_KEY.to_owned(),
            alg: algorithm.number(),
        });
        Self {
            rp,
            user: UserEntity {
                id: BASE64.encode(user.0.as_bytes()),
                name: email.to_owned(),
                display_name: display_name.unwrap_or_else(|| email.to_owned()),
            },
            challenge: BASE64.encode(challenge),
            pub_key_cred_params: parameters.collect(),
            timeout: TIMEOUT,
            exclude_credentials: existing,
            authenticator_selection: AuthenticatorSelection {
                resident_key: "required".to_owned(),
                require_resident_key: true,
                user_verification: "required".to_owned(),
            },
            attestation: "none".to_owned(),
            extensions: CreationExtensions { cred_props: true },
        }
    }
}

const PUBLIC_KEY: &str = "public-key";

impl RelyingPartyEntity {
    fn of(id: &str, name: &str) -> Self {
        Self {
            id: id.to_owned(),
            name: name.to_owned(),
        }
    }
}

impl CredentialDescriptor {
    fn of(passkey: &ListedPasskey) -> Self {
        Self {
            id: BASE64.encode(&passkey.credential_id),
            kind: PUBLIC_KEY.to_owned(),
            transports: transports(&passkey.transports),
        }
    }
}

impl RequestOptions {
    pub fn of(options: &AuthenticationOptions) -> Self {
        let RelyingParty { id, .. } = &options.relying_party;
        Self {
            challenge: BASE64.encode(options.challenge),
            timeout: TIMEOUT,
            rp_id: id.as_str().to_owned(),
            allow_credentials: Vec::new(),
            user_verification: "required".to_owned(),
        }
    }
}

impl Example for CreationOptions {
    fn example() -> Self {
        let rp = RelyingPartyEntity::of("example.com", "Example");
        let signed_in = example::signed_in();
        Self::new(rp, &[0; 32], Vec::new(), (signed_in.user_id, &signed_in.email), None)
    }
}
