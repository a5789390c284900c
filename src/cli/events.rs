//! `neptun-auth events`: follows and exports the audit log.

use std::fs::{File, OpenOptions};
use std::io::{BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context;
use chrono::{DateTime, Utc};
use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Subcommand};
use serde_json::{Value, json};
use tokio::time::sleep;
use uuid::Uuid;

use super::moment::moment;
use super::outage::Outage;
use super::printable::{json_line, printable};
use super::progress::Progress;
use super::remote::RemoteArgs;
use super::say::{report, say_to_reader};
use super::targets::Target;
use super::users::time;
use crate::app::clock::Clock;
use crate::config::Settings;
use crate::model::event::{EventFilter, EventKind, EventStart, LoggedEvent, all_details};
use crate::model::id::UserId;

/// Pause before the next look for new events.
const INTERVAL: Duration = Duration::from_millis(500);

#[derive(Debug, Subcommand)]
pub enum EventsCommand {
    /// Print events as they happen, until you press Ctrl-C
    Tail {
        #[command(flatten)]
        which: Which,
        /// Print JSON lines
        #[arg(long)]
        json: bool,
    },
    /// Write the events that are kept to a file, and print the id of the last one: `--after` goes on from there
    Export {
        /// New file for the events, as JSON lines
        file: PathBuf,
        #[command(flatten)]
        which: Which,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}

#[derive(Debug, Args)]
pub struct Which {
    /// Only events of this account: its address, user name or id
    #[arg(long)]
    user: Option<String>,
    /// Only events of these types, separated by commas
    #[arg(long = "type", value_name = "TYPE", value_delimiter = ',', value_parser = kinds())]
    kinds: Vec<EventKind>,
    /// Begin with the event that follows this one; if it was erased, a minute before it, so events may come again
    #[arg(long, value_name = "ID", conflicts_with = "since")]
    after: Option<Uuid>,
    /// Begin with the first event since this time, such as 2024-10-04T15:00:00Z
    #[arg(long, value_name = "TIME", value_parser = moment)]
    since: Option<DateTime<Utc>>,
}

fn kinds() -> impl TypedValueParser<Value = EventKind> {
    let names = PossibleValuesParser::new(EventKind::ALL.iter().map(|kind| kind.name()));
    names.try_map(|name| EventKind::named(&name).context("there is no such type"))
}

impl Which {
    /// The place to begin at; `otherwise` if none is named.
    fn start(&self, otherwise: EventStart) -> EventStart {
        let since = self.since.map(EventStart::Since);
        self.after.map(EventStart::After).or(since).unwrap_or(otherwise)
    }

    async fn filter(&self, target: &Target) -> anyhow::Result<EventFilter> {
        let user = match &self.user {
            Some(name) => Some(find(target, name).await?),
            None => None,
        };
        Ok(EventFilter {
            user,
            kinds: self.kinds.clone(),
        })
    }
}

/// The account of this name. An id need not be that of an account that is still there: its deletion is an event.
async fn find(target: &Target, name: &str) -> anyhow::Result<UserId> {
    match name.trim().parse() {
        Ok(id) => Ok(UserId(id)),
        Err(_) => Ok(target.find(name).await?.id),
    }
}

pub async fn run(command: EventsCommand, remote: &RemoteArgs, settings: &Settings) -> anyhow::Result<()> {
    match command {
        EventsCommand::Tail { which, json } => {
            let target = Target::open(remote, settings).await?;
            let outcome = tail(&target, &which, json).await;
            target.close().await;
            outcome
        }
        EventsCommand::Export { file, which, json } => {
            let path = file.display();
            let created = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&file);
            let created = created.with_context(|| format!("creating {path}"))?;
            let target = Target::open(remote, settings).await?;
            let outcome = export(&target, &which, created).await;
            target.close().await;
            let (count, last) = outcome.with_context(|| format!("writing {path}"))?;
            report(&summary(count, last, json));
            Ok(())
        }
    }
}

/// Goes on until its reader has gone, also over an outage. Ctrl-C ends the process, which holds nothing that would need
/// an end.
async fn tail(target: &Target, which: &Which, as_json: bool) -> anyhow::Result<()> {
    let filter = which.filter(target).await?;
    let mut reader = target.events(filter, which.start(EventStart::Now)).await?;
    let mut outage = Outage::default();
    loop {
        let next = match reader.next().await {
            Ok(next) => next,
            Err(error) => {
                outage.wait(error).await?;
                continue;
            }
        };
        outage.end();
        let Some(events) = next else {
            sleep(INTERVAL).await;
            continue;
        };
        let lines = events.iter().map(|event| {
            if as_json {
                json_line(&object(event))
            } else {
                line(event)
            }
        });
        let lines: String = lines.collect();
        if !say_to_reader(&lines)? {
            return Ok(());
        }
    }
}

/// Writes all events to the file; returns how many, and the last.
async fn export(target: &Target, which: &Which, file: File) -> anyhow::Result<(u64, Option<Uuid>)> {
    let filter = which.filter(target).await?;
    let mut reader = target.events(filter, which.start(EventStart::First)).await?;
    let (mut file, mut progress) = (BufWriter::new(file), Progress::start());
    let (mut count, mut first, mut last) = (0, None, None);
    while let Some(events) = reader.next().await? {
        for event in &events {
            file.write_all(json_line(&object(event)).as_bytes())?;
            count += 1;
        }
        if let Some(latest) = events.last() {
            let now = latest.event.happened_at;
            last = Some(latest.event.id);
            progress.show(
                share(*first.get_or_insert(now), now, Clock::System.now()),
                &format!("{count} events"),
            );
        }
    }
    drop(progress);
    file.flush()?;
    file.get_ref().sync_all()?;
    Ok((count, last))
}

/// How far `now` is from `first` to `end`, in thousandths.
fn share(first: DateTime<Utc>, now: DateTime<Utc>, end: DateTime<Utc>) -> u64 {
    let all = (end - first).num_milliseconds().max(1);
    u64::try_from((now - first).num_milliseconds().saturating_mul(1000) / all).unwrap_or_default()
}

fn summary(count: u64, last: Option<Uuid>, as_json: bool) -> String {
    if as_json {
        return json_line(&json!({ "events": count, "last": last }));
    }
    let events = if count == 1 { "event" } else { "events" };
    let more = last.map(|last| format!("Go on from here later with --after {last}\n"));
    format!("Wrote {count} {events}.\n{}", more.unwrap_or_default())
}

/// The event as the admin API shows it.
fn object(logged: &LoggedEvent) -> Value {
    let event = &logged.event;
    json!({
        "id": event.id,
        "type": event.kind,
        "happened_at": event.happened_at,
        "actor": event.actor,
        "user_id": logged.user_id,
        "session_id": event.session_id,
        "network": event.network,
        "browser": event.browser,
        "data": all_details(event.data.as_deref()),
    })
}

/// The event for a person. Columns are as wide as the longest type, actor and network of IPv4.
fn line(logged: &LoggedEvent) -> String {
    let event = &logged.event;
    let user = logged
        .user_id
        .map_or_else(|| "-".to_owned(), |UserId(id)| id.to_string());
    let details = all_details(event.data.as_deref());
    let details: Vec<_> = details.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let line = format!(
        "{}  {:20}  {:8}  {user:36}  {:18}  {}  {}",
        time(event.happened_at),
        event.kind,
        event.actor,
        event.network.as_deref().unwrap_or("-"),
        event.browser.as_deref().unwrap_or("-"),
        details.join(" "),
    );
    format!("{}\n", printable(line.trim_end()))
}
