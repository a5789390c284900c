//! Keeps an account owner from removing the last way into the account.

use crate::app::App;
use crate::model::id::UserId;
use crate::store::{self, Tx, identities, users};

/// Whether the account has neither password, passkey nor identity left. Call it in the transaction that has just
/// removed one of them, after locking the account, and roll back if so. An identity counts while its provider is
/// configured: otherwise nothing can be done with it.
pub(in crate::flows) async fn last_credential(app: &App, tx: &mut Tx, user: UserId) -> store::Result<bool> {
    let Some(left) = users::factors(tx.conn(), user).await? else {
        return Ok(false);
    };
    if left.password_hash.is_some() || left.has_passkey {
        return Ok(false);
    }
    let identities = identities::of_user(tx.conn(), user).await?;
    Ok(!identities.iter().any(|identity| app.providers.knows(identity)))
}
