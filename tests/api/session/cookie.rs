//! The cookie as browsers see it. Every combination of settings is tested in `model/session_cookie.rs`.

use crate::helpers::{ALICE, PASSWORD, TestApp};

#[tokio::test]
async fn a_loopback_service_sets_a_plain_cookie() {
    let app = TestApp::new().await;
    let answer = app.client().sign_up(ALICE, PASSWORD).await;
    let (pair, attributes) = answer.set_cookie().unwrap().split_once(';').unwrap();
    let (name, value) = pair.split_once('=').unwrap();
    assert_eq!((name, value.len()), ("neptun-session", 22));
    assert_eq!(attributes, " HttpOnly; SameSite=Lax; Path=/; Max-Age=604800");
}

#[tokio::test]
async fn an_https_service_sets_and_removes_a_host_cookie() {
    let app = TestApp::with_web("https://auth.example.com", &[]).await;
    let client = app.client();
    let set = client.sign_up(ALICE, PASSWORD).await;
    let (pair, kept) = set.set_cookie().unwrap().split_once(';').unwrap();
    assert!(pair.starts_with("__Host-neptun-session="));
    assert_eq!(kept, " HttpOnly; SameSite=Lax; Path=/; Secure; Max-Age=604800");
    let removal = client.log_out().await;
    let removed = "__Host-neptun-session=; HttpOnly; SameSite=Lax; Path=/; Secure; Max-Age=0";
    assert_eq!(removal.set_cookie(), Some(removed));
}

#[tokio::test]
async fn cookies_of_a_similar_name_and_duplicates_of_the_cookie_are_ignored() {
    let app = TestApp::with_web("https://auth.example.com", &[]).await;
    let alice = app.user("alice").await;
    let ours = alice.cookie().unwrap();
    let value = alice.secret();
    for cookie in [
        format!("%5F%5FHost-neptun-session={value}"),
        format!("__host-neptun-session={value}"),
        format!("neptun-session={value}"),
        format!("{ours}; {ours}"),
        format!("{ours}; __Host-neptun-session=AAAAAAAAAAAAAAAAAAAAAA"),
        format!("__Host-neptun-session=\"{value}\""),
    ] {
        alice.set_cookie(Some(cookie.clone()));
        assert!(!alice.is_signed_in().await, "{cookie}");
    }
    alice.set_cookie(Some(format!("theme=dark; {ours}; x={}", "y".repeat(3000))));
    assert!(alice.is_signed_in().await);
}

#[tokio::test]
async fn a_neighbouring_cookie_may_hold_any_bytes() {
    let app = TestApp::new().await;
    let alice = app.user("alice").await;
    let ours = alice.cookie().unwrap();
    alice.set_cookie(Some(format!("name=Jörg; {ours}")));
    assert!(alice.is_signed_in().await);
    assert_eq!(alice.log_out().await.body, "true");
}

#[tokio::test]
async fn malformed_cookies_are_no_session() {
    let app = TestApp::new().await;
    let client = app.client();
    let long = "A".repeat(20_000);
    for value in [
        "",
        "=",
        "null",
        "AAAA",
        "AAAAAAAAAAAAAAAAAAAAAB",
        "../../etc/passwd",
        "' OR 1=1",
        &long,
    ] {
        client.set_cookie(Some(format!("neptun-session={value}")));
        assert!(!client.is_signed_in().await, "{value:.30}");
    }
    client.set_cookie(Some(";;;=;neptun-session;===".to_owned()));
    assert!(!client.is_signed_in().await);
}
