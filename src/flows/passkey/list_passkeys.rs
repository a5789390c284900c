//! An account owner looks at the account's passkeys.

use crate::app::App;
use crate::model::id::UserId;
use crate::model::passkey::MAX_PASSKEYS;
use crate::model::passkey::stored::ListedPasskey;
use crate::store::passkeys;

/// Every passkey of an account, the oldest first.
pub async fn list_passkeys(app: &App, user: UserId) -> anyhow::Result<Vec<ListedPasskey>> {
    let mut read = app.db.read().await?;
    Ok(passkeys::of_user(read.conn(), user, MAX_PASSKEYS).await?)
}
