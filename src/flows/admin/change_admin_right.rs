//! An operator at the command line gives an account the admin right, or takes it.

use super::claim_user::{ClaimError, claim_user};
use crate::app::App;
use crate::model::admin::Operator;
use crate::model::id::UserId;
use crate::store::{events, users};

#[derive(Debug, thiserror::Error)]
pub enum ChangeAdminRightError {
    #[error("there is no such account")]
    NotFound,
    #[error("the account's address is not verified; verify it first")]
    NotVerified,
    #[error(transparent)]
    Internal(#[from] anyhow::Error),
}

internal_from_store!(ChangeAdminRightError);

impl From<ClaimError> for ChangeAdminRightError {
    fn from(error: ClaimError) -> Self {
        match error {
            ClaimError::NotFound => Self::NotFound,
            ClaimError::NotPermitted => Self::Internal(error.into()),
            ClaimError::Internal(error) => Self::Internal(error),
        }
    }
}

/// Gives the account the right to use the admin API, or takes it; `false` if it was so before. No operation of the API
/// calls this, so that a stolen key can't make operators.
pub async fn change_admin_right(app: &App, id: UserId, give: bool) -> Result<bool, ChangeAdminRightError> {
    let (operator, now) = (Operator::at_command_line(), app.clock.now());
    let mut tx = app.db.write().await?;
    let user = claim_user(&mut tx, &operator, id).await?;
    let action = if give {
        if user.email_verified_at.is_none() {
            return Err(ChangeAdminRightError::NotVerified);
        }
        users::give_admin_right(tx.conn(), id, now)
            .await?
            .then_some("admin_right_given")
    } else {
        users::take_admin_right(tx.conn(), id)
            .await?
            .then_some("admin_right_taken")
    };
    if let Some(action) = action {
        events::record(tx.conn(), &operator.action(action, Some(id), now)).await?;
    }
    tx.commit().await?;
    Ok(action.is_some())
}
