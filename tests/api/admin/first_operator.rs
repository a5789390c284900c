//! The way to the first account with the admin right.

use neptun_auth::store::users;

use crate::helpers::TestApp;
use crate::helpers::binary::{Binary, free_address};

/// Whether the log of a start names the way.
fn is_named(app: &TestApp, setting: Option<(&str, &str)>) -> bool {
    let settings = [("NEPTUN_AUTH_LOG_FORMAT", "json")].into_iter().chain(setting);
    let lines = Binary::start(&app.database.url, &settings.collect::<Vec<_>>()).log_lines();
    let mut texts = lines.iter().filter_map(|line| line["message"].as_str());
    texts.any(|text| text.contains("/admin/") && text.contains("neptun-auth users make-admin ADDRESS"))
}

#[tokio::test]
async fn the_start_names_the_way_to_the_pages_of_operators_until_an_account_may_use_them() {
    let app = TestApp::new().await;
    assert!(is_named(&app, None));
    let private = free_address().to_string();
    for setting in [("NEPTUN_AUTH_PAGES", "off"), ("NEPTUN_AUTH_ADMIN_LISTEN", &private)] {
        assert!(!is_named(&app, Some(setting)), "{setting:?}");
    }
    let root = app.verified_user("root").await;
    root.enrol(&app).await;
    app.make_admin(&root).await;
    assert!(!is_named(&app, None));
}

#[tokio::test]
async fn the_first_accounts_are_looked_at_for_operators_and_no_others() {
    let app = TestApp::new().await;
    app.user("alice").await;
    let root = app.verified_user("root").await;
    root.enrol(&app).await;
    app.make_admin(&root).await;
    let mut read = app.app.db.read().await.unwrap();
    assert_eq!(users::first_operators(read.conn(), 1).await.unwrap(), (1, 0));
    assert_eq!(users::first_operators(read.conn(), 3).await.unwrap(), (2, 1));
}
