//! What PostgreSQL has to be for the service to start on it.

use std::time::{Duration, Instant};

use tokio::net::TcpListener;

use crate::helpers::binary::command;
use crate::helpers::proxy::without_server;
use crate::helpers::{TestApp, TestDatabase};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs TEST_DATABASE_URL"]
async fn a_server_that_says_nothing_ends_the_start_with_a_sentence() {
    let port = without_server(true).await;
    let began = Instant::now();
    let error = TestApp::try_open(&format!("postgres://me@127.0.0.1:{port}/accounts"))
        .await
        .unwrap_err();
    assert!(
        began.elapsed() < Duration::from_secs(8),
        "it took {:?}",
        began.elapsed()
    );
    let error = format!("{error:#}");
    assert!(error.contains("PostgreSQL at DATABASE_URL"), "{error}");
    assert!(error.contains("does not answer"), "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs TEST_DATABASE_URL"]
async fn a_start_that_waits_for_a_silent_server_hears_sigterm() {
    let server = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = server.local_addr().unwrap().port();
    let mut child = command(&format!("postgres://me@127.0.0.1:{port}/accounts"))
        .spawn()
        .unwrap();
    let _silent = server.accept().await.unwrap();
    let pid = child.id().to_string();
    let kill = std::process::Command::new("sh")
        .args(["-c", "kill \"$0\"", &pid])
        .status();
    assert!(kill.unwrap().success());
    let began = Instant::now();
    let status = child.wait().unwrap();
    assert_eq!(status.code(), Some(0));
    assert!(
        began.elapsed() < Duration::from_secs(2),
        "it took {:?}",
        began.elapsed()
    );
}

#[tokio::test]
#[ignore = "needs TEST_DATABASE_URL"]
async fn a_database_that_can_not_hold_every_name_is_refused_and_left_empty() {
    let database = TestDatabase::create_whole("LATIN1").await;
    let error = format!("{:#}", TestApp::try_open(&database.url).await.unwrap_err());
    assert!(error.contains("has the encoding LATIN1"), "{error}");
    let tables = "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = 'public'";
    assert_eq!(database.count(tables).await, 0);
}

#[tokio::test]
#[ignore = "needs TEST_DATABASE_URL"]
async fn a_role_that_may_create_nothing_starts_on_a_migrated_database() {
    let app = TestApp::new().await;
    let url = app.database.url_of_a_role_that_only_writes().await;
    let client = app.instance_at(&url).await;
    client.sign_up("alice@example.com", crate::helpers::PASSWORD).await.ok();
    client.get("/health/ready").await.ok();
}
