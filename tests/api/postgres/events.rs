//! The order of events on PostgreSQL, where numbers are given before the commit.

use neptun_auth::flows::operator::create_webhook::create_webhook;
use neptun_auth::flows::operator::place_in_events::place_in_events;
use neptun_auth::flows::operator::read_events::read_events;
use neptun_auth::flows::worker::adopt_events::adopt_events;
use neptun_auth::flows::worker::deliver_events::deliver_events;
use neptun_auth::model::admin::Operator;
use neptun_auth::model::event::{EventFilter, EventStart};
use neptun_auth::model::webhook::Webhook;
use sqlx::{Connection, Executor, PgConnection};

use crate::helpers::web::{Received, WebServer, local_servers, reply};
use crate::helpers::{TestApp, at_once};

#[tokio::test]
#[ignore = "needs TEST_DATABASE_URL"]
async fn an_event_whose_transaction_commits_late_is_told_too() {
    let app = TestApp::with_setup(|setup| setup.outbound = local_servers()).await;
    let server = WebServer::https(|_: &Received| reply(204, &[], ""));
    let types = ["log_in".to_owned(), "sign_up".to_owned()];
    let (Webhook { id: webhook, .. }, _) =
        create_webhook(&app.app, &Operator::at_command_line(), server.url.as_str(), &types)
            .await
            .unwrap();
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

/// The log is read from a time on while the first event of that time is under way.
#[tokio::test]
#[ignore = "needs TEST_DATABASE_URL"]
async fn a_reading_that_begins_at_a_time_misses_no_transaction_that_was_open_then() {
    let app = TestApp::new().await;
    let mut slow = PgConnection::connect(&app.database.url).await.unwrap();
    slow.execute("BEGIN").await.unwrap();
    let insert = "INSERT INTO events (id, kind, happened_at) VALUES (gen_random_uuid(), 'log_in', '2024-10-04')";
    slow.execute(insert).await.unwrap();
    app.user("alice").await;
    let since = EventStart::Since(app.clock.now());
    let mut place = place_in_events(&app.app, since).await.unwrap();
    slow.execute("COMMIT").await.unwrap();
    app.database.settle().await;
    let mut kinds = Vec::new();
    while let Some((page, next)) = read_events(&app.app, &EventFilter::default(), &place).await.unwrap() {
        kinds.extend(page.into_iter().map(|logged| logged.event.kind));
        place = next;
    }
    assert_eq!(kinds, ["log_in", "sign_up"]);
}

/// As after `pg_dump` on a server that has run for longer, and `psql` on this one.
#[tokio::test]
#[ignore = "needs TEST_DATABASE_URL"]
async fn events_restored_from_another_server_and_those_after_them_are_told_once() {
    const RESTORE: &str = "UPDATE events SET transaction_id = (transaction_id::text::bigint + 1000000000)::text::xid8; \
        UPDATE webhooks SET cursor_transaction = (cursor_transaction::bigint + 1000000000)::text";
    let app = TestApp::with_setup(|setup| setup.outbound = local_servers()).await;
    let server = WebServer::https(|_: &Received| reply(204, &[], ""));
    let types = ["sign_up".to_owned()];
    let (Webhook { id: webhook, .. }, _) =
        create_webhook(&app.app, &Operator::at_command_line(), server.url.as_str(), &types)
            .await
            .unwrap();
    app.user("told").await;
    app.database.settle().await;
    while deliver_events(&app.app, webhook).await.unwrap() {}
    assert_eq!(server.received().len(), 1);

    app.user("untold").await;
    app.database.execute("", RESTORE).await;
    app.user("new").await;
    for _ in 0..2 {
        at_once(2, |_| {
            let app = app.app.clone();
            async move { adopt_events(&app).await.unwrap() }
        })
        .await;
        app.database.settle().await;
        while deliver_events(&app.app, webhook).await.unwrap() {}
        assert_eq!(server.received().len(), 3);
    }
    // What happens afterwards follows.
    app.user("last").await;
    app.database.settle().await;
    while deliver_events(&app.app, webhook).await.unwrap() {}
    assert_eq!(server.received().len(), 4);
    let in_order = "SELECT COUNT(*) FROM (SELECT number, \
        LAG(number) OVER (ORDER BY transaction_id, number) AS before FROM events) e WHERE before > number";
    assert_eq!(app.count(in_order).await, 0);
}
