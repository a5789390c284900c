//! An authenticator in software: makes passkeys on P-256 and signs with them, rightly or wrongly as a test asks.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use minicbor::Encoder;
use ring::digest::{SHA256, digest};
use ring::rand::{SecureRandom, SystemRandom};
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair};
use serde_json::{Value, json};

use super::{Answer, Client, TestUser};

pub const USER_PRESENT: u8 = 0x01;
pub const USER_VERIFIED: u8 = 0x04;
pub const BACKUP_ELIGIBLE: u8 = 0x08;
pub const BACKED_UP: u8 = 0x10;
const ATTESTED: u8 = 0x40;

/// What the browser and the authenticator put into their answers.
#[derive(Debug, Clone)]
pub struct Ceremony {
    pub origin: String,
    pub rp_id: String,
    pub flags: u8,
    pub sign_count: u32,
}

impl Default for Ceremony {
    fn default() -> Self {
        Self {
            origin: "http://localhost:8080".to_owned(),
            rp_id: "localhost".to_owned(),
            flags: USER_PRESENT | USER_VERIFIED,
            sign_count: 0,
        }
    }
}

/// One passkey.
pub struct Passkey {
    pub id: Vec<u8>,
    key: EcdsaKeyPair,
    pub user_handle: Vec<u8>,
    pub ceremony: Ceremony,
}

fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    SystemRandom::new().fill(&mut bytes).unwrap();
    bytes
}

fn client_data(kind: &str, challenge: &Value, origin: &str) -> Vec<u8> {
    json!({ "type": kind, "challenge": challenge, "origin": origin, "crossOrigin": false })
        .to_string()
        .into_bytes()
}

impl Passkey {
    /// A passkey for the account of the options.
    pub fn new(creation_options: &Value) -> Self {
        let random_source = SystemRandom::new();
        let algorithm = &ECDSA_P256_SHA256_ASN1_SIGNING;
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(algorithm, &random_source).unwrap();
        Self {
            id: random::<16>().to_vec(),
            key: EcdsaKeyPair::from_pkcs8(algorithm, pkcs8.as_ref(), &random_source).unwrap(),
            user_handle: BASE64.decode(creation_options["user"]["id"].as_str().unwrap()).unwrap(),
            ceremony: Ceremony::default(),
        }
    }

    fn data(&self, flags: u8) -> Vec<u8> {
        let ceremony = &self.ceremony;
        let rp_id_hash = digest(&SHA256, ceremony.rp_id.as_bytes());
        [rp_id_hash.as_ref(), &[flags], &ceremony.sign_count.to_be_bytes()].concat()
    }

    fn cose(&self) -> Vec<u8> {
        let point = self.key.public_key().as_ref();
        let mut encoder = Encoder::new(Vec::new());
        encoder
            .map(5)
            .unwrap()
            .i8(1)
            .unwrap()
            .i8(2)
            .unwrap()
            .i8(3)
            .unwrap()
            .i8(-7)
            .unwrap();
        encoder.i8(-1).unwrap().i8(1).unwrap();
        encoder.i8(-2).unwrap().bytes(&point[1..33]).unwrap();
        encoder.i8(-3).unwrap().bytes(&point[33..]).unwrap();
        encoder.into_writer()
    }

    /// The browser's answer to creation options.
    pub fn attestation(&self, creation_options: &Value) -> Value {
        let length = u16::try_from(self.id.len()).unwrap().to_be_bytes();
        let credential = [&[0; 16][..], &length, &self.id, &self.cose()].concat();
        let data = [self.data(self.ceremony.flags | ATTESTED), credential].concat();
        let mut encoder = Encoder::new(Vec::new());
        encoder.map(3).unwrap().str("fmt").unwrap().str("none").unwrap();
        encoder.str("attStmt").unwrap().map(0).unwrap();
        encoder.str("authData").unwrap().bytes(&data).unwrap();
        let client_data = client_data("webauthn.create", &creation_options["challenge"], &self.ceremony.origin);
        json!({
            "id": BASE64.encode(&self.id),
            "rawId": BASE64.encode(&self.id),
            "type": "public-key",
            "clientExtensionResults": { "credProps": { "rk": true } },
            "response": {
                "clientDataJSON": BASE64.encode(client_data),
                "attestationObject": BASE64.encode(encoder.into_writer()),
                "transports": ["internal", "hybrid", "unheard-of"],
            },
        })
    }

    /// The browser's answer to request options.
    pub fn assertion(&self, request_options: &Value) -> Value {
        let client_data = client_data("webauthn.get", &request_options["challenge"], &self.ceremony.origin);
        let data = self.data(self.ceremony.flags);
        let signed = [data.as_slice(), digest(&SHA256, &client_data).as_ref()].concat();
        let signature = self.key.sign(&SystemRandom::new(), &signed).unwrap();
        json!({
            "id": BASE64.encode(&self.id),
            "rawId": BASE64.encode(&self.id),
            "type": "public-key",
            "clientExtensionResults": {},
            "response": {
                "clientDataJSON": BASE64.encode(client_data),
                "authenticatorData": BASE64.encode(data),
                "signature": BASE64.encode(signature.as_ref()),
                "userHandle": BASE64.encode(&self.user_handle),
            },
        })
    }
}

/// The second step's body for `begun`, the answer to the first.
pub fn second_step(begun: &Value, response: &Value) -> Value {
    json!({ "attemptId": begun["attemptId"], "response": response, "verify": true })
}

impl Client {
    pub async fn begin_passkey(&self) -> Answer {
        self.post("/api/auth/webauthn/register", &json!({ "verify": false }))
            .await
    }

    pub async fn finish_passkey(&self, begun: &Value, response: &Value) -> Answer {
        self.post("/api/auth/webauthn/register", &second_step(begun, response))
            .await
    }

    pub async fn begin_passkey_log_in(&self) -> Value {
        let begun = self
            .post("/api/auth/webauthn/authenticate", &json!({ "verify": false }))
            .await;
        begun.ok().json()
    }

    pub async fn finish_passkey_log_in(&self, begun: &Value, response: &Value) -> Answer {
        self.post("/api/auth/webauthn/authenticate", &second_step(begun, response))
            .await
    }

    /// Logs in with `passkey`.
    pub async fn log_in_by_passkey(&self, passkey: &Passkey) -> Answer {
        let begun = self.begin_passkey_log_in().await;
        self.finish_passkey_log_in(&begun, &passkey.assertion(&begun["requestOptions"]))
            .await
    }

    /// The account's passkeys, the oldest first.
    pub async fn passkeys(&self) -> Vec<Value> {
        let listed = self.get("/api/auth/passkeys").await.ok().json();
        listed.as_array().unwrap().clone()
    }
}

impl TestUser {
    /// Adds a passkey to the account.
    pub async fn add_passkey(&self) -> Passkey {
        let begun = self.begin_passkey().await.ok().json();
        let options = &begun["creationOptions"];
        let passkey = Passkey::new(options);
        self.finish_passkey(&begun, &passkey.attestation(options)).await.ok();
        passkey
    }
}
