//! Making an account, logging in and out, changing, exporting and deleting it.

pub mod delete_account;
pub mod export_account;
pub mod log_in;
pub mod log_out;
mod prove_both_factors;
pub mod sign_up;
pub mod update_account;
