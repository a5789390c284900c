//! Refusals are so cheap that a flood of them would crowd out the requests of others, so they wait for their turns.

use std::time::Instant;

use neptun_auth::model::limit::Rates;

use super::WRONG;
use crate::helpers::{TestApp, at_once, limits};

const ATTACKER: &str = "203.0.113.9";
const FLOOD: usize = 400;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_of_refusals_waits_for_its_turns_and_others_do_not() {
    let rates = Rates {
        log_in: "1/h".parse().unwrap(),
        ..limits("1000000/h")
    };
    let app = TestApp::with_limits(rates).await;
    let owner = app.user_at("198.51.100.20", "owner").await;
    let attacker = app.client().at(ATTACKER);
    attacker.log_in("user@example.com", WRONG).await.assert_status(401);

    let began = Instant::now();
    let ends = at_once(FLOOD + 1, |number| {
        let (owner, attacker) = (owner.clone(), attacker.another().at(ATTACKER));
        async move {
            if number == FLOOD {
                owner.get("/api/auth/check").await.assert_status(204);
            } else {
                attacker.log_in("user@example.com", WRONG).await.throttled("log-in");
            }
            began.elapsed()
        }
    })
    .await;

    let (check, refused) = (ends[FLOOD], &ends[..FLOOD]);
    let last = refused.iter().max().unwrap();
    // A hundred at once, then one every two milliseconds.
    assert!(last.as_millis() >= 590, "{last:?}");
    assert!(check < *last, "the check took {check:?}, the flood {last:?}");
}
