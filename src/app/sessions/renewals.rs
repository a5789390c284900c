//! Stores that sessions were used. Why: docs/decisions/0010-renewals-every-five-minutes.md

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use chrono::{DateTime, Utc};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{sleep, timeout};

use crate::model::session::SignedIn;
use crate::store::{Db, sessions};

/// Renewals that may be stored at the same time. Most of PostgreSQL's connections stay free for other work.
const MOST_AT_ONCE: usize = 8;

/// A database whose host has vanished never answers, so a renewal that takes longer gives its place to the next one.
const WRITE_TIMEOUT: Duration = Duration::from_secs(10);

/// A failed renewal frees its place after this time, so a database that can't write is asked, and the log written, at
/// most eight times in it.
const PAUSE_AFTER_FAILURE: Duration = Duration::from_secs(1);

#[derive(Debug)]
pub struct Renewals {
    db: Db,
    places: Arc<Semaphore>,
}

impl Renewals {
    #[must_use]
    pub fn new(db: Db) -> Self {
        Self {
            db,
            places: Arc::new(Semaphore::new(MOST_AT_ONCE)),
        }
    }

    /// Makes it durable that a session was used; `false` when it has ended or was renewed after `unseen_since`. A
    /// caller may stop waiting: a renewal that has begun goes on in a task of its own.
    ///
    /// # Errors
    /// When the database can't write now.
    pub async fn write(&self, used: SignedIn, unseen_since: DateTime<Utc>) -> anyhow::Result<bool> {
        let place = Arc::clone(&self.places).acquire_owned().await?;
        tokio::spawn(write(self.db.clone(), used, unseen_since, place)).await?
    }
}

async fn write(
    db: Db,
    used: SignedIn,
    unseen_since: DateTime<Utc>,
    place: OwnedSemaphorePermit,
) -> anyhow::Result<bool> {
    let once = db.once();
    let writing = once.run(async |conn| sessions::renew(conn, &used, unseen_since).await);
    let written = timeout(WRITE_TIMEOUT, writing).await;
    let written = written
        .context("the database does not answer")
        .and_then(|written| Ok(written?));
    if let Err(error) = &written {
        tracing::warn!(error = format!("{error:#}"), "a session could not be renewed");
        tokio::spawn(async move {
            sleep(PAUSE_AFTER_FAILURE).await;
            drop(place);
        });
    }
    written
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use uuid::Uuid;

    use super::*;
    use crate::model::id::{SessionId, UserId};
    use crate::model::session::methods::Methods;
    use crate::store::DatabaseSetup;

    fn signed_in() -> SignedIn {
        let now = DateTime::UNIX_EPOCH;
        SignedIn {
            session_id: SessionId(Uuid::from_u128(1)),
            user_id: UserId(Uuid::from_u128(2)),
            user_number: 1,
            email: "user@example.com".to_owned(),
            email_verified: true,
            password_breached: false,
            authenticated_at: DateTime::UNIX_EPOCH,
            methods: Methods::PASSWORD,
            identity: None,
            created_at: now,
            last_seen_at: now,
            idle_expires_at: now + TimeDelta::days(7),
            absolute_expires_at: now + TimeDelta::days(30),
        }
    }

    #[tokio::test]
    async fn a_caller_that_gives_up_frees_no_place_before_the_database_has_answered() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("renewals.db");
        let db = Db::connect(&DatabaseSetup::new(&format!("sqlite:{}", file.display())))
            .await
            .unwrap();
        let renewals = Renewals::new(db.clone());
        let write = || renewals.write(signed_in(), DateTime::UNIX_EPOCH);
        let other_writer = db.write().await.unwrap();
        for taken in 1..=MOST_AT_ONCE {
            assert!(timeout(Duration::from_millis(10), write()).await.is_err());
            assert_eq!(renewals.places.available_permits(), MOST_AT_ONCE - taken);
        }
        assert!(timeout(Duration::from_millis(10), write()).await.is_err());
        drop(other_writer);
        // There is no such session.
        assert!(!write().await.unwrap());
        let all = u32::try_from(MOST_AT_ONCE).unwrap();
        let free_again = timeout(Duration::from_secs(30), renewals.places.acquire_many(all));
        drop(free_again.await.expect("a place was lost").unwrap());
    }
}
