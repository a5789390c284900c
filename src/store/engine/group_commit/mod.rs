//! Writing to SQLite: transactions of concurrent requests share a commit, and so its wait for the disk.
//!
//! SQLite has one writer at a time. A caller that finishes while others wait leaves the transaction open and hands it
//! to the next in the queue. When the queue is empty, or the group is full, the group commits; every member returns
//! after that commit. Each member after the first works inside a savepoint, so what it does not finish is rolled back
//! alone.
//!
//! ```text
//!   A  BEGIN IMMEDIATE, work, done ----------------------------------------. returns
//!   B    waits ........ SAVEPOINT, work, RELEASE, done --------------------. returns
//!   C      waits ........................ SAVEPOINT, work, ROLLBACK TO     . returns at once
//!                                                   then, for A and B: COMMIT
//! ```
//!
//! A caller that rolls back may already have read its group's uncommitted rows, and its answer (always a rejection) may
//! reveal them. So the group commits at once and readers wait for that commit: no client sees an older state than
//! another did. `docs/decisions/0004` has the reasons and figures.

mod turn;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use sqlx::Sqlite;
use tokio::sync::{oneshot, watch};
use tokio::time::timeout;

use super::Freshness;
use super::pool::ConnectionPool;
use crate::model::unavailable::Unavailable;
use crate::store::{Error, Result};
use turn::Group;
pub use turn::WriteTurn;

/// At most this number of callers share a commit, because the first of them waits for the last.
const MAX_MEMBERS: usize = 64;
/// At most this number of callers wait. It is half of the requests that may be in flight by default, and twice the
/// share of one network, so that no network fills the queue alone.
const MAX_WAITING: usize = 1024;
/// How long a caller waits for its turn. [`super::connect`] lets the caller before it wait 5 s for another process.
const QUEUE_TIMEOUT: Duration = Duration::from_secs(6);
/// How long a reader waits for rows that another client may know of. A disk that takes longer to commit must not stop
/// all reading.
const READERS_WAIT: Duration = Duration::from_secs(1);

/// Gives callers the right to write to a SQLite file, one after the other.
#[derive(Debug)]
pub struct Writer {
    pool: ConnectionPool<Sqlite>,
    freshness: Arc<Freshness>,
    queue: Mutex<Queue>,
    /// Odd while readers lag: incremented when a caller rolls back after it may have read uncommitted rows, and again
    /// once those rows are committed.
    readers_lag_count: watch::Sender<u64>,
}

#[derive(Debug, Default)]
struct Queue {
    /// Whether there is a [`WriteTurn`], or a commit that ends with one.
    is_taken: bool,
    waiting: VecDeque<oneshot::Sender<WriteTurn>>,
}

impl Writer {
    /// Writes through `pool`, which has one connection, and tells `freshness` what changed.
    pub fn new(pool: ConnectionPool<Sqlite>, freshness: Arc<Freshness>) -> Self {
        Self {
            pool,
            freshness,
            queue: Mutex::default(),
            readers_lag_count: watch::Sender::new(0),
        }
    }

    pub fn pool(&self) -> &ConnectionPool<Sqlite> {
        &self.pool
    }

    /// Waits for its turn, then begins a transaction or joins the open one.
    ///
    /// # Errors
    /// [`Error::Unavailable`] after [`QUEUE_TIMEOUT`], at once when [`MAX_WAITING`] callers wait already, or when
    /// another process keeps the database locked.
    pub async fn begin(self: &Arc<Self>) -> Result<WriteTurn> {
        self.turn().await?.begun().await
    }

    /// Like [`Writer::begin`], for one statement. It needs no BEGIN and COMMIT if no other caller shares the commit.
    ///
    /// # Errors
    /// As [`Writer::begin`].
    pub async fn begin_statement(self: &Arc<Self>) -> Result<WriteTurn> {
        let mut turn = self.turn().await?;
        if turn.group.is_some() || self.has_waiters() {
            return turn.begun().await;
        }
        turn.alone = Some(self.pool.check_out().await?.for_one_statement());
        Ok(turn)
    }

    fn has_waiters(&self) -> bool {
        let queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        !queue.waiting.is_empty()
    }

    async fn turn(self: &Arc<Self>) -> Result<WriteTurn> {
        let Some(turn) = self.enqueue()? else {
            return Ok(WriteTurn::of(Arc::clone(self), None));
        };
        timeout(QUEUE_TIMEOUT, turn)
            .await
            .map_err(|_| queue_timed_out())?
            .map_err(|_| queue_timed_out())
    }

    /// Returns when readers see every row that a caller may have read before it rolled back, or after [`READERS_WAIT`].
    pub async fn readers_caught_up(&self) {
        let lag = *self.readers_lag_count.borrow();
        if readers_lag(lag) {
            let mut lags = self.readers_lag_count.subscribe();
            // Any other number will do: readers may lag again by then, but not behind what this reader waits for.
            drop(timeout(READERS_WAIT, lags.wait_for(|now| *now != lag)).await);
        }
    }

    /// `None` when the caller's turn is now; an error at once when the queue is full.
    fn enqueue(&self) -> Result<Option<oneshot::Receiver<WriteTurn>>> {
        let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        if !queue.is_taken {
            queue.is_taken = true;
            return Ok(None);
        }
        if queue.waiting.len() >= MAX_WAITING {
            let full = Unavailable::new("the queue for the database writer is full: is the disk slow?");
            return Err(Error::Unavailable(full));
        }
        let (next, turn) = oneshot::channel();
        queue.waiting.push_back(next);
        Ok(Some(turn))
    }

    /// Gives the turn to the next in the queue, with the open group. Commits the group if the queue is empty, the group
    /// is full, or readers wait for it.
    fn pass_on(self: Arc<Self>, group: Option<Group>) {
        if group.is_none() {
            self.set_readers_lag(false);
        }
        let is_to_end =
            |group: &Group| group.members.len() >= MAX_MEMBERS || readers_lag(*self.readers_lag_count.borrow());
        if !group.as_ref().is_some_and(is_to_end)
            && let Some(next) = self.next_in_queue(group.is_some())
        {
            // A caller that has just stopped waiting drops the turn, and so passes it on.
            drop(next.send(WriteTurn::of(self, group)));
        } else if let Some(group) = group {
            // In a task of its own: a member that is cancelled must not stop the commit of the others.
            tokio::spawn(async move {
                // Dropped after the commit, and then the next caller has its turn.
                let _next = WriteTurn::of(Arc::clone(&self), None);
                group.commit(&self.freshness).await;
            });
        }
    }

    fn set_readers_lag(&self, is_lagging: bool) {
        self.readers_lag_count.send_if_modified(|lag| {
            let is_other = readers_lag(*lag) != is_lagging;
            *lag += u64::from(is_other);
            is_other
        });
    }

    /// The next caller that still waits. Without one, the writer is free unless a group is still to be committed.
    fn next_in_queue(&self, has_group: bool) -> Option<oneshot::Sender<WriteTurn>> {
        let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        while let Some(next) = queue.waiting.pop_front() {
            if !next.is_closed() {
                return Some(next);
            }
        }
        queue.is_taken = has_group;
        None
    }
}

fn readers_lag(lag: u64) -> bool {
    lag % 2 == 1
}

fn queue_timed_out() -> Error {
    Error::Unavailable(Unavailable::new(
        "waited 6 s for the database writer: is the disk slow, or is a second instance using the same file?",
    ))
}

#[cfg(test)]
mod tests;
