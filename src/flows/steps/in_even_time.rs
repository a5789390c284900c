//! Answers leave at even times, so that how long one takes does not tell what it must not say (OWASP ASVS 6.3.8).

use std::time::Duration;

use tokio::time::{Instant, sleep_until};

/// The time between two moments at which an answer may leave. The work takes a few milliseconds at most, so that almost
/// every answer leaves at the first of them.
const INTERVAL: Duration = Duration::from_millis(10);

/// Does `work`, and returns only when a whole number of intervals of 10 ms has passed since it began. Where there is an
/// account, `work` reads a row more than where there is none, and this hides it.
pub(in crate::flows) async fn in_even_time<T>(work: impl Future<Output = T>) -> T {
    let began = Instant::now();
    let result = work.await;
    sleep_until(began + even(began.elapsed())).await;
    result
}

fn even(elapsed: Duration) -> Duration {
    let passed = elapsed.as_millis() / INTERVAL.as_millis();
    INTERVAL * u32::try_from(passed + 1).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{INTERVAL, even, in_even_time};

    #[test]
    fn answers_leave_at_the_next_even_time() {
        let after = |ms| even(Duration::from_micros(ms)).as_millis();
        assert_eq!([0, 9_999, 10_000, 10_001, 25_000].map(after), [10, 10, 20, 20, 30]);
    }

    #[tokio::test]
    async fn what_takes_no_time_takes_an_interval() {
        let began = std::time::Instant::now();
        assert_eq!(in_even_time(async { 7 }).await, 7);
        assert!(began.elapsed() >= INTERVAL);
    }
}
