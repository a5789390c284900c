//! Background work: sends mails, tells webhooks, deletes what has expired, ends invitations, reads new signing keys,
//! records failed log-ins, brings restored events into order, counts accounts.

use std::collections::HashMap;
use std::time::Duration;

use anyhow::Context;
use tokio::task::{JoinError, JoinSet};
use tokio::time::{MissedTickBehavior, interval, sleep};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::app::App;
use crate::app::readiness::PROBE_INTERVAL;
use crate::flows::admin::show_statistics::renew_statistics;
use crate::flows::operator::check_readiness::check_readiness;
use crate::flows::worker::active_webhooks::active_webhooks;
use crate::flows::worker::adopt_events::adopt_events;
use crate::flows::worker::claim_mails::claim_mails;
use crate::flows::worker::delete_old_copies::delete_old_copies;
use crate::flows::worker::deliver_events::deliver_events;
use crate::flows::worker::end_unused_invitations::end_unused_invitations;
use crate::flows::worker::measure_resources::measure_resources;
use crate::flows::worker::purge_expired::purge_expired;
use crate::flows::worker::record_failed_log_ins::record_failed_log_ins;
use crate::flows::worker::refresh_keys::refresh_keys;
use crate::flows::worker::send_mail::send_mail;
use crate::telemetry::BackgroundTask;

const CLEANING_INTERVAL: Duration = Duration::from_mins(1);
/// A person may be waiting for a code.
const SENDING_INTERVAL: Duration = Duration::from_secs(1);
/// Pause between two looks for events that webhooks are to be told of.
const TELLING_INTERVAL: Duration = Duration::from_secs(1);
const SENT_AT_ONCE: usize = 16;
/// How long a mail server may go on accepting a mail while the service stops.
const LAST_SENDING: Duration = Duration::from_millis(500);

/// Works until `shutdown`. A round that fails is logged, and the next one tries again; a task that panics starts again.
pub async fn run(app: App, shutdown: CancellationToken) {
    let background = &app.background;
    tokio::join!(
        background.keep_running(BackgroundTask::Cleaning, &shutdown, || clean(&app, &shutdown)),
        background.keep_running(BackgroundTask::Mail, &shutdown, || deliver(&app, &shutdown)),
        ask_mail_server(&app, &shutdown),
        background.keep_running(BackgroundTask::Probe, &shutdown, || probe(&app, &shutdown)),
        background.keep_running(BackgroundTask::Webhooks, &shutdown, || tell(&app, &shutdown)),
    );
}

/// Asks the mail server once what it can do, again after a minute while it can't be reached.
async fn ask_mail_server(app: &App, shutdown: &CancellationToken) {
    let until_known = async {
        while !log_failure("asking the mail server what it can do", app.mailer.ask_server().await) {
            sleep(CLEANING_INTERVAL).await;
        }
    };
    tokio::select! {
        () = until_known => {}
        () = shutdown.cancelled() => {}
    }
}

async fn clean(app: &App, shutdown: &CancellationToken) {
    let mut round = interval(CLEANING_INTERVAL);
    round.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = round.tick() => {
                let purged = purge(app).await.context("purging expired rows");
                let invited = uninvite(app).await.context("ending invitations that have expired");
                let refreshed = refresh_keys(app).await.context("refreshing the signing keys");
                let recorded = record_failed_log_ins(app).await.context("recording failed log-ins");
                let adopted = adopt_events(app).await.context("bringing restored events into order");
                let tidied = delete_old_copies(app).await.context("deleting old copies of the database");
                let outcome = purged.and(invited).and(refreshed).and(recorded).and(adopted).and(tidied);
                let is_working = outcome.is_ok();
                note(app, BackgroundTask::Cleaning, outcome);
                // It may fail for its length alone, so the next round, which rests, is no news of an end.
                if is_working {
                    log_failure("counting accounts and sessions", renew_statistics(app).await);
                }
            }
            () = shutdown.cancelled() => break,
        }
    }
    log_failure("recording failed log-ins", record_failed_log_ins(app).await);
}

/// Keeps the metrics true: of the database when no load balancer asks for readiness, and of what is held.
async fn probe(app: &App, shutdown: &CancellationToken) {
    let mut round = interval(PROBE_INTERVAL);
    round.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = round.tick() => {
                // Not logged: requests and the other tasks tell of the same outage.
                let is_ready = check_readiness(app).await.is_ok();
                let is_measured = measure_resources(app).await.is_ok();
                app.background.set(BackgroundTask::Probe, is_ready && is_measured);
            }
            () = shutdown.cancelled() => return,
        }
    }
}

/// Sends mails separately from other work and from each other, because a mail server may take long for one.
async fn deliver(app: &App, shutdown: &CancellationToken) {
    let mut round = interval(SENDING_INTERVAL);
    round.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let stop = CancellationToken::new();
    let mut sending = JoinSet::new();
    loop {
        tokio::select! {
            _ = round.tick() => {}
            Some(sent) = sending.join_next() => log_sending(sent),
            () = shutdown.cancelled() => break,
        }
        let claimed = claim_mails(app, SENT_AT_ONCE - sending.len()).await;
        let started = claimed.map(|claimed| {
            for mail in claimed {
                let (app, stop) = (app.clone(), stop.clone());
                sending.spawn(async move { send_mail(&app, &mail, &stop).await });
            }
        });
        note(app, BackgroundTask::Mail, started.context("claiming due mails"));
    }
    // A mail that is not sent by then is sent later, under the same Message-ID.
    tokio::select! {
        () = sleep(LAST_SENDING) => stop.cancel(),
        () = drain(&mut sending) => {}
    }
    drain(&mut sending).await;
}

/// Tells each webhook separately from the others, because a receiver may take long. What a shutdown cuts off is told
/// again by another instance or the next start.
async fn tell(app: &App, shutdown: &CancellationToken) {
    let mut round = interval(TELLING_INTERVAL);
    round.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let (mut telling, mut busy) = (JoinSet::new(), HashMap::new());
    loop {
        tokio::select! {
            _ = round.tick() => {
                let active = active_webhooks(app).await.map(|active| {
                    for webhook in active {
                        if !busy.values().any(|known| *known == webhook) {
                            let app = app.clone();
                            let task = telling.spawn(async move { tell_one(&app, webhook).await });
                            busy.insert(task.id(), webhook);
                        }
                    }
                });
                note(app, BackgroundTask::Webhooks, active.context("reading the webhooks"));
            }
            Some(told) = telling.join_next_with_id() => {
                let (task, outcome) = match told {
                    Ok((task, outcome)) => (task, outcome),
                    Err(panicked) => (panicked.id(), Err(panicked.into())),
                };
                busy.remove(&task);
                log_failure("telling a webhook", outcome);
            }
            () = shutdown.cancelled() => return,
        }
    }
}

async fn tell_one(app: &App, webhook: Uuid) -> anyhow::Result<()> {
    while deliver_events(app, webhook).await? {}
    Ok(())
}

async fn drain(sending: &mut JoinSet<anyhow::Result<()>>) {
    while let Some(sent) = sending.join_next().await {
        log_sending(sent);
    }
}

async fn purge(app: &App) -> anyhow::Result<()> {
    while purge_expired(app).await? {}
    Ok(())
}

async fn uninvite(app: &App) -> anyhow::Result<()> {
    while end_unused_invitations(app).await? {}
    Ok(())
}

fn log_sending(sent: Result<anyhow::Result<()>, JoinError>) {
    log_failure("sending a mail", sent.unwrap_or_else(|panicked| Err(panicked.into())));
}

/// Logs a failure of something that is tried again, and returns whether it succeeded.
fn log_failure(task: &str, result: anyhow::Result<()>) -> bool {
    let succeeded = result.is_ok();
    if let Err(error) = result {
        tracing::warn!(
            task,
            error = format!("{error:#}"),
            "a background task failed; it is tried again"
        );
    }
    succeeded
}

/// Notes how a round of a task ended. Logs only what is news, because an outage lasts many rounds.
fn note(app: &App, task: BackgroundTask, outcome: anyhow::Result<()>) {
    let is_news = app.background.set(task, outcome.is_ok());
    let task = task.name();
    match outcome {
        Err(error) if is_news => tracing::warn!(
            task,
            error = format!("{error:#}"),
            "a background task fails; each round tries again"
        ),
        Ok(()) if is_news => tracing::info!(task, "a background task works again"),
        _ => {}
    }
}
