//! `neptun-auth webhooks`: other services that are told of events.

use anyhow::Context;
use chrono::{DateTime, Utc};
use clap::{Args, Subcommand};
use serde_json::{Value, json};
use uuid::Uuid;

use super::moment::moment;
use super::printable::json_line;
use super::say::{report, say};
use crate::app::App;
use crate::config::Settings;
use crate::flows::operator::change_webhook::{WebhookChange, change_webhook};
use crate::flows::operator::create_webhook::create_webhook;
use crate::flows::operator::list_webhooks::list_webhooks;
use crate::flows::operator::place_in_events::place_in_events;
use crate::model::admin::Operator;
use crate::model::event::EventStart;
use crate::model::webhook::Webhook;

#[derive(Debug, Subcommand)]
pub enum WebhooksCommand {
    /// Add a webhook that is told of events from now on; prints its id and its secret, which is shown this once
    Create {
        /// Address of the receiver, with https
        address: String,
        /// Types of events, separated by commas [default: all]
        #[arg(long, value_delimiter = ',')]
        types: Vec<String>,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Print all webhooks and the number of events that wait for each
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Give a webhook a new secret and print it; the former one signs too for 24 hours
    Rotate(One),
    /// Stop telling a webhook of events; they wait
    Disable(One),
    /// Tell a disabled webhook of the events that wait and of new ones
    Enable(One),
    /// Send a webhook once more the events that are kept, from a place on
    Replay {
        #[command(flatten)]
        one: One,
        #[command(flatten)]
        start: Start,
    },
    /// Delete a webhook and what waits for it
    Delete(One),
}

#[derive(Debug, Clone, Copy, Args)]
pub struct One {
    /// Id of the webhook
    id: Uuid,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Clone, Copy, Args)]
#[group(required = true, multiple = false)]
pub struct Start {
    /// Begin with the event that follows this one: the `webhook-id` of the last one that its receiver has; if it was
    /// erased, a minute before it
    #[arg(long)]
    after: Option<Uuid>,
    /// Begin with the first event since this time, such as 2024-10-04T15:00:00Z
    #[arg(long, value_parser = moment)]
    since: Option<DateTime<Utc>>,
}

impl Start {
    /// `None` without either, which clap rejects.
    fn place(self) -> Option<EventStart> {
        self.after.map(EventStart::After).or(self.since.map(EventStart::Since))
    }
}

pub async fn run(command: WebhooksCommand, settings: &Settings) -> anyhow::Result<()> {
    let app = App::open(settings.setup()?).await?;
    let outcome = act(command, &app).await;
    app.close().await;
    outcome
}

async fn act(command: WebhooksCommand, app: &App) -> anyhow::Result<()> {
    let operator = Operator::at_command_line();
    match command {
        WebhooksCommand::Create { address, types, json } => {
            let (webhook, secret) = create_webhook(app, &operator, &address, &types).await?;
            report(&secret_text(webhook.id, &secret, json));
        }
        WebhooksCommand::Rotate(One { id, json }) => {
            let changed = change_webhook(app, &operator, id, WebhookChange::Rotate).await?;
            if let Some(secret) = changed.secret {
                report(&secret_text(id, &secret, json));
            }
        }
        WebhooksCommand::List { json } => say(&list(&list_webhooks(app).await?, json))?,
        WebhooksCommand::Disable(one) => change(app, one, WebhookChange::Disable, "The webhook is disabled.\n").await?,
        WebhooksCommand::Enable(one) => {
            let said = "The webhook is enabled; what waited is sent now.\n";
            change(app, one, WebhookChange::Enable, said).await?;
        }
        WebhooksCommand::Replay { one, start } => {
            let start = start.place().context("--after or --since is needed")?;
            let place = place_in_events(app, start).await?;
            let said = "The events from there on are sent again now.\n";
            change(app, one, WebhookChange::Replay(place), said).await?;
        }
        WebhooksCommand::Delete(one) => change(app, one, WebhookChange::Delete, "The webhook is deleted.\n").await?,
    }
    Ok(())
}

/// Changes a webhook and says so. The JSON is the webhook as it is now, and only its id if it was deleted.
async fn change(app: &App, One { id, json }: One, change: WebhookChange, said: &str) -> anyhow::Result<()> {
    let changed = change_webhook(app, &Operator::at_command_line(), id, change).await?;
    if !json {
        report(said);
        return Ok(());
    }
    report(&json_line(&match changed.left {
        Some((webhook, waiting)) => shown(&webhook, waiting),
        None => json!({ "id": id }),
    }));
    Ok(())
}

fn secret_text(id: Uuid, secret: &str, as_json: bool) -> String {
    if as_json {
        return json_line(&json!({ "id": id, "secret": secret }));
    }
    format!("Webhook: {id}\nSecret:  {secret}\nKeep the secret; it is not shown again.\n")
}

fn list(webhooks: &[(Webhook, i64)], as_json: bool) -> String {
    if as_json {
        let all: Vec<Value> = webhooks
            .iter()
            .map(|(webhook, waiting)| shown(webhook, *waiting))
            .collect();
        return json_line(&json!(all));
    }
    if webhooks.is_empty() {
        return "There are no webhooks.\n".to_owned();
    }
    let lines = webhooks.iter().map(|(webhook, waiting)| {
        let types = if webhook.types.is_empty() {
            "all"
        } else {
            &webhook.types
        };
        let state = match &webhook.disabled_reason {
            Some(reason) => format!("disabled: {reason}"),
            None => "enabled".to_owned(),
        };
        format!("{}  {}  {types}  {waiting} waiting  {state}\n", webhook.id, webhook.url)
    });
    lines.collect()
}

fn shown(webhook: &Webhook, waiting: i64) -> Value {
    json!({
        "id": webhook.id,
        "url": webhook.url,
        "types": webhook.types.split(',').filter(|name| !name.is_empty()).collect::<Vec<_>>(),
        "created_at": webhook.created_at,
        "disabled_at": webhook.disabled_at,
        "disabled_reason": webhook.disabled_reason,
        "waiting": waiting,
    })
}
