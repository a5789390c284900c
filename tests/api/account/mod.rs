//! Making an account, logging in and out, changing, exporting and deleting it.

mod breached;
mod change_password;
mod delete;
mod devices;
mod export;
mod foreign_hashes;
mod log_in;
pub mod log_in_code;
mod log_out;
mod new_accounts;
mod profile;
mod sign_up;
mod update;
