//! Stores mails in the database, encrypted, and reads them back.

use anyhow::Context;
use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::app::sealing::Sealer;
use crate::model::id::UserId;
use crate::model::mail::{ClaimedMail, Mail, NewMail, Notice};
use crate::model::secret_key::SecretKey;
use crate::store::{Tx, outbox};

#[derive(Debug)]
pub struct Outbox {
    sealer: Sealer,
    notices: Vec<Notice>,
}

impl Outbox {
    /// An outbox that stores the given `notices`, and every mail that a request asked for.
    pub fn new(secret: &SecretKey, notices: Vec<Notice>) -> anyhow::Result<Self> {
        let sealer = Sealer::new(secret, b"neptun-auth 1: sealing of mails")?;
        Ok(Self { sealer, notices })
    }

    /// Stores a mail that is sent once `tx` has committed. A mail with a code is deleted with the account of `user`. A
    /// notice is sent even if the account is deleted first, because the person who deleted it may not have been its
    /// owner. A notice that is switched off is not stored.
    pub async fn put(&self, tx: &mut Tx, user: Option<UserId>, mail: &Mail, now: DateTime<Utc>) -> anyhow::Result<()> {
        let user = match mail.message.notice() {
            Some(notice) if !self.notices.contains(&notice) => return Ok(()),
            Some(_) => None,
            None => user,
        };
        Ok(outbox::insert(tx.conn(), &self.write(user, mail, now)?).await?)
    }

    /// Does the same work for a mail without a recipient, so that the time of the answer tells nothing.
    pub async fn pretend(&self, tx: &mut Tx, mail: &Mail, now: DateTime<Utc>) -> anyhow::Result<()> {
        let mut mail = self.write(None, mail, now)?;
        mail.due_at = mail.give_up_at;
        Ok(outbox::insert(tx.conn(), &mail).await?)
    }

    /// Decrypts a stored mail.
    ///
    /// # Errors
    /// When it was encrypted under another secret key.
    pub fn read(&self, claimed: &ClaimedMail) -> anyhow::Result<Mail> {
        let opened = self.sealer.open(&claimed.sealed, claimed.id.as_bytes())?;
        serde_json::from_slice(&opened).context("a stored mail has an unknown form")
    }

    fn write(&self, user_id: Option<UserId>, mail: &Mail, now: DateTime<Utc>) -> anyhow::Result<NewMail> {
        let id = Uuid::now_v7();
        Ok(NewMail {
            id,
            user_id,
            sealed: self.sealer.seal(&serde_json::to_vec(mail)?, id.as_bytes())?,
            created_at: now,
            due_at: now,
            give_up_at: now + mail.message.lifetime(),
        })
    }
}
