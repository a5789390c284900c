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
use super::pool::{Lent, LifoPool};
use crate::model::id::UserId;
use crate::model::unavailable::Unavailable;
use crate::store::{Error, Result};

/// So many share a commit at most: the first of them waits for the last.
const MOST_MEMBERS: usize = 64;
/// Who is before in line may be waiting for another process.
const PATIENCE: Duration = Duration::from_secs(6);
/// A disk that takes longer to commit does not keep anybody from reading.
const PATIENCE_OF_READERS: Duration = Duration::from_secs(1);

/// Who may write to a SQLite file, one after the other.
#[derive(Debug)]
pub struct Writer {
    pool: LifoPool<Sqlite>,
    freshness: Arc<Freshness>,
    line: Mutex<Line>,
    /// How often somebody left who had seen more than readers, and how often readers caught up: odd while they have not.
    leads: watch::Sender<u64>,
}

#[derive(Debug, Default)]
struct Line {
    /// Whether there is a [`Turn`], or a commit after which there will be one.
    is_taken: bool,
    waiting: VecDeque<oneshot::Sender<Turn>>,
}

/// The right to write. Dropped, it goes to the next in line, without what was done and not committed.
#[derive(Debug)]
pub struct Turn {
    writer: Arc<Writer>,
    group: Option<Group>,
    has_begun: bool,
    /// Instead of a group, for one statement that SQLite commits by itself.
    alone: Option<Lent<Sqlite>>,
}

/// An open transaction and those who did their work in it.
#[derive(Debug)]
struct Group {
    transaction: Lent<Sqlite>,
    members: Vec<oneshot::Sender<Outcome>>,
    changed: Vec<UserId>,
}

type Outcome = Result<(), Arc<sqlx::Error>>;

impl Writer {
    /// Writes through `pool`, which has one connection, and notes in `freshness` what changed.
    pub fn new(pool: LifoPool<Sqlite>, freshness: Arc<Freshness>) -> Self {
        Self {
            pool,
            freshness,
            line: Mutex::default(),
            leads: watch::Sender::new(0),
        }
    }

    pub fn pool(&self) -> &LifoPool<Sqlite> {
        &self.pool
    }

    /// Waits for its turn and begins a transaction.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when others, in this process or another one, take too long.
    pub async fn begin(self: &Arc<Self>) -> Result<Turn> {
        self.turn().await?.begun().await
    }

    /// Like [`Writer::begin`], for one statement; nothing has to be begun and committed when nobody shares the commit.
    ///
    /// # Errors
    /// As [`Writer::begin`].
    pub async fn begin_once(self: &Arc<Self>) -> Result<Turn> {
        let mut turn = self.turn().await?;
        if turn.group.is_some() || self.is_anybody_waiting() {
            return turn.begun().await;
        }
        turn.alone = Some(self.pool.lend().await?.for_one_statement());
        Ok(turn)
    }

    fn is_anybody_waiting(&self) -> bool {
        let line = self.line.lock().unwrap_or_else(PoisonError::into_inner);
        !line.waiting.is_empty()
    }

    async fn turn(self: &Arc<Self>) -> Result<Turn> {
        let Some(turn) = self.wait_in_line() else {
            return Ok(Turn::of(Arc::clone(self), None));
        };
        timeout(PATIENCE, turn).await.map_err(|_| late())?.map_err(|_| late())
    }

    /// Returns when readers can see all that those saw who have left, or after a second.
    pub async fn caught_up(&self) {
        let lead = *self.leads.borrow();
        if is_ahead(lead) {
            let mut leads = self.leads.subscribe();
            // Whether it is another lead by then does not matter: this one is over.
            drop(timeout(PATIENCE_OF_READERS, leads.wait_for(|now| *now != lead)).await);
        }
    }

    /// `None` when nobody is before in line.
    fn wait_in_line(&self) -> Option<oneshot::Receiver<Turn>> {
        let mut line = self.line.lock().unwrap_or_else(PoisonError::into_inner);
        if !line.is_taken {
            line.is_taken = true;
            return None;
        }
        let (next, turn) = oneshot::channel();
        line.waiting.push_back(next);
        Some(turn)
    }

    /// Gives the turn to the next in line. When there is none, what has been done is committed.
    fn pass_on(self: Arc<Self>, group: Option<Group>) {
        if group.is_none() {
            self.set_ahead(false);
        }
        let is_to_end = |group: &Group| group.members.len() >= MOST_MEMBERS || is_ahead(*self.leads.borrow());
        if !group.as_ref().is_some_and(is_to_end)
            && let Some(next) = self.next_in_line(group.is_some())
        {
            // Who has given up meanwhile drops it, and so passes it on.
            drop(next.send(Turn::of(self, group)));
        } else if let Some(group) = group {
            // Whoever of them is gone by then must not keep it from the others.
            tokio::spawn(async move {
                let held = Turn::of(self, None);
                group.commit(&held.writer.freshness).await;
            });
        }
    }

    fn set_ahead(&self, ahead: bool) {
        self.leads.send_if_modified(|lead| {
            let is_other = is_ahead(*lead) != ahead;
            *lead += u64::from(is_other);
            is_other
        });
    }

    fn next_in_line(&self, is_anything_done: bool) -> Option<oneshot::Sender<Turn>> {
        let mut line = self.line.lock().unwrap_or_else(PoisonError::into_inner);
        while let Some(next) = line.waiting.pop_front() {
            if !next.is_closed() {
                return Some(next);
            }
        }
        line.is_taken = is_anything_done;
        None
    }
}

impl Turn {
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

impl Drop for Turn {
    fn drop(&mut self) {
        let (writer, group) = (Arc::clone(&self.writer), self.group.take());
        match group {
            Some(group) if self.has_begun => {
                if !group.members.is_empty() {
                    writer.set_ahead(true);
                }
                tokio::spawn(async move {
                    let mut held = Turn::of(writer, None);
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

    /// Nobody is told before all their changes are noted: they may be about the same session.
    async fn commit(self, freshness: &Freshness) {
        let unsettled = freshness.committing(self.changed);
        let outcome = self.transaction.commit().await.map_err(Arc::new);
        if outcome.is_ok() {
            unsettled.settle();
        }
        tell(self.members, &outcome);
    }
}

fn is_ahead(lead: u64) -> bool {
    lead % 2 == 1
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
