//! Requests and responses about webhooks.

use poem_openapi::Object;
use poem_openapi::types::Example;
use uuid::Uuid;

use crate::api::example;
use crate::api::formats::Nullable;
use crate::api::time::Time;
use crate::model::webhook::{ListedDelivery, Webhook};

/// A service that is told of events.
#[derive(Debug, Object)]
#[oai(example)]
pub struct AdminWebhook {
    id: Uuid,
    /// The address that events are sent to.
    url: String,
    /// The types of events that it is told of; empty for all.
    types: Vec<String>,
    created_at: Time,
    /// Since when nothing is sent to it.
    disabled_at: Nullable<Time>,
    disabled_reason: Nullable<String>,
    /// The number of events that wait for it.
    waiting: i64,
}

/// A webhook and its secret. The secret is not shown again.
#[derive(Debug, Object)]
#[oai(example)]
pub struct AdminWebhookSecret {
    webhook: AdminWebhook,
    /// The secret that messages are signed with, as libraries for Standard Webhooks take it.
    secret: String,
}

/// The webhook to create.
#[derive(Debug, Object)]
#[oai(example)]
pub struct AdminCreateWebhookRequest {
    /// The address to send events to, with https. It must be public, unless a setting of the service lists its network.
    #[oai(validator(max_length = 2048, pattern = "^https://"))]
    url: String,
    /// The types of events to tell it of, as in the audit log; without any, all.
    #[oai(validator(max_items = 21), skip_serializing_if_is_none)]
    types: Option<Vec<String>>,
}

/// The changes to make; what is left out stays.
#[derive(Debug, Object)]
#[oai(example)]
pub struct AdminUpdateWebhookRequest {
    /// Another address.
    #[oai(validator(max_length = 2048, pattern = "^https://"), skip_serializing_if_is_none)]
    url: Option<String>,
    /// Other types of events; an empty list for all.
    #[oai(validator(max_items = 21), skip_serializing_if_is_none)]
    types: Option<Vec<String>>,
    /// Whether to stop sending.
    #[oai(skip_serializing_if_is_none)]
    disabled: Option<bool>,
}

/// What a webhook was told of an event, or will be.
#[derive(Debug, Object)]
#[oai(example)]
pub struct AdminDelivery {
    /// The id of the event, which the message has as `webhook-id`.
    event_id: Uuid,
    #[oai(rename = "type")]
    kind: String,
    happened_at: Time,
    /// The number of attempts that failed.
    attempts: i64,
    /// When the receiver took it; null as long as it waits.
    delivered_at: Nullable<Time>,
    /// When the next attempt is due; null for what was delivered.
    due_at: Nullable<Time>,
    /// The status of the receiver's last answer; null without one.
    last_status: Nullable<i64>,
}

/// One page of deliveries, the latest first.
#[derive(Debug, Object)]
#[oai(example)]
pub struct AdminDeliveryList {
    deliveries: Vec<AdminDelivery>,
    /// Send this as `before` to read the next page; absent on the last one.
    #[oai(skip_serializing_if_is_none)]
    next: Option<String>,
}

impl AdminWebhook {
    pub fn of((webhook, waiting): (Webhook, i64)) -> Self {
        let types = webhook.types.split(',').filter(|name| !name.is_empty());
        Self {
            id: webhook.id,
            types: types.map(str::to_owned).collect(),
            url: webhook.url,
            created_at: Time(webhook.created_at),
            disabled_at: Nullable(webhook.disabled_at.map(Time)),
            disabled_reason: webhook.disabled_reason.into(),
            waiting,
        }
    }
}

impl AdminWebhookSecret {
    pub fn of(webhook: AdminWebhook, secret: &str) -> Self {
        Self {
            webhook,
            secret: secret.to_owned(),
        }
    }
}

impl AdminDelivery {
    fn of(delivery: ListedDelivery) -> Self {
        let is_waiting = delivery.delivered_at.is_none();
        Self {
            event_id: delivery.event_id,
            kind: delivery.kind,
            happened_at: Time(delivery.happened_at),
            attempts: delivery.attempts,
            delivered_at: Nullable(delivery.delivered_at.map(Time)),
            due_at: Nullable(Some(Time(delivery.due_at)).filter(|_| is_waiting)),
            last_status: delivery.last_status.into(),
        }
    }
}

impl AdminDeliveryList {
    pub fn of(listed: Vec<ListedDelivery>, has_more: bool) -> Self {
        let next = listed.last().filter(|_| has_more).map(|last| last.position.to_string());
        Self {
            deliveries: listed.into_iter().map(AdminDelivery::of).collect(),
            next,
        }
    }
}

impl Example for AdminWebhook {
    fn example() -> Self {
        Self {
            id: Uuid::from_u128(0x0192_d3a8_6c0e_7d21_a04e_3b7c_9d2f_6083),
            url: "https://app.example.com/hooks".to_owned(),
            types: vec!["sign_up".to_owned(), "account_deleted".to_owned()],
            created_at: Time(example::signed_in().created_at),
            disabled_at: Nullable(None),
            disabled_reason: Nullable(None),
            waiting: 0,
        }
    }
}

impl Example for AdminWebhookSecret {
    fn example() -> Self {
        Self {
            webhook: AdminWebhook::example(),
            secret: "whsec_Zm9yIGEgZG9jdW1lbnQsIG5vdCBmb3IgYSB3ZWJob29r".to_owned(),
        }
    }
}

impl Example for AdminCreateWebhookRequest {
    fn example() -> Self {
        Self {
            url: "https://app.example.com/hooks".to_owned(),
            types: Some(vec!["sign_up".to_owned(), "account_deleted".to_owned()]),
        }
    }
}

impl Example for AdminUpdateWebhookRequest {
    fn example() -> Self {
        Self {
            url: None,
            types: Some(vec!["sign_up".to_owned()]),
            disabled: Some(false),
        }
    }
}

impl Example for AdminDelivery {
    fn example() -> Self {
        Self {
            event_id: Uuid::from_u128(0x0192_d3a8_6c0e_7d21_a04e_3b7c_9d2f_6081),
            kind: "sign_up".to_owned(),
            happened_at: Time(example::signed_in().created_at),
            attempts: 0,
            delivered_at: Nullable(Some(Time(example::signed_in().created_at))),
            due_at: Nullable(None),
            last_status: Nullable(Some(204)),
        }
    }
}

impl Example for AdminDeliveryList {
    fn example() -> Self {
        Self {
            deliveries: vec![AdminDelivery::example()],
            next: None,
        }
    }
}
