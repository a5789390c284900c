//! Failed log-ins: counted in memory, recorded by the worker.

use neptun_auth::flows::worker::record_failed_log_ins::record_failed_log_ins;

use super::{events, types};
use crate::helpers::{ALICE, TestApp};

#[tokio::test]
async fn failures_of_a_network_are_one_event_a_round_with_their_number() {
    let app = TestApp::new().await;
    let alice = app.user("alice").await;
    for _ in 0..3 {
        app.client()
            .at("203.0.113.9")
            .log_in(ALICE, "wrong wrong")
            .await
            .assert_status(401);
        app.client()
            .at("203.0.113.200")
            .log_in(ALICE, "wrong wrong")
            .await
            .assert_status(401);
    }
    app.client()
        .at("198.51.100.1")
        .log_in_for_tokens(ALICE, "wrong wrong")
        .await
        .assert_status(401);
    assert_eq!(
        types(&alice).await,
        ["sign_up"],
        "nothing is written while a client waits"
    );

    record_failed_log_ins(&app.app).await.unwrap();
    record_failed_log_ins(&app.app).await.unwrap();
    let mut failed: Vec<_> = events(&alice).await;
    failed.retain(|event| event["type"] == "log_in_failed");
    let mut shown: Vec<_> = failed
        .iter()
        .map(|event| {
            (
                event["network"].as_str().unwrap(),
                event["data"]["count"].as_str().unwrap(),
            )
        })
        .collect();
    shown.sort_unstable();
    assert_eq!(shown, [("198.51.100.0/24", "1"), ("203.0.113.0/24", "6")]);
}

#[tokio::test]
async fn an_account_under_attack_gets_a_bounded_number_of_events() {
    let app = TestApp::new().await;
    let alice = app.user("alice").await;
    for number in 0..30 {
        let thief = app.client().at(&format!("203.0.{number}.1"));
        thief.log_in(ALICE, "wrong wrong").await.assert_status(401);
        record_failed_log_ins(&app.app).await.unwrap();
    }
    assert_eq!(
        app.count("SELECT COUNT(*) FROM events WHERE kind = 'log_in_failed'")
            .await,
        24
    );
    alice.log_in().await.ok();
}

#[tokio::test]
async fn an_unknown_address_and_a_deleted_account_leave_no_event() {
    let app = TestApp::new().await;
    let alice = app.user("alice").await;
    app.log_in("nemo@example.com", "wrong wrong").await.assert_status(401);
    app.log_in(ALICE, "wrong wrong").await.assert_status(401);
    alice.delete_account().await.ok();
    record_failed_log_ins(&app.app).await.unwrap();
    assert_eq!(
        app.count("SELECT COUNT(*) FROM events WHERE kind = 'log_in_failed'")
            .await,
        0
    );
}

#[tokio::test]
async fn a_wrong_password_beside_a_live_session_is_no_failed_log_in() {
    let app = TestApp::new().await;
    let alice = app.user("alice").await;
    alice
        .change_password("wrong wrong", "another horse battery")
        .await
        .assert_status(400);
    record_failed_log_ins(&app.app).await.unwrap();
    assert_eq!(types(&alice).await, ["sign_up"]);
}
