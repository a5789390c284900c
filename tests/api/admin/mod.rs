//! The admin API: operators with keys, and from sessions of accounts that have the admin right.

mod admin_right;
mod command_line;
mod disabled;
mod event_commands;
mod events;
mod first_operator;
mod guests;
mod instance;
mod invitations;
mod keys;
mod list;
mod listener;
pub mod operators;
mod remote;
mod sessions;
mod users;
mod webhooks;

use neptun_auth::flows::admin::change_admin_right::change_admin_right;
use neptun_auth::flows::admin::create_key::create_key;
use neptun_auth::model::admin::key::Scopes;
use neptun_auth::model::id::UserId;
use poem::Body;
use serde_json::Value;

use crate::helpers::{Answer, Client, TestApp, TestUser};

/// A program that calls with an admin key.
pub struct Operator {
    pub client: Client,
    pub key: String,
}

impl TestApp {
    /// An operator whose key may read and write.
    pub async fn operator(&self) -> Operator {
        self.operator_with(Scopes::ReadAndWrite).await
    }

    /// An operator whose key has these scopes and is valid for 90 days.
    pub async fn operator_with(&self, scopes: Scopes) -> Operator {
        let (_, secret) = create_key(&self.app, "test", scopes, 90).await.unwrap();
        Operator {
            client: self.client(),
            key: secret.reveal().to_owned(),
        }
    }

    /// Gives an account the admin right, as the command line does.
    pub async fn make_admin(&self, user: &TestUser) {
        assert!(
            change_admin_right(&self.app, UserId(id_of(user).await.parse().unwrap()), true)
                .await
                .unwrap()
        );
    }
}

impl Operator {
    pub async fn send(&self, method: &str, path: &str, body: Option<&Value>) -> Answer {
        let bearer = format!("Bearer {}", self.key);
        let mut headers = vec![("authorization", bearer.as_str())];
        if body.is_some() {
            headers.push(("content-type", "application/json"));
        }
        let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
        let path = format!("/api/admin{path}");
        self.client.send(method.parse().unwrap(), &path, &headers, body).await
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send("GET", path, None).await
    }

    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        self.send("POST", path, Some(body)).await
    }

    pub async fn patch(&self, path: &str, body: &Value) -> Answer {
        self.send("PATCH", path, Some(body)).await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        self.send("DELETE", path, None).await
    }
}

/// The id of a user who is signed in.
pub async fn id_of(user: &Client) -> String {
    user.session().await["user"]["id"].as_str().unwrap().to_owned()
}

/// The types and actors of the events of an account, the first one first.
async fn told(user: &Client) -> Vec<String> {
    let events = user.get("/api/users/me/events").await.ok().json();
    let events = events["events"].as_array().unwrap().iter();
    let events = events.map(|event| {
        format!(
            "{} {}",
            event["type"].as_str().unwrap(),
            event["actor"].as_str().unwrap()
        )
    });
    events.rev().collect()
}
