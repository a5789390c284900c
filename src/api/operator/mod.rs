//! Health checks, the documentation pages and the development inbox.

pub mod dev_inbox;
pub mod docs;
pub mod health;
