//! E-mail addresses: which are accepted, and when two of them are the same.

use std::fmt;

use unicode_normalization::char::is_combining_mark;

use super::text::fold_case;

/// An accepted address: shown as its owner typed it, compared by its canonical form.
#[derive(Clone, PartialEq, Eq)]
pub struct Email {
    typed: String,
    canonical: String,
}

/// The text is not one plain address with a dotted domain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an e-mail address")]
pub struct InvalidEmail;

/// The account's owner has not confirmed the address yet. Travels inside error chains.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the account's address is not verified")]
pub struct EmailNotVerified;

impl Email {
    /// Longest accepted address in bytes (RFC 5321, 4.5.3.1.3, less the angle brackets).
    pub const MAX_BYTES: usize = 254;
    const MAX_LOCAL_BYTES: usize = 64;

    /// Trims white space around `raw` and accepts one address: no display name, no quoted part, no address literal.
    ///
    /// # Errors
    /// [`InvalidEmail`] for everything else.
    pub fn parse(raw: &str) -> Result<Self, InvalidEmail> {
        let typed = raw.trim();
        let (local, domain) = typed.split_once('@').ok_or(InvalidEmail)?;
        let canonical = format!("{}@{}", canonical_local(local)?, canonical_domain(domain)?);
        if typed.len() > Self::MAX_BYTES || canonical.len() > Self::MAX_BYTES {
            return Err(InvalidEmail);
        }
        Ok(Self {
            typed: typed.to_owned(),
            canonical,
        })
    }

    /// The address as it was typed, without the white space around it.
    #[must_use]
    pub fn typed(&self) -> &str {
        &self.typed
    }

    /// The form that is unique among accounts: NFC, case-folded, the domain in its IDNA A-label form.
    #[must_use]
    pub fn canonical(&self) -> &str {
        &self.canonical
    }

    /// The form that mail is sent to: the local part as typed, because only its mail server may interpret case there,
    /// and the domain in letters that every mail server understands.
    #[must_use]
    pub fn deliverable(&self) -> String {
        let local = self.typed.split('@').next().unwrap_or_default();
        let domain = self.canonical.rsplit('@').next().unwrap_or_default();
        format!("{local}@{domain}")
    }
}

/// Addresses are personal data, so `Debug` does not print them into a log.
impl fmt::Debug for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Email(…)")
    }
}

fn canonical_local(local: &str) -> Result<String, InvalidEmail> {
    let folded = fold_case(local);
    let dots_separate = !folded.split('.').any(str::is_empty);
    let within_bounds = folded.len() <= Email::MAX_LOCAL_BYTES;
    // Some mail programs decode an encoded word (RFC 2047) where none is allowed, and get another address.
    let is_plain = !folded.contains("=?");
    if dots_separate && within_bounds && is_plain && folded.chars().all(is_local_character) {
        Ok(folded)
    } else {
        Err(InvalidEmail)
    }
}

/// RFC 5322 `atext` and the dot, and letters and digits of other scripts (RFC 6531). Invisible characters and
/// look-alikes of `@` are neither, so they can't make a second account for one address.
fn is_local_character(character: char) -> bool {
    if character.is_ascii() {
        character.is_ascii_alphanumeric() || ".!#$%&'*+-/=?^_`{|}~".contains(character)
    } else {
        character.is_alphanumeric() || is_combining_mark(character)
    }
}

fn canonical_domain(domain: &str) -> Result<String, InvalidEmail> {
    let ascii = idna::domain_to_ascii_strict(domain).map_err(|_| InvalidEmail)?;
    let (_, top_level) = ascii.rsplit_once('.').ok_or(InvalidEmail)?;
    // A numeric last label is an IPv4 address in disguise; an empty one is the root.
    if top_level.is_empty() || top_level.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(InvalidEmail);
    }
    Ok(ascii)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn canonical(raw: &str) -> Option<String> {
        Email::parse(raw).ok().map(|email| email.canonical)
    }

    #[test]
    fn accepts_ordinary_addresses_and_shows_them_as_typed() {
        let email = Email::parse("  Jane.Doe+news@Example.COM\n").unwrap();
        assert_eq!(email.typed(), "Jane.Doe+news@Example.COM");
        assert_eq!(email.canonical(), "jane.doe+news@example.com");
    }

    #[test]
    fn mail_goes_to_an_ascii_domain() {
        let email = Email::parse("Jane@B\u{fc}cher.example").unwrap();
        assert_eq!(email.deliverable(), "Jane@xn--bcher-kva.example");
    }

    #[test]
    fn one_address_has_one_canonical_form() {
        assert_eq!(
            canonical("user@Bücher.example"),
            canonical("USER@xn--bcher-kva.example")
        );
        // Composed and decomposed é.
        assert_eq!(canonical("jos\u{e9}@example.com"), canonical("jose\u{301}@example.com"));
        assert_eq!(canonical("ΣΟΦΟΣ@example.com"), canonical("σοφος@example.com"));
    }

    #[test]
    fn rejects_everything_but_one_plain_address() {
        for raw in [
            "",
            "@",
            "a@",
            "@b.example",
            "plain",
            "a@b",
            "a@b.",
            "a@.b",
            "a@b..c",
            "Bob <a@b.example>",
            "<a@b.example>",
            "a@[127.0.0.1]",
            "a@127.0.0.1",
            "a@b.example,c@d.example",
            "a b@c.example",
            "a@b c.example",
            "a@@b.example",
            "a@b@c.example",
            ".a@b.example",
            "a.@b.example",
            "a..b@c.example",
            "\"a b\"@c.example",
            "a\u{0}@b.example",
            "a@b.example\r\nBcc: c@d.example",
            "a@-b.example",
            "a@b_c.example",
            "a\u{200b}@b.example",
            "a\u{ff20}b.example",
            "a\u{ff20}b@c.example",
            "a(comment)@b.example",
            "=?utf-8?q?x=40evil.example=3e?=@b.example",
            "a@xn--.example",
        ] {
            assert_eq!(canonical(raw), None, "{raw:?}");
        }
    }

    #[test]
    fn bounds_the_length_in_bytes() {
        let domain = format!("{}.{}.{}.example", "a".repeat(60), "b".repeat(60), "c".repeat(60));
        let longest = format!("{}@{domain}", "x".repeat(253 - domain.len()));
        assert_eq!(longest.len(), 254);
        assert!(canonical(&longest).is_some());
        assert_eq!(canonical(&format!("x{longest}")), None);
        assert_eq!(canonical(&format!("{}@example.com", "x".repeat(65))), None);
    }

    proptest! {
        #[test]
        fn the_canonical_form_is_its_own_canonical_form(raw in "\\PC{1,12}@[a-zA-Zßéñσ]{1,10}\\.[a-z]{2,5}") {
            if let Ok(email) = Email::parse(&raw) {
                prop_assert_eq!(canonical(email.canonical()), Some(email.canonical.clone()));
            }
        }

        #[test]
        fn any_text_parses_or_is_refused(raw in "\\PC{0,300}") {
            let _ = Email::parse(&raw);
        }
    }
}
