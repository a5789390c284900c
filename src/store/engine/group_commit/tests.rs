//! Two or three callers that write at the same time, one step after the other.

use futures_util::FutureExt;
use sqlx::Executor;
use tempfile::TempDir;
use tokio::task::{JoinHandle, yield_now};
use uuid::Uuid;

use super::*;
use crate::model::id::UserId;
use crate::store::engine::{DatabaseSetup, Db, Pools};

/// A database with a table of notes. Each must name an earlier note, or itself, by the time it is committed.
async fn database() -> (TempDir, Arc<Writer>, ConnectionPool<Sqlite>) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("notes.db");
    let db = Db::connect(&DatabaseSetup::new(&format!("sqlite:{}", file.display())))
        .await
        .unwrap();
    let Pools::Sqlite { readers, writer, .. } = db.pools else {
        panic!("it is a SQLite database");
    };
    let table = "CREATE TABLE notes (note INTEGER PRIMARY KEY, \
        earlier INTEGER NOT NULL REFERENCES notes DEFERRABLE INITIALLY DEFERRED)";
    writer.pool().check_out().await.unwrap().execute(table).await.unwrap();
    (folder, writer, readers)
}

async fn note(turn: &mut WriteTurn, note: u32, earlier: u32) {
    let sql = "INSERT INTO notes VALUES ($1, $2)";
    let insert = sqlx::query(sql).bind(note).bind(earlier);
    insert.execute(turn.connection()).await.unwrap();
}

async fn notes(reader: &ConnectionPool<Sqlite>) -> Vec<u32> {
    let notes = sqlx::query_scalar("SELECT note FROM notes ORDER BY note");
    notes.fetch_all(&mut *reader.check_out().await.unwrap()).await.unwrap()
}

/// A caller that waits in the queue.
async fn waits(writer: &Arc<Writer>) -> JoinHandle<Result<WriteTurn>> {
    waits_with(writer, |writer| async move { writer.begin().await }).await
}

async fn waits_with<F>(writer: &Arc<Writer>, begin: impl FnOnce(Arc<Writer>) -> F) -> JoinHandle<Result<WriteTurn>>
where
    F: Future<Output = Result<WriteTurn>> + Send + 'static,
{
    let before = writer.queue.lock().unwrap().waiting.len();
    let waits = tokio::spawn(begin(Arc::clone(writer)));
    while writer.queue.lock().unwrap().waiting.len() == before {
        yield_now().await;
    }
    waits
}

/// `first` commits while `next` waits, which then gets the transaction.
async fn commit_before(first: WriteTurn, next: JoinHandle<Result<WriteTurn>>) -> (JoinHandle<Result<()>>, WriteTurn) {
    let committed = tokio::spawn(first.commit(Vec::new()));
    (committed, next.await.unwrap().unwrap())
}

#[tokio::test]
async fn a_member_that_is_done_waits_for_the_commit_of_its_group() {
    let (_folder, writer, reader) = database().await;
    let mut first = writer.begin().await.unwrap();
    let next = waits(&writer).await;
    note(&mut first, 1, 1).await;
    let (committed, mut second) = commit_before(first, next).await;
    note(&mut second, 2, 1).await;
    assert!(notes(&reader).await.is_empty());
    assert!(!committed.is_finished());
    second.commit(Vec::new()).await.unwrap();
    assert_eq!(notes(&reader).await, [1, 2]);
    committed.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_rollback_takes_back_the_work_of_one_member_alone() {
    let (_folder, writer, reader) = database().await;
    let mut first = writer.begin().await.unwrap();
    let (next, gives_up_waiting) = (waits(&writer).await, waits(&writer).await);
    let last = waits(&writer).await;
    note(&mut first, 1, 1).await;
    let (committed, mut second) = commit_before(first, next).await;
    note(&mut second, 2, 1).await;
    gives_up_waiting.abort();
    assert!(gives_up_waiting.await.unwrap_err().is_cancelled());
    drop(second);
    let mut last = last.await.unwrap().unwrap();
    note(&mut last, 3, 1).await;
    last.commit(Vec::new()).await.unwrap();
    committed.await.unwrap().unwrap();
    assert_eq!(notes(&reader).await, [1, 3]);
    drop(writer.begin().await.unwrap());
    assert!(writer.begin().await.unwrap().commit(Vec::new()).await.is_ok());
}

#[tokio::test]
async fn a_commit_that_fails_fails_for_all() {
    let (_folder, writer, reader) = database().await;
    let mut first = writer.begin().await.unwrap();
    let next = waits(&writer).await;
    note(&mut first, 1, 1).await;
    let (committed, mut second) = commit_before(first, next).await;
    note(&mut second, 2, 77).await;
    second.commit(Vec::new()).await.unwrap_err();
    committed.await.unwrap().unwrap_err();
    let mut third = writer.begin().await.unwrap();
    note(&mut third, 3, 3).await;
    third.commit(Vec::new()).await.unwrap();
    assert_eq!(notes(&reader).await, [3], "the next began in what had failed");
}

#[tokio::test]
async fn no_member_hears_of_success_after_the_database_rolled_back_everything() {
    let (_folder, writer, reader) = database().await;
    let mut first = writer.begin().await.unwrap();
    let next = waits(&writer).await;
    note(&mut first, 1, 1).await;
    let (committed, mut second) = commit_before(first, next).await;
    second.connection().execute("ROLLBACK").await.unwrap();
    drop(second);
    committed.await.unwrap().unwrap_err();
    let mut third = writer.begin().await.unwrap();
    note(&mut third, 3, 3).await;
    third.commit(Vec::new()).await.unwrap();
    assert_eq!(notes(&reader).await, [3]);
}

#[tokio::test]
async fn after_a_rollback_the_group_commits_at_once_and_readers_wait_for_it() {
    let (_folder, writer, reader) = database().await;
    let mut first = writer.begin().await.unwrap();
    let (next, last) = (waits(&writer).await, waits(&writer).await);
    note(&mut first, 1, 1).await;
    let (committed, second) = commit_before(first, next).await;
    writer.readers_caught_up().await;
    assert!(notes(&reader).await.is_empty());
    drop(second);
    writer.readers_caught_up().await;
    assert_eq!(notes(&reader).await, [1]);
    // A rollback in an empty group makes no reader wait.
    committed.await.unwrap().unwrap();
    drop(last.await.unwrap().unwrap());
    assert!(!readers_lag(*writer.readers_lag_count.borrow()));
}

#[tokio::test]
async fn no_member_is_answered_before_the_changes_of_all_are_noted() {
    let (_folder, writer, _reader) = database().await;
    let freshness = &writer.freshness;
    let users = [1, 2].map(|id| UserId(Uuid::from_u128(id)));
    freshness.confirm(&freshness.ask());
    let before = freshness.stamp();
    let first = writer.begin().await.unwrap();
    let next = waits(&writer).await;
    let committed = tokio::spawn(first.commit(vec![users[0]]));
    let second = next.await.unwrap().unwrap();
    assert!(users.iter().all(|user| freshness.holds(before, *user)));
    let _told_later = tokio::spawn(second.commit(vec![users[1]]));
    committed.await.unwrap().unwrap();
    assert!(freshness.is_trusted(), "it is known what changed");
    assert!(!users.iter().any(|user| freshness.holds(before, *user)));
}

#[tokio::test]
async fn a_single_statement_needs_no_commit_unless_it_is_shared() {
    let (_folder, writer, reader) = database().await;
    let mut alone = writer.begin_statement().await.unwrap();
    note(&mut alone, 1, 1).await;
    assert_eq!(notes(&reader).await, [1]);
    alone.commit(Vec::new()).await.unwrap();
    let mut first = writer.begin().await.unwrap();
    let next = waits_with(&writer, |writer| async move { writer.begin_statement().await }).await;
    note(&mut first, 2, 1).await;
    let (committed, mut shared) = commit_before(first, next).await;
    note(&mut shared, 3, 1).await;
    assert_eq!(notes(&reader).await, [1]);
    shared.commit(Vec::new()).await.unwrap();
    committed.await.unwrap().unwrap();
    assert_eq!(notes(&reader).await, [1, 2, 3]);
}

#[tokio::test]
async fn a_reader_waits_for_one_commit_and_not_for_later_ones() {
    let (_folder, writer, _reader) = database().await;
    writer.set_readers_lag(true);
    let reads = tokio::spawn({
        let writer = Arc::clone(&writer);
        async move { writer.readers_caught_up().await }
    });
    yield_now().await;
    assert!(!reads.is_finished());
    writer.set_readers_lag(false);
    writer.set_readers_lag(true);
    // On the one thread of this test, a task that nothing keeps waiting is done after a few turns.
    for _ in 0..10 {
        yield_now().await;
    }
    assert!(reads.is_finished(), "what it waited for is there");
}

#[tokio::test]
async fn a_caller_beyond_the_bound_of_the_queue_is_rejected_at_once_and_the_others_get_their_turn() {
    let (_folder, writer, reader) = database().await;
    let mut first = writer.begin().await.unwrap();
    note(&mut first, 0, 0).await;
    let mut waiting = Vec::new();
    for number in 1..=u32::try_from(MAX_WAITING).unwrap() {
        let writer = Arc::clone(&writer);
        waiting.push(tokio::spawn(async move {
            let mut turn = writer.begin().await.unwrap();
            note(&mut turn, number, 0).await;
            turn.commit(Vec::new()).await.unwrap();
        }));
    }
    while writer.queue.lock().unwrap().waiting.len() < MAX_WAITING {
        yield_now().await;
    }
    let rejected = writer.begin().now_or_never().expect("it does not wait");
    assert!(matches!(rejected, Err(Error::Unavailable(_))));
    assert_eq!(writer.queue.lock().unwrap().waiting.len(), MAX_WAITING);
    first.commit(Vec::new()).await.unwrap();
    for one in waiting {
        one.await.unwrap();
    }
    assert_eq!(notes(&reader).await.len(), MAX_WAITING + 1);
}
