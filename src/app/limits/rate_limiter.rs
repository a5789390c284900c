//! A keyed rate limiter whose memory is allocated once and never grows.
//!
//! The algorithm is GCRA: for each key it stores one time, at which the key's past requests are paid for. A time in the
//! past says nothing, so its place is free. The table has sets of 8 places; a key's hash chooses its set. When all
//! places of a set are taken, a new key replaces the key that is nearest to being free. So a flood of new keys replaces
//! other new keys, and keys over their limit stay.
//!
//! The keyed limiters of crates keep every key until a task sweeps it, so an attacker decides how much memory they take
//! (`docs/decisions/0002-own-rate-limiter.md`).

use std::hash::{BuildHasher, Hash, RandomState};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::app::clock::Clock;
use crate::model::limit::rate::Rate;

const SETS: usize = 8192;
const PLACES: usize = 8;

#[derive(Debug, Clone, Copy, Default)]
struct Place {
    /// The key's hash under a random key of this process, so that a client can't choose keys that share a set.
    key: u64,
    /// When the key's past requests are paid for, in nanoseconds of [`RateLimiter::now`].
    free_at: u64,
}

/// A table of counts; each set has a lock of its own.
#[derive(Debug)]
pub struct RateLimiter {
    clock: Clock,
    started: Instant,
    hashes: RandomState,
    sets: Box<[Mutex<[Place; PLACES]>]>,
}

impl RateLimiter {
    /// A rate limiter that has counted nothing yet.
    #[must_use]
    pub fn new(clock: Clock) -> Self {
        Self {
            clock,
            started: Instant::now(),
            hashes: RandomState::new(),
            sets: (0..SETS).map(|_| Mutex::default()).collect(),
        }
    }

    /// Counts one request of `key`, unless that would exceed `rate`. Returns how much of the rate's period is used up.
    ///
    /// # Errors
    /// The time after which the next request is allowed. A rejected request does not count.
    pub fn count(&self, key: impl Hash, rate: Rate) -> Result<Duration, Duration> {
        let key = self.hashes.hash_one(key);
        let now = self.now();
        let index = usize::try_from(key % SETS as u64).unwrap_or_default();
        let mut set = self.sets[index].lock().unwrap_or_else(PoisonError::into_inner);
        let place = match set.iter().position(|place| place.key == key) {
            Some(known) => &mut set[known],
            None => set
                .iter_mut()
                .min_by_key(|place| place.free_at)
                .expect("a set has places"),
        };
        let free_at = if place.key == key { place.free_at.max(now) } else { now };
        let next = free_at + nanoseconds(rate.interval());
        let excess = (next - now).saturating_sub(nanoseconds(rate.period()));
        if excess > 0 {
            return Err(Duration::from_nanos(excess));
        }
        *place = Place { key, free_at: next };
        Ok(Duration::from_nanos(next - now))
    }

    /// Nanoseconds that never run backwards, even when the operator sets the machine's clock back.
    fn now(&self) -> u64 {
        nanoseconds(self.clock.monotonic(self.started))
    }
}

fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, TimeDelta};

    use super::*;

    fn rate_limiter() -> (RateLimiter, Clock) {
        let clock = Clock::fixed(DateTime::UNIX_EPOCH + TimeDelta::days(20_000));
        (RateLimiter::new(clock.clone()), clock)
    }

    fn rate(text: &str) -> Rate {
        text.parse().unwrap()
    }

    impl RateLimiter {
        fn allow(&self, key: impl Hash, rate: Rate) -> Result<(), Duration> {
            self.count(key, rate).map(drop)
        }
    }

    #[test]
    fn a_burst_of_the_whole_count_is_allowed_and_then_one_per_interval() {
        let (rate_limiter, clock) = rate_limiter();
        let rate = rate("3/30s");
        for _ in 0..3 {
            assert_eq!(rate_limiter.allow("key", rate), Ok(()));
        }
        assert_eq!(rate_limiter.allow("key", rate), Err(Duration::from_secs(10)));
        assert_eq!(rate_limiter.allow("another", rate), Ok(()));
        clock.advance(TimeDelta::seconds(9));
        assert_eq!(rate_limiter.allow("key", rate), Err(Duration::from_secs(1)));
        clock.advance(TimeDelta::seconds(1));
        assert_eq!(rate_limiter.allow("key", rate), Ok(()));
        assert_eq!(
            rate_limiter.allow("key", rate),
            Err(Duration::from_secs(10)),
            "a rejected request must not count"
        );
        clock.advance(TimeDelta::days(1));
        for _ in 0..3 {
            assert_eq!(rate_limiter.allow("key", rate), Ok(()));
        }
        assert!(
            rate_limiter.allow("key", rate).is_err(),
            "a quiet day must not allow more than one burst"
        );
    }

    #[test]
    fn a_count_tells_how_much_of_the_period_is_used_up() {
        let (rate_limiter, clock) = rate_limiter();
        let rate = rate("3/30s");
        assert_eq!(rate_limiter.count("key", rate), Ok(Duration::from_secs(10)));
        assert_eq!(rate_limiter.count("key", rate), Ok(Duration::from_secs(20)));
        clock.advance(TimeDelta::seconds(15));
        assert_eq!(rate_limiter.count("key", rate), Ok(Duration::from_secs(15)));
    }

    /// Keys are what clients choose, so their number must cost nothing.
    #[test]
    fn a_million_keys_take_no_memory_and_displace_no_key_over_its_limit() {
        let (rate_limiter, _clock) = rate_limiter();
        let rate = rate("10/h");
        let is_rejected = |key: &str| rate_limiter.allow(key, rate).is_err();
        let offenders: Vec<_> = (0..100).map(|number| format!("offender {number}")).collect();
        for offender in &offenders {
            while !is_rejected(offender) {}
        }
        for number in 0..1_000_000 {
            assert_eq!(rate_limiter.allow(number, rate), Ok(()), "a new key must be allowed");
        }
        assert!(offenders.iter().all(|offender| is_rejected(offender)));
        let bytes = std::mem::size_of_val(&*rate_limiter.sets);
        assert!(bytes <= 1_200_000, "{bytes} bytes");
    }

    #[test]
    fn concurrent_requests_are_allowed_exactly_as_often_as_the_rate_says() {
        let (rate_limiter, _clock) = rate_limiter();
        let rate = rate("50/h");
        let allowed: usize = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..8)
                .map(|_| scope.spawn(|| (0..100).filter(|_| rate_limiter.allow("key", rate).is_ok()).count()))
                .collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).sum()
        });
        assert_eq!(allowed, 50);
    }
}
