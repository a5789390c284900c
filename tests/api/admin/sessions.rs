//! Listing and ending sessions of any account.

use chrono::TimeDelta;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{id_of, told};
use crate::helpers::TestApp;

fn ended(number: u64, more: bool) -> Value {
    json!({"ended": number, "more": more})
}

#[tokio::test]
async fn an_operator_lists_the_sessions_of_an_account_and_ends_one_or_all() {
    let app = TestApp::new().await;
    let operator = app.operator().await;
    let (alice, bob) = (app.user("alice").await, app.user("bob").await);
    let phone = alice.elsewhere().await;
    let tokens = alice.tokens().await;
    let path = format!("/users/{}/sessions", id_of(&alice).await);
    let listed = operator.get(&path).await.ok().json();
    let listed = listed.as_array().unwrap();
    assert_eq!(listed.len(), 3);
    assert!(
        listed
            .iter()
            .all(|session| session.get("current").is_none() && session["amr"] == json!(["pwd"]))
    );

    let id = phone.session_id().await;
    operator.delete(&format!("/sessions/{id}")).await.assert_status(204);
    assert!(!phone.is_signed_in().await && alice.is_signed_in().await);
    operator
        .delete(&format!("/sessions/{id}"))
        .await
        .fails(404, "not_found");
    assert_eq!(told(&alice).await.last().unwrap(), "session_revoked operator");
    assert_eq!(operator.delete(&path).await.ok().json(), ended(2, false));
    assert!(!alice.is_signed_in().await && bob.is_signed_in().await);
    alice.refresh(&tokens.refresh).await.assert_status(401);
    assert_eq!(operator.delete(&path).await.ok().json(), ended(0, false));
    let unknown = format!("/users/{}/sessions", Uuid::now_v7());
    operator.get(&unknown).await.fails(404, "not_found");
    operator.delete(&unknown).await.fails(404, "not_found");
    assert_eq!(
        app.count("SELECT COUNT(*) FROM events WHERE kind = 'session_revoked'")
            .await,
        2
    );
}

#[tokio::test]
async fn a_filter_ends_the_sessions_of_all_accounts_that_fit() {
    let app = TestApp::new().await;
    let operator = app.operator().await;
    let (alice, bob) = (app.user("alice").await, app.user("bob").await);
    let tokens = alice.tokens().await;
    app.clock.advance(TimeDelta::hours(1));
    let recent = bob.elsewhere().await;
    let path = "/sessions?before=2024-10-04T00:30:00Z";
    let counted = operator.delete(&format!("{path}&dry_run=true")).await;
    assert_eq!(counted.ok().json(), ended(3, false));
    assert!(alice.is_signed_in().await, "a dry run ends nothing");
    let answer = operator.delete(&format!("{path}&kind=cookie")).await;
    assert_eq!(answer.ok().json(), ended(2, false));
    assert!(!alice.is_signed_in().await && !bob.is_signed_in().await && recent.is_signed_in().await);
    alice.refresh(&tokens.refresh).await.ok();
    assert_eq!(
        operator
            .delete(&format!("{path}&kind=token&dry_run=false"))
            .await
            .ok()
            .json(),
        ended(1, false)
    );
    let each =
        "SELECT COUNT(*) FROM events WHERE kind = 'session_revoked' AND actor = 'operator' AND session_id IS NOT NULL";
    assert_eq!(app.count(each).await, 3, "an event for each session");
    for (query, issues) in [
        ("", vec!["before: invalid_type"]),
        ("?before=yesterday", vec!["before: invalid_type"]),
        ("?before=-5000-01-01T00:00:00Z", vec!["before: invalid_type"]),
        ("?before=%2B10000-01-01T00:00:00Z", vec!["before: invalid_type"]),
        (
            "?before=2024-10-04T00:30:00Z&kind=key&dry_run=1",
            vec!["kind: invalid_type", "dry_run: invalid_type"],
        ),
    ] {
        assert_eq!(
            operator.delete(&format!("/sessions{query}")).await.issues(),
            issues,
            "{query}"
        );
    }
}

#[tokio::test]
async fn one_request_ends_at_most_ten_thousand_sessions() {
    let app = TestApp::new().await;
    let operator = app.operator().await;
    let alice = app.user("alice").await;
    alice.session().await;
    app.database
        .execute(
            "INSERT INTO sessions (id, secret_hash, user_id, kind, created_at, last_seen_at, idle_expires_at, \
         expires_not_before, absolute_expires_at, data, amr, generation, rotated_at, authenticated_at) \
         WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 10010) \
         SELECT randomblob(16), randomblob(32), user_id, kind, created_at, last_seen_at, idle_expires_at, \
         expires_not_before, absolute_expires_at, data, amr, generation, rotated_at, authenticated_at FROM sessions, n",
            "INSERT INTO sessions (id, secret_hash, user_id, kind, created_at, last_seen_at, idle_expires_at, \
         expires_not_before, absolute_expires_at, data, amr, generation, rotated_at, authenticated_at) \
         SELECT gen_random_uuid(), sha256(n::text::bytea), user_id, kind, created_at, last_seen_at, idle_expires_at, \
         expires_not_before, absolute_expires_at, data, amr, generation, rotated_at, authenticated_at \
         FROM sessions, generate_series(1, 10010) n",
        )
        .await;
    let path = "/sessions?before=2030-01-01T00:00:00Z";
    assert_eq!(operator.delete(path).await.ok().json(), ended(10_000, true));
    assert_eq!(operator.delete(path).await.ok().json(), ended(11, false));
}
