//! Checking, listing and ending sessions.

pub mod authenticate;
pub mod follow_session;
pub mod list_sessions;
pub mod look_up_session;
pub mod revoke_other_sessions;
pub mod revoke_session;
