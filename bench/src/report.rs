//! The results of a load.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

#[derive(Default)]
pub struct Report {
    statuses: BTreeMap<u16, Answers>,
    errors: BTreeMap<String, u64>,
    last: Option<Instant>,
}

/// The answers of one status.
#[derive(Default)]
struct Answers {
    /// Microseconds.
    latencies: Vec<u32>,
    /// How many there were in the measured time, with parts of those that lay in it partly.
    shares: f64,
}

impl Report {
    /// `share` is the part of the answer that counts for the rate.
    pub fn answer(&mut self, status: u16, latency: Duration, share: f64, now: Instant) {
        let microseconds = u32::try_from(latency.as_micros()).unwrap_or(u32::MAX);
        let answers = self.statuses.entry(status).or_default();
        answers.latencies.push(microseconds);
        answers.shares += share;
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
            .statuses
            .iter_mut()
            .map(|(status, answers)| (status.to_string(), answers.summary(seconds)))
            .collect();
        json!({ "seconds": seconds, "statuses": statuses, "errors": self.errors })
    }
}

impl Answers {
    fn summary(&mut self, seconds: f64) -> Value {
        let latencies = &mut self.latencies;
        latencies.sort_unstable();
        let at = |per_mille: usize| f64::from(latencies[(latencies.len() - 1) * per_mille / 1000]) / 1000.0;
        json!({
            "count": latencies.len(),
            "per_second": self.shares / seconds,
            // Milliseconds that a thousandth, two thousandths, … of the answers took at most.
            "quantiles": (0..=1000).map(at).collect::<Vec<f64>>(),
        })
    }
}
