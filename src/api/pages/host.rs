//! Leads browsers to the public URL, because cookies and passkeys belong to its host.

use poem::Request;
use poem::http::header;

/// Marks an address that a browser was led to. A proxy that puts another host into each request would otherwise make
/// the browser go round in circles.
const LED: &str = "led=1";

/// Where a request for a page has to go: to the same page at `public_url`, if it was sent to another host.
pub fn public_address(public_url: &str, request: &Request) -> Option<String> {
    let authority = request.uri().authority().map(poem::http::uri::Authority::as_str);
    let host = request.header(header::HOST).or(authority)?;
    let query = request.uri().query().unwrap_or_default();
    if is_host_of(public_url, host) || query.split('&').any(|part| part == LED) {
        return None;
    }
    let more = if query.is_empty() { "" } else { "&" };
    Some(format!("{public_url}{}?{query}{more}{LED}", request.uri().path()))
}

/// Whether `host` is that of the URL, which is scheme, host and port only. A browser leaves out the scheme's own port.
fn is_host_of(url: &str, host: &str) -> bool {
    let (scheme, authority) = url.split_once("://").unwrap_or_default();
    let port = if scheme == "https" { ":443" } else { ":80" };
    let host = host.strip_suffix(port).unwrap_or(host);
    host.eq_ignore_ascii_case(authority)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_port_of_the_scheme_and_the_case_do_not_matter() {
        for host in ["auth.example.com", "AUTH.example.com", "auth.example.com:443"] {
            assert!(is_host_of("https://auth.example.com", host), "{host}");
        }
        for host in [
            "",
            "example.com",
            "auth.example.com:80",
            "auth.example.com:8443",
            "auth.example.com.",
        ] {
            assert!(!is_host_of("https://auth.example.com", host), "{host}");
        }
        assert!(is_host_of("http://localhost:8080", "localhost:8080"));
        assert!(is_host_of("http://[::1]:8080", "[::1]:8080"));
        assert!(!is_host_of("http://localhost:8080", "127.0.0.1:8080"));
    }
}
