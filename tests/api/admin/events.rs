//! `GET /api/admin/events` and `GET /api/admin/statistics`.

use chrono::TimeDelta;
use neptun_auth::model::admin::key::Scopes;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Operator, id_of};
use crate::helpers::TestApp;

/// Every page of the log with these parameters, and the place after the last.
async fn pages(operator: &Operator, parameters: &str, limit: usize) -> (Vec<Value>, String) {
    let (mut all, mut place) = (Vec::new(), String::new());
    loop {
        let after = if place.is_empty() {
            String::new()
        } else {
            format!("&after={place}")
        };
        let path = format!("/events?limit={limit}&{parameters}{after}");
        let page = operator.get(&path).await.ok().json();
        let events = page["events"].as_array().unwrap();
        assert!(events.len() <= limit);
        all.extend(events.iter().cloned());
        match page["next"].as_str() {
            Some(next) => next.clone_into(&mut place),
            None => return (all, place),
        }
    }
}

fn types(events: &[Value]) -> Vec<&str> {
    events.iter().map(|event| event["type"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn the_log_is_read_page_by_page_and_goes_on_where_it_ended() {
    let app = TestApp::new().await;
    let operator = app.operator_with(Scopes::Read).await;
    let alice = app.user("alice").await;
    alice.log_out().await.ok();
    alice.log_in().await.ok();
    let bob = id_of(&app.user("bob").await.browser).await;
    app.database.settle().await;
    let expected = ["admin_action", "sign_up", "log_out", "log_in", "sign_up"];
    for limit in [1, 2, 5, 200] {
        let (events, _) = pages(&operator, "", limit).await;
        assert_eq!(types(&events), expected, "{limit}");
    }
    let (all, place) = pages(&operator, "", 3).await;
    alice.log_out().await.ok();
    app.database.settle().await;
    let first = all[0]["id"].as_str().unwrap();
    let behind = operator.get(&format!("/events?after={first}")).await.ok().json();
    assert_eq!(behind["events"][0], all[1]);
    let later = operator.get(&format!("/events?after={place}")).await.ok().json();
    assert_eq!(types(later["events"].as_array().unwrap()), ["log_out"]);
    let (events, _) = pages(&operator, &format!("user={bob}"), 50).await;
    assert_eq!(types(&events), ["sign_up"]);
    assert_eq!(events[0]["user_id"], bob);
    let (events, _) = pages(&operator, "type=log_out", 1).await;
    assert_eq!(types(&events), ["log_out", "log_out"]);
    let (events, _) = pages(&operator, &format!("type=log_out&user={bob}"), 1).await;
    assert_eq!(events, [json!(null); 0]);
}

#[tokio::test]
async fn a_place_holds_when_its_event_was_erased() {
    let app = TestApp::new().await;
    let operator = app.operator().await;
    let alice = app.user("alice").await;
    app.database.settle().await;
    let (events, place) = pages(&operator, "", 50).await;
    assert_eq!(types(&events), ["admin_action", "sign_up"]);
    let id = id_of(&alice).await;
    operator.delete(&format!("/users/{id}")).await.assert_status(204);
    app.database.settle().await;
    let later = operator.get(&format!("/events?after={place}")).await.ok().json();
    let later = later["events"].as_array().unwrap();
    assert_eq!(types(later), ["account_deleted"]);
    assert!(later[0]["data"]["operator"].as_str().unwrap().starts_with("key "));
}

#[tokio::test]
async fn the_log_can_begin_at_a_time() {
    let app = TestApp::new().await;
    let operator = app.operator().await;
    app.user("alice").await;
    app.clock.advance(TimeDelta::days(2));
    app.user("bob").await;
    app.database.settle().await;
    let (events, _) = pages(&operator, "since=2024-10-05T00:00:00Z", 50).await;
    assert_eq!(types(&events), ["sign_up"]);
    let (events, _) = pages(&operator, "since=2030-01-01T00:00:00Z", 50).await;
    assert_eq!(events, [json!(null); 0]);
}

/// The one that was committed first need not be among the first by time.
#[tokio::test]
async fn a_reading_that_begins_at_a_time_leaves_out_none_of_a_crowded_second() {
    const FIRST_SQLITE: &str = "INSERT INTO events (id, kind, happened_at) VALUES \
        (randomblob(16), 'sign_up', '2024-10-04T15:00:50+00:00'), \
        (randomblob(16), 'sign_up', '2024-10-04T15:00:00+00:00')";
    const FIRST_POSTGRES: &str = "INSERT INTO events (id, kind, happened_at) VALUES \
        (gen_random_uuid(), 'sign_up', '2024-10-04 15:00:50+00'), \
        (gen_random_uuid(), 'sign_up', '2024-10-04 15:00:00+00')";
    const CROWD_SQLITE: &str = "INSERT INTO events (id, kind, happened_at) WITH RECURSIVE n (n) AS (SELECT 1 \
        UNION ALL SELECT n + 1 FROM n WHERE n < 2500) \
        SELECT randomblob(16), 'session_revoked', '2024-10-04T15:00:00+00:00' FROM n";
    const CROWD_POSTGRES: &str = "INSERT INTO events (id, kind, happened_at) \
        SELECT gen_random_uuid(), 'session_revoked', '2024-10-04 15:00:00+00' FROM generate_series(1, 2500)";
    let app = TestApp::new().await;
    let operator = app.operator().await;
    app.database.execute(FIRST_SQLITE, FIRST_POSTGRES).await;
    app.database.execute(CROWD_SQLITE, CROWD_POSTGRES).await;
    app.database.settle().await;
    let (events, _) = pages(&operator, "since=2024-10-04T15:00:00Z", 200).await;
    assert_eq!(events.len(), 2502);
    assert_eq!(types(&events[..3]), ["sign_up", "sign_up", "session_revoked"]);
}

#[tokio::test]
async fn a_type_that_is_rare_is_found_behind_many_others() {
    let app = TestApp::new().await;
    let operator = app.operator().await;
    app.database
        .execute(
            "INSERT INTO events (id, kind, happened_at) WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 \
             FROM n WHERE n < 10500) SELECT randomblob(16), 'log_in', '2024-10-04T00:00:00+00:00' FROM n",
            "INSERT INTO events (id, kind, happened_at) SELECT gen_random_uuid(), 'log_in', '2024-10-04' \
             FROM generate_series(1, 10500)",
        )
        .await;
    app.user("alice").await;
    app.database.settle().await;
    let first = operator.get("/events?type=sign_up").await.ok().json();
    assert_eq!(first["events"], json!([]), "one request looks at 10,000 events");
    assert!(first["next"].is_string());
    let (events, _) = pages(&operator, "type=sign_up", 50).await;
    assert_eq!(types(&events), ["sign_up"]);
}

#[tokio::test]
async fn a_parameter_of_the_log_that_is_not_acceptable_is_named() {
    let app = TestApp::new().await;
    let operator = app.operator().await;
    for (query, issue) in [
        (format!("after={}", Uuid::nil()), "after: invalid_type"),
        ("after=1".to_owned(), "after: invalid_type"),
        ("after=-1.5".to_owned(), "after: invalid_type"),
        ("after=1.9223372036854775808".to_owned(), "after: invalid_type"),
        ("after=18446744073709551616.1".to_owned(), "after: invalid_type"),
        ("since=yesterday".to_owned(), "since: invalid_type"),
        ("since=1969-12-31T23:59:59Z".to_owned(), "since: invalid_type"),
        ("since=%2B10000-01-01T00:00:00Z".to_owned(), "since: invalid_type"),
        ("type=log".to_owned(), "type: invalid_type"),
        ("user=alice".to_owned(), "user: invalid_type"),
        ("limit=0".to_owned(), "limit: invalid_type"),
    ] {
        assert_eq!(
            operator.get(&format!("/events?{query}")).await.issues(),
            [issue],
            "{query}"
        );
    }
    let ahead = operator
        .get("/events?after=18446744073709551615.9223372036854775807")
        .await;
    if app.database.is_postgres() {
        // As from a server that has run for longer, whose dump was restored here.
        assert_eq!(ahead.issues(), ["after: invalid_type"]);
    } else {
        ahead.ok();
    }
    let anonymous = app.client();
    for path in ["/api/admin/events", "/api/admin/statistics"] {
        anonymous.get(path).await.assert_status(401);
    }
}

#[tokio::test]
async fn statistics_count_accounts_sessions_and_what_happened_by_day() {
    let app = TestApp::new().await;
    let operator = app.operator_with(Scopes::Read).await;
    let alice = app.user("alice").await;
    alice.elsewhere().await;
    let first = operator.get("/statistics").await.ok().json();
    assert_eq!((&first["accounts"], &first["live_sessions"]), (&json!(1), &json!(2)));
    let days = first["days"].as_array().unwrap();
    assert_eq!(days.len(), 30);
    assert_eq!(days[0], json!({"day": "2024-10-04", "sign_ups": 1, "log_ins": 1}));
    assert_eq!(days[29], json!({"day": "2024-09-05", "sign_ups": 0, "log_ins": 0}));
    app.user("bob").await;
    assert_eq!(
        operator.get("/statistics").await.ok().json(),
        first,
        "kept for a minute"
    );
    app.clock.advance(TimeDelta::days(1));
    alice.log_in().await.ok();
    let second = operator.get("/statistics").await.ok().json();
    assert_eq!(second["accounts"], 2);
    let days = second["days"].as_array().unwrap();
    assert_eq!(days[0], json!({"day": "2024-10-05", "sign_ups": 0, "log_ins": 1}));
    assert_eq!(days[1], json!({"day": "2024-10-04", "sign_ups": 2, "log_ins": 1}));
}
