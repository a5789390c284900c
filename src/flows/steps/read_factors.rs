//! Reads what an account has to log in with, as its owner sees it.

use crate::app::App;
use crate::model::factor::recovery_code::ListedRecoveryCodes;
use crate::model::factor::totp::ListedTotp;
use crate::model::id::UserId;
use crate::model::passkey::MAX_PASSKEYS;
use crate::model::passkey::stored::ListedPasskey;
use crate::store::passkeys;
use crate::store::totp::{self, recovery_codes};

/// The factors of an account, without their secrets.
#[derive(Debug, Default)]
pub struct ListedFactors {
    pub totp: Option<ListedTotp>,
    pub recovery_codes: Option<ListedRecoveryCodes>,
    pub passkeys: Vec<ListedPasskey>,
}

/// The factors of `user`.
pub async fn read_factors(app: &App, user: UserId) -> anyhow::Result<ListedFactors> {
    let mut read = app.db.read().await?;
    Ok(ListedFactors {
        totp: totp::of_user(read.conn(), user).await?,
        recovery_codes: recovery_codes::of_user(read.conn(), user).await?,
        passkeys: passkeys::of_user(read.conn(), user, MAX_PASSKEYS).await?,
    })
}
