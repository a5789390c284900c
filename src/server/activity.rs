//! Whether a connection is being used. It covers what HTTP's own time-outs don't: a client that never says which version
//! it speaks, an HTTP/2 connection without streams, a client that does not read its answer.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// What one connection has been doing.
#[derive(Debug, Clone)]
pub struct Activity(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    in_flight: usize,
    answered: bool,
    last: Instant,
}

/// A request in flight; dropping it says that it was answered.
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
    /// Notes that a request has come.
    #[must_use]
    pub fn begin(&self) -> InFlight {
        self.update(|state| state.in_flight += 1);
        InFlight(self.clone())
    }

    /// Whether nothing is in flight and has not been for `later`, or for `first` if there never was a request.
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
