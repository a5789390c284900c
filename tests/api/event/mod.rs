//! What happened to an account: the audit log.

mod failed_log_ins;
mod list;
mod record;
mod stream;
mod webhooks;

use serde_json::Value;

use crate::helpers::Client;

/// The account's events, the latest first.
async fn events(client: &Client) -> Vec<Value> {
    let answer = client.get("/api/users/me/events").await;
    answer.ok().json()["events"].as_array().unwrap().clone()
}

/// The types of the account's events, the first one first.
async fn types(client: &Client) -> Vec<String> {
    let events = events(client).await;
    let types = events.iter().map(|event| event["type"].as_str().unwrap().to_owned());
    types.rev().collect()
}
