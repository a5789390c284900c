//! Spaces out the answers that refuse a request, so that a flood of refused ones can't crowd out the others.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// 500 a second: some 5 % of one core, and more than people reach by trying again.
const GAP: Duration = Duration::from_millis(2);
/// So many refusals go out at once before the gap counts.
const AT_ONCE: u32 = 100;
/// What waits is held in memory, and a client must not take the service for dead.
const LONGEST_WAIT: Duration = Duration::from_secs(2);

/// Gives each refusal its turn.
#[derive(Debug)]
pub struct Refusals {
    /// When the next turn begins. It lies in the past while refusals are rare.
    next: Mutex<Instant>,
}

impl Refusals {
    #[must_use]
    pub fn new(now: Instant) -> Self {
        Self { next: Mutex::new(now) }
    }

    /// How long a refusal of `now` waits for its turn; at most two seconds.
    ///
    /// A client that sends its next request once the last one is answered gets as many answers a second as it has
    /// connections and turns, however fast the service could refuse.
    pub fn wait(&self, now: Instant) -> Duration {
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        let earliest = now.checked_sub(GAP * AT_ONCE).unwrap_or(now);
        let turn = earliest.max(*next);
        let wait = turn.saturating_duration_since(now);
        if wait >= LONGEST_WAIT {
            return LONGEST_WAIT;
        }
        *next = turn + GAP;
        wait
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The waits of `count` refusals that come at once.
    fn all_waits(refusals: &Refusals, now: Instant, count: usize) -> Vec<Duration> {
        (0..count).map(|_| refusals.wait(now)).collect()
    }

    #[test]
    fn few_refusals_do_not_wait_and_a_flood_gets_a_turn_every_two_milliseconds() {
        let begin = Instant::now();
        let refusals = Refusals::new(begin);
        let now = begin + Duration::from_secs(1);
        let waits = all_waits(&refusals, now, 600);
        assert!(waits[..=100].iter().all(Duration::is_zero));
        assert_eq!(waits[101], GAP);
        assert_eq!(waits[599], GAP * 499);
        // Once the flood has had all its turns, refusals are rare again.
        let later = now + GAP * 600;
        assert!(all_waits(&refusals, later, 100).iter().all(Duration::is_zero));
    }

    #[test]
    fn no_refusal_waits_for_more_than_two_seconds() {
        let begin = Instant::now();
        let refusals = Refusals::new(begin);
        let waits = all_waits(&refusals, begin, 100_000);
        assert_eq!(waits.iter().max(), Some(&LONGEST_WAIT));
        // Those that have waited for longest make no debt: two seconds later the flood is forgotten but for its turns.
        assert!(refusals.wait(begin + LONGEST_WAIT) <= GAP);
    }
}
