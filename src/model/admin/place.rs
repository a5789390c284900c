//! A place in the list of accounts. It holds after its account was deleted or has changed.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use uuid::Uuid;

use crate::model::id::UserId;

/// The place behind the last account of a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UserPlace {
    /// In the list of all accounts, behind this number.
    Number(i64),
    /// Among those that a search found by their id.
    Id(UserId),
    /// Among those that it found by their address.
    Address(String),
    /// Among those that it found by their user name.
    Name(String),
}

/// Longest text of a place, in bytes: an address has at most 254.
const LENGTH: usize = 512;

impl UserPlace {
    /// The text that clients send back.
    #[must_use]
    pub fn text(&self) -> String {
        BASE64.encode(match self {
            Self::Number(number) => format!("n{number}"),
            Self::Id(UserId(id)) => format!("i{id}"),
            Self::Address(address) => format!("a{address}"),
            Self::Name(name) => format!("u{name}"),
        })
    }

    /// Reads such a text; `None` if it is none.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() > LENGTH {
            return None;
        }
        let text = String::from_utf8(BASE64.decode(text).ok()?).ok()?;
        let mut characters = text.chars();
        let kind = characters.next()?;
        let rest = characters.as_str();
        Some(match kind {
            'n' => Self::Number(rest.parse().ok()?),
            'i' => Self::Id(UserId(rest.parse::<Uuid>().ok()?)),
            // A NUL is an error to PostgreSQL.
            _ if rest.contains(char::is_control) => return None,
            'a' => Self::Address(rest.to_owned()),
            'u' => Self::Name(rest.to_owned()),
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_read_back_and_other_texts_are_none() {
        for place in [
            UserPlace::Number(7),
            UserPlace::Id(UserId(Uuid::now_v7())),
            UserPlace::Address("jörg@example.com".to_owned()),
            UserPlace::Name(String::new()),
        ] {
            assert_eq!(UserPlace::parse(&place.text()), Some(place));
        }
        for text in ["", "n", "nx", "i1", "x1", "aa\0b"] {
            assert_eq!(UserPlace::parse(&BASE64.encode(text)), None, "{text:?}");
        }
        let long = BASE64.encode(format!("a{}", "x".repeat(LENGTH)));
        for text in ["é", "0192d3a8-6bf1-7c3a-8e21-5d4f9a0b1c2d", &long] {
            assert_eq!(UserPlace::parse(text), None, "{text}");
        }
    }
}
