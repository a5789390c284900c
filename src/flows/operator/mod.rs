//! What operators and load balancers ask for.

pub mod back_up;
pub mod change_webhook;
pub mod check_readiness;
pub mod copy_database;
pub mod create_webhook;
pub mod export_users;
pub mod import_users;
pub mod list_deliveries;
pub mod list_signing_keys;
pub mod list_webhooks;
pub mod place_in_events;
pub mod read_events;
pub mod reseal;
pub mod restore_copy;
pub mod restore_in_place;
pub mod rotate_keys;
pub mod show_webhook;
pub mod take_over;
