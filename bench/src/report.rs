//! What a load came to.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// Latencies in microseconds, by status.
#[derive(Default)]
pub struct Report {
    latencies: BTreeMap<u16, Vec<u32>>,
    errors: BTreeMap<String, u64>,
    last: Option<Instant>,
}

impl Report {
    pub fn answer(&mut self, status: u16, latency: Duration, now: Instant) {
        let microseconds = u32::try_from(latency.as_micros()).unwrap_or(u32::MAX);
        self.latencies.entry(status).or_default().push(microseconds);
        self.last = Some(now);
    }

    pub fn error(&mut self, error: &anyhow::Error) {
        *self.errors.entry(format!("{error:#}")).or_default() += 1;
    }

    /// `measured` is the time that the rate is over; without it, until the last answer.
    pub fn finish(mut self, since: Instant, measured: Option<Duration>) -> Value {
        let until_last = self.last.map_or(Duration::ZERO, |last| last - since);
        let seconds = measured.unwrap_or(until_last).as_secs_f64();
        let statuses: serde_json::Map<String, Value> = self
            .latencies
            .iter_mut()
            .map(|(status, latencies)| (status.to_string(), summary(latencies, seconds)))
            .collect();
        json!({ "seconds": seconds, "statuses": statuses, "errors": self.errors })
    }
}

#[expect(clippy::cast_precision_loss, reason = "nobody waits for 2^52 answers")]
fn summary(latencies: &mut [u32], seconds: f64) -> Value {
    latencies.sort_unstable();
    let at = |per_mille: usize| f64::from(latencies[(latencies.len() - 1) * per_mille / 1000]) / 1000.0;
    json!({
        "count": latencies.len(),
        "per_second": latencies.len() as f64 / seconds,
        // Milliseconds that a thousandth, two thousandths, … of the answers took at most.
        "quantiles": (0..=1000).map(at).collect::<Vec<f64>>(),
    })
}
