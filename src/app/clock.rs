//! The current time. Every rule about expiry reads it here, so that tests can move it.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};

/// A source of the current time in whole seconds, the precision of the stored times.
#[derive(Clone, Debug)]
pub enum Clock {
    /// The machine's clock.
    System,
    /// Seconds since the Unix epoch; only [`Clock::advance`] moves them.
    Fixed(Arc<AtomicI64>),
}

impl Clock {
    /// A clock that stands at `start`.
    #[must_use]
    pub fn fixed(start: DateTime<Utc>) -> Self {
        Self::Fixed(Arc::new(AtomicI64::new(start.timestamp())))
    }

    #[must_use]
    pub fn now(&self) -> DateTime<Utc> {
        let seconds = match self {
            Self::System => machine_time().timestamp(),
            Self::Fixed(seconds) => seconds.load(Ordering::SeqCst),
        };
        DateTime::from_timestamp(seconds, 0).expect("clocks stay within the years that chrono knows")
    }

    /// A time that never runs backwards. The system clock counts from `start`, because an operator may set the
    /// machine's clock back; a fixed clock counts from 1970.
    #[must_use]
    pub fn monotonic(&self, start: Instant) -> Duration {
        match self {
            Self::System => start.elapsed(),
            Self::Fixed(seconds) => {
                Duration::from_secs(u64::try_from(seconds.load(Ordering::SeqCst)).unwrap_or_default())
            }
        }
    }

    /// Moves a fixed clock and every clone of it.
    ///
    /// # Panics
    /// On the system clock, which only the operator can set.
    pub fn advance(&self, by: TimeDelta) {
        let Self::Fixed(seconds) = self else {
            panic!("only a fixed clock can be moved");
        };
        seconds.fetch_add(by.num_seconds(), Ordering::SeqCst);
    }
}

#[expect(clippy::disallowed_methods, reason = "the one place that reads the machine's clock")]
fn machine_time() -> DateTime<Utc> {
    Utc::now()
}
