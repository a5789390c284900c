//! The name of a service that access tokens can be limited to.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The `aud` claim of a token: one name, such as `https://orders.example.com`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Audience(String);

/// The text can't name an audience.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an audience: use 1 to {max} visible ASCII characters and no comma", max = Audience::MAX_BYTES)]
pub struct InvalidAudience(String);

impl Audience {
    /// Keeps every token well below the length that is read.
    const MAX_BYTES: usize = 255;

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Audience {
    type Err = InvalidAudience;

    fn from_str(text: &str) -> Result<Self, InvalidAudience> {
        let is_visible = text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b',');
        if (1..=Self::MAX_BYTES).contains(&text.len()) && is_visible {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidAudience(text.to_owned()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_audience_is_a_short_visible_text() {
        for text in [
            "orders",
            "https://orders.example.com",
            "urn:example:orders",
            &"a".repeat(255),
        ] {
            assert_eq!(text.parse::<Audience>().unwrap().as_str(), text);
        }
        for text in ["", " ", "a b", "a,b", "é", "a\n", &"a".repeat(256)] {
            assert!(text.parse::<Audience>().is_err(), "{text}");
        }
    }
}
