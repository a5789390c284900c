//! Whether a connection is in use. This covers what HTTP's own time-outs don't: a client that never says which version
//! it speaks, an HTTP/2 connection without streams, a client that does not read its answer.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use hyper::Version;

/// The activity of one connection.
#[derive(Debug, Clone)]
pub struct Activity(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    in_flight: usize,
    answered: bool,
    /// Of the latest request.
    version: Option<Version>,
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
            version: None,
            last: Instant::now(),
        })))
    }
}

impl Activity {
    /// Counts a request that has arrived.
    #[must_use]
    pub fn begin(&self, version: Version) -> InFlight {
        self.update(|state| {
            state.in_flight += 1;
            state.version = Some(version);
        });
        InFlight(self.clone())
    }

    /// Counts as a request in flight until the result is dropped.
    #[must_use]
    pub fn hold(&self) -> InFlight {
        self.update(|state| state.in_flight += 1);
        InFlight(self.clone())
    }

    /// Whether there was a request.
    #[must_use]
    pub fn has_begun(&self) -> bool {
        self.state().version.is_some()
    }

    /// Whether there was a request, and it was answered.
    #[must_use]
    pub fn has_answered(&self) -> bool {
        self.state().answered
    }

    /// Whether the client speaks HTTP/2, as far as its requests have told.
    #[must_use]
    pub fn is_http2(&self) -> bool {
        self.state().version == Some(Version::HTTP_2)
    }

    /// Whether no request has been in flight for `later`, or for `first` if there never was one.
    #[must_use]
    pub fn is_idle_for(&self, first: Duration, later: Duration) -> bool {
        let state = self.state();
        let limit = if state.answered { later } else { first };
        state.in_flight == 0 && state.last.elapsed() >= limit
    }

    fn update(&self, change: impl FnOnce(&mut State)) {
        let mut state = self.state();
        change(&mut state);
        state.last = Instant::now();
    }

    /// Each change is a single step, so the state stays consistent even if a thread panicked while holding it.
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl InFlight {
    /// Whether the connection carries one request after the other.
    #[must_use]
    pub fn is_http1(&self) -> bool {
        !self.0.is_http2()
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
