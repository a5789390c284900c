//! Ends what lets clients into an account, or soon would.

use chrono::{DateTime, Utc};

use crate::model::id::UserId;
use crate::model::mail::code::INVITATION_LIFETIME;
use crate::store::codes::invitations;
use crate::store::{self, Tx, codes, sessions, users};

/// Ends the sessions and tokens of the account, its codes and keys, and log-ins of which the first step is done;
/// returns how many sessions were alive. Lock the account first.
///
/// A former owner of the address keeps the way to take it back. An account that was made for a guest still goes when
/// the guest does not come.
pub(super) async fn end_access(tx: &mut Tx, user: UserId, now: DateTime<Utc>) -> store::Result<u64> {
    let ended = sessions::end_all_of_user(tx, user, now).await?;
    codes::void_all_but_restore_email_and_invitation(tx.conn(), user, now).await?;
    invitations::void_keys(tx.conn(), user, now + INVITATION_LIFETIME).await?;
    users::begin_device_generation(tx.conn(), user).await?;
    Ok(ended)
}
