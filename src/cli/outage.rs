//! How long a command that follows something goes on asking when it gets no answer.

use std::time::{Duration, Instant};

use tokio::time::sleep;

use super::printable::printable;
use super::remote::Busy;
use crate::app::outbound::OutboundError;
use crate::model::unavailable::Unavailable;

/// Longest time without an answer: a restart or an update of the service takes less.
const LONGEST: Duration = Duration::from_mins(10);
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// Whether answers come, and since when they do not.
#[derive(Debug, Default)]
pub struct Outage {
    has_answered: bool,
    began: Option<Instant>,
    tries: u32,
}

impl Outage {
    /// Notes an answer.
    pub fn end(&mut self) {
        *self = Self {
            has_answered: true,
            ..Self::default()
        };
    }

    /// Waits until the next try.
    ///
    /// # Errors
    /// With `error`, if waiting does not help, or did not for ten minutes.
    pub async fn wait(&mut self, error: anyhow::Error) -> anyhow::Result<()> {
        let pause = self.pause(Instant::now()).filter(|_| may_end(&error));
        let Some(pause) = pause else { return Err(error) };
        if self.tries == 1 {
            let error = printable(&format!("{error:#}"));
            tracing::warn!(error, "no answer; trying again for ten minutes");
        }
        sleep(pause).await;
        Ok(())
    }

    /// How long to wait before the next try; `None` where it is no use. What has never answered may not be the service.
    fn pause(&mut self, now: Instant) -> Option<Duration> {
        let began = *self.began.get_or_insert(now);
        let pause = FIRST_PAUSE.saturating_mul(2_u32.saturating_pow(self.tries));
        self.tries = self.tries.saturating_add(1);
        (self.has_answered && now.duration_since(began) < LONGEST).then_some(pause.min(LONGEST_PAUSE))
    }
}

/// Whether the same may succeed later.
fn may_end(error: &anyhow::Error) -> bool {
    let has_no_answer = |error: &OutboundError| matches!(error, OutboundError::TimedOut(_) | OutboundError::Failed(_));
    Unavailable::is_in(error) || error.is::<Busy>() || error.downcast_ref().is_some_and(has_no_answer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outage_is_waited_for_in_growing_pauses_and_for_ten_minutes() {
        let (mut outage, mut now) = (Outage::default(), Instant::now());
        assert_eq!(outage.pause(now), None, "nothing has answered yet");
        for _ in 0..2 {
            outage.end();
            let (began, mut pauses) = (now, Vec::new());
            while let Some(pause) = outage.pause(now) {
                pauses.push(pause.as_secs());
                now += pause;
            }
            assert_eq!(pauses[..7], [1, 2, 4, 8, 16, 30, 30]);
            assert!((600..=630).contains(&now.duration_since(began).as_secs()));
        }
    }
}
