//! An operator at the command line gives an account the admin right, or takes it.

use super::claim_user::{ClaimError, claim_user};
use super::end_access::end_access;
use crate::app::App;
use crate::model::admin::Operator;
use crate::model::id::UserId;
use crate::store::{events, users};
use crate::telemetry::{self, Ended};

#[derive(Debug, thiserror::Error)]
pub enum ChangeAdminRightError {
    #[error("there is no such account")]
    NotFound,
    #[error("the account's address is not verified; verify it first")]
    NotVerified,
    #[error("the account has no authenticator app; its owner sets one up first")]
    NoSecondFactor,
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
///
/// The right needs a second factor, and it ends sessions, codes and keys that date from before: a stolen key may have
/// prepared them.
pub async fn change_admin_right(app: &App, id: UserId, give: bool) -> Result<bool, ChangeAdminRightError> {
    let (operator, now) = (Operator::at_command_line(), app.clock.now());
    let mut tx = app.db.write().await?;
    let user = claim_user(&mut tx, &operator, id).await?;
    let action = if give {
        if user.email_verified_at.is_none() {
            return Err(ChangeAdminRightError::NotVerified);
        }
        if user.second_factor_at.is_none() {
            return Err(ChangeAdminRightError::NoSecondFactor);
        }
        users::give_admin_right(tx.conn(), id, now)
            .await?
            .then_some("admin_right_given")
    } else {
        users::take_admin_right(tx.conn(), id)
            .await?
            .then_some("admin_right_taken")
    };
    let mut ended = 0;
    if let Some(action) = action {
        if give {
            ended = end_access(&mut tx, id, now).await?;
        }
        events::record(tx.conn(), &operator.action(action, Some(id), now)).await?;
    }
    tx.commit().await?;
    telemetry::sessions_ended(Ended::ByOperator, ended);
    Ok(action.is_some())
}
