//! New addresses with letters outside ASCII before the `@`, which not every mail server can send to (RFC 6531).

use std::sync::OnceLock;

use super::smtp::MailServer;
use crate::model::mail::InternationalAddresses;
use crate::model::user::email::Email;

/// Whether such addresses are accepted.
#[derive(Debug)]
pub struct International {
    setting: InternationalAddresses,
    /// What the mail server said. Until it has answered, mails wait in the outbox, and such addresses are accepted.
    answer: OnceLock<bool>,
}

impl International {
    #[must_use]
    pub fn new(setting: InternationalAddresses) -> Self {
        Self {
            setting,
            answer: OnceLock::new(),
        }
    }

    #[must_use]
    pub fn accepts(&self, email: &Email) -> bool {
        !email.is_international()
            || match self.setting {
                InternationalAddresses::On => true,
                InternationalAddresses::Off => false,
                InternationalAddresses::Auto => self.answer.get().copied().unwrap_or(true),
            }
    }

    /// Asks `server`, if its answer matters and is not known yet.
    pub async fn ask(&self, server: &MailServer) -> anyhow::Result<()> {
        if self.setting != InternationalAddresses::Auto || self.answer.get().is_some() {
            return Ok(());
        }
        let takes_them = server.takes_international_addresses().await?;
        if !takes_them {
            tracing::warn!(
                "the mail server does not announce SMTPUTF8, so new addresses with letters outside ASCII before the @ \
                 are rejected; NEPTUN_AUTH_INTERNATIONAL_ADDRESSES=on accepts them nevertheless"
            );
        }
        self.answer.get_or_init(|| takes_them);
        Ok(())
    }
}
