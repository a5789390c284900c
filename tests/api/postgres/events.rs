//! The order of events on PostgreSQL, where numbers are given before the commit.

use neptun_auth::flows::operator::create_webhook::create_webhook;
use neptun_auth::flows::worker::deliver_events::deliver_events;
use sqlx::{Connection, Executor, PgConnection};

use crate::helpers::TestApp;
use crate::helpers::web::{Received, WebServer, local_servers, reply};

#[tokio::test]
#[ignore = "needs TEST_DATABASE_URL"]
async fn an_event_whose_transaction_commits_late_is_told_too() {
    let app = TestApp::with_setup(|setup| setup.outbound = local_servers()).await;
    let server = WebServer::https(|_: &Received| reply(204, &[], ""));
    let types = ["log_in".to_owned(), "sign_up".to_owned()];
    let (webhook, _) = create_webhook(&app.app, server.url.as_str(), &types).await.unwrap();
    let mut slow = PgConnection::connect(&app.database.url).await.unwrap();
    slow.execute("BEGIN").await.unwrap();
    let insert = "INSERT INTO events (id, kind, happened_at) VALUES (gen_random_uuid(), 'log_in', '2024-10-04')";
    slow.execute(insert).await.unwrap();
    app.user("alice").await;
    while deliver_events(&app.app, webhook).await.unwrap() {}
    assert_eq!(server.received().len(), 0, "what comes before may still be under way");
    slow.execute("COMMIT").await.unwrap();
    app.database.settle().await;
    while deliver_events(&app.app, webhook).await.unwrap() {}
    // They are of different accounts, so they may arrive in any order.
    assert_eq!(server.received().len(), 2);
}
