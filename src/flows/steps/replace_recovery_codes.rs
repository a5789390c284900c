//! Makes a new set of recovery codes.

use chrono::{DateTime, Utc};

use crate::app::App;
use crate::app::second_factors::SecondFactors;
use crate::model::factor::recovery_code::RecoveryCode;
use crate::model::id::UserId;
use crate::store::Tx;
use crate::store::totp::recovery_codes;

/// Stores the hashes of a new set for `user`, in place of the old one, and returns the codes: this is the only time
/// that they can be shown. Lock the account first.
pub(in crate::flows) async fn replace_recovery_codes(
    app: &App,
    tx: &mut Tx,
    user: UserId,
    now: DateTime<Utc>,
) -> anyhow::Result<Vec<RecoveryCode>> {
    let codes = SecondFactors::generate_recovery_codes()?;
    let hashes: Vec<_> = codes
        .iter()
        .map(|code| app.second_factors.hash_recovery_code(user, code))
        .collect();
    recovery_codes::replace(tx.conn(), user, &hashes, now).await?;
    Ok(codes)
}
