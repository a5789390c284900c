//! The development inbox: the newest mails of a service without a mail server, in memory.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use anyhow::Context;
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;

use super::templates::{MailTemplates, Received};
use crate::app::pages::look::Look;
use crate::app::sealing::derive;
use crate::model::secret_key::SecretKey;

/// Number of mails that the inbox keeps.
const CAPACITY: usize = 50;

/// The script of the page.
pub const SCRIPT: &str = include_str!("inbox.js");

#[derive(Debug, Default)]
pub struct Inbox {
    /// `None` until the secret key is known, and without it no page shows the mails.
    key: Option<String>,
    received: Mutex<VecDeque<Received>>,
}

impl Inbox {
    /// The inbox's key follows from the secret key, so that a restart leaves the developer's open page where it is.
    pub fn open(&mut self, secret: &SecretKey) -> anyhow::Result<()> {
        let derived = derive(secret, b"neptun-auth 1: development inbox").context("the development inbox")?;
        self.key = Some(BASE64_URL_SAFE_NO_PAD.encode(&derived[..16]));
        Ok(())
    }

    /// The unguessable part of the inbox's URL: a proxy may make the page reachable from outside.
    #[must_use]
    pub fn key(&self) -> Option<&str> {
        self.key.as_deref()
    }

    /// Keeps a mail, and forgets the oldest beyond fifty.
    pub fn put(&self, mail: Received) {
        let mut received = self.received.lock().unwrap_or_else(PoisonError::into_inner);
        received.push_front(mail);
        received.truncate(CAPACITY);
    }

    /// The mails, newest first.
    pub fn mails(&self) -> Vec<Received> {
        let received = self.received.lock().unwrap_or_else(PoisonError::into_inner);
        received.iter().cloned().collect()
    }

    /// Forgets all mails.
    pub fn clear(&self) {
        self.received.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// The page, newest mail first.
    pub fn page(&self, templates: &MailTemplates, look: &Look) -> anyhow::Result<String> {
        let mut received = self.received.lock().unwrap_or_else(PoisonError::into_inner);
        templates.inbox(received.make_contiguous(), look, SCRIPT)
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use uuid::Uuid;

    use super::*;
    use crate::app::mail::templates::Rendered;

    #[test]
    fn the_inbox_keeps_the_newest_fifty_mails() {
        let inbox = Inbox::default();
        for number in 0..60 {
            inbox.put(Received {
                id: Uuid::now_v7(),
                at: DateTime::UNIX_EPOCH,
                to: format!("user{number}@example.com"),
                rendered: Rendered {
                    subject: String::new(),
                    text: String::new(),
                    html: None,
                },
            });
        }
        let received = inbox.received.into_inner().unwrap();
        assert_eq!(received.len(), 50);
        assert_eq!(received[0].to, "user59@example.com");
        assert_eq!(received[49].to, "user10@example.com");
    }
}
