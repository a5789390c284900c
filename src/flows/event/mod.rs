//! What happened to an account.

pub mod list_events;
