//! The cookie as browsers see it. Every combination of settings is tested in `model/session/cookie`.

use crate::helpers::{ALICE, PASSWORD, TestApp};

#[tokio::test]
async fn a_loopback_service_sets_a_plain_cookie() {
    let app = TestApp::new().await;
    let answer = app.client().sign_up(ALICE, PASSWORD).await;
    let (pair, attributes) = answer.set_cookie().unwrap().split_once(';').unwrap();
    let (name, value) = pair.split_once('=').unwrap();
    assert_eq!((name, value.len()), ("neptun-session", 22));
    let lifetime = "Max-Age=604800; Expires=Fri, 11 Oct 2024 00:00:00 GMT";
    assert_eq!(attributes, format!(" HttpOnly; SameSite=Lax; Path=/; {lifetime}"));
}

#[tokio::test]
async fn an_https_service_sets_and_removes_a_host_cookie() {
    let app = TestApp::with_web("https://auth.example.com", &[]).await;
    let client = app.client();
    let set = client.sign_up(ALICE, PASSWORD).await;
    let (pair, kept) = set.set_cookie().unwrap().split_once(';').unwrap();
    assert!(pair.starts_with("__Host-neptun-session="));
    let lifetime = "Max-Age=604800; Expires=Fri, 11 Oct 2024 00:00:00 GMT";
    assert_eq!(kept, format!(" HttpOnly; SameSite=Lax; Path=/; Secure; {lifetime}"));
    let removal = client.log_out().await;
    let removed = "__Host-neptun-session=; HttpOnly; SameSite=Lax; Path=/; Secure; \
        Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT";
    assert_eq!(removal.set_cookies(), [removed]);
}

#[tokio::test]
async fn cookies_of_a_similar_name_are_ignored() {
    let app = TestApp::with_web("https://auth.example.com", &[]).await;
    let alice = app.user("alice").await;
    let ours = alice.cookie().unwrap();
    let value = alice.secret();
    for cookie in [
        format!("%5F%5FHost-neptun-session={value}"),
        format!("__host-neptun-session={value}"),
        format!("neptun-session={value}"),
        format!("$__Host-neptun-session={value}"),
    ] {
        alice.set_cookie(Some(cookie.clone()));
        assert!(!alice.is_signed_in().await, "{cookie}");
    }
    alice.set_cookie(Some(format!("theme=dark; {ours}; x={}", "y".repeat(3000))));
    assert!(alice.is_signed_in().await);
}

/// Another secret of the right form, which belongs to no session.
const DEAD: &str = "neptun-session=AAAAAAAAAAAAAAAAAAAAAA";

#[tokio::test]
async fn of_several_cookies_of_the_name_the_one_that_is_alive_counts() {
    let app = TestApp::new().await;
    let alice = app.user("alice").await;
    let ours = alice.cookie().unwrap();
    let dead = |last: char| format!("neptun-session=AAAAAAAAAAAAAAAAAAAA{last}A");
    let three_dead = [dead('A'), dead('B'), dead('C')].join("; ");
    for (cookies, is_signed_in) in [
        (format!("{DEAD}; {ours}"), true),
        (format!("{ours}; {DEAD}"), true),
        (format!("neptun-session=; {ours}; neptun-session=x"), true),
        (format!("{ours}; {ours}"), true),
        (format!("{three_dead}; {ours}"), true),
        (format!("{DEAD}; {DEAD}; {DEAD}; {DEAD}; {ours}"), true),
        // At most four are looked at.
        (format!("{three_dead}; {}; {ours}", dead('D')), false),
        (three_dead, false),
    ] {
        let client = app.client();
        client.set_cookie(Some(cookies.clone()));
        assert_eq!(client.is_signed_in().await, is_signed_in, "{cookies}");
    }
}

#[tokio::test]
async fn of_live_sessions_of_one_account_the_first_counts_and_of_several_accounts_none() {
    let app = TestApp::new().await;
    let alice = app.user("alice").await;
    let (first, second) = (alice.cookie().unwrap(), alice.elsewhere().await.cookie().unwrap());
    let bob = app.user("bob").await.cookie().unwrap();
    let client = app.client();
    client.set_cookie(Some(format!("{first}; {second}")));
    assert_eq!(client.session_id().await, alice.session_id().await);
    for cookies in [format!("{first}; {bob}"), format!("{bob}; {DEAD}; {first}; {second}")] {
        client.set_cookie(Some(cookies));
        assert!(!client.is_signed_in().await);
    }
}

#[tokio::test]
async fn a_log_in_and_a_log_out_end_every_presented_session() {
    let app = TestApp::new().await;
    for by_log_in in [true, false] {
        let name = format!("alice{by_log_in}");
        let alice = app.user(&name).await;
        let elsewhere = alice.elsewhere().await;
        let bob = app.user(&format!("bob{by_log_in}")).await;
        let cookies = [&alice, &elsewhere, &bob].map(|user| user.cookie().unwrap());
        let client = app.client();
        client.set_cookie(Some(cookies.join("; ")));
        if by_log_in {
            client.log_in(&alice.email, PASSWORD).await.ok();
            assert!(client.is_signed_in().await);
        } else {
            assert_eq!(client.log_out().await.body, "true");
        }
        for user in [alice, elsewhere, bob] {
            assert!(!user.is_signed_in().await, "{}", user.email);
        }
    }
}

#[tokio::test]
async fn a_change_of_the_domain_leaves_nothing_that_hides_the_new_cookie() {
    let app = TestApp::with_web("https://auth.example.com", &[]).await;
    let client = app.client();
    client.sign_up(ALICE, PASSWORD).await.ok();
    // As a service with `COOKIE_DOMAIN` has set it before; the name had no prefix then.
    let former = client.cookie().unwrap().replace("__Host-", "");
    client.set_cookie(Some(former.clone()));
    assert!(!client.is_signed_in().await);
    let answer = client.log_in(ALICE, PASSWORD).await;
    let cookies = answer.ok().set_cookies();
    let cleared: Vec<_> = cookies
        .iter()
        .filter(|cookie| cookie.starts_with("neptun-session=;"))
        .collect();
    assert_eq!(cleared.len(), 2, "{cookies:?}");
    assert!(cookies[0].starts_with("__Host-neptun-session=") && cookies[0] == cookies[cookies.len() - 1]);
    assert_eq!(app.database.sessions().await, 1, "the former session has ended");

    client.set_cookie(Some(format!("{former}; {}", client.cookie().unwrap())));
    assert!(client.is_signed_in().await);
    let answer = client.log_out().await;
    assert_eq!((answer.body.as_str(), answer.set_cookies().len()), ("true", 3));
    assert_eq!(app.database.sessions().await, 0);
}

#[tokio::test]
async fn the_form_of_rfc_2965_is_understood() {
    let app = TestApp::with_web("https://auth.example.com", &[]).await;
    let alice = app.user("alice").await;
    let value = alice.secret();
    for cookie in [
        format!("$Version=\"1\"; __Host-neptun-session=\"{value}\""),
        format!("$Version=1; __Host-neptun-session=\"{value}\";$Path=\"/\";$Domain=\"auth.example.com\""),
        format!("$Version=\"1\"; __Host-neptun-session={value}; $Path=/"),
    ] {
        let client = app.client();
        client.set_cookie(Some(cookie.clone()));
        assert!(client.is_signed_in().await, "{cookie}");
    }
    for value in [format!("\"{value}"), format!("{value}\""), format!("\"\"{value}\"\"")] {
        let client = app.client();
        client.set_cookie(Some(format!("__Host-neptun-session={value}")));
        assert!(!client.is_signed_in().await, "{value}");
    }
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
