//! The token API: pairs of JWTs for the same accounts.

pub mod authenticate_token;
pub mod blacklist_token;
pub mod issue_tokens;
pub mod mint_access_token;
pub mod read_account;
pub mod refresh_tokens;
pub mod verify_token;
