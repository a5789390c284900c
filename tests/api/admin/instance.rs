//! `GET /api/admin/instance`.

use chrono::TimeDelta;
use neptun_auth::model::admin::key::Scopes;
use neptun_auth::telemetry::BackgroundTask;
use serde_json::json;

use crate::helpers::TestApp;

#[tokio::test]
async fn an_instance_tells_operators_how_it_is() {
    let app = TestApp::new().await;
    let operator = app.operator_with(Scopes::Read).await;
    let seen = operator.get("/instance").await.ok().json();
    assert_eq!(seen["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(seen["started_at"], "2024-10-04T00:00:00Z");
    let is_postgres = app.database.is_postgres();
    assert_eq!(seen["database"], if is_postgres { "postgres" } else { "sqlite" });
    assert_eq!((&seen["status"], &seen["failing"]), (&json!("ok"), &json!([])));
    let pools = seen["connections"].as_array().unwrap().iter();
    let names: Vec<_> = pools.clone().map(|pool| pool["pool"].as_str().unwrap()).collect();
    assert_eq!(
        names,
        if is_postgres {
            vec!["all"]
        } else {
            vec!["read", "write"]
        }
    );
    for pool in pools {
        assert!(
            pool["in_use"].as_u64().unwrap() <= pool["most"].as_u64().unwrap(),
            "{pool}"
        );
    }
    assert_eq!((&seen["hashing"], &seen["hashing_most"]), (&json!(0), &json!(256)));
    assert_eq!(
        (&seen["waiting_mails"], &seen["oldest_mail_at"]),
        (&json!(0), &json!(null))
    );
    let arrival = json!({ "peer": null, "peer_is_trusted": false, "client": null, "header": "x-forwarded-for",
        "named": [] });
    assert_eq!(seen["arrival"], arrival);
}

#[tokio::test]
async fn waiting_mails_and_failing_tasks_are_seen() {
    let app = TestApp::new().await;
    let operator = app.operator_with(Scopes::Read).await;
    let alice = app.user("alice").await;
    app.clock.advance(TimeDelta::minutes(5));
    alice.post("/api/auth/email/send-code", &json!({})).await.ok();
    app.clock.advance(TimeDelta::minutes(1));
    app.app.background.set(BackgroundTask::Mail, false);
    let seen = operator.get("/instance").await.ok().json();
    assert_eq!(seen["waiting_mails"], 1);
    assert_eq!(seen["oldest_mail_at"], "2024-10-04T00:05:00Z");
    assert_eq!(
        (&seen["status"], &seen["failing"]),
        (&json!("degraded"), &json!(["mail"]))
    );
    app.app.draining.cancel();
    assert_eq!(operator.get("/instance").await.ok().json()["status"], "unavailable");
}

#[tokio::test]
async fn an_instance_that_can_read_and_not_serve_says_so() {
    let app = TestApp::new().await;
    let operator = app.operator_with(Scopes::Read).await;
    app.execute("DELETE FROM _sqlx_migrations").await;
    assert_eq!(operator.get("/instance").await.ok().json()["status"], "unavailable");
}

#[tokio::test]
async fn an_instance_is_looked_at_by_operators_only() {
    let app = TestApp::new().await;
    let path = "/api/admin/instance";
    app.client().get(path).await.fails(401, "not_authenticated");
    app.user("alice").await.get(path).await.fails(403, "not_permitted");
}
