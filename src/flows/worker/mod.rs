//! What the service does by itself; only `src/worker.rs` calls these.

pub mod active_webhooks;
pub mod adopt_events;
pub mod claim_mails;
pub mod delete_old_copies;
pub mod deliver_events;
pub mod end_unused_invitations;
pub mod measure_resources;
pub mod purge_expired;
pub mod record_failed_log_ins;
pub mod refresh_keys;
pub mod send_mail;
