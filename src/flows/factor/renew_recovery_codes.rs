//! An account owner makes a new set of recovery codes.

use crate::app::App;
use crate::flows::steps::claim_session::claim_session;
use crate::flows::steps::notify::{Owner, notify};
use crate::flows::steps::reauthenticate::{ReauthenticationError, reauthenticate};
use crate::flows::steps::replace_recovery_codes::replace_recovery_codes;
use crate::model::client::Client;
use crate::model::factor::recovery_code::RecoveryCode;
use crate::model::mail::{Message, format_time};
use crate::model::session::SignedIn;
use crate::store::totp;

#[derive(Debug, thiserror::Error)]
pub enum RenewRecoveryCodesError {
    #[error("the acting session has ended")]
    NotAuthenticated,
    /// Without a second factor nothing ever asks for a recovery code.
    #[error("the account has no authenticator app")]
    NotSetUp,
    #[error(transparent)]
    Reauthentication(#[from] ReauthenticationError),
    #[error(transparent)]
    Internal(#[from] anyhow::Error),
}

internal_from_store!(RenewRecoveryCodesError);

/// Replaces the recovery codes; the old ones stop working at once. A fresh proof by a second factor is needed.
pub async fn renew_recovery_codes(
    app: &App,
    signed_in: &SignedIn,
    client: &Client,
) -> Result<Vec<RecoveryCode>, RenewRecoveryCodesError> {
    let reauthenticated = reauthenticate(app, signed_in, None, client).await?;
    let (user, now) = (signed_in.user_id, app.clock.now());

    let mut tx = app.db.write().await?;
    if !claim_session(&mut tx, signed_in, now).await? {
        return Err(RenewRecoveryCodesError::NotAuthenticated);
    }
    reauthenticated.record_success(&mut tx, now).await?;
    if totp::of_user(tx.conn(), user).await?.is_none() {
        return Err(RenewRecoveryCodesError::NotSetUp);
    }
    let codes = replace_recovery_codes(app, &mut tx, user, now).await?;
    let owner = Owner {
        email: &signed_in.email,
        email_verified: signed_in.email_verified,
    };
    let message = Message::RecoveryCodesRenewed { at: format_time(now) };
    notify(app, &mut tx, owner, client, message, now).await?;
    tx.commit().await?;
    Ok(codes)
}
