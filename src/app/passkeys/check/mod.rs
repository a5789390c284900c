//! Verifies what a browser sends at the end of a ceremony (WebAuthn Level 3, sections 7.1 and 7.2).
//! `docs/decisions/0013-own-passkey-check.md` says why this is our own code and not a library's.

use ring::digest::{SHA256, digest};
use ring::signature::{
    ECDSA_P256_SHA256_ASN1, ED25519, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents, UnparsedPublicKey,
};

use crate::model::passkey::NotAccepted;
use crate::model::passkey::authenticator_data::{AttestedCredential, AuthenticatorData, of_attestation_object};
use crate::model::passkey::client_data::{self, Ceremony};
use crate::model::passkey::public_key::PublicKey;
use crate::model::passkey::relying_party::RelyingParty;

/// What a browser sends after it has made a passkey.
#[derive(Debug, Clone)]
pub struct RegistrationAnswer {
    pub credential_id: Vec<u8>,
    pub client_data: Vec<u8>,
    pub attestation_object: Vec<u8>,
}

/// What a browser sends after it has used a passkey.
#[derive(Debug, Clone)]
pub struct AuthenticationAnswer {
    pub credential_id: Vec<u8>,
    pub client_data: Vec<u8>,
    pub authenticator_data: Vec<u8>,
    pub signature: Vec<u8>,
    /// The id of the account that the passkey was made for.
    pub user_handle: Vec<u8>,
}

/// A passkey that was made in answer to our challenge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registered {
    pub credential: AttestedCredential,
    pub sign_count: u32,
    pub backup_eligible: bool,
    pub backed_up: bool,
}

/// What the use of a passkey says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Used {
    pub sign_count: u32,
    pub backed_up: bool,
}

/// Verifies that the passkey was made for us, on one of our pages, in answer to `challenge`.
///
/// # Errors
/// [`NotAccepted`], with the reason.
pub fn registration(
    relying_party: &RelyingParty,
    challenge: &[u8],
    answer: &RegistrationAnswer,
) -> Result<Registered, NotAccepted> {
    client_data::check(&answer.client_data, Ceremony::Register, challenge, relying_party)?;
    let data = AuthenticatorData::parse(of_attestation_object(&answer.attestation_object)?)?;
    check_data(relying_party, &data)?;
    let (sign_count, backup_eligible, backed_up) = (data.sign_count, data.backup_eligible(), data.backed_up());
    let credential = data.attested.ok_or(NotAccepted::Malformed)?;
    if credential.id != answer.credential_id {
        return Err(NotAccepted::Credential);
    }
    Ok(Registered {
        credential,
        sign_count,
        backup_eligible,
        backed_up,
    })
}

/// Verifies that the passkey with the stored key `cose` was used for us, on one of our pages, in answer to `challenge`.
/// What only the database knows is left to the caller: whose the passkey is, and its counter.
///
/// # Errors
/// [`NotAccepted`], with the reason.
pub fn authentication(
    relying_party: &RelyingParty,
    challenge: &[u8],
    answer: &AuthenticationAnswer,
    cose: &[u8],
    backup_eligible: bool,
) -> Result<Used, NotAccepted> {
    client_data::check(&answer.client_data, Ceremony::Authenticate, challenge, relying_party)?;
    let data = AuthenticatorData::parse(&answer.authenticator_data)?;
    check_data(relying_party, &data)?;
    if data.attested.is_some() {
        return Err(NotAccepted::Malformed);
    }
    if data.backup_eligible() != backup_eligible {
        return Err(NotAccepted::BackupState);
    }
    let client_data_hash = digest(&SHA256, &answer.client_data);
    let signed = [&answer.authenticator_data, client_data_hash.as_ref()].concat();
    verify(&PublicKey::parse(cose)?, &signed, &answer.signature)?;
    Ok(Used {
        sign_count: data.sign_count,
        backed_up: data.backed_up(),
    })
}

/// What must hold of either ceremony. We ask for user verification, so an answer without it is refused.
fn check_data(relying_party: &RelyingParty, data: &AuthenticatorData) -> Result<(), NotAccepted> {
    let rp_id_hash = digest(&SHA256, relying_party.id.as_str().as_bytes());
    if data.rp_id_hash != rp_id_hash.as_ref() {
        return Err(NotAccepted::RelyingParty);
    }
    if !data.user_present() {
        return Err(NotAccepted::UserPresence);
    }
    if !data.user_verified() {
        return Err(NotAccepted::UserVerification);
    }
    if data.backed_up() && !data.backup_eligible() {
        return Err(NotAccepted::BackupState);
    }
    Ok(())
}

/// Verifies a signature by the algorithm of the key; the answer names none.
fn verify(key: &PublicKey, signed: &[u8], signature: &[u8]) -> Result<(), NotAccepted> {
    let verified = match key {
        PublicKey::EdDsa(key) => UnparsedPublicKey::new(&ED25519, key).verify(signed, signature),
        PublicKey::Es256(point) => UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, point).verify(signed, signature),
        PublicKey::Rs256 { modulus, exponent } => RsaPublicKeyComponents {
            n: modulus,
            e: exponent,
        }
        .verify(&RSA_PKCS1_2048_8192_SHA256, signed, signature),
    };
    verified.map_err(|_| NotAccepted::Signature)
}

#[cfg(test)]
mod tests;
