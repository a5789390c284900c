//! What the service does for people: one user story a file, one public function each.
//!
//! A flow has one shape: parse, brake, read, hash with no transaction open, one write transaction, commit, return a value. It
//! knows nothing of HTTP; its error names what a caller can act on, and everything else is `Internal`.

pub mod allow_mail;
pub mod authenticate;
pub mod authenticate_token;
pub mod blacklist_token;
mod check_code;
pub mod check_password;
pub mod check_readiness;
pub mod claim_mails;
mod claim_session;
pub mod count_attempt;
pub mod delete_account;
pub mod export_account;
pub mod find_taken;
pub mod forgive;
pub mod issue_code;
pub mod issue_tokens;
pub mod list_sessions;
pub mod log_in;
pub mod log_out;
pub mod mint_access_token;
mod notify;
mod prove_email;
pub mod purge_expired;
pub mod read_account;
pub mod reauthenticate;
mod recognize_device;
pub mod refresh_keys;
pub mod refresh_tokens;
pub mod renew_session;
pub mod request_reset;
pub mod reset_password;
pub mod restore_email;
pub mod revoke_other_sessions;
pub mod revoke_session;
pub mod rotate_keys;
pub mod send_email_code;
pub mod send_mail;
pub mod sign_up;
pub mod start_session;
pub mod update_account;
pub mod verify_email;
pub mod verify_token;
