//! What pages load: how long browsers keep it, and how much it is.

use std::collections::BTreeSet;

use neptun_auth::app::pages::{LARGEST_LOGO, Logo};
use poem::Body;
use poem::http::Method;

use super::served::PAGES;
use crate::helpers::TestApp;

/// Bytes of a first load.
const MOST: usize = 60_000;

/// The addresses below `/assets/` that stand in a page.
fn loaded(page: &str) -> BTreeSet<String> {
    let parts = page.split("\"/assets/").skip(1);
    parts
        .map(|rest| format!("/assets/{}", rest.split('"').next().unwrap()))
        .collect()
}

/// The modules that a script imports.
fn imported(address: &str, script: &str) -> BTreeSet<String> {
    let folder = address.rsplit_once('/').unwrap().0;
    let parts = script.split("from \"./").skip(1);
    parts
        .map(|rest| format!("{folder}/{}", rest.split('"').next().unwrap()))
        .collect()
}

#[tokio::test]
async fn a_first_load_stays_below_60_kb_with_the_largest_logo() {
    let app = TestApp::with_setup(|setup| {
        let content = b"<svg"
            .iter()
            .copied()
            .chain(std::iter::repeat_n(b' ', LARGEST_LOGO - 4))
            .collect();
        setup.pages.as_mut().unwrap().brand.logo = Some(Logo {
            name: "logo.svg".to_owned(),
            content,
        });
    })
    .await;
    for path in PAGES {
        let headers = [("accept-language", "de")];
        let page = app.client().send(Method::GET, path, &headers, Body::empty()).await;
        let mut size = page.ok().body.len();
        let mut wanted = loaded(&page.body);
        assert!(wanted.len() >= 3, "{wanted:?}");
        let mut seen = BTreeSet::new();
        while let Some(address) = wanted.pop_first() {
            if seen.insert(address.clone()) {
                let asset = app.client().get(&address).await;
                size += asset.ok().body.len();
                wanted.extend(imported(&address, &asset.body));
            }
        }
        assert!(seen.len() > 5, "{path} loads {seen:?}");
        assert!(size < MOST, "{path} takes {size} bytes");
    }
}

#[tokio::test]
async fn an_asset_is_kept_for_ever_at_its_address_and_asked_for_again_at_that_of_another_version() {
    let app = TestApp::new().await;
    let client = app.client();
    let page = client.get("/").await.body;
    let style = loaded(&page)
        .into_iter()
        .find(|address| address.ends_with("style.css"))
        .unwrap();
    let asset = client.get(&style).await;
    assert_eq!(asset.ok().header("content-type"), Some("text/css; charset=utf-8"));
    assert_eq!(
        asset.header("cache-control"),
        Some("public, max-age=31536000, immutable")
    );
    assert_eq!(
        asset.header("content-security-policy"),
        Some("default-src 'none'; frame-ancestors 'none'")
    );
    let etag = asset.header("etag").unwrap().to_owned();
    assert!(etag.starts_with('"') && etag.ends_with('"'), "{etag}");

    for (sent, status) in [
        (etag.clone(), 304),
        (format!("\"x\", W/{etag}"), 304),
        ("*".to_owned(), 304),
        ("\"x\"".to_owned(), 200),
        (etag.replace('"', ""), 200),
    ] {
        let headers = [("if-none-match", sent.as_str())];
        let again = client.send(Method::GET, &style, &headers, Body::empty()).await;
        assert_eq!(
            again.assert_status(status).header("etag"),
            Some(etag.as_str()),
            "{sent}"
        );
        assert_eq!(again.body.is_empty(), status == 304);
    }
    let other = client.get("/assets/of-another-release/style.css").await;
    assert_eq!(other.ok().header("cache-control"), Some("no-cache"));
    assert_eq!(other.body, asset.body);
    client
        .get(&style.replace("style.css", "none.css"))
        .await
        .fails(404, "not_found");
}

#[tokio::test]
async fn the_address_of_assets_changes_with_the_brand() {
    let app = TestApp::new().await;
    let red = TestApp::with_setup(|setup| {
        setup.pages.as_mut().unwrap().brand.colour = "#b3261e".parse().unwrap();
    })
    .await;
    let (one, other) = (app.client().get("/").await, red.client().get("/").await);
    let (one, other) = (loaded(&one.body), loaded(&other.body));
    assert!(one.is_disjoint(&other), "{one:?} {other:?}");
    let style = other.iter().find(|address| address.ends_with("style.css")).unwrap();
    assert!(red.client().get(style).await.body.contains("--accent: #b3261e"));
}
