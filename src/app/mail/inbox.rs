//! The development inbox: the newest mails of a service without a mail server, in memory.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use anyhow::Context;
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;

use super::templates::{MailTemplates, Received};
use crate::app::sealing::derive;
use crate::model::secret_key::SecretKey;

/// Number of mails that the inbox keeps.
const CAPACITY: usize = 50;

#[derive(Debug)]
pub struct Inbox {
    key: String,
    received: Mutex<VecDeque<Received>>,
}

impl Inbox {
    /// The key follows from the secret key, so that a restart leaves the developer's open page where it is.
    pub fn new(secret: &SecretKey) -> anyhow::Result<Self> {
        let derived = derive(secret, b"neptun-auth 1: development inbox").context("the development inbox")?;
        Ok(Self {
            key: BASE64_URL_SAFE_NO_PAD.encode(&derived[..16]),
            received: Mutex::default(),
        })
    }

    /// The unguessable part of the inbox's URL: a proxy may make the page reachable from outside.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }

    /// Keeps a mail, and forgets the oldest beyond [`CAPACITY`].
    pub fn put(&self, mail: Received) {
        let mut received = self.received.lock().unwrap_or_else(PoisonError::into_inner);
        received.push_front(mail);
        received.truncate(CAPACITY);
    }

    /// The page, newest mail first.
    pub fn page(&self, templates: &MailTemplates) -> anyhow::Result<String> {
        let mut received = self.received.lock().unwrap_or_else(PoisonError::into_inner);
        templates.inbox(received.make_contiguous())
    }
}
