use super::*;

fn cookie(
    url: &str,
    name: Option<&str>,
    same_site: SameSite,
    domain: Option<&str>,
) -> Result<SessionCookie, InvalidCookie> {
    SessionCookie::new(&Url::parse(url).unwrap(), name, same_site, domain)
}

fn host_cookie() -> SessionCookie {
    cookie("https://auth.example.com", None, SameSite::Lax, None).unwrap()
}

#[test]
fn https_adds_the_host_prefix_and_the_secure_attribute() {
    let secret = SessionSecret::generate();
    let value = secret.reveal();
    let (week, now) = (TimeDelta::days(7), DateTime::UNIX_EPOCH);
    let lifetime = "; Max-Age=604800; Expires=Thu, 08 Jan 1970 00:00:00 GMT";
    assert_eq!(
        host_cookie().keep(secret, week, now),
        format!("__Host-neptun-session={value}; HttpOnly; SameSite=Lax; Path=/; Secure{lifetime}")
    );
    let plain = cookie("http://localhost:8080", None, SameSite::Lax, None).unwrap();
    assert_eq!(
        plain.keep(secret, week, now),
        format!("neptun-session={value}; HttpOnly; SameSite=Lax; Path=/{lifetime}")
    );
}

#[test]
fn removal_repeats_every_attribute() {
    let shared = cookie("https://auth.example.com", None, SameSite::None, Some("example.com")).unwrap();
    assert_eq!(
        shared.remove(),
        format!("neptun-session=; HttpOnly; SameSite=None; Path=/; Secure; Domain=example.com{REMOVED}")
    );
}

#[test]
fn combinations_that_browsers_drop_are_refused() {
    let https = "https://auth.example.com";
    let http = "http://localhost:8080";
    let lax = SameSite::Lax;
    assert!(matches!(
        cookie(http, Some("__Host-s"), lax, None),
        Err(InvalidCookie::PrefixWithoutHttps(_))
    ));
    assert!(matches!(
        cookie(http, Some("__secure-s"), lax, None),
        Err(InvalidCookie::PrefixWithoutHttps(_))
    ));
    assert!(matches!(
        cookie(https, Some("__Host-s"), lax, Some("example.com")),
        Err(InvalidCookie::HostPrefixWithDomain(_))
    ));
    assert!(matches!(
        cookie(http, None, SameSite::None, None),
        Err(InvalidCookie::NoneWithoutHttps)
    ));
    for domain in [
        "com",
        "evil.example",
        "th.example.com",
        "app.auth.example.com",
        ".",
        "..example.com",
        "",
    ] {
        assert!(
            matches!(
                cookie(https, None, lax, Some(domain)),
                Err(InvalidCookie::ForeignDomain(_))
            ),
            "{domain}"
        );
    }
    assert!(matches!(
        cookie("http://127.0.0.1:8080", None, lax, Some("0.1")),
        Err(InvalidCookie::ForeignDomain(_))
    ));
    for name in ["", "a b", "a;b", "a=b", "sitzung\u{e9}"] {
        assert!(
            matches!(cookie(https, Some(name), lax, None), Err(InvalidCookie::Name(_))),
            "{name}"
        );
    }
}

#[test]
fn a_cookie_is_found_by_its_exact_name() {
    let cookie = host_cookie();
    let secret = SessionSecret::generate();
    let value = secret.reveal();
    let ours = format!("__Host-neptun-session={value}");
    let find = |headers: &[&str]| cookie.find(headers.iter().map(|header| header.as_bytes()));
    assert_eq!(find(&[&format!("theme=dark; {ours}; x=y")]), [secret]);
    assert_eq!(find(&["theme=dark", &ours]), [secret]);
    assert_eq!(find(&[&format!("name=Jörg; {ours}")]), [secret]);
    let latin = [b"name=J\xf6rg; ".as_slice(), ours.as_bytes()].concat();
    assert_eq!(cookie.find([latin.as_slice()].into_iter()), [secret]);
    assert_eq!(find(&[&ours, &ours]), [secret]);
    assert_eq!(find(&[&format!("__Host-neptun-session=\"{value}\"")]), [secret]);
    for name in [
        "%5F%5FHost-neptun-session",
        "__host-neptun-session",
        "\u{2000}__Host-neptun-session",
        "neptun-session",
        "x__Host-neptun-session",
    ] {
        assert_eq!(find(&[&format!("{name}={value}")]), [], "{name}");
    }
}

#[test]
fn leftovers_are_the_cookies_of_other_settings_that_the_request_may_have_sent() {
    let lax = SameSite::Lax;
    let url = "https://auth.example.com";
    let shared = cookie(url, None, lax, Some("example.com")).unwrap();
    let own_domain = cookie(url, None, lax, Some("auth.example.com")).unwrap();
    let named = cookie(url, Some("s"), lax, None).unwrap();
    let local = cookie("http://localhost:8080", None, lax, None).unwrap();
    let (host, at_host, none) = ("", "; Domain=auth.example.com", [].as_slice());
    for (cookie, header, expected) in [
        (&host_cookie(), "__Host-neptun-session=x", none),
        (
            &host_cookie(),
            "neptun-session=x",
            &[("neptun-session", host), ("neptun-session", at_host)],
        ),
        (
            &shared,
            "neptun-session=x",
            &[("neptun-session", host), ("neptun-session", at_host)],
        ),
        (&shared, "__Host-neptun-session=x", &[("__Host-neptun-session", host)]),
        (&own_domain, "neptun-session=x", &[("neptun-session", host)]),
        (&named, "s=x", &[("s", at_host)]),
        (&named, "theme=dark", none),
        (&local, "neptun-session=x; __Host-neptun-session=x", none),
    ] {
        let attributes = "; HttpOnly; SameSite=Lax; Path=/; Secure";
        let expected = expected
            .iter()
            .map(|(name, domain)| format!("{name}={attributes}{domain}{REMOVED}"));
        let left = cookie.leftovers(&[header.as_bytes()]);
        assert_eq!(left.removals, expected.collect::<Vec<_>>(), "{header}");
    }
}

#[test]
fn the_secret_in_a_cookie_of_the_other_name_is_found_to_be_ended() {
    let secret = SessionSecret::generate();
    let header = format!("neptun-session={}; __Host-neptun-session=x", secret.reveal());
    let left = host_cookie().leftovers(&[header.as_bytes()]);
    assert_eq!(left.secrets, [secret]);
}

#[test]
fn a_domain_that_belongs_to_strangers_too_is_refused() {
    for (host, domain, instead) in [
        ("auth.example.co.uk", "co.uk", "example.co.uk"),
        ("my-app.fly.dev", "fly.dev", "my-app.fly.dev"),
        ("auth.my-app.fly.dev", "fly.dev", "my-app.fly.dev"),
        ("fly.dev", "fly.dev", "fly.dev"),
        ("auth.example.github.io", "github.io", "example.github.io"),
    ] {
        let refused = cookie(&format!("https://{host}"), None, SameSite::Lax, Some(domain)).unwrap_err();
        let (domain, instead) = (domain.to_owned(), instead.to_owned());
        assert_eq!(refused, InvalidCookie::PublicSuffix { domain, instead });
    }
    for (host, domain) in [
        ("auth.example.co.uk", "example.co.uk"),
        ("auth.my-app.fly.dev", "my-app.fly.dev"),
        ("auth.corp.internal", "corp.internal"),
        ("auth.example.com", "auth.example.com"),
    ] {
        assert!(
            cookie(&format!("https://{host}"), None, SameSite::Lax, Some(domain)).is_ok(),
            "{domain}"
        );
    }
}
