//! Domains under which anyone can register a name, such as `com`, `co.uk` and `fly.dev` (Mozilla's public suffix list).

/// Whether `domain` is a public suffix. A domain in lower case that has no entry in the list is one if it has no dot.
#[must_use]
pub fn is_public_suffix(domain: &str) -> bool {
    psl::suffix(domain.as_bytes()).is_some_and(|suffix| suffix.as_bytes() == domain.as_bytes())
}

/// The shortest domain around `host` that can belong to one owner; `None` for a public suffix.
#[must_use]
pub fn registrable(host: &str) -> Option<&str> {
    psl::domain_str(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suffixes_of_registries_and_of_hosting_platforms_are_public() {
        for suffix in [
            "com",
            "co.uk",
            "fly.dev",
            "github.io",
            "herokuapp.com",
            "vercel.app",
            "xn--p1ai",
            "internal",
        ] {
            assert!(is_public_suffix(suffix), "{suffix}");
            assert_eq!(registrable(suffix), None, "{suffix}");
        }
        for domain in [
            "example.com",
            "example.co.uk",
            "my-app.fly.dev",
            "corp.internal",
            "www.example.com",
        ] {
            assert!(!is_public_suffix(domain), "{domain}");
        }
        assert_eq!(registrable("auth.example.co.uk"), Some("example.co.uk"));
    }
}
