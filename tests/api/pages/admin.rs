//! The pages of operators, and who gets what they show.

use crate::admin::id_of;
use crate::admin::operators::admin;
use crate::helpers::{Answer, TestApp};

/// What the pages read about the account of `id`.
fn reads(id: &str) -> Vec<String> {
    let of_account = ["", "/sessions"].map(|part| format!("/api/admin/users/{id}{part}"));
    let lists = ["users?query=bob", "events", "statistics", "instance", "webhooks"];
    let lists = lists.map(|name| format!("/api/admin/{name}"));
    [of_account.to_vec(), lists.to_vec()].concat()
}

fn assert_reveals_nothing(answer: &Answer) {
    assert!(answer.json()["data"].is_null(), "{}", answer.body);
    assert!(!answer.body.contains("bob"), "{}", answer.body);
}

#[tokio::test]
async fn what_the_pages_show_is_for_operators_only() {
    let app = TestApp::new().await;
    let bob = id_of(&app.user("bob").await.browser).await;
    let alice = app.verified_user("alice").await;
    let (root, _) = admin(&app).await;
    for path in reads(&bob) {
        assert_reveals_nothing(app.client().get(&path).await.fails(401, "not_authenticated"));
        assert_reveals_nothing(alice.get(&path).await.fails(403, "not_permitted"));
        root.get(&path).await.ok();
    }
}

#[tokio::test]
async fn the_pages_hold_texts_only_and_are_the_same_for_everybody() {
    let app = TestApp::new().await;
    let (root, _) = admin(&app).await;
    for path in ["/admin/", "/admin/users", "/admin/events", "/admin/webhooks"] {
        let page = root.get(path).await;
        assert_eq!(app.client().get(path).await.ok().body, page.ok().body, "{path}");
        assert!(!page.body.contains(&root.email), "{path}");
    }
    let start = app.client().get("/").await;
    assert!(start.ok().body.replace("&#x2f;", "/").contains("href=\"/admin/\""));
}
