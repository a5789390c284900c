//! Keeps the numbers about the service for a minute. A million accounts take a second to count, and an operator's page
//! that asks again and again must not keep the database busy. Callers at the same time share one count.

use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::Mutex;

use crate::model::statistics::Statistics;

/// For how long numbers are shown.
const HOLDS: TimeDelta = TimeDelta::minutes(1);

/// The numbers that were counted last.
#[derive(Debug, Default)]
pub struct LatestStatistics(Mutex<Option<Statistics>>);

impl LatestStatistics {
    /// The numbers that were counted last, or those of `count` if they are too old.
    ///
    /// # Errors
    /// Those of `count`. The next caller tries again.
    pub async fn of(
        &self,
        now: DateTime<Utc>,
        count: impl Future<Output = anyhow::Result<Statistics>>,
    ) -> anyhow::Result<Statistics> {
        let mut latest = self.0.lock().await;
        match &*latest {
            // A clock that was set back makes numbers of the future, which are counted again.
            Some(known) if (TimeDelta::zero()..HOLDS).contains(&(now - known.counted_at)) => Ok(known.clone()),
            _ => Ok(latest.insert(count.await?).clone()),
        }
    }
}
