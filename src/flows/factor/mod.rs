//! Authenticator apps, recovery codes, the second step of a log-in, and fresh proofs.

pub mod confirm_totp;
pub mod finish_log_in;
pub mod remove_totp;
pub mod renew_recovery_codes;
pub mod send_proof_code;
pub mod start_totp;
pub mod step_up;
