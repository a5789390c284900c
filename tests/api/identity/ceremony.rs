//! The walk to a provider and back: who may finish it, once, and where it leads.

use chrono::TimeDelta;
use neptun_auth::app::Setup;
use poem::Body;
use poem::http::Method;
use serde_json::json;

use crate::helpers::identities::{OidcDouble, location};
use crate::helpers::{Client, PASSWORD, TestApp, contains};

const MISMATCH: &str = "/log-in?error=state_mismatch";

#[tokio::test]
async fn only_the_browser_that_set_out_comes_back_and_only_once_and_within_ten_minutes() {
    let double = OidcDouble::start();
    let app = double.app().await;
    let client = app.client();
    let callback = double.callback(&client.set_out("/auth/sso").await);
    let cookie = client.ceremony();
    // An attacker sends the victim their own callback.
    assert_eq!(app.client().set_out(&callback).await, MISMATCH);
    assert_eq!(client.set_out(&callback).await, "/dashboard");
    assert!(client.ceremony().is_none(), "the cookie is removed");

    client.set_ceremony(cookie);
    assert_eq!(client.set_out(&callback).await, MISMATCH);
    assert_eq!(app.database.sessions().await, 1);

    let late = app.client();
    let callback = double.callback(&late.set_out("/auth/sso").await);
    app.clock.advance(TimeDelta::minutes(10));
    assert_eq!(late.set_out(&callback).await, MISMATCH);
}

#[tokio::test]
async fn the_callback_of_one_provider_is_none_of_another() {
    let double = OidcDouble::start();
    let app = double.app().await;
    let client = app.client();
    let callback = double.callback(&client.set_out("/auth/sso").await);
    let other = callback.replace("/auth/sso", "/auth/untrusted");
    assert_eq!(client.set_out(&other).await, MISMATCH);
    assert_eq!(app.database.sessions().await, 0);
}

#[tokio::test]
async fn the_cookie_is_lax_http_only_and_bound_to_the_host() {
    let double = OidcDouble::start();
    let app = double.app().await;
    let answer = app.client().get("/auth/sso").await;
    let cookie = answer.set_ceremony().unwrap();
    assert!(cookie.starts_with("neptun-oauth="), "{cookie}");
    assert!(
        cookie.contains("; HttpOnly; SameSite=Lax; Path=/; Max-Age=600;"),
        "{cookie}"
    );
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert_eq!(answer.header("referrer-policy"), Some("no-referrer"));
}

#[tokio::test]
async fn a_log_in_leads_to_a_page_that_was_asked_for_if_it_is_ours() {
    let double = OidcDouble::start();
    let app = double.app().await;
    for (asked, expected) in [
        ("/orders%3Fpage=2", "/orders?page=2"),
        ("https://app.example.com/x", "https://app.example.com/x"),
        ("", "/dashboard"),
        ("https://evil.example/", "/dashboard"),
        ("//evil.example", "/dashboard"),
        ("/%5Cevil.example", "/dashboard"),
        ("javascript:alert(1)", "/dashboard"),
    ] {
        let client = app.client();
        let at_provider = client.set_out(&format!("/auth/sso?return_to={asked}")).await;
        assert_eq!(
            client.set_out(&double.callback(&at_provider)).await,
            expected,
            "{asked}"
        );
    }
}

#[tokio::test]
async fn the_redirect_uri_is_made_of_the_public_url_and_never_of_the_host_header() {
    let double = OidcDouble::start();
    let app = double.app().await;
    let headers = [("host", "evil.example"), ("x-forwarded-host", "evil.example")];
    let answer = app
        .client()
        .send(Method::GET, "/auth/sso", &headers, Body::empty())
        .await;
    let page = location(&answer);
    assert!(
        page.starts_with(&format!("{}/authorize?tenant=1&", double.issuer())),
        "{page}"
    );
    assert!(
        page.contains("redirect_uri=http%3A%2F%2Flocalhost%3A8080%2Fauth%2Fsso&"),
        "{page}"
    );
}

#[tokio::test]
async fn a_head_request_and_a_prefetch_start_nothing() {
    let double = OidcDouble::start();
    let app = double.app().await;
    let send = async |method, name, value| {
        let headers = [(name, value)];
        app.client().send(method, "/auth/sso", &headers, Body::empty()).await
    };
    for answer in [
        send(Method::HEAD, "accept", "*/*").await,
        send(Method::GET, "sec-purpose", "prefetch;prerender").await,
        send(Method::GET, "sec-purpose", "prefetch").await,
        send(Method::GET, "purpose", "prefetch").await,
    ] {
        assert!(answer.status.as_u16() >= 400, "{}", answer.status);
        assert!(answer.set_cookies().is_empty());
    }
    assert!(double.server.received().is_empty());
}

#[tokio::test]
async fn a_prefetch_of_a_callback_does_not_use_it_up() {
    let double = OidcDouble::start();
    let app = double.app().await;
    let client = app.client();
    let callback = double.callback(&client.set_out("/auth/sso").await);
    let headers = [("sec-purpose", "prefetch")];
    client
        .send(Method::GET, &callback, &headers, Body::empty())
        .await
        .assert_status(503);
    assert_eq!(client.set_out(&callback).await, "/dashboard");
}

#[tokio::test]
async fn an_unknown_provider_is_not_found_and_a_published_path_is_none() {
    let app = OidcDouble::start().app().await;
    app.client().get("/auth/unknown").await.fails(404, "not_found");
    app.client().get("/auth/otp").await.assert_status(405);
    let without = TestApp::new().await;
    without.client().get("/auth/github").await.fails(404, "not_found");
    assert_eq!(without.client().get("/api/auth/providers").await.ok().json(), json!([]));
}

#[tokio::test]
async fn the_providers_are_listed_with_the_address_to_open() {
    let app = OidcDouble::start().app().await;
    let listed = app.client().get("/api/auth/providers").await.ok().json();
    assert_eq!(
        listed[1],
        json!({ "id": "sso", "name": "SSO", "url": "http://localhost:8080/auth/sso" })
    );
    assert_eq!(listed.as_array().unwrap().len(), 3);
}

#[tokio::test]
async fn a_log_in_with_a_provider_ends_the_presented_session() {
    let double = OidcDouble::start();
    let app = double.app().await;
    let alice = app.user("alice").await;
    let planted = alice.copy();
    assert_eq!(alice.log_in_at("sso", &double).await, "/dashboard");
    assert_eq!(alice.shown_email().await, "jane@example.com");
    assert!(!planted.is_signed_in().await);
}

/// ASVS 7.6.2: a page of another site brings its visitors into no other account than theirs.
#[tokio::test]
async fn a_page_of_another_site_neither_swaps_nor_ends_a_session() {
    let double = OidcDouble::start();
    let app = double.app().await;
    let alice = app.user("alice").await;
    let from = async |client: &Client, site: &'static str, path: &str| {
        let headers = [("sec-fetch-site", site)];
        location(&client.send(Method::GET, path, &headers, Body::empty()).await)
    };
    assert_eq!(from(&alice, "cross-site", "/auth/sso").await, "/dashboard");
    assert_eq!(
        from(&alice, "cross-site", "/auth/sso?return_to=/welcome").await,
        "/welcome"
    );
    assert!(alice.ceremony().is_none());
    assert_eq!(alice.shown_email().await, alice.email);
    assert!(double.server.received().is_empty());

    // Their own pages do, and so does a page of another site for a visitor without a session.
    for site in ["same-origin", "same-site", "none"] {
        assert!(
            from(&alice, site, "/auth/sso")
                .await
                .starts_with(double.server.url.as_str()),
            "{site}"
        );
    }
    let visitor = app.client();
    let at_provider = from(&visitor, "cross-site", "/auth/sso").await;
    // The way back comes from the provider's site.
    assert_eq!(
        from(&visitor, "cross-site", &double.callback(&at_provider)).await,
        "/dashboard"
    );
    assert!(visitor.is_signed_in().await);
}

#[tokio::test]
async fn nothing_that_a_provider_gave_is_kept_but_the_name_and_the_address() {
    let double = OidcDouble::start();
    let app = double.app().await;
    let client = app.client();
    let callback = double.callback(&client.set_out("/auth/sso").await);
    let ceremony = client.ceremony().unwrap();
    client.set_out(&callback).await;
    let stored = app.database.dump().await;
    assert!(contains(&stored, b"subject-1"), "the dump is empty");
    for secret in [
        "access-canary",
        "the-client's secret",
        ceremony.split_once('=').unwrap().1,
    ] {
        assert!(!contains(&stored, secret.as_bytes()), "{secret}");
    }
    for (name, value) in url::Url::parse("http://localhost")
        .unwrap()
        .join(&callback)
        .unwrap()
        .query_pairs()
    {
        assert!(!contains(&stored, value.as_bytes()), "{name}");
    }
}

async fn app_with_three_log_ins(double: &OidcDouble) -> TestApp {
    let limit = |setup: &mut Setup| setup.limits.as_mut().unwrap().log_in = "3/h".parse().unwrap();
    double.app_with(limit).await
}

#[tokio::test]
async fn callbacks_are_limited_for_each_network() {
    let double = OidcDouble::start();
    let app = app_with_three_log_ins(&double).await;
    let client = app.client().at("192.0.2.1");
    let callback = double.callback(&client.set_out("/auth/sso").await);
    let (ceremony, refused) = (client.ceremony(), format!("{callback}&error=access_denied"));
    for _ in 0..3 {
        assert_eq!(client.set_out(&refused).await, "/log-in?error=access_denied");
        client.set_ceremony(ceremony.clone());
    }
    assert_eq!(client.set_out(&callback).await, "/log-in?error=too_many_requests");
    assert_eq!(double.asked_for("/token"), 0);
}

/// A page elsewhere can make its visitors open such addresses, as pictures.
#[tokio::test]
async fn callbacks_without_a_ceremony_and_starts_use_no_log_ins_up() {
    let double = OidcDouble::start();
    let app = app_with_three_log_ins(&double).await;
    let alice = app.user("alice").await;
    let visitor = app.client().at("192.0.2.1");
    for _ in 0..10 {
        assert_eq!(visitor.set_out("/auth/sso?code=a&state=b").await, MISMATCH);
    }
    for _ in 0..3 {
        app.client().at("192.0.2.1").set_out("/auth/sso").await;
    }
    assert_eq!(visitor.set_out("/auth/sso").await, "/log-in?error=too_many_requests");
    visitor.log_in(&alice.email, PASSWORD).await.ok();
}
