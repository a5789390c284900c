//! `/api/admin/webhooks`.

use neptun_auth::flows::worker::deliver_events::deliver_events;
use neptun_auth::model::admin::key::Scopes;
use serde_json::{Value, json};
use uuid::Uuid;

use super::Operator;
use crate::helpers::TestApp;
use crate::helpers::web::{Received, WebServer, local_servers, reply};

async fn app() -> TestApp {
    TestApp::with_setup(|setup| setup.outbound = local_servers()).await
}

/// Creates a webhook; returns its id and its secret.
async fn create(operator: &Operator, body: &Value) -> (String, String) {
    let answer = operator.post("/webhooks", body).await;
    answer.assert_status(201);
    let created = answer.json();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    (text(&created["webhook"]["id"]), text(&created["secret"]))
}

async fn deliver(app: &TestApp, webhook: &str) {
    app.database.settle().await;
    let id: Uuid = webhook.parse().unwrap();
    while deliver_events(&app.app, id).await.unwrap() {}
}

/// What the audit log says of the webhook `id`.
async fn acts(app: &TestApp, operator: &Operator, id: &str) -> Vec<String> {
    app.database.settle().await;
    let log = operator.get("/events?type=admin_action").await.ok().json();
    let events = log["events"].as_array().unwrap().iter();
    let events = events.filter(|event| event["data"]["webhook"] == id);
    events
        .map(|event| event["data"]["action"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn a_webhook_is_created_listed_changed_and_deleted() {
    let app = app().await;
    let operator = app.operator().await;
    let url = "https://app.example.com/hooks";
    let (id, secret) = create(&operator, &json!({"url": url, "types": ["sign_up"]})).await;
    assert!(secret.starts_with("whsec_"));
    let created = json!({
        "id": id, "url": url, "types": ["sign_up"], "created_at": "2024-10-04T00:00:00Z",
        "disabled_at": null, "disabled_reason": null, "waiting": 0,
    });
    assert_eq!(operator.get("/webhooks").await.ok().json(), json!([created]));
    let path = format!("/webhooks/{id}");
    let change = async |body: Value| operator.patch(&path, &body).await.ok().json();
    let changed = change(json!({"types": [], "disabled": true})).await;
    assert_eq!((&changed["types"], &changed["url"]), (&json!([]), &json!(url)));
    assert_eq!(changed["disabled_reason"], "an operator disabled it");
    assert_eq!(
        change(json!({"disabled": true})).await,
        changed,
        "asking twice is no error"
    );
    let changed = change(json!({"url": "https://other.example.com", "disabled": false})).await;
    assert_eq!((&changed["types"], &changed["disabled_at"]), (&json!([]), &json!(null)));
    assert_eq!(changed["url"], "https://other.example.com");
    let rotated = operator.send("POST", &format!("{path}/rotate"), None).await.ok().json();
    assert_ne!(rotated["secret"], secret);
    operator.delete(&path).await.assert_status(204);
    operator.delete(&path).await.fails(404, "not_found");
    let acts = acts(&app, &operator, &id).await;
    let expected = [
        "created", "changed", "disabled", "changed", "enabled", "rotated", "deleted",
    ];
    assert_eq!(acts, expected.map(|name| format!("webhook_{name}")));
}

#[tokio::test]
async fn of_a_change_that_fails_in_its_middle_nothing_is_kept() {
    const SQLITE: &str = "CREATE TRIGGER refuse BEFORE UPDATE OF disabled_at ON webhooks \
        BEGIN SELECT RAISE(ABORT, 'injected'); END";
    const POSTGRES: &str = "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS \
        $$ BEGIN RAISE 'injected'; END $$; CREATE TRIGGER refuse BEFORE UPDATE OF disabled_at ON webhooks \
        FOR EACH ROW EXECUTE FUNCTION refuse()";
    let app = app().await;
    let operator = app.operator().await;
    let (id, _) = create(&operator, &json!({"url": "https://app.example.com"})).await;
    let before = operator.get("/webhooks").await.ok().json();
    app.database.execute(SQLITE, POSTGRES).await;
    let both = json!({"url": "https://other.example.com", "disabled": true});
    operator
        .patch(&format!("/webhooks/{id}"), &both)
        .await
        .assert_status(500);
    assert_eq!(operator.get("/webhooks").await.ok().json(), before);
    assert_eq!(acts(&app, &operator, &id).await, ["webhook_created"]);
}

/// The receiver would verify with a secret that is gone after the next rotation.
#[tokio::test]
async fn a_secret_that_could_not_be_shown_replaces_none() {
    let app = app().await;
    let operator = app.operator().await;
    let (id, _) = create(&operator, &json!({"url": "https://app.example.com"})).await;
    // What is needed for the answer can't be read.
    app.execute("ALTER TABLE webhook_deliveries RENAME TO away").await;
    let rotate = format!("/webhooks/{id}/rotate");
    operator.send("POST", &rotate, None).await.assert_status(500);
    app.execute("ALTER TABLE away RENAME TO webhook_deliveries").await;
    assert_eq!(
        app.count("SELECT COUNT(*) FROM webhooks WHERE sealed_previous IS NULL")
            .await,
        1
    );
    operator.send("POST", &rotate, None).await.ok();
    assert_eq!(acts(&app, &operator, &id).await, ["webhook_created", "webhook_rotated"]);
}

#[tokio::test]
async fn deliveries_are_listed_and_sent_again() {
    let (app, server) = (app().await, WebServer::https(|_: &Received| reply(204, &[], "")));
    let operator = app.operator().await;
    let (id, _) = create(&operator, &json!({"url": server.url.as_str(), "types": ["sign_up"]})).await;
    for name in ["alice", "bob", "carol"] {
        app.user(name).await;
    }
    deliver(&app, &id).await;
    let path = format!("/webhooks/{id}/deliveries");
    let first = operator.get(&format!("{path}?limit=2")).await.ok().json();
    let next = first["next"].as_str().unwrap();
    let second = operator.get(&format!("{path}?limit=2&before={next}")).await.ok().json();
    assert_eq!(second["next"], json!(null));
    let both = [&first["deliveries"], &second["deliveries"]].map(|list| list.as_array().unwrap().clone());
    let all = both.concat();
    assert_eq!(all.len(), 3);
    assert!(
        all.iter()
            .all(|delivery| delivery["last_status"] == 204 && delivery["due_at"].is_null())
    );
    let event = all[1]["event_id"].as_str().unwrap();
    let retry = format!("{path}/{event}/retry");
    operator.send("POST", &retry, None).await.assert_status(204);
    deliver(&app, &id).await;
    let sent: Vec<_> = server
        .received()
        .iter()
        .map(|message| message.header("webhook-id").unwrap().to_owned())
        .collect();
    assert_eq!((sent.len(), sent[3].as_str()), (4, event));
    for path in [
        format!("{path}/{}/retry", Uuid::now_v7()),
        format!("/webhooks/{}/deliveries/{event}/retry", Uuid::now_v7()),
    ] {
        operator.send("POST", &path, None).await.fails(404, "not_found");
    }
}

#[tokio::test]
async fn what_is_no_webhook_is_refused() {
    let app = app().await;
    let operator = app.operator().await;
    let known = json!({"url": "https://app.example.com"});
    let (id, _) = create(&operator, &known).await;
    let patch = format!("/webhooks/{id}");
    for (body, issues) in [
        (json!({"url": "http://app.example.com"}), ["url: invalid_type"]),
        (
            json!({"url": "https://me:secret@app.example.com"}),
            ["url: invalid_type"],
        ),
        (json!({"url": 1}), ["url: invalid_type"]),
        (
            json!({"url": "https://a.example", "types": ["log"]}),
            ["types: invalid_choice"],
        ),
        (
            json!({"url": "https://a.example", "types": "log_in"}),
            ["types: invalid_type"],
        ),
        (
            json!({"url": "https://a.example", "types": [1]}),
            ["types: invalid_type"],
        ),
        (
            json!({"url": "https://a.example", "types": vec!["log_in"; 22]}),
            ["types: too_long"],
        ),
    ] {
        assert_eq!(operator.post("/webhooks", &body).await.issues(), issues, "{body}");
        assert_eq!(operator.patch(&patch, &body).await.issues(), issues, "{body}");
    }
    assert_eq!(operator.post("/webhooks", &json!({})).await.issues(), ["url: required"]);
    assert_eq!(operator.patch(&patch, &json!({})).await.issues(), ["required"]);
    let stranger = format!("/webhooks/{}", Uuid::now_v7());
    operator
        .patch(&stranger, &json!({"disabled": true}))
        .await
        .fails(404, "not_found");
    operator
        .get(&format!("{stranger}/deliveries"))
        .await
        .fails(404, "not_found");
    let page = format!("{patch}/deliveries?before=x");
    assert_eq!(operator.get(&page).await.issues(), ["before: invalid_type"]);
    let reader = app.operator_with(Scopes::Read).await;
    reader.get("/webhooks").await.ok();
    reader.post("/webhooks", &known).await.fails(403, "not_permitted");
    reader
        .patch(&patch, &json!({"disabled": true}))
        .await
        .fails(403, "not_permitted");
    reader
        .send("POST", &format!("{patch}/rotate"), None)
        .await
        .fails(403, "not_permitted");
    reader.delete(&patch).await.fails(403, "not_permitted");
}

#[tokio::test]
async fn there_are_at_most_fifty_webhooks_however_they_are_created() {
    let app = app().await;
    let operator = app.operator().await;
    let body = json!({"url": "https://app.example.com"});
    for _ in 0..48 {
        create(&operator, &body).await;
    }
    let post = || operator.post("/webhooks", &body);
    let more = tokio::join!(post(), post(), post(), post(), post());
    let more = [more.0, more.1, more.2, more.3, more.4];
    assert_eq!(more.iter().filter(|answer| answer.status == 201).count(), 2);
    operator.post("/webhooks", &body).await.fails(409, "already_set_up");
    assert_eq!(app.count("SELECT COUNT(*) FROM webhooks").await, 50);
}
