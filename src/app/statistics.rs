//! Keeps the numbers about the service. An operator's page that asks again and again must not keep the database busy,
//! and must not wait for a count that takes long: among many accounts the background worker counts, and requests are
//! answered with the numbers of its last round.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};

use crate::model::statistics::Statistics;
use crate::model::unavailable::Unavailable;

/// For how long numbers are shown that are soon counted.
const HOLDS: Duration = Duration::from_mins(1);
/// A request may wait for a count that takes no longer.
const QUICK: Duration = Duration::from_millis(50);
/// Counting takes at most one part in so many of the database's time.
const REST: u32 = 100;
/// Numbers that nothing has renewed for so long are counted while the request waits.
const LONGEST: Duration = Duration::from_hours(1);

/// The numbers that were counted last. Callers at the same time share one count.
#[derive(Debug, Default)]
pub struct LatestStatistics {
    latest: Mutex<Option<Counted>>,
    /// Until when a database is left alone in which a count failed, perhaps because it takes too long.
    rests_until: Mutex<Option<Instant>>,
    counting: tokio::sync::Mutex<()>,
}

#[derive(Debug, Clone)]
struct Counted {
    numbers: Statistics,
    took: Duration,
}

impl Counted {
    fn is_younger_than(&self, limit: Duration, now: DateTime<Utc>) -> bool {
        // A clock that was set back makes numbers of the future, which are counted again.
        (now - self.numbers.counted_at).to_std().is_ok_and(|age| age < limit)
    }

    fn may_be_shown(&self, now: DateTime<Utc>) -> bool {
        self.is_younger_than(if self.took <= QUICK { HOLDS } else { LONGEST }, now)
    }

    /// Whether the worker leaves these as they are: young ones, and those that a request counts soon enough.
    fn is_enough(&self, now: DateTime<Utc>) -> bool {
        self.took <= QUICK || self.is_younger_than(rest_after(self.took), now)
    }
}

fn rest_after(took: Duration) -> Duration {
    (took * REST).max(HOLDS)
}

impl LatestStatistics {
    /// The numbers that were counted last, or those of `count` if they are too old.
    ///
    /// # Errors
    /// Those of `count`, and [`Unavailable`] during the rest after a failed one.
    pub async fn of(
        &self,
        now: DateTime<Utc>,
        count: impl Future<Output = anyhow::Result<Statistics>>,
    ) -> anyhow::Result<Statistics> {
        let counted = self.unless(|known| known.may_be_shown(now), count).await?;
        Ok(counted
            .ok_or_else(|| Unavailable::new("a count of accounts and sessions has failed, and the next one waits"))?)
    }

    /// Counts again if it takes too long for a request to wait, or if it is not known how long it takes.
    ///
    /// # Errors
    /// Those of `count`. The numbers of before are still shown.
    pub async fn renew(
        &self,
        now: DateTime<Utc>,
        count: impl Future<Output = anyhow::Result<Statistics>>,
    ) -> anyhow::Result<()> {
        self.unless(|known| known.is_enough(now), count).await.map(drop)
    }

    /// The known numbers if they are good, or those of `count`. `None` during the rest after a failed count.
    async fn unless(
        &self,
        is_good: impl Fn(&Counted) -> bool,
        count: impl Future<Output = anyhow::Result<Statistics>>,
    ) -> anyhow::Result<Option<Statistics>> {
        if let Some(known) = self.known().filter(&is_good) {
            return Ok(Some(known.numbers));
        }
        let _alone = self.counting.lock().await;
        if let Some(known) = self.known().filter(&is_good) {
            return Ok(Some(known.numbers));
        }
        if self.rests() {
            return Ok(None);
        }
        let began = Instant::now();
        let counted = count.await;
        let took = began.elapsed();
        match &counted {
            Ok(numbers) => self.put(numbers.clone(), took),
            Err(_) => self.rest(Instant::now() + took * REST),
        }
        counted.map(Some)
    }

    fn rests(&self) -> bool {
        let until = *self.rests_until.lock().unwrap_or_else(PoisonError::into_inner);
        until.is_some_and(|until| Instant::now() < until)
    }

    fn rest(&self, until: Instant) {
        *self.rests_until.lock().unwrap_or_else(PoisonError::into_inner) = Some(until);
    }

    fn known(&self) -> Option<Counted> {
        self.latest.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn put(&self, numbers: Statistics, took: Duration) {
        *self.latest.lock().unwrap_or_else(PoisonError::into_inner) = Some(Counted { numbers, took });
    }
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};

    use chrono::TimeDelta;
    use tokio::time::sleep;

    use super::*;

    const SLOW: Duration = Duration::from_secs(2);

    fn numbers(counted_at: DateTime<Utc>) -> Statistics {
        Statistics {
            counted_at,
            accounts: 1,
            live_sessions: 1,
            days: Vec::new(),
        }
    }

    #[tokio::test]
    async fn no_request_waits_for_a_count_that_takes_long() {
        let (latest, begin) = (LatestStatistics::default(), DateTime::UNIX_EPOCH);
        latest.put(numbers(begin), SLOW);
        // Even while the worker counts.
        let _counting = latest.counting.lock().await;
        let shown = latest.of(begin + TimeDelta::minutes(59), pending()).await.unwrap();
        assert_eq!(shown.counted_at, begin);
    }

    #[tokio::test]
    async fn the_worker_counts_what_takes_long_and_rests_for_a_hundred_times_as_long() {
        let (latest, begin) = (LatestStatistics::default(), DateTime::UNIX_EPOCH);
        let count = |at| ready(Ok(numbers(at)));
        latest.put(numbers(begin), SLOW);
        let soon = begin + TimeDelta::seconds(199);
        latest.renew(soon, count(soon)).await.unwrap();
        assert_eq!(latest.known().unwrap().numbers.counted_at, begin);
        let later = begin + TimeDelta::seconds(200);
        latest.renew(later, count(later)).await.unwrap();
        assert_eq!(latest.known().unwrap().numbers.counted_at, later);

        // What is soon counted is counted when a request asks.
        latest.put(numbers(begin), QUICK);
        latest.renew(later, count(later)).await.unwrap();
        assert_eq!(latest.known().unwrap().numbers.counted_at, begin);
        assert_eq!(latest.of(later, count(later)).await.unwrap().counted_at, later);
    }
    #[tokio::test]
    async fn after_a_count_that_failed_nobody_counts_for_a_while() {
        let (latest, now) = (LatestStatistics::default(), DateTime::UNIX_EPOCH);
        let count = || ready(Ok(numbers(now)));
        let failing = async {
            sleep(Duration::from_millis(100)).await;
            Err(anyhow::anyhow!("the statement took too long"))
        };
        assert!(latest.of(now, failing).await.is_err());
        latest.renew(now, count()).await.unwrap();
        let refusal = latest.of(now, count()).await.unwrap_err();
        assert!(Unavailable::is_in(&refusal));
        latest.rest(Instant::now());
        latest.renew(now, count()).await.unwrap();
        assert_eq!(latest.of(now, pending()).await.unwrap().counted_at, now);
    }

    #[test]
    fn a_rest_is_a_hundred_times_as_long_as_its_count_and_a_minute_at_least() {
        assert_eq!(rest_after(Duration::from_millis(10)), Duration::from_mins(1));
        assert_eq!(rest_after(Duration::from_secs(20)), Duration::from_secs(2000));
    }
}
