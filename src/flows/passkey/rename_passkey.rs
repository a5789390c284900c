//! An account owner renames a passkey.

use crate::app::App;
use crate::model::passkey::stored::{ListedPasskey, PasskeyId, PasskeyName};
use crate::model::session::SignedIn;
use crate::store::passkeys;

/// Renames a passkey; `None` when the account has no such passkey, even if another account has.
pub async fn rename_passkey(
    app: &App,
    signed_in: &SignedIn,
    id: PasskeyId,
    name: &PasskeyName,
) -> anyhow::Result<Option<ListedPasskey>> {
    let once = app.db.once();
    let renamed = once.run(async |conn| passkeys::rename(conn, signed_in.user_id, id, name).await);
    Ok(renamed.await?)
}
