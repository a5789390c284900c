//! Where a log-in page may send a browser back to.

use url::Url;

use super::origin::AllowedOrigins;

/// Longest path that is passed on, in bytes. It becomes part of a header or of a cookie: proxies accept 8 KiB of
/// headers, browsers 4 KiB of a cookie.
pub const LONGEST_PATH: usize = 2048;

/// The value of `return_to` for a page at `path` of `origin`: the path if the log-in page is at the same origin,
/// otherwise the whole address. `None` for origins that are neither our own nor listed, and for a path that a browser
/// could read as another host: both come from headers of the request.
#[must_use]
pub fn return_to(origins: &AllowedOrigins, log_in_page: &str, origin: &str, path: &str) -> Option<String> {
    if !is_path(path) || !origins.names(origin) {
        None
    } else if origin == log_in_page {
        Some(path.to_owned())
    } else {
        Some(format!("{origin}{path}"))
    }
}

/// The page that `text` names, for a browser to be sent to: a path of this service, or an address at our own origin or
/// at one that is named word for word. `None` for all others: a log-in must lead no browser to a foreign page.
#[must_use]
pub fn page(origins: &AllowedOrigins, text: &str) -> Option<String> {
    if is_path(text) {
        return is_page(text).then(|| text.to_owned());
    }
    // The origin is compared as text, so that no two parsers can disagree on where it ends.
    let after_scheme = text.find("://")? + 3;
    let end = text[after_scheme..]
        .find('/')
        .map_or(text.len(), |at| after_scheme + at);
    let (origin, path) = text.split_at(end);
    let is_known = origins.names(origin) && (path.is_empty() || is_path(path));
    let is_known = is_known && (!origins.is_own(origin) || is_page(path));
    is_known.then(|| text.to_owned())
}

/// Whether the path of our own origin is of no operation. `/auth/github` would begin another log-in, so that a link to
/// our own log-in page could bring a person into another account.
fn is_page(path: &str) -> bool {
    // As a browser reads it, which resolves dots.
    let Ok(url) = Url::parse("http://localhost").and_then(|base| base.join(path)) else {
        return false;
    };
    let first = url
        .path_segments()
        .and_then(|mut parts| parts.next())
        .unwrap_or_default();
    !first.contains('%') && !["auth", "api"].iter().any(|name| first.eq_ignore_ascii_case(name))
}

fn is_path(text: &str) -> bool {
    let is_absolute = text.starts_with('/') && !text.starts_with("//");
    // A browser reads a backslash as a slash, and ignores tabs and line ends.
    let is_plain = text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    is_absolute && is_plain && text.len() <= LONGEST_PATH
}

#[cfg(test)]
mod tests {
    use url::Url;

    use super::*;
    use crate::model::client::origin::Origin;

    const OWN: &str = "https://auth.example.com";
    const APP: &str = "https://app.example.com";

    fn returned(origin: &str, path: &str) -> Option<String> {
        let listed = [APP, "https://*.preview.example.com", "capacitor://localhost"];
        let listed = listed.into_iter().map(|text| Origin::parse(text).unwrap()).collect();
        let origins = AllowedOrigins::new(&Url::parse(OWN).unwrap(), listed);
        return_to(&origins, OWN, origin, path)
    }

    #[test]
    fn a_path_of_the_log_in_page_s_origin_stays_a_path_and_others_get_their_origin() {
        assert_eq!(returned(OWN, "/orders?page=2"), Some("/orders?page=2".to_owned()));
        assert_eq!(returned(APP, "/"), Some("https://app.example.com/".to_owned()));
    }

    #[test]
    fn a_page_is_a_path_or_at_an_origin_that_is_named_literally() {
        let listed = [APP, "https://*.preview.example.com", "capacitor://localhost"];
        let listed = listed.into_iter().map(|text| Origin::parse(text).unwrap()).collect();
        let more = vec![Origin::parse("https://shop.example.com").unwrap()];
        let origins = AllowedOrigins::new(&Url::parse(OWN).unwrap(), listed).with_return_origins(more);
        let named = |text: &str| page(&origins, text);
        for text in [
            "/",
            "/dashboard?tab=1#top",
            OWN,
            "https://app.example.com/orders",
            "https://shop.example.com/",
            "https://shop.example.com",
            "https://app.example.com/auth/done",
            "/search/%C3%BC?q=%20",
        ] {
            assert_eq!(named(text), Some(text.to_owned()));
        }
        for text in [
            "",
            "dashboard",
            "//evil.example",
            "/\\evil.example",
            "/a\tb",
            "/a\r\nSet-Cookie: x=y",
            "https://evil.example",
            "https://app.example.com.evil.example",
            "https://app.example.com@evil.example/",
            "https://app.example.com:443/",
            "https://app.example.com\\@evil.example/",
            "https://app.example.com?x",
            "https://app.example.com//evil.example",
            "https:/app.example.com",
            "HTTPS://app.example.com",
            "https://one.preview.example.com/",
            "capacitor://localhost/",
            "/auth/github",
            "/AUTH/github?return_to=/",
            "/%61uth/github",
            "/./auth/github",
            "/%2e/auth/github",
            "/a/../auth/github",
            "/api/auth/logout",
            "https://auth.example.com/auth/github",
            "javascript:alert(1)",
            "javascript://app.example.com/%0aalert(1)",
            &format!("/{}", "a".repeat(LONGEST_PATH)),
        ] {
            assert_eq!(named(text), None, "{text}");
        }
        assert!(!origins.contains("https://shop.example.com"), "its pages may not call");
    }

    #[test]
    fn foreign_origins_and_paths_that_could_name_a_host_are_left_out() {
        for origin in [
            "https://evil.example",
            "http://app.example.com",
            "https://app.example.com.evil.example",
            "https://app.example.com@evil.example",
            "https://APP.example.com",
            "https://one.preview.example.com",
            "https://*.preview.example.com",
            "capacitor://localhost",
            "https://",
            "",
        ] {
            assert_eq!(returned(origin, "/"), None, "{origin}");
        }
        let long = format!("/{}", "a".repeat(LONGEST_PATH));
        for path in [
            "",
            "orders",
            "//evil.example",
            "/\\evil.example",
            "\\/evil.example",
            "/a\tb",
            "/a\nb",
            "/a b",
            "/é",
            "https://evil.example",
            "@evil.example",
            &long,
        ] {
            assert_eq!(returned(OWN, path), None, "{path}");
        }
    }
}
