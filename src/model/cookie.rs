//! What the session cookie and the device cookie share: the `SameSite` attribute, and how a cookie is found by its
//! name.

/// Whether a browser sends a cookie with requests that another site caused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum SameSite {
    Strict,
    Lax,
    None,
}

/// The value of the cookie `name` among raw `Cookie` headers, if it is there once and is text.
pub(super) fn find<'h>(name: &str, headers: impl Iterator<Item = &'h [u8]>) -> Option<&'h str> {
    // Compared as bytes: a neighbouring cookie may hold bytes that are not text.
    let mut values = headers
        .flat_map(|header| header.split(|byte| *byte == b';'))
        .filter_map(|pair| pair.trim_ascii().strip_prefix(name.as_bytes())?.strip_prefix(b"="));
    match (values.next(), values.next()) {
        (Some(value), None) => std::str::from_utf8(value).ok(),
        _ => None,
    }
}
