//! Prepared set-ups in which the cookie does not stick.

use serde_json::Value;

use super::{BEHIND_A_PROXY, ORIGINS, PUBLIC_URL, SAME_SITE, Variables, findings, proxy, troubles};
use crate::helpers::TestDatabase;
use crate::helpers::binary::Binary;

/// Settings under which a person does not stay signed in, and what doctor has to name.
struct Setup {
    settings: Variables<'static>,
    front_end: &'static str,
    /// Whether the instance is asked, through a proxy that does this to its answers.
    proxy: Option<fn(&str) -> String>,
    /// The trouble: id, level and setting.
    names: &'static str,
    says: &'static str,
}

const SETUPS: [Setup; 16] = [
    // A front end on another site, with the default cookie.
    Setup {
        settings: &[
            (PUBLIC_URL, "https://auth.example.com"),
            (ORIGINS, "https://app.example.org"),
        ],
        front_end: "https://app.example.org",
        proxy: None,
        names: "front-end.cookie fail COOKIE_SAME_SITE",
        says: "are different sites; give the service a name under `example.org`",
    },
    // The same, with a cookie that half of the browsers block.
    Setup {
        settings: &[
            (PUBLIC_URL, "https://auth.example.com"),
            (ORIGINS, "https://app.example.org"),
            (SAME_SITE, "none"),
        ],
        front_end: "https://app.example.org",
        proxy: None,
        names: "front-end.cookie warn PUBLIC_URL",
        says: "a third-party cookie: Safari",
    },
    // Two apps of one hosting platform.
    Setup {
        settings: &[
            (PUBLIC_URL, "https://my-auth.fly.dev"),
            (ORIGINS, "https://my-app.fly.dev"),
        ],
        front_end: "https://my-app.fly.dev",
        proxy: None,
        names: "front-end.cookie fail COOKIE_SAME_SITE",
        says: "anyone can have a name under `fly.dev`",
    },
    // The front end is served without TLS.
    Setup {
        settings: &[
            (PUBLIC_URL, "https://auth.example.com"),
            (ORIGINS, "http://app.example.com"),
        ],
        front_end: "http://app.example.com",
        proxy: None,
        names: "front-end.cookie fail PUBLIC_URL",
        says: "have different schemes",
    },
    // Development: the page is opened by name, the service is called by address.
    Setup {
        settings: &[(PUBLIC_URL, "http://127.0.0.1:8080")],
        front_end: "http://localhost:3000",
        proxy: None,
        names: "front-end.cookie fail COOKIE_SAME_SITE",
        says: "although both names are this machine; open the page at 127.0.0.1 too",
    },
    // Development: the list has the port of yesterday's tool.
    Setup {
        settings: &[
            (PUBLIC_URL, "http://localhost:8080"),
            (ORIGINS, "http://localhost:3000"),
        ],
        front_end: "http://localhost:5173",
        proxy: None,
        names: "front-end.origin fail ALLOWED_ORIGINS",
        says: "add http://localhost:5173 to the list",
    },
    // A wildcard stands for one label.
    Setup {
        settings: &[
            (PUBLIC_URL, "https://auth.example.com"),
            (ORIGINS, "https://*.preview.example.com"),
        ],
        front_end: "https://pr-7.shop.preview.example.com",
        proxy: None,
        names: "front-end.origin fail ALLOWED_ORIGINS",
        says: "the service rejects pages of https://pr-7.shop.preview.example.com",
    },
    // A misspelt variable sets nothing.
    Setup {
        settings: &[
            (PUBLIC_URL, "https://auth.example.com"),
            ("NEPTUN_AUTH_ALOWED_ORIGINS", "https://app.example.com"),
        ],
        front_end: "https://app.example.com",
        proxy: None,
        names: "settings.unknown warn -",
        says: "there is no setting NEPTUN_AUTH_ALOWED_ORIGINS",
    },
    // People come from links in mails, and look signed out.
    Setup {
        settings: &[
            (PUBLIC_URL, "https://auth.example.com"),
            (ORIGINS, "https://app.example.com"),
            (SAME_SITE, "strict"),
        ],
        front_end: "https://app.example.com",
        proxy: None,
        names: "front-end.links warn COOKIE_SAME_SITE",
        says: "arrives without the cookie",
    },
    // The session ends while people read.
    Setup {
        settings: &[
            (PUBLIC_URL, "https://auth.example.com"),
            ("NEPTUN_AUTH_SESSION_IDLE_TIMEOUT", "2m"),
        ],
        front_end: "https://auth.example.com",
        proxy: None,
        names: "session.idle warn SESSION_IDLE_TIMEOUT",
        says: "is not used for 2m",
    },
    // A page that is opened from the disk.
    Setup {
        settings: &[(PUBLIC_URL, "http://localhost:8080")],
        front_end: "file:///home/me/index.html",
        proxy: None,
        names: "front-end.origin fail -",
        says: "is no web page",
    },
    // A proxy has CORS headers of its own.
    Setup {
        settings: BEHIND_A_PROXY,
        front_end: "https://app.example.com",
        proxy: Some(|answer| answer.replacen("\r\n", "\r\nAccess-Control-Allow-Origin: *\r\n", 1)),
        names: "live.preflight fail -",
        says: "Access-Control-Allow-Origin is there more than once",
    },
    // A cache removes what it may not store.
    Setup {
        settings: BEHIND_A_PROXY,
        front_end: "https://app.example.com",
        proxy: Some(|answer| answer.replace("set-cookie:", "x-removed:")),
        names: "live.cookie fail -",
        says: "no Set-Cookie arrives",
    },
    // A proxy gives the cookie another domain.
    Setup {
        settings: BEHIND_A_PROXY,
        front_end: "https://app.example.com",
        proxy: Some(|answer| answer.replace("; Path=/", "; Path=/; Domain=internal.example")),
        names: "live.cookie fail -",
        says: "a proxy rewrites it, or the running instance has other settings",
    },
    // The clock of the machine is wrong, and so is the time at which the cookie expires.
    Setup {
        settings: BEHIND_A_PROXY,
        front_end: "https://app.example.com",
        proxy: Some(|answer| answer.replace("\r\ndate: ", "\r\ndate: Thu, 01 Jan 2015 00:00:00 GMT\r\nx-date: ")),
        names: "live.clock warn -",
        says: "cookies expire at the wrong time",
    },
    // Browsers reach the service by http.
    Setup {
        settings: &[(PUBLIC_URL, "https://localhost:8443")],
        front_end: "http://localhost:3000",
        proxy: Some(str::to_owned),
        names: "front-end.cookie warn PUBLIC_URL",
        says: "Safari drops it; call the service by https",
    },
];

#[tokio::test]
async fn where_the_cookie_does_not_stick_doctor_alone_names_the_cause() {
    for setup in SETUPS {
        let database = TestDatabase::create().await;
        let running = Binary::start(&database.url, setup.settings);
        let proxy = setup.proxy.map(|change| proxy(running.address, change));
        let live = proxy.map(|proxy| proxy.url.to_string());
        let asked = live.iter().flat_map(|url| ["--live", url]);
        let arguments: Vec<_> = ["--frontend", setup.front_end].into_iter().chain(asked).collect();
        let (findings, code) = findings(&database.url, setup.settings, &arguments);
        // The proxy is on another port than the public URL.
        let mut troubles = troubles(&findings);
        troubles.retain(|trouble| trouble != "live.address warn PUBLIC_URL");
        assert!(
            troubles.iter().any(|trouble| trouble == setup.names),
            "{}: {findings:?}",
            setup.names
        );
        let said = |finding: &Value| finding["says"].as_str().unwrap().contains(setup.says);
        assert!(findings.iter().any(said), "{}: {findings:?}", setup.says);
        assert_eq!(code, 1);
        // Nothing else is blamed, but for what follows from the same cause: a misspelt list is an empty one, and a
        // header of a proxy is in every answer.
        let follows = ["front-end.origin fail ALLOWED_ORIGINS", "live.cookie fail -"];
        troubles.retain(|trouble| trouble != setup.names && !follows.contains(&trouble.as_str()));
        assert_eq!(troubles, [""; 0], "{findings:?}");
    }
}
