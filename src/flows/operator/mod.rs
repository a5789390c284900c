//! What operators and load balancers ask for.

pub mod check_readiness;
pub mod copy_database;
pub mod export_users;
pub mod import_users;
pub mod rotate_keys;
