//! Stores mails in the database until they are sent. They are encrypted, because they contain codes.

use anyhow::Context;
use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::app::sealing::Sealer;
use crate::model::id::UserId;
use crate::model::mail::{ClaimedMail, Mail, NewMail, Notice};
use crate::model::secret_key::SecretKey;
use crate::store::{Tx, outbox};

/// Encrypts and stores mails, and decrypts stored ones.
#[derive(Debug)]
pub struct Outbox {
    sealer: Sealer,
    /// The notices that the operator has left switched on.
    notices: Vec<Notice>,
}

impl Outbox {
    /// An outbox that stores and sends the given `notices` and drops all others. Mails that a request asked for are
    /// never dropped.
    pub fn new(secret: &SecretKey, notices: Vec<Notice>) -> anyhow::Result<Self> {
        let sealer = Sealer::new(secret, b"neptun-auth 1: sealing of mails")?;
        Ok(Self { sealer, notices })
    }

    /// Stores a mail, which is sent once `tx` has committed. A mail with a code belongs to `user` and is deleted with
    /// that account. A notice is sent even if the account is deleted first, because a thief may have deleted it.
    pub async fn put(&self, tx: &mut Tx, user: Option<UserId>, mail: &Mail, now: DateTime<Utc>) -> anyhow::Result<()> {
        if !self.wants(mail) {
            return Ok(());
        }
        let user = user.filter(|_| mail.message.notice().is_none());
        Ok(outbox::insert(tx.conn(), &self.write(user, mail, now)?).await?)
    }

    /// Whether the mail is to be sent. The command line may have stored a notice that the service has switched off.
    #[must_use]
    pub fn wants(&self, mail: &Mail) -> bool {
        mail.message
            .notice()
            .is_none_or(|notice| self.notices.contains(&notice))
    }

    /// Stores a mail that expires before it can be sent. A request for an unknown account does this, so that the time
    /// of the answer does not tell whether the account exists.
    pub async fn put_decoy(&self, tx: &mut Tx, mail: &Mail, now: DateTime<Utc>) -> anyhow::Result<()> {
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
        serde_json::from_slice(&opened).context("a stored mail can't be read: a newer release may have written it")
    }

    /// The sealed mail `id` under the present secret key; `None` if it is that already.
    ///
    /// # Errors
    /// When neither the present secret key nor the previous one has sealed it.
    pub fn reseal(&self, id: Uuid, sealed: &[u8]) -> anyhow::Result<Option<Vec<u8>>> {
        self.sealer.reseal(sealed, id.as_bytes())
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
