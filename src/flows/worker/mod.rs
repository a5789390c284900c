//! What the service does by itself; only `src/worker.rs` calls these.

pub mod claim_mails;
pub mod purge_expired;
pub mod refresh_keys;
pub mod send_mail;
