//! What the service does for people: one user story a file, one public function each.
//!
//! A flow has one shape: parse, read, hash with no transaction open, one write transaction, commit, return a value. It
//! knows nothing of HTTP; its error names what a caller can act on, and everything else is `Internal`.

pub mod authenticate;
pub mod check_readiness;
pub mod list_sessions;
pub mod log_in;
pub mod log_out;
pub mod purge_sessions;
pub mod revoke_other_sessions;
pub mod revoke_session;
pub mod sign_up;
pub mod start_session;
