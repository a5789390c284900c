//! Wrong codes are counted before they are compared, under a name of their own.

use crate::helpers::{ALICE, Authenticator, PASSWORD, TestApp, at_once, limits};
use neptun_auth::model::limit::Rates;

fn failures(rate: &str) -> Rates {
    Rates {
        failures: rate.parse().unwrap(),
        ..limits("1000000/h")
    }
}

#[tokio::test]
async fn after_too_many_wrong_codes_even_a_right_one_is_rejected() {
    let app = TestApp::with_limits(failures("5/15m")).await;
    let alice = app.user("alice").await;
    let authenticator = alice.enrol(&app).await;
    for _ in 0..5 {
        let half = alice.half_log_in().await;
        half.finish_log_in(&authenticator.wrong_code())
            .await
            .fails(400, "invalid_otp");
    }
    let half = alice.half_log_in().await;
    half.finish_log_in(&authenticator.next_code())
        .await
        .throttled("failures");
    half.finish_log_in_with_recovery_code(&authenticator.recovery_codes[0])
        .await
        .throttled("failures");
    // The password has failures of its own, so the log-in itself goes on working, and a right password clears nothing.
    let half = alice.half_log_in().await;
    half.finish_log_in(&authenticator.code()).await.throttled("failures");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_a_hundred_guesses_at_once_five_are_compared() {
    let app = TestApp::with_limits(failures("5/15m")).await;
    let alice = app.user("alice").await;
    let authenticator = alice.enrol(&app).await;
    let wrong = authenticator.wrong_code();
    let mut halves = Vec::new();
    for _ in 0..25 {
        halves.push(alice.half_log_in().await);
    }
    let statuses = at_once(100, |number| {
        let (half, wrong) = (halves[number % 25].clone(), wrong.clone());
        async move { half.finish_log_in(&wrong).await.status.as_u16() }
    });
    let (compared, rejected): (Vec<_>, Vec<_>) = statuses.await.into_iter().partition(|status| *status == 400);
    assert_eq!((compared.len(), rejected), (5, vec![429; 95]));
}

/// A thief with a session would find out the code of a secret that waits otherwise.
#[tokio::test]
async fn a_secret_that_waits_is_limited_like_a_confirmed_one() {
    let app = TestApp::with_limits(failures("5/15m")).await;
    let alice = app.user("alice").await;
    let started = alice.start_totp().await.ok().json();
    let authenticator = Authenticator::new(started["secret"].as_str().unwrap(), app.clock.clone());
    for _ in 0..5 {
        alice
            .confirm_totp(&authenticator.wrong_code())
            .await
            .fails(400, "invalid_otp");
    }
    alice.confirm_totp(&authenticator.code()).await.throttled("failures");
}

#[tokio::test]
async fn tokens_and_fresh_proofs_count_in_the_same_place() {
    let app = TestApp::with_limits(failures("5/15m")).await;
    let alice = app.user("alice").await;
    let authenticator = alice.enrol(&app).await;
    let wrong = authenticator.wrong_code();
    let client = app.client();
    for _ in 0..2 {
        client
            .log_in_for_tokens_with(ALICE, PASSWORD, &wrong)
            .await
            .assert_status(400);
    }
    let copy = alice.copy();
    for _ in 0..3 {
        let answer = copy.reauthenticate(&serde_json::json!({ "code": wrong })).await;
        answer.fails(400, "invalid_otp");
    }
    let right = authenticator.next_code();
    client
        .log_in_for_tokens_with(ALICE, PASSWORD, &right)
        .await
        .assert_status(429);
}

#[tokio::test]
async fn a_right_code_clears_the_failures_before_it() {
    let app = TestApp::with_limits(failures("5/15m")).await;
    let alice = app.user("alice").await;
    let authenticator = alice.enrol(&app).await;
    for _ in 0..3 {
        let half = alice.half_log_in().await;
        for _ in 0..4 {
            half.finish_log_in(&authenticator.wrong_code())
                .await
                .fails(400, "invalid_otp");
        }
        half.finish_log_in(&authenticator.next_code()).await.ok();
    }
}
