//! What the service sends for a page.

use poem::Body;
use poem::http::Method;

use crate::helpers::{Answer, TestApp};

/// Every page.
pub const PAGES: [&str; 14] = [
    "/",
    "/account/",
    "/account/login",
    "/account/sign-up",
    "/account/recover",
    "/account/security",
    "/account/sessions",
    "/account/activity",
    "/account/data",
    "/admin/",
    "/admin/users",
    "/admin/users/0192d3a8-6c0e-7d21-a04e-3b7c9d2f6081",
    "/admin/events",
    "/admin/webhooks",
];

async fn in_language(app: &TestApp, path: &str, language: &str) -> Answer {
    let headers = [("accept-language", language)];
    app.client().send(Method::GET, path, &headers, Body::empty()).await
}

#[tokio::test]
async fn a_page_runs_nothing_but_its_own_scripts_and_is_not_kept() {
    let app = TestApp::new().await;
    for path in PAGES {
        let page = app.client().get(path).await;
        assert_eq!(page.ok().header("content-type"), Some("text/html; charset=utf-8"));
        assert_eq!(page.header("cache-control"), Some("no-store"));
        assert_eq!(page.header("x-content-type-options"), Some("nosniff"));
        assert_eq!(page.header("referrer-policy"), Some("no-referrer"));
        assert_eq!(page.header("cross-origin-opener-policy"), Some("same-origin"));
        assert_eq!(page.header("cross-origin-resource-policy"), Some("same-origin"));
        let policy = page.header("content-security-policy").unwrap();
        let mut parts: Vec<_> = policy.split("; ").collect();
        parts.sort_unstable();
        assert_eq!(
            parts,
            [
                "base-uri 'none'",
                "connect-src 'self'",
                "default-src 'none'",
                "form-action 'none'",
                "frame-ancestors 'none'",
                "img-src 'self' data:",
                "require-trusted-types-for 'script'",
                "script-src 'self'",
                "style-src 'self'",
                "trusted-types 'none'",
            ],
            "{path}"
        );
        let body = page.body.to_lowercase();
        assert!(
            !body.contains("style=") && !body.contains("<style"),
            "{path} has a style inside"
        );
        let mut attributes = body.split(" on").skip(1).filter_map(|rest| rest.split_once("=\""));
        let is_handler = |(name, _): (&str, &str)| name.bytes().all(|byte| byte.is_ascii_lowercase());
        assert!(!attributes.any(is_handler), "{path} has a handler inside");
        let mut scripts = body.split("<script").skip(1);
        assert!(
            scripts.all(|script| script.contains("src=\"/assets/") || script.starts_with(" type=\"application/json\"")),
            "{path} has a script inside"
        );
        assert!(!body.contains("=\"http"), "{path} loads or links something elsewhere");
    }
}

#[tokio::test]
async fn a_page_says_what_it_needs_and_keeps_passwords_out_of_addresses() {
    let app = TestApp::new().await;
    for path in PAGES {
        let page = app.client().get(path).await;
        let (_, rest) = page.body.split_once("<noscript>").unwrap();
        assert!(
            rest.split("</noscript>").next().unwrap().contains("JavaScript"),
            "{path}"
        );
        for form in page.body.split("<form").skip(1) {
            assert!(form.split('>').next().unwrap().contains("method=\"post\""), "{path}");
        }
    }
}

#[tokio::test]
async fn head_is_get_without_a_body_and_nothing_else_is_taken() {
    let app = TestApp::new().await;
    for path in PAGES {
        let (get, head) = (
            app.client().get(path).await,
            app.client().send(Method::HEAD, path, &[], Body::empty()).await,
        );
        assert_eq!((head.status, head.body.as_str()), (get.status, ""));
        assert_eq!(
            head.header("content-security-policy"),
            get.header("content-security-policy")
        );
        let post = app.client().send(Method::POST, path, &[], Body::empty()).await;
        assert_eq!(post.fails(405, "method_not_allowed").header("allow"), Some("GET, HEAD"));
    }
    for path in [
        "/account/nope",
        "/account/login/x",
        "/assets",
        "/assets/x",
        "/assets/x/../style.css",
        "/accounts",
    ] {
        app.client().get(path).await.fails(404, "not_found");
    }
}

#[tokio::test]
async fn a_page_is_in_the_language_of_its_reader() {
    let app = TestApp::new().await;
    for (language, expected, title) in [
        ("de-AT,de;q=0.9,en;q=0.8", "de", "Anmelden – Example"),
        ("fr", "en", "Log in – Example"),
        ("en", "en", "Log in – Example"),
    ] {
        let page = in_language(&app, "/account/login", language).await;
        assert_eq!(page.ok().header("content-language"), Some(expected));
        assert!(
            page.headers
                .get_all("vary")
                .iter()
                .any(|value| value == "Accept-Language")
        );
        assert!(page.body.contains(&format!("<html lang=\"{expected}\"")));
        assert!(page.body.contains(&format!("<title>{title}</title>")), "{}", page.body);
    }
}

#[tokio::test]
async fn a_page_offers_what_the_service_has_and_nothing_else() {
    let plain = TestApp::new().await;
    let page = plain.client().get("/account/login").await;
    assert!(page.body.contains("id=\"passkey-log-in\"") && !page.body.contains("id=\"ask-code\""));
    assert!(page.body.contains("href=\"/account/sign-up\""));
    assert!(
        plain
            .client()
            .get("/account/sign-up")
            .await
            .body
            .contains("data-minimum=\"8\"")
    );

    let other = TestApp::with_setup(|setup| {
        setup.log_in.by_code = true;
        setup.log_in.sign_ups = neptun_auth::model::user::sign_ups::SignUps::Closed;
        setup.passkeys.relying_party = None;
    })
    .await;
    let page = other.client().get("/account/login").await;
    assert!(!page.body.contains("passkey-log-in") && page.body.contains("id=\"ask-code\""));
    assert!(!page.body.contains("webauthn") && !page.body.contains("href=\"/account/sign-up\""));
    assert!(!other.client().get("/account/sign-up").await.body.contains("<form"));
}

#[tokio::test]
async fn the_start_page_links_to_the_documentation_where_there_is_some() {
    let app = TestApp::new().await;
    let page = app.client().get("/").await;
    assert!(page.ok().body.contains("href=\"/docs/\"") && page.body.contains("development inbox"));
    assert!(!page.body.contains("/dev/inbox"), "its address holds a key");
    let undescribed = TestApp::without_docs().await;
    assert!(!undescribed.client().get("/").await.ok().body.contains("/docs/"));
}
