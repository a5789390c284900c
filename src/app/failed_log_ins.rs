//! Counts failed log-ins until the worker records them as events.
//!
//! They are not written at once: a write for accounts that exist, and none for others, would tell a client by its time
//! which addresses have accounts. And each attempt would cost a row, so that guessing could fill the disk.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, Utc};

use super::limits::Limits;
use crate::model::client::Client;
use crate::model::client::network::Network;
use crate::model::event::{Event, EventKind};
use crate::model::id::UserId;

/// Pairs of an account and a network that are counted between two rounds of the worker. Further ones are not counted.
const MOST_COUNTED: usize = 10_000;

/// What failed since the last round, by account and network. The place without a network has what an account's limit
/// kept from being recorded before.
#[derive(Debug, Default)]
pub struct FailedLogIns(Mutex<HashMap<(UserId, Option<Network>), Count>>);

#[derive(Debug)]
struct Count {
    times: u64,
    last: Event,
}

impl FailedLogIns {
    /// Counts a failed log-in of `client` to the account of `user`.
    pub fn note(&self, user: UserId, client: &Client, now: DateTime<Utc>) {
        let event = Event::by_owner(EventKind::LogInFailed, user, client, now);
        self.add((user, client.provider_range()), 1, event);
    }

    fn add(&self, key: (UserId, Option<Network>), times: u64, last: Event) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = counts.get_mut(&key) {
            known.times += times;
            known.last = last;
        } else if counts.len() < MOST_COUNTED {
            counts.insert(key, Count { times, last });
        }
    }

    /// The events to record now, one for each account and network. An account that has had its share of them keeps its
    /// count for a later round.
    pub fn take(&self, limits: &Limits) -> Vec<Event> {
        let counts = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        let mut events = Vec::new();
        for ((user, _), Count { times, last }) in counts {
            if limits.allow_failure_event(user) {
                events.push(last.with("count", &times));
            } else {
                self.add((user, None), times, last.of_no_client());
            }
        }
        events
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use uuid::Uuid;

    use super::*;
    use crate::app::clock::Clock;

    fn limits(clock: &Clock) -> Limits {
        let key = "5c0e8d27f1b94a6330e7d8125f9ac4b6e21d7048b395fc6a81d40e37926bcf15";
        Limits::new(None, clock.clone(), &key.parse().unwrap()).unwrap()
    }

    fn client(number: usize) -> Client {
        Client::new(Some(format!("203.0.{number}.1").parse().unwrap()), None, None)
    }

    fn counts(events: &[Event]) -> Vec<String> {
        events.iter().filter_map(Event::data).collect()
    }

    #[test]
    fn failures_of_one_network_are_one_event_with_their_number() {
        let clock = Clock::fixed(DateTime::UNIX_EPOCH);
        let (failed, limits, user) = (FailedLogIns::default(), limits(&clock), UserId(Uuid::now_v7()));
        for _ in 0..7 {
            failed.note(user, &client(1), clock.now());
        }
        assert_eq!(counts(&failed.take(&limits)), [r#"{"count":"7"}"#]);
        assert!(failed.take(&limits).is_empty());
    }

    #[test]
    fn an_account_has_twenty_four_events_a_day_and_no_count_is_lost() {
        let clock = Clock::fixed(DateTime::UNIX_EPOCH);
        let (failed, limits, user) = (FailedLogIns::default(), limits(&clock), UserId(Uuid::now_v7()));
        for number in 0..200 {
            failed.note(user, &client(number), clock.now());
        }
        assert_eq!(failed.take(&limits).len(), 24);
        assert!(failed.take(&limits).is_empty());
        clock.advance(TimeDelta::hours(1));
        assert_eq!(counts(&failed.take(&limits)), [r#"{"count":"176"}"#]);
    }

    #[test]
    fn accounts_and_networks_beyond_the_bound_are_not_counted() {
        let clock = Clock::fixed(DateTime::UNIX_EPOCH);
        let (failed, limits) = (FailedLogIns::default(), limits(&clock));
        for _ in 0..MOST_COUNTED + 5 {
            failed.note(UserId(Uuid::now_v7()), &client(1), clock.now());
        }
        assert_eq!(failed.take(&limits).len(), MOST_COUNTED);
    }
}
