//! One caller's turn to write, and the group of callers that it joins.

use std::sync::Arc;

use sqlx::{Executor, Sqlite, SqliteConnection};
use tokio::sync::oneshot;

use super::{Freshness, Writer};
use crate::model::id::UserId;
use crate::model::unavailable::Unavailable;
use crate::store::engine::pool::CheckedOut;
use crate::store::{Error, Result};

/// The right to write. Dropped without [`WriteTurn::commit`], it rolls back this caller's work and goes to the next in
/// the queue.
#[derive(Debug)]
pub struct WriteTurn {
    writer: Arc<Writer>,
    pub(super) group: Option<Group>,
    /// Whether this caller has unfinished work in the group.
    has_begun: bool,
    /// Takes the place of the group for one statement that SQLite commits by itself.
    pub(super) alone: Option<CheckedOut<Sqlite>>,
}

/// An open transaction, and the callers that finished their work in it.
#[derive(Debug)]
pub(super) struct Group {
    transaction: CheckedOut<Sqlite>,
    pub(super) members: Vec<oneshot::Sender<Outcome>>,
    changed: Vec<UserId>,
}

/// What a shared commit came to. Each member gets a copy.
type Outcome = Result<(), Arc<sqlx::Error>>;

impl WriteTurn {
    pub(super) fn of(writer: Arc<Writer>, group: Option<Group>) -> Self {
        Self {
            writer,
            group,
            has_begun: false,
            alone: None,
        }
    }

    /// Begins a transaction, or a savepoint in the one that is open.
    pub(super) async fn begun(mut self) -> Result<Self> {
        if let Some(group) = &mut self.group {
            self.has_begun = true;
            group.transaction.execute("SAVEPOINT member").await?;
        } else {
            // A deferred transaction reads before it locks, and fails at once if another process wrote in between.
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
            (None, None) => unreachable!("`begin` and `begin_statement` give no turn without a connection"),
        }
    }

    /// Returns when this caller's work is durable, and sessions of the accounts that `changed` are no longer answered
    /// from memory.
    ///
    /// # Errors
    /// When the shared commit failed. Then nothing of any member was kept.
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
        let cut_off = |_| Error::Unavailable(Unavailable::new("the service is stopping and cut off a shared commit"));
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
                    held.group = group.without_unfinished().await;
                });
            }
            group => writer.pass_on(group),
        }
    }
}

impl Group {
    /// Rolls back the work after the last finished member; `None` when no member is left to commit for.
    async fn without_unfinished(mut self) -> Option<Self> {
        if self.members.is_empty() {
            return None;
        }
        match self.transaction.execute("ROLLBACK TO member; RELEASE member").await {
            Ok(_) => Some(self),
            // SQLite has rolled back everything by itself, as it does when the disk is full.
            Err(error) => {
                tell(self.members, &Err(Arc::new(error)));
                None
            }
        }
    }

    /// Notes the changes of all members before it answers any of them, because they may be about the same session.
    pub(super) async fn commit(self, freshness: &Freshness) {
        let unsettled = freshness.committing(self.changed);
        let outcome = self.transaction.commit().await.map_err(Arc::new);
        if outcome.is_ok() {
            unsettled.settle();
        }
        tell(self.members, &outcome);
    }
}

fn tell(members: Vec<oneshot::Sender<Outcome>>, outcome: &Outcome) {
    for member in members {
        // A member whose request was cancelled takes no answer.
        member.send(outcome.clone()).ok();
    }
}
