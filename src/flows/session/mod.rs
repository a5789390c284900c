//! Checking, listing and ending sessions.

pub mod authenticate;
pub mod list_sessions;
pub mod revoke_other_sessions;
pub mod revoke_session;
