//! The rules for the two parts of an address. The caller has bounded their lengths.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use super::{Email, InvalidEmail};
use crate::model::user::text::{imitates_ascii, is_invisible};

/// The local part in the form in which it is compared.
pub fn canonical_local(local: &str, fold_case: fn(&str) -> String) -> Result<String, InvalidEmail> {
    let folded = fold_case(local);
    let dots_separate = !folded.split('.').any(str::is_empty);
    // Some mail programs decode an encoded word (RFC 2047) where none is allowed, and get another address.
    let is_plain = !folded.contains("=?");
    if folded.len() > Email::MAX_LOCAL_BYTES {
        Err(InvalidEmail::TooLong)
    } else if dots_separate && is_plain && folded.chars().all(is_local_character) {
        Ok(folded)
    } else {
        Err(InvalidEmail::Form)
    }
}

/// RFC 5322 `atext` and the dot, and letters and digits of other scripts (RFC 6531).
fn is_local_character(character: char) -> bool {
    if character.is_ascii() {
        character.is_ascii_alphanumeric() || ".!#$%&'*+-/=?^_`{|}~".contains(character)
    } else {
        is_letter_or_digit(character)
    }
}

fn is_letter_or_digit(character: char) -> bool {
    character.is_alphanumeric() || is_combining_mark(character)
}

/// Whether each character of a new local part is one that a reader sees as what it is. Letters that look alike in two
/// scripts are allowed, because both are letters of addresses.
pub fn is_plain_local(local: &str) -> bool {
    !local
        .chars()
        .any(|character| is_invisible(character) || imitates_ascii(character))
        // A mark alone would be shown on the dot before it, or on the text around the address.
        && !local.split('.').any(|part| part.starts_with(is_combining_mark))
}

/// The domain in its IDNA A-label form.
pub fn canonical_domain(domain: &str) -> Result<String, InvalidEmail> {
    let ascii = idna::domain_to_ascii_strict(domain).map_err(|_| InvalidEmail::Form)?;
    let (_, top_level) = ascii.rsplit_once('.').ok_or(InvalidEmail::Form)?;
    // A numeric last label is an IPv4 address in disguise; an empty one is the root.
    if top_level.is_empty() || top_level.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(InvalidEmail::Form);
    }
    Ok(ascii)
}

/// Characters of domains that are no letters, digits or marks (RFC 5892, A.3 to A.7).
const INSIDE_WORDS: &str = "\u{b7}\u{375}\u{5f3}\u{5f4}\u{30fb}";

/// Whether a new domain has the characters that a local part may have, and is typed as it is: IDNA drops invisible
/// characters and replaces imitated ones, and only case and composition may differ from what IDNA makes of it.
pub fn is_plain_domain(domain: &str, ascii: &str) -> bool {
    let unicode = unicode_domain(ascii);
    let (typed, meant): (Vec<_>, Vec<_>) = (domain.split('.').collect(), unicode.split('.').collect());
    let is_meant = |(typed, meant): (&&str, &&str)| {
        let lowered: String = typed.nfc().flat_map(char::to_lowercase).nfc().collect();
        typed.is_ascii() || lowered == **meant
    };
    let is_plain = |character: char| {
        character.is_ascii()
            || (!is_invisible(character) && (is_letter_or_digit(character) || INSIDE_WORDS.contains(character)))
    };
    domain.chars().all(is_plain) && typed.len() == meant.len() && typed.iter().zip(&meant).all(is_meant)
}

/// A domain as people read it.
pub fn unicode_domain(ascii: &str) -> String {
    idna::domain_to_unicode(ascii).0
}
