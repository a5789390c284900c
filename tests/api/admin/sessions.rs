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
            "?before=2024-10-04T00:30:00Z&kind=key&dry_run=1&after=1",
            vec!["kind: invalid_type", "dry_run: invalid_type", "after: invalid_type"],
        ),
    ] {
        assert_eq!(
            operator.delete(&format!("/sessions{query}")).await.issues(),
            issues,
            "{query}"
        );
    }
}

/// Copies every session of the first account this many times; the copies have random ids.
async fn copy_sessions(app: &TestApp, number: u32) {
    const COLUMNS: &str = "user_id, kind, created_at, last_seen_at, idle_expires_at, expires_not_before, \
        absolute_expires_at, data, amr, generation, rotated_at, authenticated_at";
    let sqlite = format!(
        "INSERT INTO sessions (id, secret_hash, {COLUMNS}) WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL \
         SELECT n + 1 FROM n WHERE n < {number}) SELECT randomblob(16), randomblob(32), {COLUMNS} FROM sessions, n"
    );
    let postgres = format!(
        "INSERT INTO sessions (id, secret_hash, {COLUMNS}) SELECT gen_random_uuid(), sha256(n::text::bytea), \
         {COLUMNS} FROM sessions, generate_series(1, {number}) n"
    );
    app.database.execute(sqlite.leak(), postgres.leak()).await;
}

#[tokio::test]
async fn one_request_ends_at_most_ten_thousand_sessions() {
    let app = TestApp::new().await;
    let operator = app.operator().await;
    app.user("alice").await;
    copy_sessions(&app, 10_010).await;
    let path = "/sessions?before=2030-01-01T00:00:00Z";
    let first = operator.delete(path).await.ok().json();
    assert_eq!((&first["ended"], &first["more"]), (&json!(10_000), &json!(true)));
    let path = format!("{path}&after={}", first["next"].as_str().unwrap());
    assert_eq!(operator.delete(&path).await.ok().json(), ended(11, false));
    assert_eq!(app.database.sessions().await, 0);
}

/// Sessions that do not fit cost their time too, so a request looks at a bounded number of them.
#[tokio::test]
async fn one_request_looks_at_most_at_twenty_thousand_sessions() {
    let app = TestApp::new().await;
    let operator = app.operator().await;
    let alice = app.user("alice").await;
    copy_sessions(&app, 20_010).await;
    alice.tokens().await;
    app.database
        .execute(
            "UPDATE sessions SET id = x'ffffffffffffffffffffffffffffffff' WHERE kind = 'token'",
            "UPDATE sessions SET id = 'ffffffff-ffff-ffff-ffff-ffffffffffff' WHERE kind = 'token'",
        )
        .await;
    for dry_run in [true, false] {
        let path = format!("/sessions?before=2030-01-01T00:00:00Z&kind=token&dry_run={dry_run}");
        let first = operator.delete(&path).await.ok().json();
        assert_eq!((&first["ended"], &first["more"]), (&json!(0), &json!(true)));
        let path = format!("{path}&after={}", first["next"].as_str().unwrap());
        assert_eq!(operator.delete(&path).await.ok().json(), ended(1, false), "{dry_run}");
    }
    assert_eq!(app.count("SELECT COUNT(*) FROM sessions WHERE kind = 'token'").await, 0);
}
