//! Keeps the background tasks running, and knows which of them don't work.

use std::collections::BTreeSet;
use std::panic::AssertUnwindSafe;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use futures_util::FutureExt;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use crate::telemetry::{self, BackgroundTask};

/// Pauses before a task starts again double from the first one up to this number of it.
const LONGEST_PAUSE: u32 = 60;

#[derive(Debug)]
pub struct Background {
    failing: Mutex<BTreeSet<BackgroundTask>>,
    first_pause: Duration,
}

impl Default for Background {
    fn default() -> Self {
        Self {
            failing: Mutex::default(),
            first_pause: Duration::from_secs(1),
        }
    }
}

impl Background {
    /// The tasks that don't work now.
    #[must_use]
    pub fn failing(&self) -> Vec<BackgroundTask> {
        let failing = self.failing.lock().unwrap_or_else(PoisonError::into_inner);
        failing.iter().copied().collect()
    }

    /// Notes whether the latest round of a task succeeded; returns whether that is news.
    pub fn set(&self, task: BackgroundTask, works: bool) -> bool {
        telemetry::background_task(task, works);
        let mut failing = self.failing.lock().unwrap_or_else(PoisonError::into_inner);
        if works {
            failing.remove(&task)
        } else {
            failing.insert(task)
        }
    }

    /// Runs `task` until `shutdown`. If it ends before, by a panic or for any other reason, it starts again after a
    /// pause.
    pub async fn keep_running<F>(&self, task: BackgroundTask, shutdown: &CancellationToken, run: impl Fn() -> F)
    where
        F: Future<Output = ()>,
    {
        let longest_pause = self.first_pause * LONGEST_PAUSE;
        let mut pause = self.first_pause;
        loop {
            self.set(task, true);
            let started = Instant::now();
            let ended = AssertUnwindSafe(async { run().await }).catch_unwind().await;
            if shutdown.is_cancelled() {
                return;
            }
            self.set(task, false);
            if started.elapsed() > longest_pause {
                pause = self.first_pause;
            }
            let why = if ended.is_err() { "it panicked" } else { "it returned" };
            telemetry::background_task_restarts(task, why, pause);
            tokio::select! {
                () = sleep(pause) => {}
                () = shutdown.cancelled() => return,
            }
            pause = (pause * 2).min(longest_pause);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAUSE: Duration = Duration::from_millis(50);

    /// Runs `run` until it has started this number of times. Returns the time from each start to the next.
    async fn gaps_between(starts: usize, run: impl AsyncFn(usize)) -> Vec<Duration> {
        let background = Background {
            first_pause: PAUSE,
            ..Background::default()
        };
        let (shutdown, started) = (CancellationToken::new(), Mutex::new(Vec::new()));
        let noted = || async {
            let number = {
                let mut started = started.lock().unwrap();
                started.push(Instant::now());
                started.len()
            };
            if number == starts {
                shutdown.cancel();
            } else {
                run(number).await;
            }
        };
        background.keep_running(BackgroundTask::Mail, &shutdown, noted).await;
        assert_eq!(background.failing(), [], "it works when it has started");
        let started = started.into_inner().unwrap();
        started.windows(2).map(|pair| pair[1] - pair[0]).collect()
    }

    #[tokio::test]
    async fn a_task_that_panics_or_returns_starts_again_after_longer_and_longer_pauses() {
        let panics = gaps_between(6, async |_| panic!("test")).await;
        let returns = gaps_between(6, async |_| {}).await;
        for gaps in [panics, returns] {
            for (number, gap) in gaps.iter().enumerate() {
                assert!(*gap >= PAUSE * (1 << number), "{gaps:?}");
            }
        }
    }

    #[tokio::test]
    async fn a_task_fails_until_it_has_started_again() {
        let background = Background::default();
        let shutdown = CancellationToken::new();
        let running = background.keep_running(BackgroundTask::Mail, &shutdown, async || {});
        let observed = async {
            while background.failing().is_empty() {
                tokio::task::yield_now().await;
            }
        };
        tokio::select! {
            () = running => panic!("it was not told to stop"),
            () = observed => {}
        }
        assert_eq!(background.failing(), [BackgroundTask::Mail]);
    }

    #[tokio::test]
    async fn a_task_that_ran_for_long_starts_again_after_the_first_pause() {
        let long = PAUSE * (LONGEST_PAUSE + 1);
        // Four quick failures make the next pause 16 times as long as the first.
        let gaps = gaps_between(6, async |number| {
            if number == 5 {
                sleep(long).await;
            }
        })
        .await;
        assert!(gaps[4] < long + PAUSE * 12, "{gaps:?}");
    }

    #[tokio::test]
    async fn a_task_that_runs_works_and_its_end_after_the_shutdown_is_no_failure() {
        let (background, shutdown) = (Background::default(), CancellationToken::new());
        let run = || shutdown.cancelled();
        let stop = async {
            sleep(PAUSE).await;
            assert_eq!(background.failing(), []);
            shutdown.cancel();
        };
        tokio::join!(background.keep_running(BackgroundTask::Mail, &shutdown, run), stop);
        assert_eq!(background.failing(), []);
    }
}
