//! Health checks, the documentation pages, and what developers have on their own machine.

pub mod dev_inbox;
pub mod dev_tools;
pub mod docs;
pub mod health;
mod local;

use crate::app::App;

/// The operations of this chapter.
pub type Apis = health::HealthApi;

/// The operations of this chapter, ready to serve.
pub fn apis(app: &App) -> Apis {
    health::HealthApi(app.clone())
}
