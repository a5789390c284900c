//! The `sessions` table as the store behind `tower-sessions`.

pub mod cache;
pub mod renewals;

use std::collections::HashMap;

use async_trait::async_trait;
use serde_json::Value;
use time::OffsetDateTime;
use tower_sessions::SessionStore;
use tower_sessions::session::{Id, Record};
use tower_sessions::session_store::{Error, Result};

use super::clock::Clock;
use crate::model::client::Client;
use crate::model::session::methods::Methods;
use crate::model::session::secret::SessionSecret;
use crate::model::session::{Lifetimes, NewSession, StoredSession};
use crate::store::{Db, sessions};

/// Reads and writes what a visitor's session remembers. Which account it is signed in to stands in columns of its own
/// and is not part of a record. `save` only updates and `create` never overwrites, so a request that is still running
/// can't bring back a session that a log-out has just ended.
#[derive(Debug)]
pub struct Sessions {
    db: Db,
    clock: Clock,
    lifetimes: Lifetimes,
}

impl Sessions {
    #[must_use]
    pub fn new(db: Db, clock: Clock, lifetimes: Lifetimes) -> Self {
        Self { db, clock, lifetimes }
    }
}

#[async_trait]
impl SessionStore for Sessions {
    /// Starts a session for a visitor who has not logged in; log-ins insert theirs in their own transaction.
    async fn create(&self, record: &mut Record) -> Result<()> {
        let secret = SessionSecret::generate();
        let client = Client::new(None, None, None);
        let session = NewSession::cookie(secret, None, Methods::NONE, client, &self.lifetimes, self.clock.now());
        let data = encode(&record.data)?;
        let mut tx = self.db.write().await.map_err(backend)?;
        sessions::insert(tx.conn(), &session, &data).await.map_err(backend)?;
        tx.commit().await.map_err(backend)?;
        record.id = secret.id();
        Ok(())
    }

    async fn save(&self, record: &Record) -> Result<()> {
        let secret = SessionSecret::from(record.id).hash();
        let data = encode(&record.data)?;
        let mut tx = self.db.write().await.map_err(backend)?;
        let is_alive = sessions::save_data(tx.conn(), &secret, &data, self.clock.now())
            .await
            .map_err(backend)?;
        tx.commit().await.map_err(backend)?;
        if is_alive {
            Ok(())
        } else {
            Err(Error::Backend("the session ended while it was in use".into()))
        }
    }

    async fn load(&self, id: &Id) -> Result<Option<Record>> {
        let secret = SessionSecret::from(*id).hash();
        let mut read = self.db.read().await.map_err(backend)?;
        let stored = sessions::by_secret(read.conn(), &secret, self.clock.now())
            .await
            .map_err(backend)?;
        stored.map(|stored| record(*id, &stored)).transpose()
    }

    async fn delete(&self, id: &Id) -> Result<()> {
        let secret = SessionSecret::from(*id).hash();
        let mut tx = self.db.write().await.map_err(backend)?;
        sessions::end_by_secret(&mut tx, &secret, self.clock.now())
            .await
            .map_err(backend)?;
        tx.commit().await.map_err(backend)
    }
}

fn record(id: Id, stored: &StoredSession) -> Result<Record> {
    let data = serde_json::from_str(&stored.data).map_err(|error| Error::Decode(error.to_string()))?;
    let expiry_date = OffsetDateTime::from_unix_timestamp(stored.idle_expires_at.timestamp())
        .map_err(|error| Error::Decode(error.to_string()))?;
    Ok(Record { id, data, expiry_date })
}

fn encode(data: &HashMap<String, Value>) -> Result<String> {
    serde_json::to_string(data).map_err(|error| Error::Encode(error.to_string()))
}

/// The library's errors carry text only, so the whole chain becomes text here.
fn backend(error: crate::store::Error) -> Error {
    Error::Backend(format!("{:#}", anyhow::Error::from(error)))
}
