//! What an operator looks for in the list of accounts.

use uuid::Uuid;

use crate::model::user::email::Email;
use crate::model::user::text::fold_case;

/// The beginning of an address, of a user name or of an id, or the whole of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Search {
    /// The beginning of canonical addresses and user names.
    prefix: String,
    /// The address that was looked for, if the text is a whole one.
    pub email: Option<Email>,
    /// The first and the last id that begin like the text, if it may be the beginning of an id.
    pub ids: Option<(Uuid, Uuid)>,
}

/// The text is too long, or has a character that no address, name or id has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("send an address, a user name or an id, or the beginning of one")]
pub struct InvalidSearch;

/// Digits that the beginning of an id must have. The first eight of a UUIDv7 are a time of about a minute.
const FEWEST_DIGITS: usize = 8;

impl Search {
    /// # Errors
    /// [`InvalidSearch`].
    pub fn parse(text: &str) -> Result<Self, InvalidSearch> {
        let text = text.trim();
        if text.is_empty() || text.len() > Email::MAX_BYTES || text.contains(char::is_control) {
            return Err(InvalidSearch);
        }
        let email = Email::parse(text).ok();
        let folded = || fold_case(text);
        Ok(Self {
            prefix: email.as_ref().map_or_else(folded, |email| email.canonical().to_owned()),
            email,
            ids: ids(text),
        })
    }

    /// The first text that begins like this search.
    #[must_use]
    pub fn first(&self) -> &str {
        &self.prefix
    }

    /// A text behind all that begin like this search, in the order of bytes: no name or address has this character.
    #[must_use]
    pub fn end(&self) -> String {
        format!("{}\u{10ffff}", self.prefix)
    }

    /// Whether an account with this canonical address is found by the address.
    #[must_use]
    pub fn finds(&self, canonical: &str) -> bool {
        canonical.starts_with(&self.prefix)
    }
}

/// The ids that begin like `text`: hexadecimal digits, with dashes where ids have them.
fn ids(text: &str) -> Option<(Uuid, Uuid)> {
    const FORM: &str = "00000000-0000-0000-0000-000000000000";
    let fits = text.len() <= FORM.len()
        && text.chars().zip(FORM.chars()).all(|(character, form)| {
            (character == '-') == (form == '-') && (form == '-' || character.is_ascii_hexdigit())
        });
    if !fits || text.len() < FEWEST_DIGITS {
        return None;
    }
    let rest = FORM.get(text.len()..)?;
    let first = format!("{text}{rest}").parse().ok()?;
    let last = format!("{text}{}", rest.replace('0', "f")).parse().ok()?;
    Some((first, last))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_names_are_compared_in_canonical_form() {
        let search = Search::parse(" Alice@Example.com ").unwrap();
        assert_eq!(search.first(), "alice@example.com");
        assert!(search.finds("alice@example.com") && search.email.is_some());
        let beginning = Search::parse("ALI").unwrap();
        assert_eq!((beginning.first(), &beginning.email), ("ali", &None));
        assert!(
            Search::parse("Jörg@Bücher.example")
                .unwrap()
                .finds("jörg@xn--bcher-kva.example")
        );
    }

    #[test]
    fn the_beginning_of_an_id_is_found_from_eight_digits_on() {
        let id = "0192d3a8-6bf1-7c3a-8e21-5d4f9a0b1c2d";
        assert_eq!(
            Search::parse(id).unwrap().ids.unwrap(),
            (id.parse().unwrap(), id.parse().unwrap())
        );
        let (first, last) = Search::parse("0192D3A8-6b").unwrap().ids.unwrap();
        assert_eq!(first.to_string(), "0192d3a8-6b00-0000-0000-000000000000");
        assert_eq!(last.to_string(), "0192d3a8-6bff-ffff-ffff-ffffffffffff");
        for text in [
            "0192d3a",
            "0192d3a86",
            "0192d3a8-6bf1-7c3a-8e21-5d4f9a0b1c2d0",
            "alicealice",
        ] {
            assert_eq!(Search::parse(text).unwrap().ids, None, "{text}");
        }
    }

    #[test]
    fn other_texts_are_refused() {
        for text in ["", "  ", "a\0b", &"x".repeat(255)] {
            assert_eq!(Search::parse(text), Err(InvalidSearch), "{text:?}");
        }
    }
}
