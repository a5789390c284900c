//! E-mail addresses: which are accepted, and when two of them are the same.

mod rules;
#[cfg(test)]
mod tests;

use std::fmt;

use super::text::{fold_case, fold_case_as_before};

/// An accepted address: shown as its owner typed it, compared by its canonical form.
#[derive(Clone, PartialEq, Eq)]
pub struct Email {
    typed: String,
    canonical: String,
    /// The canonical form by the rule of earlier versions, if that is another one.
    former: Option<String>,
}

/// Why a text is not accepted as an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidEmail {
    /// The address or a part of it is too long; this is found before any other work.
    #[error("the address is too long")]
    TooLong,
    /// It is not one plain address with a dotted domain.
    #[error("not an e-mail address")]
    Form,
    /// A new address has characters that are invisible or imitate others.
    #[error("the address has invisible or imitated characters")]
    Characters,
}

/// The account's owner has not confirmed the address yet. Travels inside error chains.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the account's address is not verified")]
pub struct EmailNotVerified;

impl Email {
    /// Longest accepted address in bytes (RFC 5321, 4.5.3.1.3, less the angle brackets).
    pub const MAX_BYTES: usize = 254;
    const MAX_LOCAL_BYTES: usize = 64;
    /// Most characters between two dots of a domain (RFC 1035, 2.3.4). Encoding a label in ASCII takes time that grows
    /// with the square of its length.
    const MAX_LABEL: usize = 63;

    /// Reads an address that an account may have. Trims white space around `raw` and accepts one address: no display
    /// name, no quoted part, no address literal. [`Self::parse_new`] accepts fewer.
    pub fn parse(raw: &str) -> Result<Self, InvalidEmail> {
        let typed = raw.trim();
        if typed.len() > Self::MAX_BYTES {
            return Err(InvalidEmail::TooLong);
        }
        let (local, domain) = typed.split_once('@').ok_or(InvalidEmail::Form)?;
        let is_long = |label: &str| label.chars().count() > Self::MAX_LABEL;
        if local.len() > Self::MAX_LOCAL_BYTES || domain.split('.').any(is_long) {
            return Err(InvalidEmail::TooLong);
        }
        let domain = rules::canonical_domain(domain)?;
        let canonical = format!("{}@{domain}", rules::canonical_local(local, fold_case)?);
        // Both folds do the same with ASCII, which almost all addresses are.
        let former = (!local.is_ascii()).then(|| rules::canonical_local(local, fold_case_as_before));
        let former = former.and_then(Result::ok).map(|local| format!("{local}@{domain}"));
        if canonical.len() > Self::MAX_BYTES {
            return Err(InvalidEmail::TooLong);
        }
        Ok(Self {
            former: former.filter(|former| *former != canonical),
            typed: typed.to_owned(),
            canonical,
        })
    }

    /// Reads an address that is to be stored. In contrast to [`Self::parse`] each character must be one that a reader
    /// sees as what it is, because the address is shown as it was typed.
    pub fn parse_new(raw: &str) -> Result<Self, InvalidEmail> {
        let email = Self::parse(raw)?;
        let (local, domain) = email.parts();
        if rules::is_plain_local(local) && rules::is_plain_domain(domain, email.canonical_domain()) {
            Ok(email)
        } else {
            Err(InvalidEmail::Characters)
        }
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

    /// The canonical forms under which the database may hold this address: that of [`Self::canonical`], and the one
    /// that an earlier version stored.
    pub fn stored_forms(&self) -> impl Iterator<Item = &str> {
        std::iter::once(self.canonical.as_str()).chain(self.former.as_deref())
    }

    /// Whether an account with the address `stored` has this address. A canonical form that an earlier version stored
    /// may also be the form of another address today.
    #[must_use]
    pub fn is_address_of(&self, stored: &str) -> bool {
        // All forms of an ASCII address have been the same in all versions.
        stored.is_ascii() || Self::parse(stored).is_ok_and(|stored| stored.canonical == self.canonical)
    }

    /// The form that mail is sent to: the local part as typed, because only its mail server may interpret case there,
    /// and the domain in letters that every mail server understands.
    #[must_use]
    pub fn deliverable(&self) -> String {
        format!("{}@{}", self.parts().0, self.canonical_domain())
    }

    /// Whether only mail servers that announce SMTPUTF8 can send to it (RFC 6531): the local part has no other form.
    #[must_use]
    pub fn is_international(&self) -> bool {
        !self.parts().0.is_ascii()
    }

    fn parts(&self) -> (&str, &str) {
        self.typed.split_once('@').unwrap_or_default()
    }

    /// The domain in its IDNA A-label form.
    #[must_use]
    pub fn canonical_domain(&self) -> &str {
        self.canonical.split_once('@').unwrap_or_default().1
    }
}

/// A stored address as it may be shown. Earlier versions accepted invisible characters and imitated dots in a domain;
/// they are shown as what they stand for.
#[must_use]
pub fn shown(stored: String) -> String {
    if stored.is_ascii() || Email::parse_new(&stored).is_ok() {
        return stored;
    }
    match Email::parse(&stored) {
        Ok(email) => format!(
            "{}@{}",
            email.parts().0,
            rules::unicode_domain(email.canonical_domain())
        ),
        Err(_) => stored,
    }
}

/// Addresses are personal data, so `Debug` does not print them into a log.
impl fmt::Debug for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Email(…)")
    }
}
