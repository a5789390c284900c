//! User names of the token API: as in Django, but ASCII only, because some other letters look alike or are invisible.

use super::email::Email;

/// An accepted user name: shown as typed, compared without regard to case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Username {
    typed: String,
    canonical: String,
}

/// Why a user name is rejected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InvalidUsername {
    TooLong,
    /// It contains something other than letters, digits and `@ . + - _`.
    Characters,
}

impl Username {
    /// Most characters of a user name.
    pub const MAX_LENGTH: usize = 150;

    /// Accepts `raw` without the white space around it.
    ///
    /// # Errors
    /// The first rule that it breaks.
    pub fn parse(raw: &str) -> Result<Self, InvalidUsername> {
        let typed = raw.trim();
        // No character takes more than four bytes, so that a longer text needs no look at its characters.
        if typed.len() > Self::MAX_LENGTH * 4 {
            return Err(InvalidUsername::TooLong);
        }
        let is_character = |character: char| character.is_ascii_alphanumeric() || "@.+-_".contains(character);
        if typed.is_empty() || !typed.chars().all(is_character) {
            Err(InvalidUsername::Characters)
        } else if typed.len() > Self::MAX_LENGTH {
            Err(InvalidUsername::TooLong)
        } else {
            Ok(Self {
                typed: typed.to_owned(),
                canonical: typed.to_ascii_lowercase(),
            })
        }
    }

    /// Whether the account with the address `own` may have this name. A name with `@` reads as an address, so it must
    /// be the account's own: people and other services would take it for the other address's owner.
    #[must_use]
    pub fn fits(&self, own: &Email) -> bool {
        !self.typed.contains('@') || Email::parse(&self.typed).is_ok_and(|named| named.canonical() == own.canonical())
    }

    #[must_use]
    pub fn typed(&self) -> &str {
        &self.typed
    }

    /// The form that is unique among accounts.
    #[must_use]
    pub fn canonical(&self) -> &str {
        &self.canonical
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn django_names_are_accepted_and_compared_without_case() {
        let name = Username::parse(" John.Doe+x@home-1_ ").unwrap();
        assert_eq!(
            (name.typed(), name.canonical()),
            ("John.Doe+x@home-1_", "john.doe+x@home-1_")
        );
    }

    #[test]
    fn a_name_with_an_at_sign_is_the_own_address_or_nothing() {
        let own = Email::parse("Jane@Example.com").unwrap();
        for (name, fits) in [
            ("jane", true),
            ("jane@example.com", true),
            ("JANE@example.COM", true),
            ("victim@example.com", false),
            ("jane@example.com.evil.example", false),
            ("@", false),
            ("jane@home", false),
            ("jane@@example.com", false),
        ] {
            assert_eq!(Username::parse(name).unwrap().fits(&own), fits, "{name}");
        }
    }

    #[test]
    fn other_characters_and_long_names_are_refused() {
        for raw in [
            "",
            " ",
            "a b",
            "a\u{0}b",
            "a\u{200b}b",
            "<script>",
            "a/b",
            "a:b",
            "Jörg",
            "аdmin",
            "\u{3164}",
        ] {
            assert_eq!(Username::parse(raw), Err(InvalidUsername::Characters), "{raw:?}");
        }
        for long in [
            "x".repeat(151),
            "\u{e9}".repeat(8000),
            " ".repeat(10) + &"/".repeat(16_000),
        ] {
            assert_eq!(Username::parse(&long), Err(InvalidUsername::TooLong));
        }
    }
}
