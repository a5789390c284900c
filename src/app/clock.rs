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
    /// The machine's clock, this many seconds ahead.
    Ahead(Arc<AtomicI64>),
}

impl Clock {
    /// A clock that stands at `start`.
    #[must_use]
    pub fn fixed(start: DateTime<Utc>) -> Self {
        Self::Fixed(Arc::new(AtomicI64::new(start.timestamp())))
    }

    /// The machine's clock, which [`Clock::advance`] can move into the future.
    #[must_use]
    pub fn ahead() -> Self {
        Self::Ahead(Arc::default())
    }

    #[must_use]
    pub fn now(&self) -> DateTime<Utc> {
        let seconds = match self {
            Self::System => machine_time().timestamp(),
            Self::Fixed(seconds) => seconds.load(Ordering::SeqCst),
            Self::Ahead(seconds) => machine_time().timestamp() + seconds.load(Ordering::SeqCst),
        };
        DateTime::from_timestamp(seconds, 0).expect("clocks stay within the years that chrono knows")
    }

    /// A time that never runs backwards. The system clock counts from `start`, because an operator may set the
    /// machine's clock back; a fixed clock counts from 1970.
    #[must_use]
    pub fn monotonic(&self, start: Instant) -> Duration {
        match self {
            Self::System => start.elapsed(),
            Self::Fixed(seconds) => whole(seconds),
            Self::Ahead(seconds) => start.elapsed() + whole(seconds),
        }
    }

    /// Moves a clock that can be moved, and every clone of it.
    ///
    /// # Panics
    /// On the system clock, which only the operator can set.
    pub fn advance(&self, by: TimeDelta) {
        let (Self::Fixed(seconds) | Self::Ahead(seconds)) = self else {
            panic!("the machine's clock can't be moved");
        };
        seconds.fetch_add(by.num_seconds(), Ordering::SeqCst);
    }
}

fn whole(seconds: &AtomicI64) -> Duration {
    Duration::from_secs(u64::try_from(seconds.load(Ordering::SeqCst)).unwrap_or_default())
}

#[expect(clippy::disallowed_methods, reason = "the one place that reads the machine's clock")]
fn machine_time() -> DateTime<Utc> {
    Utc::now()
}
