//! Rejects a new password that is known from a breach of another service.

use crate::app::App;
use crate::model::user::password::{BreachedPassword, Password};

/// To be called for every new password that has passed the policy, before it is hashed.
///
/// # Errors
/// [`BreachedPassword`]; never because a list can't be read.
pub(in crate::flows) async fn refuse_breached(app: &App, new: &Password) -> Result<(), BreachedPassword> {
    if app.breached.knows(new).await {
        return Err(BreachedPassword);
    }
    Ok(())
}
