//! The development inbox shows codes, so only the developer may read it.

use poem::Body;
use poem::http::Method;

use crate::helpers::{ALICE, TestApp};

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

#[tokio::test]
async fn the_inbox_is_emptied_by_its_reader_only() {
    let app = TestApp::new().await;
    app.user("alice").await;
    app.client().ask_for_reset(ALICE).await.ok();
    app.mail_to(ALICE).await;
    let key = app.app.mailer.inbox_key().unwrap().to_owned();
    let client = app.client().at("127.0.0.1");
    let post = |key: &str, headers: &'static [(&'static str, &'static str)]| {
        let (client, path) = (client.clone(), format!("/dev/inbox/{key}"));
        async move {
            let answer = client.send(Method::POST, &path, headers, Body::empty()).await;
            answer.status.as_u16()
        }
    };
    assert_eq!(post("AAAAAAAAAAAAAAAAAAAAAA", &[LOCAL]).await, 404);
    assert_eq!(post(&key, &[LOCAL, ("origin", "https://evil.example")]).await, 403);
    assert_eq!(post(&key, &[LOCAL, ("x-forwarded-for", "203.0.113.9")]).await, 404);
    assert!(!app.app.mailer.inbox_mails().is_empty());

    assert_eq!(post(&key, &[LOCAL, ("origin", "http://localhost:8080")]).await, 204);
    assert!(app.app.mailer.inbox_mails().is_empty());
}

#[tokio::test]
async fn the_inbox_and_the_documentation_show_the_operators_brand() {
    let app = TestApp::with_setup(|setup| {
        let pages = setup.pages.as_mut().unwrap();
        pages.brand.name = "Tom & <Jerry>".to_owned();
        pages.brand.link = Some("https://app.example.com/?a=1&b=2".to_owned());
        pages.brand.colour = "#0b6b43".parse().unwrap();
    })
    .await;
    let inbox = format!("/dev/inbox/{}", app.app.mailer.inbox_key().unwrap());
    for path in ["/docs/", &inbox] {
        let client = app.client().at("127.0.0.1");
        let page = client.send(Method::GET, path, &[LOCAL], Body::empty()).await;
        assert!(page.ok().body.contains("Tom &amp; &lt;Jerry&gt;"), "{path}");
        assert!(
            page.body.contains("app.example.com") && !page.body.contains("?a=1&b=2"),
            "{path}"
        );
        assert!(page.body.contains("--accent: #0b6b43"), "{path}");
    }
    let plain = TestApp::with_setup(|setup| setup.pages = None).await;
    let page = plain.client().get("/docs/").await;
    assert!(
        page.ok().body.contains(">Neptun Auth</a>"),
        "without pages there is the service's own name"
    );
}
