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
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    const PAUSE: Duration = Duration::from_millis(10);

    /// The number of times that `run` starts in this number of pauses, and what fails then.
    async fn starts_within(pauses: u32, run: impl AsyncFn()) -> (u32, Vec<BackgroundTask>) {
        let background = Background {
            first_pause: PAUSE,
            ..Background::default()
        };
        let (shutdown, starts) = (CancellationToken::new(), AtomicU32::new(0));
        let counted = || async {
            starts.fetch_add(1, Ordering::Relaxed);
            run().await;
        };
        let running = background.keep_running(BackgroundTask::Mail, &shutdown, counted);
        tokio::select! {
            () = running => panic!("it was not told to stop"),
            () = sleep(PAUSE * pauses) => {}
        }
        (starts.load(Ordering::Relaxed), background.failing())
    }

    #[tokio::test]
    async fn a_task_that_panics_or_returns_starts_again_after_longer_and_longer_pauses() {
        // After 1, 3, 7, 15 and 31 pauses; a slow machine may be late for the last.
        for (starts, failing) in [
            starts_within(40, async || panic!("test")).await,
            starts_within(40, async || {}).await,
        ] {
            assert!((4..=6).contains(&starts), "{starts} starts");
            assert_eq!(failing, [BackgroundTask::Mail]);
        }
    }

    #[tokio::test]
    async fn a_task_that_ran_for_long_starts_again_after_the_first_pause() {
        let ends = Mutex::new(Vec::new());
        let run = async || {
            let starts = ends.lock().unwrap().len();
            // Four quick failures make the next pause 16 times as long as the first.
            if starts == 4 {
                sleep(PAUSE * (LONGEST_PAUSE + 1)).await;
            }
            ends.lock().unwrap().push(Instant::now());
        };
        starts_within(15 + LONGEST_PAUSE + 1 + 12, run).await;
        let ends = ends.into_inner().unwrap();
        assert!(ends.len() > 5, "{} starts", ends.len());
        assert!(ends[5] - ends[4] < PAUSE * 12);
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
