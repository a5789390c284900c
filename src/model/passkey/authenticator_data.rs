//! What an authenticator says and signs (WebAuthn Level 3, section 6.1).

use minicbor::Decoder;
use uuid::Uuid;

use super::cbor::{self, Malformed};
use super::public_key::PublicKey;

/// Longer credential ids are refused, as WebAuthn asks for; the column has the same bound.
pub const MAX_CREDENTIAL_ID: usize = 1023;

const USER_PRESENT: u8 = 0x01;
const USER_VERIFIED: u8 = 0x04;
const BACKUP_ELIGIBLE: u8 = 0x08;
const BACKED_UP: u8 = 0x10;
const ATTESTED: u8 = 0x40;
const EXTENSIONS: u8 = 0x80;

/// The bytes before a new credential: the hash of the RP ID, the flags and the counter.
const FIXED_BYTES: usize = 37;

/// The authenticator's data in its parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthenticatorData {
    /// SHA-256 of the RP ID that the browser passed on.
    pub rp_id_hash: [u8; 32],
    flags: u8,
    pub sign_count: u32,
    /// A new credential, in the data of a registration.
    pub attested: Option<AttestedCredential>,
}

/// A credential that the authenticator has just made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttestedCredential {
    /// The model of authenticator; all zeros where it does not say.
    pub aaguid: Uuid,
    pub id: Vec<u8>,
    pub key: PublicKey,
    /// The COSE key in the authenticator's own bytes.
    pub cose: Vec<u8>,
}

impl AuthenticatorData {
    /// Reads the whole of `bytes`: nothing may follow.
    pub fn parse(bytes: &[u8]) -> Result<Self, Malformed> {
        let (fixed, rest) = bytes.split_at_checked(FIXED_BYTES).ok_or(Malformed)?;
        let (hash, numbers) = fixed.split_first_chunk::<32>().ok_or(Malformed)?;
        let [flags, count @ ..] = <[u8; 5]>::try_from(numbers).map_err(|_| Malformed)?;
        let (attested, rest) = if flags & ATTESTED == 0 {
            (None, rest)
        } else {
            let (credential, rest) = AttestedCredential::parse(rest)?;
            (Some(credential), rest)
        };
        let rest = if flags & EXTENSIONS == 0 {
            rest
        } else {
            after_extensions(rest)?
        };
        if !rest.is_empty() {
            return Err(Malformed);
        }
        Ok(Self {
            rp_id_hash: *hash,
            flags,
            sign_count: u32::from_be_bytes(count),
            attested,
        })
    }

    /// Whether the authenticator was touched.
    #[must_use]
    pub fn user_present(&self) -> bool {
        self.flags & USER_PRESENT != 0
    }

    /// Whether the authenticator has checked a PIN, a finger or a face.
    #[must_use]
    pub fn user_verified(&self) -> bool {
        self.flags & USER_VERIFIED != 0
    }

    /// Whether the passkey may be synced between devices.
    #[must_use]
    pub fn backup_eligible(&self) -> bool {
        self.flags & BACKUP_ELIGIBLE != 0
    }

    /// Whether the passkey is synced at present.
    #[must_use]
    pub fn backed_up(&self) -> bool {
        self.flags & BACKED_UP != 0
    }
}

impl AttestedCredential {
    fn parse(bytes: &[u8]) -> Result<(Self, &[u8]), Malformed> {
        let (aaguid, rest) = bytes.split_first_chunk::<16>().ok_or(Malformed)?;
        let (length, rest) = rest.split_first_chunk::<2>().ok_or(Malformed)?;
        let length = usize::from(u16::from_be_bytes(*length));
        if !(1..=MAX_CREDENTIAL_ID).contains(&length) {
            return Err(Malformed);
        }
        let (id, rest) = rest.split_at_checked(length).ok_or(Malformed)?;
        let (key, length) = PublicKey::parse_prefix(rest)?;
        let (cose, rest) = rest.split_at_checked(length).ok_or(Malformed)?;
        let credential = Self {
            aaguid: Uuid::from_bytes(*aaguid),
            id: id.to_vec(),
            key,
            cose: cose.to_vec(),
        };
        Ok((credential, rest))
    }
}

/// What follows the map of extensions. We ask for none that an authenticator would answer, and ignore them.
fn after_extensions(bytes: &[u8]) -> Result<&[u8], Malformed> {
    let mut decoder = Decoder::new(bytes);
    cbor::map(&mut decoder.clone(), u64::MAX)?;
    cbor::skip(&mut decoder)?;
    bytes.get(decoder.position()..).ok_or(Malformed)
}

/// The authenticator's data inside an attestation object. The attestation itself is not read: we ask for none, and it
/// would only say which model of authenticator made the passkey.
pub fn of_attestation_object(bytes: &[u8]) -> Result<&[u8], Malformed> {
    let mut decoder = Decoder::new(bytes);
    let mut found = None;
    for _ in 0..cbor::map(&mut decoder, 8)? {
        let is_data = decoder.str()? == "authData";
        if !is_data {
            cbor::skip(&mut decoder)?;
        } else if found.replace(decoder.bytes()?).is_some() {
            return Err(Malformed);
        }
    }
    if decoder.position() != bytes.len() {
        return Err(Malformed);
    }
    found.ok_or(Malformed)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A key of 32 bytes for Ed25519.
    const KEY: &[u8] = &[
        0xa4, 0x01, 0x01, 0x03, 0x27, 0x20, 0x06, 0x21, 0x58, 0x20, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9,
        9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9,
    ];

    fn data(flags: u8, rest: &[&[u8]]) -> Vec<u8> {
        [&[1; 32][..], &[flags], &[0, 0, 0, 7], &rest.concat()].concat()
    }

    fn attested(id_length: u16, id: &[u8]) -> Vec<u8> {
        [&[2; 16][..], &id_length.to_be_bytes(), id, KEY].concat()
    }

    #[test]
    fn data_is_read_with_and_without_a_credential_and_extensions() {
        let plain = AuthenticatorData::parse(&data(0x1d, &[])).unwrap();
        assert_eq!((plain.sign_count, plain.attested.clone()), (7, None));
        assert!(plain.user_present() && plain.user_verified() && plain.backup_eligible() && plain.backed_up());
        assert!(!AuthenticatorData::parse(&data(0x01, &[])).unwrap().user_verified());

        for (flags, rest) in [(0x41, &[][..]), (0xc1, &[0xa1, 0x61, b'a', 0x01][..])] {
            let read = AuthenticatorData::parse(&data(flags, &[&attested(3, b"abc"), rest])).unwrap();
            let credential = read.attested.unwrap();
            assert_eq!(
                (credential.id.as_slice(), credential.cose.as_slice()),
                (&b"abc"[..], KEY)
            );
        }
        assert!(AuthenticatorData::parse(&data(0x81, &[&[0xa0]])).is_ok());
    }

    #[test]
    fn trailing_missing_and_misplaced_bytes_are_refused() {
        let whole = data(0x41, &[&attested(3, b"abc")]);
        for length in 0..whole.len() {
            assert_eq!(AuthenticatorData::parse(&whole[..length]), Err(Malformed), "{length}");
        }
        for bytes in [
            [whole.as_slice(), &[0]].concat(),
            [whole.as_slice(), &[0xa0]].concat(),
            data(0x01, &[&[0]]),
            data(0xc1, &[&attested(3, b"abc")]),
            data(0xc1, &[&attested(3, b"abc"), &[0x01]]),
            data(0xc1, &[&attested(3, b"abc"), &[0xbf, 0xff]]),
            data(0x81, &[&[0xa0, 0x00]]),
        ] {
            assert_eq!(AuthenticatorData::parse(&bytes), Err(Malformed), "{bytes:x?}");
        }
    }

    #[test]
    fn a_credential_id_has_1_to_1023_bytes() {
        let with = |length: u16| AuthenticatorData::parse(&data(0x41, &[&attested(length, &vec![7; length.into()])]));
        for length in [1, 16, 1023] {
            assert_eq!(with(length).unwrap().attested.unwrap().id.len(), usize::from(length));
        }
        for length in [0, 1024, u16::MAX] {
            assert_eq!(with(length), Err(Malformed), "{length}");
        }
    }

    #[test]
    fn an_attestation_object_is_one_map_with_one_authenticator_data() {
        let object = |entries: &[(&str, &[u8])], rest: &[u8]| {
            let mut encoder = minicbor::Encoder::new(Vec::new());
            encoder.map(entries.len() as u64).unwrap();
            for (name, bytes) in entries {
                encoder.str(name).unwrap().bytes(bytes).unwrap();
            }
            [encoder.into_writer().as_slice(), rest].concat()
        };
        let good = object(&[("fmt", b""), ("authData", b"data")], &[]);
        assert_eq!(of_attestation_object(&good), Ok(&b"data"[..]));
        for bad in [
            object(&[("fmt", b"")], &[]),
            object(&[("authData", b"a"), ("authData", b"b")], &[]),
            object(&[("authData", b"a")], &[0]),
            Vec::new(),
            vec![0xbf, 0xff],
        ] {
            assert_eq!(of_attestation_object(&bad), Err(Malformed));
        }
    }
}
