//! `GET /api/users/{user_id}/events`.

use poem::http::Method;
use serde_json::json;

use super::{events, types};
use crate::helpers::{ALICE, PASSWORD, TestApp};

#[tokio::test]
async fn an_event_tells_type_time_session_network_and_kind_of_browser() {
    let app = TestApp::new().await;
    let firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:131.0) Gecko/20100101 Firefox/131.0";
    let body = json!({ "email": ALICE, "password": PASSWORD });
    let browser = app.client().at("203.0.113.9");
    let headers = [("user-agent", firefox)];
    let answer = browser
        .send_json_with("POST", "/api/auth/sign-up", &headers, &body)
        .await;
    answer.ok();

    let events = events(&browser).await;
    assert_eq!(events.len(), 1, "{events:?}");
    let event = &events[0];
    assert_eq!(event["type"], "sign_up");
    assert_eq!(event["happened_at"], "2024-10-04T00:00:00Z");
    assert_eq!(event["actor"], "self");
    assert_eq!(event["session_id"], browser.session_id().await);
    assert_eq!(event["network"], "203.0.113.0/24");
    assert_eq!(event["browser"], "Firefox on Linux");
    assert!(event.get("data").is_none(), "{event}");
}

#[tokio::test]
async fn pages_follow_each_other_without_a_gap_while_new_events_arrive() {
    let app = TestApp::new().await;
    let alice = app.user("alice").await;
    for _ in 0..6 {
        alice.log_in().await.ok();
    }
    let all = events(&alice).await;
    assert_eq!(all.len(), 7);
    let mut read = Vec::new();
    let mut path = "/api/users/me/events?limit=3".to_owned();
    loop {
        let page = alice.get(&path).await.ok().json();
        read.extend(page["events"].as_array().unwrap().clone());
        alice.elsewhere().await;
        let Some(next) = page["next"].as_str() else { break };
        path = format!("/api/users/me/events?limit=3&before={next}");
    }
    assert_eq!(read, all);
}

#[tokio::test]
async fn a_parameter_that_is_not_acceptable_is_named() {
    let app = TestApp::new().await;
    let alice = app.user("alice").await;
    for (query, issues) in [
        ("limit=0", vec!["limit: invalid_type"]),
        ("limit=201", vec!["limit: invalid_type"]),
        ("limit=many", vec!["limit: invalid_type"]),
        ("before=yesterday", vec!["before: invalid_type"]),
        ("before=1&limit=-1", vec!["before: invalid_type", "limit: invalid_type"]),
    ] {
        let answer = alice.get(&format!("/api/users/me/events?{query}")).await;
        assert_eq!(answer.issues(), issues, "{query}");
    }
    alice.get("/api/users/me/events?limit=200").await.ok();
}

#[tokio::test]
async fn only_the_owner_reads_them() {
    let app = TestApp::new().await;
    let (alice, bob) = (app.user("alice").await, app.user("bob").await);
    let id = alice.session().await["user"]["id"].as_str().unwrap().to_owned();
    let path = format!("/api/users/{id}/events");
    bob.get(&path).await.fails(404, "not_found");
    app.client().get(&path).await.fails(401, "not_authenticated");
    alice.get(&path).await.ok();
    // An event of another account is no place in the list.
    let of_alice = events(&alice).await[0]["id"].as_str().unwrap().to_owned();
    let page = bob.get(&format!("/api/users/me/events?before={of_alice}")).await;
    assert_eq!(page.ok().json()["events"], json!([]));
    let head = bob
        .send(Method::HEAD, "/api/users/me/events", &[], poem::Body::empty())
        .await;
    head.ok();
    assert_eq!(types(&bob).await, ["sign_up"]);
}
