//! Which pages may call: CORS, and requests that other sites forge.

use poem::Body;
use poem::http::Method;
use serde_json::json;

use crate::helpers::{Answer, Client, PASSWORD, TestApp};

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
    TestApp::with_web("https://auth.example.com", &["https://app.example.com"]).await
}

async fn post(client: &Client, path: &str, headers: &[(&str, &str)]) -> Answer {
    let mut all = vec![("content-type", "application/json")];
    all.extend_from_slice(headers);
    let body = json!({ "email": "user@example.com", "password": PASSWORD }).to_string();
    client.send(Method::POST, path, &all, Body::from(body)).await
}

#[tokio::test]
async fn a_listed_page_may_call_and_read() {
    let app = service().await;
    let origin = [("origin", "https://app.example.com"), ("sec-fetch-site", "cross-site")];
    let answer = post(&app.client(), "/api/auth/sign-up", &origin).await;
    answer.assert_status(200);
    assert_eq!(
        answer.header("access-control-allow-origin"),
        Some("https://app.example.com")
    );
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
    post(&app.client(), "/api/auth/sign-up", &own).await.assert_status(200);
}

#[tokio::test]
async fn other_pages_change_nothing_not_even_before_a_cookie_exists() {
    let app = service().await;
    let client = app.signed_up("user@example.com").await;
    for origin in HOSTILE {
        for path in ["/api/auth/sign-up", "/api/auth/login", "/api/auth/logout"] {
            let answer = post(&client, path, &[("origin", origin)]).await;
            answer.assert_error(403, "origin_not_allowed");
            assert!(
                answer.json()["message"]
                    .as_str()
                    .unwrap()
                    .contains("NEPTUN_AUTH_ALLOWED_ORIGINS")
            );
            assert_eq!(answer.header("access-control-allow-origin"), None);
            assert_eq!(answer.set_cookie(), None);
        }
        let delete = client
            .send(
                Method::DELETE,
                "/api/auth/sessions",
                &[("origin", origin)],
                Body::empty(),
            )
            .await;
        delete.assert_error(403, "origin_not_allowed");
    }
    assert_eq!(client.session_status().await, 200);
    assert_eq!(app.database.users().await, 1);
}

#[tokio::test]
async fn other_pages_read_nothing() {
    let app = service().await;
    let client = app.signed_up("user@example.com").await;
    for origin in HOSTILE {
        let answer = client
            .send(Method::GET, "/api/auth/session", &[("origin", origin)], Body::empty())
            .await;
        assert_eq!(answer.header("access-control-allow-origin"), None, "{origin}");
        assert_eq!(answer.header("access-control-allow-credentials"), None, "{origin}");
        let asks = [("origin", *origin), ("access-control-request-method", "POST")];
        let preflight = client
            .send(Method::OPTIONS, "/api/auth/login", &asks, Body::empty())
            .await;
        preflight.assert_error(403, "origin_not_allowed");
        assert_eq!(preflight.header("access-control-allow-origin"), None, "{origin}");
    }
}

#[tokio::test]
async fn a_preflight_of_a_listed_page_is_answered() {
    let app = service().await;
    let asks = [
        ("origin", "https://app.example.com"),
        ("access-control-request-method", "POST"),
    ];
    let answer = app
        .client()
        .send(Method::OPTIONS, "/api/auth/login", &asks, Body::empty())
        .await;
    assert_eq!(answer.assert_status(204).body, "");
    assert_eq!(
        answer.header("access-control-allow-origin"),
        Some("https://app.example.com")
    );
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
async fn a_cross_site_request_without_an_origin_changes_nothing() {
    let app = service().await;
    let cross_site = [("sec-fetch-site", "cross-site")];
    post(&app.client(), "/api/auth/login", &cross_site)
        .await
        .assert_error(403, "origin_not_allowed");
    for site in ["same-origin", "same-site", "none"] {
        post(&app.client(), "/api/auth/login", &[("sec-fetch-site", site)])
            .await
            .assert_error(401, "invalid_credentials");
    }
}

#[tokio::test]
async fn programs_that_name_no_origin_pass() {
    let app = service().await;
    post(&app.client(), "/api/auth/sign-up", &[]).await.assert_status(200);
}

#[tokio::test]
async fn two_origins_are_none() {
    let app = service().await;
    let two = [
        ("origin", "https://app.example.com"),
        ("origin", "https://evil.example"),
    ];
    post(&app.client(), "/api/auth/login", &two)
        .await
        .assert_error(403, "origin_not_allowed");
}

#[tokio::test]
async fn while_developing_any_page_on_loopback_may_call() {
    let app = TestApp::new().await;
    for (number, origin) in [
        "http://localhost:3000",
        "http://127.0.0.1:5173",
        "http://localhost:8080",
    ]
    .iter()
    .enumerate()
    {
        let client = app.client();
        let json = [("content-type", "application/json"), ("origin", *origin)];
        let body = json!({ "email": format!("user{number}@example.com"), "password": PASSWORD }).to_string();
        let answer = client
            .send(Method::POST, "/api/auth/sign-up", &json, Body::from(body))
            .await;
        assert_eq!(
            answer.assert_status(200).header("access-control-allow-origin"),
            Some(*origin)
        );
    }
    post(
        &app.client(),
        "/api/auth/sign-up",
        &[("origin", "http://localhost.evil.example")],
    )
    .await
    .assert_status(403);
}
