//! Where pages lead: to the public URL, and back to the page that sent a person here.

use poem::Body;
use poem::http::Method;

use super::served::PAGES;
use crate::helpers::{Answer, TestApp};

const PUBLIC: &str = "https://auth.example.com";

async fn at_host(app: &TestApp, host: &str, path: &str) -> Answer {
    app.client()
        .send(Method::GET, path, &[("host", host)], Body::empty())
        .await
}

#[tokio::test]
async fn a_page_at_another_host_leads_to_the_public_url_once() {
    let app = TestApp::with_web(PUBLIC, &[]).await;
    for path in PAGES {
        at_host(&app, "auth.example.com", path).await.ok();
        at_host(&app, "auth.example.com:443", path).await.ok();
        let led = at_host(&app, "10.0.0.7:8080", path).await;
        let address = led.assert_status(307).header("location").unwrap();
        assert_eq!(address, format!("{PUBLIC}{path}?led=1"));
        // A proxy that names another host in each request must not lead in a circle.
        at_host(&app, "10.0.0.7:8080", &format!("{path}?led=1")).await.ok();
    }
    let led = at_host(&app, "evil.example", "/account/login?return_to=/x").await;
    let expected = format!("{PUBLIC}/account/login?return_to=/x&led=1");
    assert_eq!(led.assert_status(307).header("location"), Some(expected.as_str()));
    at_host(&app, "evil.example", "/api/auth/session")
        .await
        .fails(401, "not_authenticated");
}

/// Where the page leads after a log-in.
fn return_to(page: &Answer) -> String {
    let (_, rest) = page.ok().body.split_once("data-return-to=\"").unwrap();
    rest.split('"').next().unwrap().replace("&#x2f;", "/")
}

#[tokio::test]
async fn a_log_in_leads_back_to_known_pages_only() {
    let app = TestApp::with_web(PUBLIC, &["https://app.example.com"]).await;
    let client = app.client();
    assert_eq!(return_to(&client.get("/account/login").await), "/account/");
    for (asked, expected) in [
        ("/orders%3Fpage%3D2", "/orders?page=2"),
        (
            "https%3A%2F%2Fapp.example.com%2Forders",
            "https://app.example.com/orders",
        ),
    ] {
        for path in ["/account/login", "/account/sign-up"] {
            let page = client.get(&format!("{path}?return_to={asked}")).await;
            assert_eq!(return_to(&page), expected);
            // The way from log-in to sign-up and back keeps it.
            let other = if path.ends_with("login") { "sign-up" } else { "login" };
            let link = format!("/account/{other}?return_to=");
            assert!(page.body.replace("&#x2f;", "/").contains(&link), "{}", page.body);
        }
    }
    for hostile in [
        "https%3A%2F%2Fevil.example",
        "%2F%2Fevil.example",
        "javascript%3Aalert(1)",
        "%2F%5Cevil.example",
        "%22%3E%3Cscript%3E",
        "",
    ] {
        let page = client.get(&format!("/account/login?return_to={hostile}")).await;
        assert_eq!(return_to(&page), "/account/", "{hostile}");
        assert!(
            !page.body.contains("evil.example") && !page.body.contains("?return_to="),
            "{hostile}"
        );
    }
}

#[tokio::test]
async fn the_start_page_can_lead_elsewhere() {
    let app = TestApp::with_setup(|setup| {
        setup.pages.as_mut().unwrap().start_url = Some("https://app.example.com/".to_owned());
    })
    .await;
    let start = app.client().get("/").await;
    assert_eq!(
        start.assert_status(307).header("location"),
        Some("https://app.example.com/")
    );
    app.client().get("/account/login").await.ok();
    let account = app.client().get("/account").await;
    assert_eq!(account.assert_status(307).header("location"), Some("/account/"));
    let admin = app.client().get("/admin").await;
    assert_eq!(admin.assert_status(307).header("location"), Some("/admin/"));
}

#[tokio::test]
async fn pages_can_be_switched_off() {
    let app = TestApp::with_setup(|setup| setup.pages = None).await;
    for path in PAGES
        .into_iter()
        .chain(["/account", "/admin", "/assets/x/style.css"])
        .filter(|path| *path != "/")
    {
        app.client().get(path).await.fails(404, "not_found");
    }
    let start = app.client().get("/").await;
    assert_eq!(start.assert_status(307).header("location"), Some("/docs/"));
}

#[tokio::test]
async fn the_brand_has_a_name_and_a_link() {
    let app = TestApp::with_setup(|setup| {
        let brand = &mut setup.pages.as_mut().unwrap().brand;
        brand.name = "Fruit & <Veg>".to_owned();
        brand.link = Some("https://app.example.com/".to_owned());
    })
    .await;
    let page = app.client().get("/account/login").await.body.replace("&#x2f;", "/");
    assert!(
        page.contains("<a class=\"brand\" href=\"https://app.example.com/\">"),
        "{page}"
    );
    assert!(page.contains("Fruit &amp; &lt;Veg&gt;") && !page.contains("<Veg>"));
}
