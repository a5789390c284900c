//! Locks an account that an operator is about to change.

use crate::model::admin::{NotPermitted, Operator};
use crate::model::id::UserId;
use crate::model::user::listed::ListedUser;
use crate::store::{Tx, users};

#[derive(Debug, thiserror::Error)]
pub enum ClaimError {
    #[error("there is no such account")]
    NotFound,
    #[error("accounts with the admin right are changed on the command line only")]
    NotPermitted,
    #[error(transparent)]
    Internal(#[from] anyhow::Error),
}

internal_from_store!(ClaimError);

impl From<NotPermitted> for ClaimError {
    fn from(_: NotPermitted) -> Self {
        Self::NotPermitted
    }
}

/// The account as it is until the transaction ends, if `operator` may change it.
pub(super) async fn claim_user(tx: &mut Tx, operator: &Operator, id: UserId) -> Result<ListedUser, ClaimError> {
    users::lock(tx, id).await?;
    let user = users::listed(tx.conn(), id).await?.ok_or(ClaimError::NotFound)?;
    if user.admin_at.is_some() && !operator.may_change_admins() {
        return Err(NotPermitted.into());
    }
    Ok(user)
}
