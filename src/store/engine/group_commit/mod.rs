//! Writing to SQLite: transactions of concurrent requests share a commit, and so its wait for the disk.
//!
//! SQLite has one writer at a time. Who is done while others wait leaves the transaction open and hands it to the next;
//! when nobody waits it is committed for all of them, and nobody returns before that. What somebody does not finish is
//! taken back to the savepoint where they began.
//!
//! Who leaves without a commit may have seen what others did and what is not committed yet, and may tell: only refusals
//! are told that way. It is committed at once then, and who reads the database waits for it, so that nobody is shown less
//! than somebody before.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use sqlx::{Executor, Sqlite, SqliteConnection};
use tokio::sync::{oneshot, watch};
use tokio::time::timeout;

use super::Freshness;
use super::pool::{CheckedOut, ConnectionPool};
use crate::model::id::UserId;
use crate::model::unavailable::Unavailable;
use crate::store::{Error, Result};

/// So many share a commit at most: the first of them waits for the last.
const MAX_MEMBERS: usize = 64;
/// Who is before in line may be waiting for another process.
const PATIENCE: Duration = Duration::from_secs(6);
/// A disk that takes longer to commit does not keep anybody from reading.
const READERS_WAIT: Duration = Duration::from_secs(1);

/// Who may write to a SQLite file, one after the other.
#[derive(Debug)]
pub struct Writer {
    pool: ConnectionPool<Sqlite>,
    freshness: Arc<Freshness>,
    queue: Mutex<Queue>,
    /// How often somebody left who had seen more than readers, and how often readers caught up: odd while they have not.
    readers_lag_count: watch::Sender<u64>,
}

#[derive(Debug, Default)]
struct Queue {
    /// Whether there is a [`WriteTurn`], or a commit after which there will be one.
    is_taken: bool,
    waiting: VecDeque<oneshot::Sender<WriteTurn>>,
}

/// The right to write. Dropped, it goes to the next in line, without what was done and not committed.
#[derive(Debug)]
pub struct WriteTurn {
    writer: Arc<Writer>,
    group: Option<Group>,
    has_begun: bool,
    /// Instead of a group, for one statement that SQLite commits by itself.
    alone: Option<CheckedOut<Sqlite>>,
}

/// An open transaction and those who did their work in it.
#[derive(Debug)]
struct Group {
    transaction: CheckedOut<Sqlite>,
    members: Vec<oneshot::Sender<Outcome>>,
    changed: Vec<UserId>,
}

type Outcome = Result<(), Arc<sqlx::Error>>;

impl Writer {
    /// Writes through `pool`, which has one connection, and notes in `freshness` what changed.
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

    /// Waits for its turn and begins a transaction.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when others, in this process or another one, take too long.
    pub async fn begin(self: &Arc<Self>) -> Result<WriteTurn> {
        self.turn().await?.begun().await
    }

    /// Like [`Writer::begin`], for one statement; nothing has to be begun and committed when nobody shares the commit.
    ///
    /// # Errors
    /// As [`Writer::begin`].
    pub async fn begin_once(self: &Arc<Self>) -> Result<WriteTurn> {
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
        let Some(turn) = self.enqueue() else {
            return Ok(WriteTurn::of(Arc::clone(self), None));
        };
        timeout(PATIENCE, turn).await.map_err(|_| late())?.map_err(|_| late())
    }

    /// Returns when readers can see all that those saw who have left, or after a second.
    pub async fn readers_caught_up(&self) {
        let lag = *self.readers_lag_count.borrow();
        if readers_lag(lag) {
            let mut lags = self.readers_lag_count.subscribe();
            // Whether it is another lead by then does not matter: this one is over.
            drop(timeout(READERS_WAIT, lags.wait_for(|now| *now != lag)).await);
        }
    }

    /// `None` when nobody is before in line.
    fn enqueue(&self) -> Option<oneshot::Receiver<WriteTurn>> {
        let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        if !queue.is_taken {
            queue.is_taken = true;
            return None;
        }
        let (next, turn) = oneshot::channel();
        queue.waiting.push_back(next);
        Some(turn)
    }

    /// Gives the turn to the next in line. When there is none, what has been done is committed.
    fn pass_on(self: Arc<Self>, group: Option<Group>) {
        if group.is_none() {
            self.set_readers_lag(false);
        }
        let is_to_end =
            |group: &Group| group.members.len() >= MAX_MEMBERS || readers_lag(*self.readers_lag_count.borrow());
        if !group.as_ref().is_some_and(is_to_end)
            && let Some(next) = self.next_in_queue(group.is_some())
        {
            // Who has given up meanwhile drops it, and so passes it on.
            drop(next.send(WriteTurn::of(self, group)));
        } else if let Some(group) = group {
            // Whoever of them is gone by then must not keep it from the others.
            tokio::spawn(async move {
                let held = WriteTurn::of(self, None);
                group.commit(&held.writer.freshness).await;
            });
        }
    }

    fn set_readers_lag(&self, ahead: bool) {
        self.readers_lag_count.send_if_modified(|lag| {
            let is_other = readers_lag(*lag) != ahead;
            *lag += u64::from(is_other);
            is_other
        });
    }

    fn next_in_queue(&self, is_anything_done: bool) -> Option<oneshot::Sender<WriteTurn>> {
        let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        while let Some(next) = queue.waiting.pop_front() {
            if !next.is_closed() {
                return Some(next);
            }
        }
        queue.is_taken = is_anything_done;
        None
    }
}

impl WriteTurn {
    fn of(writer: Arc<Writer>, group: Option<Group>) -> Self {
        Self {
            writer,
            group,
            has_begun: false,
            alone: None,
        }
    }

    async fn begun(mut self) -> Result<Self> {
        if let Some(group) = &mut self.group {
            self.has_begun = true;
            group.transaction.execute("SAVEPOINT member").await?;
        } else {
            // A deferred transaction that reads first and writes later fails at once when another process wrote between.
            self.group = Some(Group {
                transaction: self.writer.pool.begin("BEGIN IMMEDIATE").await?,
                members: Vec::new(),
                changed: Vec::new(),
            });
            self.has_begun = true;
        }
        Ok(self)
    }

    pub fn connection(&mut self) -> &mut SqliteConnection {
        match (&mut self.alone, &mut self.group) {
            (Some(alone), _) => alone,
            (None, Some(group)) => &mut group.transaction,
            (None, None) => unreachable!("nobody is given a turn that has not begun"),
        }
    }

    /// Returns when a commit has made everything durable that was done in this turn, and what was read before of the
    /// users who `changed` is forgotten.
    ///
    /// # Errors
    /// When it failed: nothing was kept, of the others who shared it neither.
    pub async fn commit(mut self, changed: Vec<UserId>) -> Result<()> {
        if let Some(alone) = self.alone.take() {
            return Ok(alone.commit().await?);
        }
        let (member, outcome) = oneshot::channel();
        if let Some(group) = &mut self.group {
            if !group.members.is_empty() {
                group.transaction.execute("RELEASE member").await?;
            }
            group.members.push(member);
            group.changed.extend(changed);
        }
        self.has_begun = false;
        drop(self);
        let cut_off = |_| Error::Unavailable(Unavailable::new("a commit was cut off"));
        Ok(outcome.await.map_err(cut_off)??)
    }
}

impl Drop for WriteTurn {
    fn drop(&mut self) {
        let (writer, group) = (Arc::clone(&self.writer), self.group.take());
        match group {
            Some(group) if self.has_begun => {
                if !group.members.is_empty() {
                    writer.set_readers_lag(true);
                }
                tokio::spawn(async move {
                    let mut held = WriteTurn::of(writer, None);
                    held.group = group.without_the_last().await;
                });
            }
            group => writer.pass_on(group),
        }
    }
}

impl Group {
    /// Takes back what was done since the last member was done; `None` when nothing is left.
    async fn without_the_last(mut self) -> Option<Self> {
        if self.members.is_empty() {
            return None;
        }
        match self.transaction.execute("ROLLBACK TO member; RELEASE member").await {
            Ok(_) => Some(self),
            // SQLite has taken back everything by itself, as it does when the disk is full.
            Err(error) => {
                tell(self.members, &Err(Arc::new(error)));
                None
            }
        }
    }

    /// UnknownAccount is told before all their changes are noted: they may be about the same session.
    async fn commit(self, freshness: &Freshness) {
        let unsettled = freshness.committing(self.changed);
        let outcome = self.transaction.commit().await.map_err(Arc::new);
        if outcome.is_ok() {
            unsettled.settle();
        }
        tell(self.members, &outcome);
    }
}

fn readers_lag(lag: u64) -> bool {
    lag % 2 == 1
}

fn late() -> Error {
    Error::Unavailable(Unavailable::new("others are writing to the database for too long"))
}

fn tell(members: Vec<oneshot::Sender<Outcome>>, outcome: &Outcome) {
    for member in members {
        // Who has gone does not want to know.
        member.send(outcome.clone()).ok();
    }
}

#[cfg(test)]
mod tests;
