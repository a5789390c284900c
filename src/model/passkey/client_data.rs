//! What the browser says about a ceremony (WebAuthn Level 3, section 5.8.1). The authenticator signs its hash.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use serde::Deserialize;

use super::NotAccepted;
use super::relying_party::RelyingParty;

/// The two ceremonies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ceremony {
    Register,
    Authenticate,
}

impl Ceremony {
    fn client_type(self) -> &'static str {
        match self {
            Self::Register => "webauthn.create",
            Self::Authenticate => "webauthn.get",
        }
    }
}

/// The members that decide. Unknown ones are ignored, because browsers add some; a member that stands twice is an
/// error.
#[derive(Debug, Deserialize)]
struct ClientData {
    #[serde(rename = "type")]
    kind: String,
    challenge: String,
    origin: String,
    #[serde(default, rename = "crossOrigin")]
    cross_origin: Option<bool>,
    #[serde(default, rename = "topOrigin")]
    top_origin: Option<String>,
}

/// Checks that a browser made this answer in `ceremony`, to `challenge`, on a page of ours that no other page frames.
///
/// # Errors
/// [`NotAccepted`], with the reason.
pub fn check(
    json: &[u8],
    ceremony: Ceremony,
    challenge: &[u8],
    relying_party: &RelyingParty,
) -> Result<(), NotAccepted> {
    let data: ClientData = serde_json::from_slice(json).map_err(|_| NotAccepted::ClientData)?;
    if data.kind != ceremony.client_type() {
        return Err(NotAccepted::Ceremony);
    }
    // Encoding ours, not decoding theirs: only one text stands for a challenge.
    if !is_same(data.challenge.as_bytes(), BASE64.encode(challenge).as_bytes()) {
        return Err(NotAccepted::Challenge);
    }
    if !relying_party.accepts(&data.origin) {
        return Err(NotAccepted::Origin);
    }
    if data.cross_origin == Some(true) || data.top_origin.is_some() {
        return Err(NotAccepted::CrossOrigin);
    }
    Ok(())
}

/// Compares in a time that does not tell where two texts differ.
fn is_same(one: &[u8], other: &[u8]) -> bool {
    let difference = one.iter().zip(other).fold(0, |seen, (one, other)| seen | (one ^ other));
    one.len() == other.len() && difference == 0
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::model::passkey::relying_party::tests::example;

    const CHALLENGE: &[u8] = &[1; 32];

    fn good() -> Value {
        let challenge = BASE64.encode(CHALLENGE);
        json!({ "type": "webauthn.get", "challenge": challenge, "origin": "https://example.org", "crossOrigin": false })
    }

    fn checked(json: &str) -> Result<(), NotAccepted> {
        check(json.as_bytes(), Ceremony::Authenticate, CHALLENGE, &example())
    }

    #[test]
    fn what_a_browser_writes_is_accepted_with_members_it_adds() {
        let mut data = good();
        assert_eq!(checked(&data.to_string()), Ok(()));
        data["extra"] = json!({ "do not": "compare" });
        assert_eq!(checked(&data.to_string()), Ok(()));
        data["crossOrigin"] = Value::Null;
        assert_eq!(checked(&data.to_string()), Ok(()));
    }

    #[test]
    fn type_challenge_origin_and_frame_must_be_exactly_ours() {
        let challenge = BASE64.encode(CHALLENGE);
        for (name, value, reason) in [
            ("type", json!("webauthn.create"), NotAccepted::Ceremony),
            ("type", json!("webauthn.get "), NotAccepted::Ceremony),
            ("type", json!("WEBAUTHN.GET"), NotAccepted::Ceremony),
            ("type", json!("payment.get"), NotAccepted::Ceremony),
            ("type", json!(1), NotAccepted::ClientData),
            ("challenge", json!(BASE64.encode([2; 32])), NotAccepted::Challenge),
            ("challenge", json!(""), NotAccepted::Challenge),
            ("challenge", json!(format!("{challenge}=")), NotAccepted::Challenge),
            ("challenge", json!(challenge[..40]), NotAccepted::Challenge),
            ("challenge", json!(format!("{challenge}AA")), NotAccepted::Challenge),
            ("origin", json!("https://evil-example.org"), NotAccepted::Origin),
            ("origin", json!("https://example.org.evil.example"), NotAccepted::Origin),
            ("origin", json!("https://other.example.org"), NotAccepted::Origin),
            ("origin", json!("http://example.org"), NotAccepted::Origin),
            ("origin", json!("https://example.org:8443"), NotAccepted::Origin),
            ("origin", json!("https://example.org/"), NotAccepted::Origin),
            ("origin", json!("null"), NotAccepted::Origin),
            ("origin", json!(""), NotAccepted::Origin),
            ("crossOrigin", json!(true), NotAccepted::CrossOrigin),
            ("crossOrigin", json!("false"), NotAccepted::ClientData),
            ("topOrigin", json!("https://example.org"), NotAccepted::CrossOrigin),
        ] {
            let mut data = good();
            data[name] = value.clone();
            assert_eq!(checked(&data.to_string()), Err(reason), "{name} {value}");
        }
    }

    #[test]
    fn a_text_with_a_member_twice_or_without_one_is_refused() {
        let good = good().to_string();
        let twice = good.replacen('{', r#"{"type":"webauthn.get","#, 1);
        for text in [twice.as_str(), "", "null", "[]", "{}", &good[1..], &format!("{good}x")] {
            assert_eq!(checked(text), Err(NotAccepted::ClientData), "{text}");
        }
        let not_utf8 = [good.as_bytes(), b"\xff"].concat();
        let refused = check(&not_utf8, Ceremony::Authenticate, CHALLENGE, &example());
        assert_eq!(refused, Err(NotAccepted::ClientData));
    }
}
