//! Mails: their templates, the outbox that stores them in the transaction of the change they report, and the mailer
//! that delivers them.

pub mod inbox;
mod international;
pub mod mailer;
pub mod outbox;
pub mod smtp;
mod templates;
