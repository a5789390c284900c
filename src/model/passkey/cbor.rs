//! What a passkey's CBOR (RFC 8949) may look like: every length is written before its content.
//!
//! Authenticators write that form (CTAP 2.1, section 8). Indefinite lengths are refused, because two readers may
//! disagree on where such an item ends.

use minicbor::Decoder;
use minicbor::data::Type;

/// The bytes are not CBOR of this form, or not what was expected at this place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the CBOR is not of the form that authenticators write")]
pub struct Malformed;

impl From<minicbor::decode::Error> for Malformed {
    fn from(_: minicbor::decode::Error) -> Self {
        Self
    }
}

/// The number of entries of the map that begins here; at most `most`.
pub(super) fn map(decoder: &mut Decoder<'_>, most: u64) -> Result<u64, Malformed> {
    decoder.map()?.filter(|entries| *entries <= most).ok_or(Malformed)
}

/// Reads past one item. Each round consumes a byte at least, so the input bounds the work, and nothing is nested on the
/// stack.
pub(super) fn skip(decoder: &mut Decoder<'_>) -> Result<(), Malformed> {
    let mut items = 1_u64;
    while items > 0 {
        items -= 1;
        match decoder.datatype()? {
            Type::Array => items = items.saturating_add(decoder.array()?.ok_or(Malformed)?),
            Type::Map => items = items.saturating_add(decoder.map()?.ok_or(Malformed)?.saturating_mul(2)),
            Type::Tag => {
                decoder.tag()?;
                items = items.saturating_add(1);
            }
            Type::BytesIndef | Type::StringIndef | Type::ArrayIndef | Type::MapIndef | Type::Break => {
                return Err(Malformed);
            }
            _ => decoder.skip()?,
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn end(bytes: &[u8]) -> Result<usize, Malformed> {
        let mut decoder = Decoder::new(bytes);
        skip(&mut decoder)?;
        Ok(decoder.position())
    }

    #[test]
    fn one_item_is_read_to_its_own_end() {
        for (bytes, length) in [
            (&[0x01, 0x02][..], 1),
            (&[0x82, 0x01, 0x81, 0x02, 0xff], 4),
            (&[0xa1, 0x61, b'a', 0x42, 1, 2, 0], 6),
            (&[0xc1, 0x18, 0x20, 0], 3),
            (&[0xf6, 0], 1),
            (&[0xf9, 0, 0, 0], 3),
        ] {
            assert_eq!(end(bytes), Ok(length), "{bytes:x?}");
        }
    }

    #[test]
    fn indefinite_lengths_and_cut_off_items_are_refused() {
        for bytes in [
            &[0x9f, 0x01, 0xff][..],
            &[0xbf, 0x01, 0x02, 0xff],
            &[0x5f, 0x41, 0, 0xff],
            &[0x7f, 0x61, b'a', 0xff],
            &[0x81, 0x9f, 0xff],
            &[0xff],
            &[],
            &[0x82, 0x01],
            &[0x9b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
            &[0xbb, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
            &[0x5b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
        ] {
            assert_eq!(end(bytes), Err(Malformed), "{bytes:x?}");
        }
        assert_eq!(end(&[0x81; 16_000]), Err(Malformed));
    }
}
