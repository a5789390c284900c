//! The public key of a passkey: a COSE key (RFC 9052, section 7) of one of three algorithms.

use minicbor::Decoder;
use minicbor::data::Type;

use super::cbor::{Malformed, map, skip};

/// An algorithm by its number in IANA's list for COSE.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Algorithm {
    EdDsa,
    Es256,
    Rs256,
}

impl Algorithm {
    /// What we offer to authenticators, the one we prefer first.
    pub const OFFERED: [Self; 3] = [Self::EdDsa, Self::Es256, Self::Rs256];

    #[must_use]
    pub const fn number(self) -> i64 {
        match self {
            Self::EdDsa => -8,
            Self::Es256 => -7,
            Self::Rs256 => -257,
        }
    }
}

/// A key in the parts that a signature is verified with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PublicKey {
    /// An Ed25519 key.
    EdDsa([u8; 32]),
    /// A point on P-256, uncompressed: 4, then both coordinates.
    Es256([u8; 65]),
    Rs256 {
        modulus: Vec<u8>,
        exponent: Vec<u8>,
    },
}

/// RSA keys have 2,048 bits at least, as NIST asks for (SP 800-131A), and 8,192 at most, so that one signature can't
/// cost as much as many.
const RSA_BYTES: std::ops::RangeInclusive<usize> = 256..=1024;

/// More entries than any key has.
const MAX_ENTRIES: u64 = 16;

/// The value of one entry.
#[derive(Debug, Clone, Copy)]
enum Value<'b> {
    Number(i64),
    Bytes(&'b [u8]),
    Other,
}

/// The entries that our algorithms use, by their labels.
#[derive(Debug, Default)]
struct Entries<'b> {
    /// 1: the type of key.
    kty: Option<Value<'b>>,
    /// 3: the algorithm.
    alg: Option<Value<'b>>,
    /// -1: a curve, or the modulus of an RSA key.
    first: Option<Value<'b>>,
    /// -2: x, or the exponent.
    second: Option<Value<'b>>,
    /// -3: y.
    third: Option<Value<'b>>,
}

impl PublicKey {
    /// Reads the key at the start of `bytes`. Returns its length too, because extensions may follow.
    ///
    /// # Errors
    /// When there is none, or it is none that this service could verify a signature with.
    pub fn parse_prefix(bytes: &[u8]) -> Result<(Self, usize), Malformed> {
        let mut decoder = Decoder::new(bytes);
        let entries = Entries::parse(&mut decoder)?;
        Ok((entries.key()?, decoder.position()))
    }

    /// Reads a stored key.
    ///
    /// # Errors
    /// As [`Self::parse_prefix`], and when anything follows.
    pub fn parse(bytes: &[u8]) -> Result<Self, Malformed> {
        let (key, length) = Self::parse_prefix(bytes)?;
        if length == bytes.len() { Ok(key) } else { Err(Malformed) }
    }

    #[must_use]
    pub fn algorithm(&self) -> Algorithm {
        match self {
            Self::EdDsa(_) => Algorithm::EdDsa,
            Self::Es256(_) => Algorithm::Es256,
            Self::Rs256 { .. } => Algorithm::Rs256,
        }
    }
}

impl<'b> Entries<'b> {
    fn parse(decoder: &mut Decoder<'b>) -> Result<Self, Malformed> {
        let mut entries = Self::default();
        for _ in 0..map(decoder, MAX_ENTRIES)? {
            let label = decoder.i64()?;
            let value = Value::parse(decoder)?;
            let place = match label {
                1 => &mut entries.kty,
                3 => &mut entries.alg,
                -1 => &mut entries.first,
                -2 => &mut entries.second,
                -3 => &mut entries.third,
                _ => continue,
            };
            // Of two values for one label, another reader may take the other.
            if place.replace(value).is_some() {
                return Err(Malformed);
            }
        }
        Ok(entries)
    }

    fn key(&self) -> Result<PublicKey, Malformed> {
        use Value::{Bytes, Number};
        match (self.kty, self.alg, self.first, self.second, self.third) {
            (Some(Number(1)), Some(Number(-8)), Some(Number(6)), Some(Bytes(x)), None) => {
                Ok(PublicKey::EdDsa(x.try_into().map_err(|_| Malformed)?))
            }
            (Some(Number(2)), Some(Number(-7)), Some(Number(1)), Some(Bytes(x)), Some(Bytes(y)))
                if x.len() == 32 && y.len() == 32 =>
            {
                let mut point = [4; 65];
                point[1..33].copy_from_slice(x);
                point[33..].copy_from_slice(y);
                Ok(PublicKey::Es256(point))
            }
            (Some(Number(3)), Some(Number(-257)), Some(Bytes(n)), Some(Bytes(e)), None)
                if RSA_BYTES.contains(&n.len()) && n[0] != 0 && is_exponent(e) =>
            {
                Ok(PublicKey::Rs256 {
                    modulus: n.to_vec(),
                    exponent: e.to_vec(),
                })
            }
            _ => Err(Malformed),
        }
    }
}

/// Whether these are the bytes of an odd number from 3 to 2^32.
fn is_exponent(bytes: &[u8]) -> bool {
    matches!(bytes, [first, .., last] if bytes.len() <= 4 && *first != 0 && last % 2 == 1)
        || matches!(bytes, [only] if *only >= 3 && only % 2 == 1)
}

impl<'b> Value<'b> {
    fn parse(decoder: &mut Decoder<'b>) -> Result<Self, Malformed> {
        match decoder.datatype()? {
            Type::U8 | Type::U16 | Type::U32 | Type::U64 | Type::I8 | Type::I16 | Type::I32 | Type::I64 => {
                Ok(Self::Number(decoder.i64()?))
            }
            Type::Bytes => Ok(Self::Bytes(decoder.bytes()?)),
            _ => {
                skip(decoder)?;
                Ok(Self::Other)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A map of numbers and byte strings.
    fn cose(entries: &[(i64, Value<'_>)]) -> Vec<u8> {
        let mut encoder = minicbor::Encoder::new(Vec::new());
        encoder.map(entries.len() as u64).unwrap();
        for (label, value) in entries {
            encoder.i64(*label).unwrap();
            match value {
                Value::Number(number) => encoder.i64(*number).unwrap(),
                Value::Bytes(bytes) => encoder.bytes(bytes).unwrap(),
                Value::Other => encoder.null().unwrap(),
            };
        }
        encoder.into_writer()
    }

    use Value::{Bytes, Number};

    fn es256(x: &[u8]) -> Vec<u8> {
        cose(&[
            (1, Number(2)),
            (3, Number(-7)),
            (-1, Number(1)),
            (-2, Bytes(x)),
            (-3, Bytes(&[7; 32])),
        ])
    }

    fn rs256(modulus: &[u8], exponent: &[u8]) -> Vec<u8> {
        cose(&[
            (1, Number(3)),
            (3, Number(-257)),
            (-1, Bytes(modulus)),
            (-2, Bytes(exponent)),
        ])
    }

    #[test]
    fn the_three_offered_algorithms_are_read_to_the_keys_own_end() {
        let eddsa = cose(&[(1, Number(1)), (3, Number(-8)), (-1, Number(6)), (-2, Bytes(&[9; 32]))]);
        let keys = [eddsa, es256(&[5; 32]), rs256(&[0x81; 256], &[1, 0, 1])];
        for (bytes, algorithm) in keys.iter().zip(Algorithm::OFFERED) {
            let followed = [bytes.as_slice(), &[0xa0]].concat();
            let (key, length) = PublicKey::parse_prefix(&followed).unwrap();
            assert_eq!((key.algorithm(), length), (algorithm, bytes.len()));
            assert_eq!(PublicKey::parse(bytes), Ok(key));
            assert_eq!(PublicKey::parse(&followed), Err(Malformed));
        }
    }

    #[test]
    fn an_rsa_key_below_2048_bits_is_refused() {
        assert!(PublicKey::parse(&rs256(&[0x81; 256], &[3])).is_ok());
        for (modulus, exponent) in [
            (&[0x81; 255][..], &[1, 0, 1][..]),
            (&[0x81; 128], &[1, 0, 1]),
            (&[0x81; 1025], &[1, 0, 1]),
            (&[0x00; 256], &[1, 0, 1]),
            (&[0x81; 256], &[1]),
            (&[0x81; 256], &[2]),
            (&[0x81; 256], &[0, 3]),
            (&[0x81; 256], &[1, 0, 0, 0, 1]),
            (&[0x81; 256], &[]),
        ] {
            assert_eq!(PublicKey::parse(&rs256(modulus, exponent)), Err(Malformed));
        }
    }

    #[test]
    fn other_algorithms_curves_and_types_are_refused_at_registration() {
        let point = [5; 32];
        for (kty, alg, crv) in [
            (2, -35, 2),
            (2, -36, 3),
            (2, -47, 8),
            (2, -7, 2),
            (1, -8, 7),
            (1, -7, 1),
            (2, -8, 6),
            (3, -7, 1),
            (2, -65535, 1),
            (2, 0, 1),
        ] {
            let entries = [
                (1, Number(kty)),
                (3, Number(alg)),
                (-1, Number(crv)),
                (-2, Bytes(&point)),
                (-3, Bytes(&point)),
            ];
            assert_eq!(PublicKey::parse(&cose(&entries)), Err(Malformed), "{kty} {alg} {crv}");
        }
        let without_algorithm = [(1, Number(1)), (-1, Number(6)), (-2, Bytes(&point))];
        assert_eq!(PublicKey::parse(&cose(&without_algorithm)), Err(Malformed));
    }

    #[test]
    fn lengths_are_definite_coordinates_have_32_bytes_and_labels_stand_once() {
        for length in [0, 31, 33] {
            assert_eq!(PublicKey::parse(&es256(&vec![5; length])), Err(Malformed));
        }
        let twice = [
            (1, Number(1)),
            (3, Number(-8)),
            (-1, Number(6)),
            (-2, Bytes(&[9; 32])),
            (-2, Bytes(&[8; 32])),
        ];
        assert_eq!(PublicKey::parse(&cose(&twice)), Err(Malformed));
        let indefinite = [&[0xbf], &es256(&[5; 32])[1..], &[0xff]].concat();
        assert_eq!(PublicKey::parse(&indefinite), Err(Malformed));
        let odd = [
            (1, Number(1)),
            (3, Number(-8)),
            (-1, Value::Other),
            (-2, Bytes(&[9; 32])),
        ];
        assert_eq!(PublicKey::parse(&cose(&odd)), Err(Malformed));
    }
}
