//! Health checks, the documentation pages and the development inbox.

pub mod dev_inbox;
pub mod docs;
pub mod health;

use crate::app::App;

/// The operations of this chapter.
pub type Apis = health::HealthApi;

/// The operations of this chapter, ready to serve.
pub fn apis(app: &App) -> Apis {
    health::HealthApi(app.clone())
}
