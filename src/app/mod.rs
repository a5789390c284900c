//! The tools that a flow may use, gathered in one [`App`].

pub mod clock;
pub mod hasher;
mod hashing_slots;
pub mod session_store;

use std::ops::Deref;
use std::sync::Arc;

use crate::model::password::PasswordPolicy;
use crate::model::session::Lifetimes;
use crate::store::Db;
use clock::Clock;
use hasher::Hasher;
use session_store::Sessions;

/// Built once at the start, cheap to clone; every clone is the same app.
#[derive(Clone, Debug)]
pub struct App(Arc<Tools>);

#[derive(Debug)]
pub struct Tools {
    pub db: Db,
    pub clock: Clock,
    pub hasher: Hasher,
    pub password_policy: PasswordPolicy,
    pub lifetimes: Lifetimes,
    /// The session store that `tower-sessions` works with.
    pub sessions: Arc<Sessions>,
}

impl App {
    #[must_use]
    pub fn new(db: Db, clock: Clock, hasher: Hasher, password_policy: PasswordPolicy, lifetimes: Lifetimes) -> Self {
        let sessions = Arc::new(Sessions::new(db.clone(), clock.clone(), lifetimes));
        Self(Arc::new(Tools {
            db,
            clock,
            hasher,
            password_policy,
            lifetimes,
            sessions,
        }))
    }
}

impl Deref for App {
    type Target = Tools;

    fn deref(&self) -> &Tools {
        &self.0
    }
}
