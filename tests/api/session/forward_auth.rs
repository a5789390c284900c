//! `/api/auth/verify` as the proxies call it, each by its own protocol.

use neptun_auth::api::ForwardAuth;
use poem::Body;
use poem::http::Method;

use crate::helpers::{Answer, Client, TestApp};

const HTML: (&str, &str) = ("accept", "text/html,application/xhtml+xml,*/*;q=0.8");
const PREFLIGHT: [(&str, &str); 2] = [
    ("origin", "https://shop.example.com"),
    ("access-control-request-method", "POST"),
];

async fn service(log_in_url: Option<&str>, preflights: bool) -> TestApp {
    let log_in_url = log_in_url.map(|url| url.parse().unwrap());
    TestApp::with_changed_web(|web| web.forward_auth = ForwardAuth { log_in_url, preflights }).await
}

async fn ask(client: &Client, method: &str, path: &str, headers: &[(&str, &str)]) -> Answer {
    let method = Method::from_bytes(method.as_bytes()).unwrap();
    client.send(method, path, headers, Body::empty()).await
}

#[tokio::test]
async fn every_method_of_the_protected_request_is_answered_alike() {
    let app = TestApp::new().await;
    let alice = app.user("alice").await;
    for method in ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND"] {
        for path in ["/api/auth/verify", "/api/auth/verify/"] {
            let answer = ask(&alice, method, path, &[]).await;
            answer.assert_status(204);
            assert!(answer.header("x-auth-user-id").is_some(), "{method}");
            ask(&app.client(), method, path, &[]).await.assert_status(401);
        }
        let told = [("x-forwarded-method", method)];
        ask(&alice, "GET", "/api/auth/verify", &told).await.assert_status(204);
        ask(&app.client(), "GET", "/api/auth/verify", &told)
            .await
            .assert_status(401);
    }
    ask(&alice, "TRACE", "/api/auth/verify", &[]).await.assert_status(405);
}

#[tokio::test]
async fn envoy_repeats_the_method_and_appends_the_path_and_gets_200() {
    let app = TestApp::new().await;
    let alice = app.user("alice").await;
    for path in [
        "/orders",
        "/orders/1?page=2&x=/",
        "/a/b/c",
        "//evil.example",
        "/%2e%2e/admin",
        "/orders/",
    ] {
        let path = format!("/api/auth/verify{path}");
        for method in ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"] {
            let answer = ask(&alice, method, &path, &[]).await;
            assert!(
                answer.assert_status(200).header("x-auth-user-id").is_some(),
                "{method} {path}"
            );
            assert_eq!(answer.body, "");
            ask(&app.client(), method, &path, &[]).await.assert_status(401);
        }
    }
    let envoy = [("x-envoy-internal", "true")];
    ask(&alice, "POST", "/api/auth/verify/", &envoy)
        .await
        .assert_status(200);
    ask(&app.client(), "POST", "/api/auth/verify/", &envoy)
        .await
        .assert_status(401);
    ask(&alice, "GET", "/api/auth/verifying", &[]).await.assert_status(404);
}

#[tokio::test]
async fn the_origin_of_the_protected_request_is_the_applications_business() {
    let app = TestApp::new().await;
    let alice = app.user("alice").await;
    let foreign = [("origin", "https://evil.example"), ("sec-fetch-site", "cross-site")];
    ask(&alice, "POST", "/api/auth/verify", &foreign)
        .await
        .assert_status(204);
    ask(&alice, "POST", "/api/auth/verify/orders", &foreign)
        .await
        .assert_status(200);
}

#[tokio::test]
async fn a_declared_body_is_not_waited_for() {
    let app = TestApp::new().await;
    let alice = app.user("alice").await;
    let declared = [("content-length", "10000000"), ("content-encoding", "gzip")];
    ask(&alice, "POST", "/api/auth/verify", &declared)
        .await
        .assert_status(204);
}

#[tokio::test]
async fn a_web_sockets_handshake_is_a_request_like_others() {
    let app = service(Some("https://auth.example.com/log-in"), false).await;
    let alice = app.user("alice").await;
    let handshake = [("connection", "Upgrade"), ("upgrade", "websocket"), HTML];
    ask(&alice, "GET", "/api/auth/verify", &handshake)
        .await
        .assert_status(204);
    ask(&app.client(), "GET", "/api/auth/verify", &handshake)
        .await
        .assert_status(401);
}

#[tokio::test]
async fn preflights_of_the_application_pass_if_the_operator_says_so() {
    for (preflights, caddy, envoy) in [(false, 401, 401), (true, 204, 200)] {
        let app = service(None, preflights).await;
        let client = app.client();
        let told = [PREFLIGHT.as_slice(), &[("x-forwarded-method", "OPTIONS")]].concat();
        let answer = ask(&client, "GET", "/api/auth/verify", &told).await;
        answer.assert_status(caddy);
        assert_eq!(answer.header("x-auth-user-id"), None);
        assert!(answer.header("x-request-id").is_some());
        ask(&client, "OPTIONS", "/api/auth/verify/orders", &PREFLIGHT)
            .await
            .assert_status(envoy);
        // Only preflights: neither another OPTIONS nor another method, whatever the client adds.
        ask(&client, "OPTIONS", "/api/auth/verify/orders", &[])
            .await
            .assert_status(401);
        ask(&client, "GET", "/api/auth/verify", &PREFLIGHT)
            .await
            .assert_status(401);
        ask(&client, "POST", "/api/auth/verify/orders", &told)
            .await
            .assert_status(401);
        ask(&client, "GET", "/api/auth/verify/orders", &told)
            .await
            .assert_status(401);
        let twice = [told.as_slice(), &[("x-forwarded-method", "GET")]].concat();
        ask(&client, "GET", "/api/auth/verify", &twice).await.assert_status(401);
        // At the path itself it may be a preflight of ours.
        let own = ask(&client, "OPTIONS", "/api/auth/verify", &PREFLIGHT).await;
        own.assert_status(if preflights { 204 } else { 403 });
        assert_eq!(own.header("access-control-allow-origin"), None);
        let listed = [("origin", "https://app.example.com"), PREFLIGHT[1]];
        let own = ask(&client, "OPTIONS", "/api/auth/verify", &listed).await;
        own.assert_status(204);
        assert_eq!(
            own.header("access-control-allow-origin"),
            Some("https://app.example.com")
        );
    }
}

#[tokio::test]
async fn a_browser_without_a_session_is_sent_to_the_log_in_page_and_back() {
    let app = service(Some("https://auth.example.com/log-in?theme=dark"), false).await;
    let page = "https://auth.example.com/log-in?theme=dark";
    let forwarded = |host: &'static str, uri: &'static str| {
        let proto = ("x-forwarded-proto", "https");
        vec![HTML, proto, ("x-forwarded-host", host), ("x-forwarded-uri", uri)]
    };
    for (headers, back) in [
        (
            forwarded("auth.example.com", "/orders?page=2&x=%2F"),
            "&return_to=%2Forders%3Fpage%3D2%26x%3D%252F",
        ),
        (
            forwarded("app.example.com", "/"),
            "&return_to=https%3A%2F%2Fapp.example.com%2F",
        ),
        (forwarded("evil.example", "/"), ""),
        (forwarded("auth.example.com", "//evil.example"), ""),
        (forwarded("auth.example.com", "/\\evil.example"), ""),
        (forwarded("app.example.com:8443", "/"), ""),
        (vec![HTML], ""),
    ] {
        let answer = ask(&app.client(), "GET", "/api/auth/verify", &headers).await;
        answer.assert_status(302);
        assert_eq!(answer.header("location"), Some(format!("{page}{back}").as_str()));
        assert_eq!(
            (answer.body.as_str(), answer.header("cache-control")),
            ("", Some("no-store"))
        );
        assert_eq!(answer.header("www-authenticate"), None);
    }
    let from_envoy = [HTML, ("host", "auth.example.com"), ("x-forwarded-proto", "https")];
    let answer = ask(&app.client(), "GET", "/api/auth/verify/orders?page=2", &from_envoy).await;
    let expected = format!("{page}&return_to=%2Forders%3Fpage%3D2");
    assert_eq!(answer.assert_status(302).header("location"), Some(expected.as_str()));
}

#[tokio::test]
async fn scripts_and_signed_in_browsers_are_not_redirected() {
    let app = service(Some("https://auth.example.com/log-in"), false).await;
    let alice = app.user("alice").await;
    ask(&alice, "GET", "/api/auth/verify", &[HTML]).await.assert_status(204);
    let client = app.client();
    for headers in [
        [("accept", "*/*"), ("x-forwarded-method", "GET")],
        [("accept", "application/json"), ("x-forwarded-method", "GET")],
        [HTML, ("x-forwarded-method", "POST")],
        [HTML, ("sec-fetch-mode", "cors")],
    ] {
        let answer = ask(&client, "GET", "/api/auth/verify", &headers).await;
        answer.fails(401, "not_authenticated");
    }
    ask(&client, "POST", "/api/auth/verify/orders", &[HTML])
        .await
        .assert_status(401);
    let navigation = [HTML, ("sec-fetch-mode", "navigate")];
    ask(&client, "GET", "/api/auth/verify", &navigation)
        .await
        .assert_status(302);
    ask(&client, "GET", "/api/auth/session", &navigation)
        .await
        .assert_status(401);
    let without_page = service(None, false).await;
    ask(&without_page.client(), "GET", "/api/auth/verify", &navigation)
        .await
        .assert_status(401);
}
