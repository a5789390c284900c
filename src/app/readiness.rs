//! Remembers for some seconds whether the database could be written to, so that probing it costs little however often
//! a load balancer asks.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::{Instant, timeout};

use crate::model::unavailable::Unavailable;

/// Pause between two probes by the worker. A success is believed for nearly as long.
pub const PROBE_INTERVAL: Duration = Duration::from_secs(5);
/// A database that takes longer is not ready, and a load balancer waits no longer either.
pub const PROBE_TIMEOUT: Duration = Duration::from_secs(2);

/// The outcome of the last probe.
#[derive(Debug)]
pub struct Readiness {
    latest: Mutex<Option<(Instant, Outcome)>>,
    success_holds: Duration,
    failure_holds: Duration,
}

type Outcome = Result<(), Arc<anyhow::Error>>;

impl Default for Readiness {
    fn default() -> Self {
        Self {
            latest: Mutex::default(),
            // Less than the interval, so that each round of the worker is a new probe.
            success_holds: PROBE_INTERVAL * 9 / 10,
            // An instance that can serve again should soon be asked to.
            failure_holds: Duration::from_secs(1),
        }
    }
}

impl Readiness {
    /// The outcome of the last probe, or of a new one if that is too old. Callers at the same time share one probe.
    ///
    /// # Errors
    /// [`Unavailable`] when the probe failed, whatever the cause.
    pub async fn of(&self, probe: impl Future<Output = anyhow::Result<()>>) -> anyhow::Result<()> {
        let mut latest = self.latest.lock().await;
        let outcome = match &*latest {
            Some((at, outcome)) if at.elapsed() < self.holds(outcome) => outcome.clone(),
            _ => {
                let outcome = match timeout(PROBE_TIMEOUT, probe).await {
                    Ok(outcome) => outcome.map_err(Arc::new),
                    Err(elapsed) => Err(Arc::new(elapsed.into())),
                };
                *latest = Some((Instant::now(), outcome.clone()));
                outcome
            }
        };
        outcome.map_err(|error| {
            let cause = std::io::Error::other(format!("{error:#}"));
            Unavailable::because("the database can't serve", cause).into()
        })
    }

    fn holds(&self, outcome: &Outcome) -> Duration {
        if outcome.is_ok() {
            self.success_holds
        } else {
            self.failure_holds
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use tokio::time::sleep;

    use super::*;

    #[tokio::test]
    async fn one_probe_serves_until_its_outcome_is_too_old() {
        let readiness = Readiness {
            success_holds: Duration::from_secs(2),
            failure_holds: Duration::from_secs(1),
            ..Readiness::default()
        };
        let probes = AtomicUsize::new(0);
        let (readiness, probes) = (&readiness, &probes);
        let probe = |works: bool| {
            readiness.of(async move {
                probes.fetch_add(1, Ordering::Relaxed);
                anyhow::ensure!(works, "test");
                Ok(())
            })
        };
        for _ in 0..100 {
            probe(true).await.unwrap();
        }
        assert_eq!(probes.load(Ordering::Relaxed), 1);
        sleep(readiness.success_holds).await;
        let error = probe(false).await.unwrap_err();
        assert!(Unavailable::is_in(&error));
        probe(true).await.unwrap_err();
        assert_eq!(probes.load(Ordering::Relaxed), 2);
        sleep(readiness.failure_holds).await;
        probe(true).await.unwrap();
        assert_eq!(probes.load(Ordering::Relaxed), 3);
    }
}
