//! A SQLite file that another process changes at a bad moment.

use std::path::Path;

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection};

use super::*;
use crate::store::engine::DatabaseSetup;

async fn within_a_second(mut is_so: impl FnMut() -> bool) {
    let waiting = async {
        while !is_so() {
            sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(Duration::from_secs(1), waiting).await.expect("it never was");
}

async fn change_from_outside(file: &Path) {
    let options = SqliteConnectOptions::new().filename(file);
    let mut other = options.connect().await.unwrap();
    other.execute("CREATE TABLE others (thing)").await.unwrap();
    other.close().await.unwrap();
}

#[tokio::test]
async fn a_change_by_another_process_while_the_writer_is_replaced_is_noticed() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("watched.db");
    let db = Db::connect(&DatabaseSetup::new(&format!("sqlite:{}", file.display())))
        .await
        .unwrap();
    let watched = db.clone();
    let _watching = tokio::spawn(async move { watched.watch().await });
    let freshness = db.freshness();
    within_a_second(|| freshness.is_trusted()).await;
    let (user, before) = (UserId(Uuid::now_v7()), freshness.stamp());
    assert!(freshness.holds(before, user));

    let Pools::Sqlite { writer, .. } = &db.pools else {
        panic!("it is a SQLite database");
    };
    // The rollback on drop finds no transaction, so the pool gives this connection up.
    let mut broken = writer.pool().begin("BEGIN IMMEDIATE").await.unwrap();
    broken.execute("ROLLBACK").await.unwrap();
    change_from_outside(&file).await;
    drop(broken);

    within_a_second(|| freshness.is_trusted() && !freshness.holds(before, user)).await;
    assert_eq!(writer.pool().opened(), 2, "it was not replaced");
}
