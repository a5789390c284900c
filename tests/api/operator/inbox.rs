//! The development inbox shows codes, so only the developer may read it.

use poem::Body;
use poem::http::Method;

use crate::helpers::TestApp;

const LOCAL: (&str, &str) = ("host", "localhost:8080");

/// The status of a request from this machine for the inbox under `key`.
async fn status(app: &TestApp, key: &str, headers: &[(&str, &str)]) -> u16 {
    let path = format!("/dev/inbox{key}");
    let client = app.client().at("127.0.0.1");
    client
        .send(Method::GET, &path, headers, Body::empty())
        .await
        .status
        .as_u16()
}

#[tokio::test]
async fn the_inbox_needs_the_key_in_its_url() {
    let app = TestApp::new().await;
    let key = app.app.mailer.inbox_key().unwrap().to_owned();
    assert_eq!(key.len(), 22, "128 bits");
    assert_eq!(status(&app, &format!("/{key}"), &[LOCAL]).await, 200);
    for wrong in [
        "",
        "/",
        "/x",
        "/AAAAAAAAAAAAAAAAAAAAAA",
        &format!("/{key}A"),
        &format!("/{key}/"),
    ] {
        assert_eq!(status(&app, wrong, &[LOCAL]).await, 404, "{wrong}");
    }
    let same_key = app.second_app().await.1;
    assert_eq!(same_key.mailer.inbox_key(), Some(key.as_str()), "it survives a restart");
}

#[tokio::test]
async fn the_inbox_is_closed_to_names_and_pages_of_other_machines() {
    let app = TestApp::new().await;
    let key = format!("/{}", app.app.mailer.inbox_key().unwrap());
    for headers in [
        &[LOCAL][..],
        &[("host", "127.0.0.1")],
        &[("host", "[::1]:8080")],
        &[("host", "app.localhost:8080")],
        &[LOCAL, ("origin", "http://localhost:3000")],
        &[LOCAL, ("origin", "http://[::1]:3000")],
    ] {
        assert_eq!(status(&app, &key, headers).await, 200, "{headers:?}");
    }
    for headers in [
        &[][..],
        &[("host", "auth.example.com")],
        &[("host", "localhost.example.com")],
        &[("host", "notlocalhost")],
        &[LOCAL, ("origin", "https://auth.example.com")],
        &[LOCAL, ("origin", "http://localhost.example.com")],
        &[LOCAL, ("origin", "null")],
        &[LOCAL, ("origin", "")],
        &[
            LOCAL,
            ("origin", "http://localhost"),
            ("origin", "https://evil.example"),
        ],
        &[LOCAL, ("x-forwarded-for", "203.0.113.9")],
    ] {
        assert_eq!(status(&app, &key, headers).await, 404, "{headers:?}");
    }
}
