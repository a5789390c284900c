//! Which addresses may have a new account.

use super::email::{Email, InvalidEmail};

/// The operator's rule for new accounts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SignUps {
    Open,
    Closed,
    /// Only addresses of these domains, in their canonical form. A domain does not stand for those below it.
    Domains(Vec<String>),
}

/// The operator's rule allows no new account for this address. Travels inside error chains.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("sign-up is closed for this address")]
pub struct SignUpClosed;

impl SignUps {
    /// Whether `email` may have a new account.
    #[must_use]
    pub fn allow(&self, email: &Email) -> bool {
        match self {
            Self::Open => true,
            Self::Closed => false,
            Self::Domains(domains) => domains.iter().any(|domain| domain == email.canonical_domain()),
        }
    }

    /// The canonical form of a domain.
    ///
    /// # Errors
    /// When no address can have the domain.
    pub fn domain(text: &str) -> Result<String, InvalidEmail> {
        Email::parse(&format!("x@{text}")).map(|email| email.canonical_domain().to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_domain_allows_its_own_addresses_however_they_are_written() {
        let domains = ["Example.com", "bücher.example"].map(|text| SignUps::domain(text).unwrap());
        let rule = SignUps::Domains(domains.into());
        for (address, allowed) in [
            ("jane@example.com", true),
            ("Jane@EXAMPLE.com", true),
            ("jane@bücher.example", true),
            ("jane@xn--bcher-kva.example", true),
            ("jane@mail.example.com", false),
            ("jane@notexample.com", false),
            ("jane@example.com.evil.example", false),
        ] {
            assert_eq!(rule.allow(&Email::parse(address).unwrap()), allowed, "{address}");
        }
        let jane = Email::parse("jane@example.com").unwrap();
        assert!(SignUps::Open.allow(&jane) && !SignUps::Closed.allow(&jane));
        for text in ["", "example", "*.example.com", "a@example.com", "exam ple.com"] {
            assert!(SignUps::domain(text).is_err(), "{text}");
        }
    }
}
