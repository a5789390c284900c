//! The origins whose pages may call: CORS, and protection against forged requests of other sites.

use poem::Body;
use poem::http::Method;
use serde_json::json;

use crate::helpers::{ALICE, Answer, Client, PASSWORD, TestApp};

/// The origin in `ALLOWED_ORIGINS`.
const APP: &str = "https://app.example.com";

const HOSTILE: &[&str] = &[
    "null",
    "",
    "*",
    "https://evil.example",
    "http://app.example.com",
    "https://app.example.com.evil.example",
    "https://evil-app.example.com",
    "https://app.example.com:8443",
    "https://app.example.com/",
    "https://APP.example.com",
    "https://app.example.com, https://evil.example",
    "https://app.example.com@evil.example",
    "http://localhost:3000",
    "file://",
    "chrome-extension://abc",
];

async fn service() -> TestApp {
    TestApp::with_web("https://auth.example.com", &[APP]).await
}

async fn post(client: &Client, path: &str, headers: &[(&str, &str)]) -> Answer {
    let body = json!({ "email": ALICE, "password": PASSWORD });
    client.send_json_with("POST", path, headers, &body).await
}

#[tokio::test]
async fn a_listed_page_may_call_and_read() {
    let app = service().await;
    let origin = [("origin", APP), ("sec-fetch-site", "cross-site")];
    let answer = post(&app.client(), "/api/auth/sign-up", &origin).await;
    answer.ok();
    assert_eq!(answer.header("access-control-allow-origin"), Some(APP));
    assert_eq!(answer.header("access-control-allow-credentials"), Some("true"));
    assert_eq!(answer.header("vary"), Some("Origin"));
}

#[tokio::test]
async fn the_services_own_pages_may_call() {
    let app = service().await;
    let own = [
        ("origin", "https://auth.example.com"),
        ("sec-fetch-site", "same-origin"),
    ];
    post(&app.client(), "/api/auth/sign-up", &own).await.ok();
}

#[tokio::test]
async fn other_pages_change_nothing_with_or_without_a_session() {
    let app = service().await;
    let alice = app.user("alice").await;
    for origin in HOSTILE {
        for path in ["/api/auth/sign-up", "/api/auth/login", "/api/auth/logout"] {
            let answer = post(&alice, path, &[("origin", origin)]).await;
            answer.fails(403, "origin_not_allowed");
            assert!(answer.body.contains("add it to NEPTUN_AUTH_ALLOWED_ORIGINS"));
            assert_eq!(answer.header("access-control-allow-origin"), None);
            assert_eq!(answer.set_cookie(), None);
        }
        let headers = [("origin", *origin)];
        let delete = alice
            .send(Method::DELETE, "/api/auth/sessions", &headers, Body::empty())
            .await;
        delete.fails(403, "origin_not_allowed");
    }
    assert!(alice.is_signed_in().await);
    assert_eq!(app.database.users().await, 1);
}

#[tokio::test]
async fn other_pages_read_nothing() {
    let app = service().await;
    let alice = app.user("alice").await;
    for origin in HOSTILE {
        let answer = alice
            .send(Method::GET, "/api/auth/session", &[("origin", origin)], Body::empty())
            .await;
        assert_eq!(answer.header("access-control-allow-origin"), None, "{origin}");
        assert_eq!(answer.header("access-control-allow-credentials"), None, "{origin}");
        let asks = [("origin", *origin), ("access-control-request-method", "POST")];
        let preflight = alice
            .send(Method::OPTIONS, "/api/auth/login", &asks, Body::empty())
            .await;
        preflight.fails(403, "origin_not_allowed");
        assert_eq!(preflight.header("access-control-allow-origin"), None, "{origin}");
    }
}

#[tokio::test]
async fn a_preflight_of_a_listed_page_is_answered() {
    let app = service().await;
    let asks = [("origin", APP), ("access-control-request-method", "POST")];
    let answer = app
        .client()
        .send(Method::OPTIONS, "/api/auth/login", &asks, Body::empty())
        .await;
    assert_eq!(answer.assert_status(204).body, "");
    assert_eq!(answer.header("access-control-allow-origin"), Some(APP));
    assert_eq!(answer.header("access-control-allow-credentials"), Some("true"));
    assert!(answer.header("access-control-allow-methods").unwrap().contains("POST"));
    assert!(
        answer
            .header("access-control-allow-headers")
            .unwrap()
            .contains("content-type")
    );
    assert_eq!(answer.header("vary"), Some("Origin"));
}

#[tokio::test]
async fn a_preflight_allows_the_headers_that_tracing_and_old_libraries_add() {
    let app = service().await;
    let asks = [
        ("origin", APP),
        ("access-control-request-method", "POST"),
        (
            "access-control-request-headers",
            "baggage,content-type,sentry-trace,traceparent,tracestate,x-requested-with",
        ),
    ];
    let client = app.client();
    let answer = client
        .send(Method::OPTIONS, "/api/auth/login", &asks, Body::empty())
        .await;
    let allowed: Vec<_> = answer
        .assert_status(204)
        .header("access-control-allow-headers")
        .unwrap()
        .split(", ")
        .collect();
    for asked in asks[2].1.split(',') {
        assert!(allowed.contains(&asked), "{asked}");
    }
    assert!(!allowed.contains(&"*"));
}

/// A form on our own page whose policy hides its address.
#[tokio::test]
async fn a_page_without_a_name_passes_only_as_our_own() {
    let app = service().await;
    let unnamed = |site: &'static str| [("origin", "null"), ("sec-fetch-site", site)];
    let answer = post(&app.client(), "/api/auth/sign-up", &unnamed("same-origin")).await;
    assert_eq!(answer.ok().header("access-control-allow-origin"), None);
    for site in [
        "same-site",
        "cross-site",
        "none",
        "",
        "SAME-ORIGIN",
        "same-origin, same-origin",
    ] {
        let answer = post(&app.client(), "/api/auth/login", &unnamed(site)).await;
        answer.fails(403, "origin_not_allowed");
    }
    for headers in [
        &[("origin", "null")][..],
        &[
            ("origin", "null"),
            ("sec-fetch-site", "same-origin"),
            ("sec-fetch-site", "cross-site"),
        ],
        &[
            ("origin", "null"),
            ("origin", "null"),
            ("sec-fetch-site", "same-origin"),
        ],
        &[("origin", "NULL"), ("sec-fetch-site", "same-origin")],
        &[("origin", "https://evil.example"), ("sec-fetch-site", "same-origin")],
    ] {
        let answer = post(&app.client(), "/api/auth/login", headers).await;
        answer.fails(403, "origin_not_allowed");
    }
    let asks = [
        &unnamed("same-origin")[..],
        &[("access-control-request-method", "POST")],
    ]
    .concat();
    let preflight = app
        .client()
        .send(Method::OPTIONS, "/api/auth/login", &asks, Body::empty())
        .await;
    preflight.fails(403, "origin_not_allowed");
}

#[tokio::test]
async fn previews_and_apps_can_be_listed() {
    let listed = [
        "https://*.preview.example.com",
        "capacitor://localhost",
        "http://192.168.1.5:3000",
    ];
    let app = TestApp::with_web("https://auth.example.com", &listed).await;
    app.user("alice").await;
    for origin in [
        "https://pr-7.preview.example.com",
        "capacitor://localhost",
        "http://192.168.1.5:3000",
    ] {
        let answer = post(&app.client(), "/api/auth/login", &[("origin", origin)]).await;
        assert_eq!(answer.ok().header("access-control-allow-origin"), Some(origin));
    }
    for origin in [
        "https://preview.example.com",
        "https://a.b.preview.example.com",
        "https://evil.example/.preview.example.com",
        "ionic://localhost",
        "capacitor://localhost:1",
        "http://192.168.1.5:3001",
    ] {
        let answer = post(&app.client(), "/api/auth/login", &[("origin", origin)]).await;
        answer.fails(403, "origin_not_allowed");
        assert_eq!(answer.header("access-control-allow-origin"), None, "{origin}");
    }
}

#[tokio::test]
async fn a_cross_site_request_without_an_origin_changes_nothing() {
    let app = service().await;
    let cross_site = [("sec-fetch-site", "cross-site")];
    post(&app.client(), "/api/auth/login", &cross_site)
        .await
        .fails(403, "origin_not_allowed");
    for site in ["same-origin", "same-site", "none"] {
        post(&app.client(), "/api/auth/login", &[("sec-fetch-site", site)])
            .await
            .fails(401, "invalid_credentials");
    }
}

#[tokio::test]
async fn a_request_without_an_origin_passes() {
    let app = service().await;
    post(&app.client(), "/api/auth/sign-up", &[]).await.ok();
}

#[tokio::test]
async fn a_request_with_two_origins_is_rejected() {
    let app = service().await;
    let two = [("origin", APP), ("origin", "https://evil.example")];
    post(&app.client(), "/api/auth/login", &two)
        .await
        .fails(403, "origin_not_allowed");
}

#[tokio::test]
async fn while_developing_any_page_on_loopback_may_call() {
    let app = TestApp::new().await;
    let origins = [
        "http://localhost:3000",
        "http://127.0.0.1:5173",
        "http://localhost:8080",
        "http://app.localhost:3000",
        "http://[::1]:3000",
        "https://localhost:5173",
    ];
    for (number, origin) in origins.into_iter().enumerate() {
        let body = json!({ "email": format!("user{number}@example.com"), "password": PASSWORD });
        let client = app.client();
        let headers = [("origin", origin)];
        let answer = client
            .send_json_with("POST", "/api/auth/sign-up", &headers, &body)
            .await;
        assert_eq!(answer.ok().header("access-control-allow-origin"), Some(origin));
    }
    let hostile = [("origin", "http://localhost.evil.example")];
    let answer = post(&app.client(), "/api/auth/sign-up", &hostile).await;
    answer.assert_status(403);
}
