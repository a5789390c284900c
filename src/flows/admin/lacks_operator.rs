//! Looks for the first account with the admin right, when the service starts.

use crate::app::App;
use crate::store::users;

/// Accounts that are looked at. A service with more has found its operators long ago.
const MOST: u32 = 10_000;

/// Whether the service is so new that no account has the admin right yet.
pub async fn lacks_operator(app: &App) -> anyhow::Result<bool> {
    let mut read = app.db.read().await?;
    let (accounts, operators) = users::first_operators(read.conn(), MOST).await?;
    Ok(operators == 0 && accounts < i64::from(MOST))
}
