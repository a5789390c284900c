//! Writes down that sessions were used, many in one transaction.
//!
//! A hundred thousand sessions in use are renewed more than a thousand times a second. Each commit waits for the disk,
//! and whoever comes meanwhile shares the next one.

use std::mem::replace;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::{MissedTickBehavior, interval, timeout};

use crate::model::session::SignedIn;
use crate::store::{Db, sessions};

/// Few enough that nobody waits long for the write lock.
const BATCH: usize = 200;

/// While another process keeps the database locked, requests go on asking.
const LONGEST_QUEUE: usize = 10_000;

/// From one batch to the next. Under load a batch so has many uses in it, and none waits much longer than for the disk.
const INTERVAL: Duration = Duration::from_millis(5);

/// A batch that takes longer is given up: a database whose host has vanished never answers, and nobody may wait for it
/// for ever. Any that works refuses sooner what it can't do.
const PATIENCE: Duration = Duration::from_secs(10);

/// The renewals that are to be written. Clones share them.
#[derive(Clone, Debug)]
pub struct Renewals {
    db: Db,
    queue: Arc<Mutex<Queue>>,
}

#[derive(Debug, Default)]
struct Queue {
    waiting: Vec<Waiting>,
    /// Whether a task is writing, and will look here again when it has written.
    is_being_written: bool,
}

#[derive(Debug)]
struct Waiting {
    used: SignedIn,
    written: oneshot::Sender<bool>,
}

/// The renewal was not kept; the reason has been logged.
#[derive(Debug, thiserror::Error)]
#[error("the renewal could not be written")]
pub struct NotWritten;

impl Renewals {
    #[must_use]
    pub fn new(db: Db) -> Self {
        Self {
            db,
            queue: Arc::default(),
        }
    }

    /// Makes it durable that a session was used; `false` when it has ended or was renewed within the last minute.
    /// Giving up on the answer does no harm: the writing goes on in a task of its own.
    ///
    /// # Errors
    /// [`NotWritten`] when the database can't write now.
    pub async fn write(&self, used: SignedIn) -> Result<bool, NotWritten> {
        let (written, answer) = oneshot::channel();
        if self.enqueue(Waiting { used, written })? {
            tokio::spawn(self.clone().write_all());
        }
        answer.await.map_err(|_| NotWritten)
    }

    /// Whether nobody is writing yet.
    fn enqueue(&self, waiting: Waiting) -> Result<bool, NotWritten> {
        let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        if queue.waiting.len() >= LONGEST_QUEUE {
            return Err(NotWritten);
        }
        queue.waiting.push(waiting);
        Ok(!replace(&mut queue.is_being_written, true))
    }

    async fn write_all(self) {
        let mut interval = interval(INTERVAL);
        interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            interval.tick().await;
            let Some(batch) = self.next_batch() else { return };
            let (used, answers): (Vec<_>, Vec<_>) =
                batch.into_iter().map(|waiting| (waiting.used, waiting.written)).unzip();
            let sessions = used.len();
            // In a task of its own, so that a defect that panics there does not keep the queue shut for ever.
            let writing = tokio::spawn(write(self.db.clone(), used));
            match writing.await.unwrap_or_else(|panicked| Err(panicked.into())) {
                Ok(renewed) => {
                    for (answer, renewed) in answers.into_iter().zip(renewed) {
                        // Who has given up waiting needs no answer.
                        answer.send(renewed).ok();
                    }
                }
                Err(error) => {
                    let error = format!("{error:#}");
                    tracing::warn!(error, sessions, "sessions could not be renewed");
                }
            }
        }
    }

    fn next_batch(&self) -> Option<Vec<Waiting>> {
        let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        let length = queue.waiting.len().min(BATCH);
        let batch: Vec<_> = queue.waiting.drain(..length).collect();
        queue.is_being_written = !batch.is_empty();
        queue.is_being_written.then_some(batch)
    }
}

async fn write(db: Db, used: Vec<SignedIn>) -> anyhow::Result<Vec<bool>> {
    let once = db.once();
    let writing = once.run(async |conn| sessions::renew(conn, &used).await);
    Ok(timeout(PATIENCE, writing).await??)
}

#[cfg(test)]
mod tests {
    use futures_util::future::join_all;

    use tempfile::TempDir;
    use tokio::time::Instant;

    use chrono::{DateTime, TimeDelta};
    use uuid::Uuid;

    use super::*;
    use crate::model::id::{SessionId, UserId};

    fn signed_in() -> SignedIn {
        let now = DateTime::UNIX_EPOCH;
        SignedIn {
            session_id: SessionId(Uuid::from_u128(1)),
            user_id: UserId(Uuid::from_u128(2)),
            user_number: 1,
            email: "user@example.com".to_owned(),
            email_verified: true,
            created_at: now,
            last_seen_at: now,
            idle_expires_at: now + TimeDelta::days(7),
            absolute_expires_at: now + TimeDelta::days(30),
        }
    }

    async fn renewals() -> (TempDir, Renewals) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("renewals.db");
        let db = Db::connect(&format!("sqlite:{}", file.display())).await.unwrap();
        (folder, Renewals::new(db))
    }

    #[tokio::test]
    async fn who_comes_after_a_batch_waits_for_others_to_come_along() {
        let (_folder, renewals) = renewals().await;
        let began = Instant::now();
        for _ in 0..21 {
            renewals.write(signed_in()).await.unwrap();
        }
        assert!(began.elapsed() >= INTERVAL * 20, "{:?}", began.elapsed());
    }

    #[tokio::test]
    async fn who_finds_the_queue_full_is_refused_at_once_and_all_others_are_answered() {
        let (_folder, renewals) = renewals().await;
        // All of them come before the first batch is taken: this test's runtime has one thread.
        let uses = (0..LONGEST_QUEUE + 3).map(|_| renewals.write(signed_in()));
        let mut answers = join_all(uses).await;
        let refused = answers.split_off(LONGEST_QUEUE);
        assert_eq!(refused.len(), 3);
        assert!(refused.iter().all(Result::is_err));
        // There is no such session.
        assert!(answers.iter().all(|answer| matches!(answer, Ok(false))));
        assert!(matches!(renewals.write(signed_in()).await, Ok(false)));
    }
}
