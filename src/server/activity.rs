//! Whether a connection is in use. This covers what HTTP's own time-outs don't: a client that never says which version
//! it speaks, an HTTP/2 connection without streams, a client that does not read its answer.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// The activity of one connection.
#[derive(Debug, Clone)]
pub struct Activity(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    in_flight: usize,
    answered: bool,
    last: Instant,
}

/// A request in flight; dropping it marks the request as answered.
#[derive(Debug)]
pub struct InFlight(Activity);

impl Default for Activity {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(State {
            in_flight: 0,
            answered: false,
            last: Instant::now(),
        })))
    }
}

impl Activity {
    /// Counts a request that has arrived.
    #[must_use]
    pub fn begin(&self) -> InFlight {
        self.update(|state| state.in_flight += 1);
        InFlight(self.clone())
    }

    /// Whether no request has been in flight for `later`, or for `first` if there never was one.
    #[must_use]
    pub fn is_idle_for(&self, first: Duration, later: Duration) -> bool {
        let state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let limit = if state.answered { later } else { first };
        state.in_flight == 0 && state.last.elapsed() >= limit
    }

    fn update(&self, change: impl FnOnce(&mut State)) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut state);
        state.last = Instant::now();
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.update(|state| {
            state.in_flight -= 1;
            state.answered = true;
        });
    }
}
