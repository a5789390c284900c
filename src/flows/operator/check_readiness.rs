//! A load balancer asks whether this instance can serve.

use crate::app::App;
use crate::model::unavailable::Unavailable;

/// Succeeds when the instance is not about to stop, and the database answers and has every migration of this binary.
///
/// # Errors
/// [`Unavailable`] otherwise.
pub async fn check_readiness(app: &App) -> anyhow::Result<()> {
    if app.draining.is_cancelled() {
        return Err(Unavailable::new("this instance is about to stop").into());
    }
    if app.db.is_migrated().await? {
        Ok(())
    } else {
        Err(Unavailable::new("the database lacks migrations of this binary; run `neptun-auth migrate`").into())
    }
}
