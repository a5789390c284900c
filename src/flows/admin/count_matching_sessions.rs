//! An operator asks how many sessions a filter would end.

use crate::app::App;
use crate::model::session::ended::SessionFilter;
use crate::store::sessions;

/// The number of live sessions of all accounts that fit the filter.
pub async fn count_matching_sessions(app: &App, filter: &SessionFilter) -> anyhow::Result<i64> {
    Ok(sessions::count_fitting(app.db.read().await?.conn(), filter, app.clock.now()).await?)
}
