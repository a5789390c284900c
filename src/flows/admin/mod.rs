//! What operators do with accounts, sessions and keys, by the admin API and at the command line. Every change records
//! an event that names the operator.

pub mod admit_key;
pub mod admit_session;
pub mod change_admin_right;
pub mod change_user;
mod claim_user;
pub mod count_matching_sessions;
pub mod create_key;
pub mod create_user;
pub mod delete_user;
mod end_access;
pub mod end_matching_sessions;
pub mod end_one_session;
pub mod end_sessions_of;
pub mod find_user;
pub mod invite_user;
pub mod lacks_operator;
pub mod list_deletions;
pub mod list_keys;
pub mod list_sessions_of;
pub mod list_users;
pub mod make_recovery_link;
mod match_sessions;
pub mod mint_session;
pub mod revoke_key;
pub mod show_instance;
pub mod show_statistics;
pub mod show_user;

pub use claim_user::ClaimError;
