//! The device cookie, and what the service knows about an account's devices.

use chrono::TimeDelta;
use neptun_auth::flows::account::log_in::log_in;
use neptun_auth::flows::steps::start_session::{SessionStart, Transport};
use neptun_auth::model::client::Client as Origin;
use neptun_auth::model::limit::Rates;
use neptun_auth::model::user::Identifier;
use neptun_auth::model::user::email::Email;
use neptun_auth::model::user::password::Password;
use serde_json::json;

use crate::helpers::{ALICE, PASSWORD, TestApp, limits};

const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:131.0) Gecko/20100101 Firefox/131.0";
const NEWER_FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";

#[tokio::test]
async fn sign_up_and_log_in_set_the_device_cookie_between_the_session_cookie_and_its_repetition() {
    let app = TestApp::with_web("https://auth.example.com", &[]).await;
    let client = app.client();
    let signed_up = client.sign_up(ALICE, PASSWORD).await;
    let logged_in = client.log_in(ALICE, PASSWORD).await;
    for answer in [signed_up, logged_in] {
        // For clients that read the first line only, and for those that keep the last.
        let cookies = answer.set_cookies();
        assert!(cookies[0].starts_with("__Host-neptun-session="));
        assert_eq!((cookies.len(), cookies[0]), (3, cookies[2]));
        let (pair, attributes) = answer.set_device().unwrap().split_once(';').unwrap();
        let (name, value) = pair.split_once('=').unwrap();
        assert_eq!((name, value.len()), ("__Host-neptun-device", 96));
        let lifetime = "Max-Age=31536000; Expires=Sat, 04 Oct 2025 00:00:00 GMT";
        assert_eq!(
            attributes,
            format!(" HttpOnly; SameSite=Lax; Path=/; Secure; {lifetime}")
        );
    }
}

#[tokio::test]
async fn a_renewal_does_not_set_the_device_cookie_and_log_out_keeps_it() {
    let app = TestApp::new().await;
    let alice = app.user("alice").await;
    app.clock.advance(TimeDelta::minutes(5));
    let renewed = alice.get("/api/auth/session").await;
    assert!(renewed.set_cookie().is_some());
    assert_eq!(renewed.set_device(), None);
    let before = alice.device();
    let answer = alice.log_out().await;
    assert!(answer.set_cookie().unwrap().starts_with("neptun-session=;"));
    assert_eq!(answer.set_device(), None);
    assert_eq!(alice.device(), before);
    assert!(before.unwrap().starts_with("neptun-device="));
}

#[tokio::test]
async fn the_device_cookie_is_not_a_credential() {
    let app = TestApp::new().await;
    let alice = app.user("alice").await;
    let thief = app.client();
    thief.set_device(alice.device());
    assert!(!thief.is_signed_in().await);
    let value = alice.device().unwrap().replace("neptun-device", "neptun-session");
    thief.set_cookie(Some(value));
    assert!(!thief.is_signed_in().await);
    thief.log_in(ALICE, "not the password").await.assert_status(401);
}

#[tokio::test]
async fn of_several_device_cookies_the_authentic_ones_count_if_they_are_of_one_account() {
    let one_failure = Rates {
        failures: "1/h".parse().unwrap(),
        ..limits("1000000/h")
    };
    let app = TestApp::with_limits(one_failure).await;
    let alice = app.user("alice").await.device().unwrap();
    let again = app.client();
    again.log_in(ALICE, PASSWORD).await.ok();
    let again = again.device().unwrap();
    let bob = app.user("bob").await.device().unwrap();
    // Uses up what strangers have.
    app.log_in(ALICE, "not the password").await.assert_status(401);
    for (cookies, status) in [
        (format!("{alice}; neptun-device=x"), 200),
        (format!("neptun-device=x; {again}"), 200),
        (format!("{alice}; {again}; {alice}"), 200),
        (alice.replace("device=", "device=\"") + "\"", 200),
        (format!("{alice}; {bob}"), 429),
        (bob, 429),
    ] {
        let client = app.client();
        client.set_device(Some(cookies));
        client.log_in(ALICE, PASSWORD).await.assert_status(status);
    }
}

/// A thief may use the same kind of browser as the owner.
#[tokio::test]
async fn the_first_log_in_with_a_kind_of_device_from_a_network_sends_a_notice() {
    let app = TestApp::new().await;
    app.user("alice").await;
    // No notice for another version of a device, or for another address of the same provider.
    for (ip, user_agent, notice) in [
        ("198.51.100.20", FIREFOX, Some("New log-in with Firefox on Linux")),
        ("198.51.100.20", NEWER_FIREFOX, None),
        ("198.51.100.77", FIREFOX, None),
        ("192.0.2.1", FIREFOX, Some("New log-in with Firefox on Linux")),
        ("192.0.2.1", FIREFOX, None),
        ("198.51.100.20", "curl/8.5.0", Some("New log-in with curl")),
        ("192.0.2.1", "curl/8.6.0", Some("New log-in with curl")),
        ("192.0.2.1", "", Some("New log-in with unknown")),
    ] {
        let start = SessionStart {
            client: Origin::new(Some(ip.parse().unwrap()), Some(user_agent), None),
            transport: Transport::Tokens,
        };
        let login = Identifier::Email(Email::parse(ALICE).unwrap());
        let before = app.mails().await.len();
        log_in(&app.app, &login, Password::new(PASSWORD), None, start)
            .await
            .unwrap();
        let mails = app.mails().await;
        let sent = (mails.len() > before).then(|| mails[0].subject.as_str());
        assert_eq!(sent, notice, "{user_agent} at {ip}");
    }
    assert_eq!(app.count("SELECT COUNT(*) FROM devices").await, 6);
}

#[tokio::test]
async fn a_browser_with_the_accounts_cookie_changes_its_network_without_a_notice() {
    let app = TestApp::new().await;
    let alice = app.verified_user("alice").await;
    let before = app.mails().await.len();
    let browser = alice.at("192.0.2.1");
    browser.log_in().await.ok();
    assert_eq!(app.mails().await.len(), before);
    // A thief of the cookie has another browser.
    let body = json!({ "email": ALICE, "password": PASSWORD });
    let thief = alice.at("203.0.113.9");
    let headers = [("user-agent", "curl/8.5.0")];
    thief
        .send_json_with("POST", "/api/auth/login", &headers, &body)
        .await
        .ok();
    assert_eq!(app.mail_to(ALICE).await.subject, "New log-in with curl");
    // After a proof the account does not know the cookies from before.
    let stale = app.client().at("198.51.100.20");
    stale.set_device(alice.device());
    alice.change_password(PASSWORD, PASSWORD).await.ok();
    stale.log_in(ALICE, PASSWORD).await.ok();
    assert_eq!(app.mail_to(ALICE).await.subject, "New log-in with unknown");
}

#[tokio::test]
async fn of_an_account_at_most_two_hundred_devices_are_stored() {
    let app = TestApp::with_limits(limits("1000/s")).await;
    let alice = app.user("alice").await;
    for number in 0..205 {
        alice.at(&format!("203.0.{number}.9")).log_in().await.ok();
        app.clock.advance(TimeDelta::seconds(1));
    }
    assert_eq!(app.count("SELECT COUNT(*) FROM devices").await, 200);
    let kept = "SELECT COUNT(*) FROM devices WHERE network IN ('203.0.204.0/24', '203.0.5.0/24')";
    assert_eq!(app.count(kept).await, 2);
}

#[tokio::test]
async fn the_sign_up_is_the_first_use_of_its_device() {
    let app = TestApp::new().await;
    let client = app.client().at("198.51.100.20");
    let account = json!({ "email": ALICE, "password": PASSWORD });
    let user_agent = [("user-agent", FIREFOX)];
    let answer = client.send_json_with("POST", "/api/auth/sign-up", &user_agent, &account);
    answer.await.ok();
    let export = client.export().await.ok().json();
    let expected = json!([{
        "family": "Firefox on Linux", "network": "198.51.100.0/24",
        "first_seen_at": "2024-10-04T00:00:00Z", "last_seen_at": "2024-10-04T00:00:00Z",
    }]);
    assert_eq!(export["devices"], expected);
}

#[tokio::test]
async fn the_last_use_of_a_device_is_written_once_an_hour() {
    let app = TestApp::with_limits(limits("1000/s")).await;
    let alice = app.user_at("198.51.100.20", "alice").await;
    let noted_again = "SELECT COUNT(*) FROM devices WHERE last_seen_at > first_seen_at";
    for (minutes, expected) in [(0, 0), (59, 0), (1, 1)] {
        app.clock.advance(TimeDelta::minutes(minutes));
        let home = alice.another().at("198.51.100.20");
        home.log_in(ALICE, PASSWORD).await.ok();
        assert_eq!(app.count(noted_again).await, expected, "{minutes} minutes later");
    }
    assert_eq!(app.count("SELECT COUNT(*) FROM devices").await, 1);
}
