//! The check against the test vectors that W3C publishes with WebAuthn Level 3, and against hostile variants of them.

use std::sync::LazyLock;

use serde_json::Value;
use url::Url;

use super::*;
use crate::model::client::origin::AllowedOrigins;
use crate::model::passkey::public_key::Algorithm;
use crate::model::passkey::relying_party::RpId;

static VECTORS: LazyLock<Value> = LazyLock::new(|| serde_json::from_str(include_str!("vectors.json")).unwrap());

fn relying_party(id: &str, origin: &str) -> RelyingParty {
    let origins = AllowedOrigins::new(&Url::parse(origin).unwrap(), Vec::new());
    RelyingParty::new(RpId::parse(id).unwrap(), "Example".to_owned(), origins, Vec::new())
}

fn example() -> RelyingParty {
    relying_party("example.org", "https://example.org")
}

/// The bytes of a value, which stands in the file as lines of hexadecimal digits.
fn bytes(value: &Value) -> Vec<u8> {
    let lines = value.as_array().unwrap().iter();
    let digits: String = lines.map(|line| line.as_str().unwrap()).collect();
    let pairs = digits.as_bytes().chunks(2);
    pairs
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect()
}

struct Vector {
    challenge: Vec<u8>,
    registration: RegistrationAnswer,
    second_challenge: Vec<u8>,
    authentication: AuthenticationAnswer,
}

impl Vector {
    fn named(name: &str) -> Self {
        let vectors = VECTORS["vectors"].as_array().unwrap();
        Self::of(vectors.iter().find(|vector| vector["name"] == name).unwrap())
    }

    fn of(vector: &Value) -> Self {
        let (first, second) = (&vector["registration"], &vector["authentication"]);
        let credential_id = bytes(&first["credential_id"]);
        Self {
            challenge: bytes(&first["challenge"]),
            registration: RegistrationAnswer {
                credential_id: credential_id.clone(),
                client_data: bytes(&first["clientDataJSON"]),
                attestation_object: bytes(&first["attestationObject"]),
            },
            second_challenge: bytes(&second["challenge"]),
            authentication: AuthenticationAnswer {
                credential_id,
                client_data: bytes(&second["clientDataJSON"]),
                authenticator_data: bytes(&second["authenticatorData"]),
                signature: bytes(&second["signature"]),
                user_handle: Vec::new(),
            },
        }
    }

    fn register(&self) -> Result<Registered, NotAccepted> {
        registration(&example(), &self.challenge, &self.registration)
    }

    fn data(&self) -> Result<AuthenticatorData, NotAccepted> {
        let data = of_attestation_object(&self.registration.attestation_object)?;
        Ok(AuthenticatorData::parse(data)?)
    }

    fn authenticate(&self) -> Result<Used, NotAccepted> {
        let data = self.data()?;
        let eligible = data.backup_eligible();
        let key = data.attested.unwrap().cose;
        authentication(&example(), &self.second_challenge, &self.authentication, &key, eligible)
    }

    /// The signature alone, without what we ask of the flags.
    fn verify(&self) -> Result<(), NotAccepted> {
        let key = self.data()?.attested.unwrap().key;
        let hash = digest(&SHA256, &self.authentication.client_data);
        let signed = [&self.authentication.authenticator_data, hash.as_ref()].concat();
        verify(&key, &signed, &self.authentication.signature)
    }
}

#[test]
fn the_published_test_vectors_are_judged_as_our_rules_say() {
    use NotAccepted::{CrossOrigin, Malformed, UserVerification};
    let expected = [
        ("none-es256", Some(UserVerification), Some(UserVerification)),
        ("packed-self-es256", None, Some(UserVerification)),
        ("none-es256-crossOrigin", Some(CrossOrigin), Some(CrossOrigin)),
        ("none-es256-topOrigin", Some(CrossOrigin), Some(CrossOrigin)),
        ("none-es256-long-credential-id", Some(UserVerification), None),
        ("packed-es256", None, None),
        ("packed-es384", Some(Malformed), Some(Malformed)),
        ("packed-es512", Some(Malformed), Some(Malformed)),
        ("packed-rs256", None, Some(UserVerification)),
        ("packed-eddsa", Some(UserVerification), Some(UserVerification)),
        ("packed-ed448", Some(Malformed), Some(Malformed)),
        ("tpm-es256", None, None),
        ("android-key-es256", None, Some(UserVerification)),
        ("apple-es256", Some(UserVerification), Some(UserVerification)),
        ("fido-u2f-es256", Some(UserVerification), Some(UserVerification)),
    ];
    let vectors = VECTORS["vectors"].as_array().unwrap();
    assert_eq!(vectors.len(), expected.len());
    let judged: Vec<_> = vectors
        .iter()
        .map(|published| {
            let vector = Vector::of(published);
            let name = published["name"].as_str().unwrap();
            (name, vector.register().err(), vector.authenticate().err())
        })
        .collect();
    assert_eq!(judged, expected);
}

#[test]
fn every_published_signature_of_our_algorithms_verifies() {
    let mut verified = Vec::new();
    for published in VECTORS["vectors"].as_array().unwrap() {
        let mut vector = Vector::of(published);
        let Ok(data) = vector.data() else { continue };
        assert_eq!(vector.verify(), Ok(()), "{}", published["name"]);
        let credential = data.attested.unwrap();
        assert_eq!(credential.id, vector.registration.credential_id);
        assert_eq!(
            credential.aaguid.as_bytes().as_slice(),
            bytes(&published["registration"]["aaguid"])
        );
        verified.push(credential.key.algorithm());
        *vector.authentication.signature.last_mut().unwrap() ^= 1;
        assert_eq!(vector.verify(), Err(NotAccepted::Signature), "{}", published["name"]);
    }
    assert_eq!(verified.len(), 12);
    verified.dedup();
    assert_eq!(
        verified,
        [Algorithm::Es256, Algorithm::Rs256, Algorithm::EdDsa, Algorithm::Es256]
    );
}

#[test]
fn an_answer_to_another_challenge_or_from_another_page_is_refused() {
    let vector = Vector::named("packed-es256");
    let with = |party: &RelyingParty, challenge: &[u8]| registration(party, challenge, &vector.registration).err();
    assert_eq!(with(&example(), &[0; 32]), Some(NotAccepted::Challenge));
    let elsewhere = relying_party("example.org", "https://login.example.org");
    assert_eq!(with(&elsewhere, &vector.challenge), Some(NotAccepted::Origin));
    // An answer to one ceremony does not serve the other.
    let crossed = authentication(
        &example(),
        &vector.challenge,
        &AuthenticationAnswer {
            client_data: vector.registration.client_data.clone(),
            ..vector.authentication.clone()
        },
        &vector.data().unwrap().attested.unwrap().cose,
        true,
    );
    assert_eq!(crossed, Err(NotAccepted::Ceremony));
}

#[test]
fn another_rp_id_another_credential_and_a_changed_byte_are_refused() {
    let vector = Vector::named("packed-es256");
    let mut other = Vector::named("packed-es256");
    other.registration.credential_id[0] ^= 1;
    assert_eq!(other.register(), Err(NotAccepted::Credential));

    let mut rp = Vector::named("packed-es256");
    rp.authentication.authenticator_data[0] ^= 1;
    assert_eq!(rp.authenticate(), Err(NotAccepted::RelyingParty));

    for position in 33..vector.authentication.authenticator_data.len() {
        let mut changed = Vector::named("packed-es256");
        changed.authentication.authenticator_data[position] ^= 1;
        assert_eq!(changed.authenticate(), Err(NotAccepted::Signature), "{position}");
    }
    let key_of_another = Vector::named("tpm-es256").data().unwrap().attested.unwrap().cose;
    let eligible = vector.data().unwrap().backup_eligible();
    let crossed = authentication(
        &example(),
        &vector.second_challenge,
        &vector.authentication,
        &key_of_another,
        eligible,
    );
    assert_eq!(crossed, Err(NotAccepted::Signature));
}

#[test]
fn each_flag_is_checked_before_the_signature() {
    let vector = Vector::named("packed-es256");
    let flags = vector.authentication.authenticator_data[32];
    let judge = |flags: u8| {
        let mut changed = Vector::named("packed-es256");
        changed.authentication.authenticator_data[32] = flags;
        changed.authenticate().unwrap_err()
    };
    assert_eq!(judge(flags & !0x01), NotAccepted::UserPresence);
    assert_eq!(judge(flags & !0x04), NotAccepted::UserVerification);
    assert_eq!(judge(flags ^ 0x08), NotAccepted::BackupState);
    assert_eq!(judge((flags | 0x10) & !0x08), NotAccepted::BackupState);
    // Announces a credential or extensions that don't follow.
    assert_eq!(judge(flags | 0x40), NotAccepted::Malformed);
    assert_eq!(judge(flags | 0x80), NotAccepted::Malformed);
}

#[test]
fn a_registration_without_a_credential_is_refused() {
    let mut vector = Vector::named("packed-es256");
    let data = &vector.authentication.authenticator_data;
    let mut encoder = minicbor::Encoder::new(Vec::new());
    encoder.map(1).unwrap().str("authData").unwrap().bytes(data).unwrap();
    vector.registration.attestation_object = encoder.into_writer();
    assert_eq!(vector.register(), Err(NotAccepted::Malformed));
    // And a use that brings a credential along.
    let mut brought = Vector::named("packed-es256");
    let object = brought.registration.attestation_object.clone();
    brought.authentication.authenticator_data = of_attestation_object(&object).unwrap().to_vec();
    assert_eq!(brought.authenticate(), Err(NotAccepted::Malformed));
}

#[test]
fn an_empty_a_foreign_and_a_raw_signature_are_refused() {
    for name in ["packed-es256", "packed-eddsa", "packed-rs256"] {
        for signature in [
            Vec::new(),
            vec![0; 64],
            vec![0x30, 6, 2, 1, 0, 2, 1, 0],
            vec![0xff; 10_000],
        ] {
            let mut vector = Vector::named(name);
            vector.authentication.signature = signature;
            assert_eq!(vector.verify(), Err(NotAccepted::Signature), "{name}");
        }
    }
}
