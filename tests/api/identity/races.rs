//! Many callbacks at the same time.

use crate::helpers::at_once;
use crate::helpers::identities::{OidcDouble, location};

#[tokio::test]
async fn of_fifty_uses_of_one_callback_one_gets_a_session() {
    let double = OidcDouble::start();
    let app = double.app().await;
    let client = app.client();
    let callback = double.callback(&client.set_out("/auth/sso").await);
    let ceremony = client.ceremony();
    let pages = at_once(50, |_| {
        let (client, callback) = (app.client(), callback.clone());
        client.set_ceremony(ceremony.clone());
        async move { location(&client.get(&callback).await) }
    })
    .await;
    let inside = pages.iter().filter(|page| *page == "/dashboard").count();
    assert_eq!(inside, 1, "{pages:?}");
    assert_eq!(app.database.sessions().await, 1);
    assert_eq!(app.count("SELECT COUNT(*) FROM users").await, 1);
    assert_eq!(app.count("SELECT COUNT(*) FROM identities").await, 1);
}

#[tokio::test]
async fn twenty_first_log_ins_of_one_identity_make_one_account() {
    let double = OidcDouble::start();
    let app = double.app().await;
    let mut started = Vec::new();
    for _ in 0..20 {
        let client = app.client();
        let callback = double.callback(&client.set_out("/auth/sso").await);
        started.push((client, callback));
    }
    let pages = at_once(20, |number| {
        let (client, callback) = started[number].clone();
        async move { location(&client.get(&callback).await) }
    })
    .await;
    assert!(pages.iter().all(|page| page == "/dashboard"), "{pages:?}");
    assert_eq!(app.database.sessions().await, 20);
    assert_eq!(app.count("SELECT COUNT(*) FROM users").await, 1);
    assert_eq!(app.count("SELECT COUNT(*) FROM identities").await, 1);
}
