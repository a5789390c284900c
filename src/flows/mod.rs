//! What the service does for people: one user story a file, one public function each.
//!
//! A flow has one shape: parse, brake, read, hash with no transaction open, one write transaction, commit, return a value. It
//! knows nothing of HTTP; its error names what a caller can act on, and everything else is `Internal`.

pub mod allow_mail;
pub mod authenticate;
pub mod authenticate_token;
pub mod blacklist_token;
pub mod change_password;
pub mod check_password;
pub mod check_readiness;
mod claim_session;
pub mod count_attempt;
pub mod find_taken;
pub mod forget_attempts;
pub mod forgive;
pub mod issue_tokens;
pub mod list_sessions;
pub mod log_in;
pub mod log_out;
pub mod mint_access_token;
pub mod purge_sessions;
pub mod read_account;
pub mod refresh_keys;
pub mod refresh_tokens;
pub mod revoke_other_sessions;
pub mod revoke_session;
pub mod rotate_keys;
pub mod sign_up;
pub mod start_session;
pub mod verify_token;
