//! Mails: their texts, the outbox that commits with the change they tell of, and what sends them.

pub mod mailer;
pub mod outbox;
mod templates;
