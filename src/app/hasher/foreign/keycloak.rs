//! Keycloak's credentials: JSON texts inside JSON. They are stored in the forms of passlib and Django.

use serde::Deserialize;

use super::encoding::{base64, to_base64_unpadded};
use super::to_store;
use crate::model::user::password::PasswordHash;

#[derive(Deserialize)]
struct SecretData {
    value: String,
    salt: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CredentialData {
    algorithm: String,
    hash_iterations: u32,
    #[serde(default)]
    additional_parameters: Parameters,
}

/// Each is a list of one text.
#[derive(Deserialize, Default)]
struct Parameters {
    #[serde(default)]
    version: Vec<String>,
    #[serde(default, rename = "type")]
    kind: Vec<String>,
    #[serde(default)]
    memory: Vec<String>,
    #[serde(default)]
    parallelism: Vec<String>,
}

/// The hash of a credential's `secretData` and `credentialData`; `None` when the service could not verify it.
#[must_use]
pub fn read_credential(secret_data: &str, credential_data: &str) -> Option<PasswordHash> {
    let secret: SecretData = serde_json::from_str(secret_data).ok()?;
    let data: CredentialData = serde_json::from_str(credential_data).ok()?;
    let (salt, value) = (base64(&secret.salt)?, base64(&secret.value)?);
    let (salt, value) = (to_base64_unpadded(&salt), to_base64_unpadded(&value));
    let iterations = data.hash_iterations;
    let text = match data.algorithm.as_str() {
        name @ ("pbkdf2-sha256" | "pbkdf2-sha512" | "pbkdf2") => {
            format!(
                "${name}${iterations}${}${}",
                salt.replace('+', "."),
                value.replace('+', ".")
            )
        }
        "argon2" => {
            let parameters = &data.additional_parameters;
            let version = match parameters.version.first()?.as_str() {
                "1.3" => 19,
                "1.0" => 16,
                _ => return None,
            };
            let (kind, memory) = (parameters.kind.first()?, parameters.memory.first()?);
            let lanes = parameters.parallelism.first()?;
            format!("$argon2{kind}$v={version}$m={memory},t={iterations},p={lanes}${salt}${value}")
        }
        _ => return None,
    };
    to_store(&text)
}
