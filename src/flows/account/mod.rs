//! Making an account, logging in and out, changing, exporting and deleting it.

pub mod delete_account;
pub mod export_account;
pub mod log_in;
pub mod log_in_with_code;
pub mod log_out;
mod prove_both_factors;
pub mod request_log_in_code;
pub mod sign_up;
pub mod update_account;
pub mod update_profile;
