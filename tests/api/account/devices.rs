//! The device cookie, and what the service knows about an account's devices.

use chrono::TimeDelta;
use neptun_auth::flows::account::log_in::log_in;
use neptun_auth::flows::steps::start_session::{SessionStart, Transport};
use neptun_auth::model::client::Client as Origin;
use neptun_auth::model::user::Identifier;
use neptun_auth::model::user::email::Email;
use neptun_auth::model::user::password::Password;
use poem::Body;
use poem::http::Method;
use serde_json::json;

use crate::helpers::{PASSWORD, TestApp, limits};

#[tokio::test]
async fn sign_up_and_log_in_set_the_device_cookie_after_the_sessions() {
    let app = TestApp::with_web("https://auth.example.com", &[]).await;
    let client = app.client();
    let signed_up = client.sign_up("user@example.com", PASSWORD).await;
    let logged_in = client.log_in("user@example.com", PASSWORD).await;
    for answer in [signed_up, logged_in] {
        assert!(answer.set_cookie().unwrap().starts_with("__Host-neptun-session="));
        let (pair, attributes) = answer.set_device().unwrap().split_once(';').unwrap();
        let (name, value) = pair.split_once('=').unwrap();
        assert_eq!((name, value.len()), ("__Host-neptun-device", 96));
        assert_eq!(attributes, " HttpOnly; SameSite=Lax; Path=/; Secure; Max-Age=31536000");
    }
}

#[tokio::test]
async fn it_is_set_by_nothing_else_and_kept_at_log_out() {
    let app = TestApp::new().await;
    let client = app.signed_up("user@example.com").await;
    app.clock.advance(TimeDelta::minutes(5));
    let renewed = client.get("/api/auth/session").await;
    assert!(renewed.set_cookie().is_some());
    assert_eq!(renewed.set_device(), None);
    let before = client.device();
    let answer = client.log_out().await;
    assert!(answer.set_cookie().unwrap().starts_with("neptun-session=;"));
    assert_eq!(answer.set_device(), None);
    assert_eq!(client.device(), before);
    assert!(before.unwrap().starts_with("neptun-device="));
}

#[tokio::test]
async fn it_is_no_credential() {
    let app = TestApp::new().await;
    let owner = app.signed_up("user@example.com").await;
    let thief = app.client();
    thief.set_device(owner.device());
    assert_eq!(thief.session_status().await, 401);
    let value = owner.device().unwrap().replace("neptun-device", "neptun-session");
    thief.set_cookie(Some(value));
    assert_eq!(thief.session_status().await, 401);
    thief
        .log_in("user@example.com", "not the password")
        .await
        .assert_status(401);
}

#[tokio::test]
async fn the_first_log_in_from_a_new_kind_of_device_is_noticed() {
    let app = TestApp::new().await;
    let firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:131.0) Gecko/20100101 Firefox/131.0";
    let newer = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
    app.signed_up("user@example.com").await;
    let forget = "DELETE FROM devices";
    app.database.execute(forget, forget).await;
    // The first of all is no news; neither is another version or another network.
    for (ip, user_agent, is_new) in [
        ("198.51.100.20", firefox, false),
        ("198.51.100.20", newer, false),
        ("192.0.2.1", firefox, false),
        ("198.51.100.20", "curl/8.5.0", true),
        ("192.0.2.1", "curl/8.6.0", false),
        ("192.0.2.1", "", true),
    ] {
        let start = SessionStart {
            client: Origin::new(Some(ip.parse().unwrap()), Some(user_agent), None),
            transport: Transport::Tokens,
        };
        let login = Identifier::Email(Email::parse("user@example.com").unwrap());
        let before = app.mails().await.len();
        log_in(&app.app, &login, Password::new(PASSWORD), start).await.unwrap();
        let mails = app.mails().await;
        assert_eq!(mails.len() > before, is_new, "{user_agent} at {ip}");
        let expected = if user_agent.is_empty() { "unknown" } else { "curl" };
        assert!(
            !is_new || mails[0].subject == format!("New log-in with {expected}"),
            "{mails:?}"
        );
    }
    assert_eq!(app.database.count("SELECT COUNT(*) FROM devices").await, 5);
}

#[tokio::test]
async fn the_sign_up_is_the_first_use_of_its_device() {
    let app = TestApp::new().await;
    let client = app.client().at("198.51.100.20");
    let headers = [
        ("content-type", "application/json"),
        (
            "user-agent",
            "Mozilla/5.0 (X11; Linux x86_64; rv:131.0) Gecko/20100101 Firefox/131.0",
        ),
    ];
    let account = json!({ "email": "user@example.com", "password": PASSWORD });
    client
        .send(
            Method::POST,
            "/api/auth/sign-up",
            &headers,
            Body::from(account.to_string()),
        )
        .await
        .assert_status(200);
    let export = client.get("/api/users/me/export").await.json();
    let expected = json!([{
        "family": "Firefox on Linux", "network": "198.51.100.0/24",
        "first_seen_at": "2024-10-04T00:00:00Z", "last_seen_at": "2024-10-04T00:00:00Z",
    }]);
    assert_eq!(export["devices"], expected);
}

#[tokio::test]
async fn that_a_device_is_used_is_noted_once_an_hour() {
    let app = TestApp::with_limits(limits("1000/s")).await;
    let home = || app.client().at("198.51.100.20");
    home().sign_up("user@example.com", PASSWORD).await.assert_status(200);
    let noted_again = "SELECT COUNT(*) FROM devices WHERE last_seen_at > first_seen_at";
    for (minutes, expected) in [(0, 0), (59, 0), (1, 1)] {
        app.clock.advance(TimeDelta::minutes(minutes));
        home().log_in("user@example.com", PASSWORD).await.assert_status(200);
        assert_eq!(
            app.database.count(noted_again).await,
            expected,
            "{minutes} minutes later"
        );
    }
    assert_eq!(app.database.count("SELECT COUNT(*) FROM devices").await, 1);
}
