//! Steps that several stories share. A story may import steps and its own chapter; a step never imports a story.

pub mod allow_sign_up;
pub mod ask_for_code;
pub mod check_code;
pub mod check_password;
pub mod check_second_factor;
pub mod claim_session;
pub mod clear_failures;
pub mod count_attempt;
pub mod find_taken;
pub mod in_even_time;
pub mod issue_code;
pub mod last_credential;
pub mod mail_proof_code;
pub mod notify;
pub mod prove_address;
pub mod read_factors;
pub mod reauthenticate;
pub mod recognize_device;
pub mod record_deletion;
pub mod record_log_out;
pub mod refuse_breached;
pub mod renew_session;
pub mod replace_recovery_codes;
pub mod start_session;
pub mod watch_for_breach;
