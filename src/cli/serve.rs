//! `neptun-auth serve`: starts the listeners and the background worker, and runs them until SIGTERM or SIGINT.

use std::net::SocketAddr;
use std::os::unix::fs::DirBuilderExt;
use std::path::PathBuf;
use std::time::Duration;
use std::{env, fs};

use anyhow::Context;
use clap::Args;
use poem::endpoint::BoxEndpoint;
use poem::{EndpointExt, Response, Route, get};
use serde_json::json;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use url::Url;
use uuid::Uuid;

use super::printable::json_line;
use super::say::say;
use crate::api::spec::Document;
use crate::app::{App, Setup};
use crate::config::{Settings, names};
use crate::flows::admin::lacks_operator::lacks_operator;
use crate::model::secret_key::SecretKey;
use crate::server::{ConnectionBounds, Stop};
use crate::telemetry::Traces;
use crate::{api, server, telemetry, worker};

/// What remains of the ten seconds for a stop after the requests in flight have had theirs.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(1);

#[derive(Debug, Default, Args)]
pub struct ServeArgs {
    /// Serve the end-to-end tests of an application: a database that is deleted at the end, cheap hashes, no limits,
    /// and `/dev/` to move the clock, sign people in and read their mails. For this machine only
    #[arg(long)]
    ephemeral: bool,
}

pub async fn serve(arguments: &ServeArgs, settings: &Settings, traces: Option<Traces>) -> anyhow::Result<()> {
    if !arguments.ephemeral {
        return run(settings, settings.setup()?, traces).await;
    }
    let place = Place::new()?;
    let key = SecretKey::generate().reveal().to_string();
    let setup = settings.ephemeral(&place.0, key.clone())?;
    tracing::info!("ephemeral: nothing is kept. /dev/ takes Authorization: Bearer {key}");
    run(settings, setup, traces).await
}

/// A folder that goes with this value.
struct Place(PathBuf);

impl Place {
    fn new() -> anyhow::Result<Self> {
        let folder = env::temp_dir().join(format!("neptun-auth-{}", Uuid::now_v7().simple()));
        let made = fs::DirBuilder::new().mode(0o700).create(&folder);
        made.with_context(|| format!("making the folder {}", folder.display()))?;
        Ok(Self(folder))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir_all(&self.0) {
            tracing::warn!(%error, "the temporary folder {} could not be deleted", self.0.display());
        }
    }
}

async fn run(settings: &Settings, setup: Setup, traces: Option<Traces>) -> anyhow::Result<()> {
    let web = settings.web()?;
    let public_url = settings.public_url()?;
    let metrics_listen = settings.operation.metrics_listen()?;
    let admin_listen = settings.operation.admin_listen()?;
    let (draining, shutdown) = listen_for_signals(settings.drain_delay())?;

    let setup = Setup {
        draining: draining.clone(),
        ..setup
    };
    // A database that is silent, or that another instance migrates, may take long.
    let opened = draining.run_until_cancelled(Box::pin(App::open(setup))).await;
    let Some(app) = opened.transpose()? else {
        return Ok(());
    };
    serve_metrics(metrics_listen, shutdown.clone()).await?;
    let listener = bind(settings.listen(), "LISTEN").await?;
    announce(settings, listener.local_addr()?, &public_url, web.docs);
    announce_mail(&app, &public_url);
    announce_first_operator(&app, &public_url, web.operators).await;
    let worker = tokio::spawn(worker::run(app.clone(), shutdown.clone()));
    let mut endpoint = api::routes(&app, &web);
    let operators = match admin_listen {
        Some(address) => {
            let private = api::private_admin(api::routes(&app, &web));
            let listener = bind(address, "ADMIN_LISTEN").await?;
            endpoint = api::without_admin(endpoint);
            tracing::info!("operators are served on {address}, with keys only");
            if settings.operation.exposed_admin_listen().is_some() {
                tracing::warn!(
                    "other networks may reach the listener for operators; set NEPTUN_AUTH_ADMIN_LISTEN to a loopback \
                     or private address"
                );
            }
            Some(serve_private(listener, private, shutdown.clone()))
        }
        None => None,
    };
    if let Some(key) = &app.dev_key {
        // For the program that starts this one and runs the tests. The listener takes connections by now.
        say(&json_line(&json!({ "url": public_url.as_str(), "key": key })))?;
    }
    let stop = Stop { draining, shutdown };
    server::serve(listener, endpoint, settings.connections(), stop).await;
    if let Some(operators) = operators {
        // What an operator has asked for is done, and its answer may hold the only copy of a key.
        operators.await.context("the private listener failed")?;
    }
    let finished = async {
        worker.await.context("the background worker failed")?;
        app.close().await;
        anyhow::Ok(())
    };
    let (finished, ()) = tokio::join!(timeout(CLOSE_TIMEOUT, finished), close(traces));
    if let Ok(outcome) = finished {
        outcome?;
    } else {
        // Every request has its answer, and what a background task has not finished is done by the next start.
        tracing::warn!("the database did not answer background tasks before the service stopped");
    }
    tracing::info!("stopped");
    Ok(())
}

/// Sends the last spans, beside what else there is to do.
async fn close(traces: Option<Traces>) {
    let Some(traces) = traces else {
        return;
    };
    if let Err(error) = traces.close(CLOSE_TIMEOUT).await {
        tracing::warn!(error = format!("{error:#}"), "traces of the last requests are lost");
    }
}

async fn serve_metrics(address: Option<SocketAddr>, shutdown: CancellationToken) -> anyhow::Result<()> {
    let Some(address) = address else {
        return Ok(());
    };
    let metrics = telemetry::start_metrics()?;
    let document = Document::of_defaults();
    for (operation, status) in document.answers() {
        telemetry::expect_request(operation, status);
    }
    let listener = bind(address, "METRICS_LISTEN").await?;
    let page = poem::endpoint::make_sync(move |_| {
        metrics.run_upkeep();
        telemetry::process();
        Response::builder()
            .content_type("text/plain; version=0.0.4")
            .body(metrics.render())
    });
    let endpoint = Route::new().at("/metrics", get(page)).map_to_response().boxed();
    // Nothing is lost with the answer to a question for metrics.
    drop(serve_private(listener, endpoint, shutdown));
    Ok(())
}

/// Serves on a listener that no load balancer sends requests to, until `shutdown` and the end of requests in flight.
fn serve_private(
    listener: TcpListener,
    endpoint: BoxEndpoint<'static, Response>,
    shutdown: CancellationToken,
) -> JoinHandle<()> {
    let stop = Stop {
        draining: shutdown.clone(),
        shutdown,
    };
    tokio::spawn(server::serve(listener, endpoint, ConnectionBounds::default(), stop))
}

async fn bind(address: SocketAddr, setting: &str) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address)
        .await
        .with_context(|| format!("can't listen on {address}; choose another {setting}"))
}

fn announce(settings: &Settings, listen: SocketAddr, public_url: &Url, docs: bool) {
    for sentence in names::unknown_variables(&super::command()) {
        tracing::warn!("{sentence}");
    }
    let url = public_url.as_str();
    tracing::info!("Neptun Auth listens on {listen} and expects browsers at {url}");
    if docs {
        tracing::info!("API documentation: {url}docs/");
    }
    if settings.is_exposed_development(public_url) {
        tracing::warn!(
            "other machines can reach this service, but PUBLIC_URL is on localhost: cookies are not Secure and every \
             page on localhost may call; set NEPTUN_AUTH_PUBLIC_URL to the https address that browsers use"
        );
    }
}

fn announce_mail(app: &App, public_url: &Url) {
    if let Some(key) = app.mailer.inbox_key() {
        tracing::info!("SMTP_URL is not set: read the mails at {public_url}dev/inbox/{key}");
    } else if !app.mailer.can_deliver() {
        tracing::warn!("no mail server is set, so no mail is sent; set NEPTUN_AUTH_SMTP_URL to send the waiting mails");
    }
}

/// Names the way to the pages of operators while no account may use them.
async fn announce_first_operator(app: &App, public_url: &Url, has_pages: bool) {
    // The command line does not reach a database for tests, in which applications sign people in by themselves.
    if app.pages.is_none() || !has_pages || app.dev_key.is_some() {
        return;
    }
    match lacks_operator(app).await {
        Ok(true) => tracing::info!(
            "no account may use the operators' pages at {public_url}admin/ yet: sign up there, then run \
             `neptun-auth users make-admin ADDRESS`"
        ),
        Ok(false) => {}
        Err(error) => tracing::warn!("looking for an account with the admin right failed: {error:#}"),
    }
}

/// The first SIGTERM or SIGINT starts a graceful stop; the second ends the process at once. The first of the tokens is
/// cancelled at once, the second one after `drain_delay`.
fn listen_for_signals(drain_delay: Duration) -> anyhow::Result<(CancellationToken, CancellationToken)> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let (draining, shutdown) = (CancellationToken::new(), CancellationToken::new());
    let tokens = (draining.clone(), shutdown.clone());
    tokio::spawn(async move {
        for round in 0.. {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
            if round > 0 {
                std::process::exit(1);
            }
            tokio::spawn(stop(draining.clone(), shutdown.clone(), drain_delay));
        }
    });
    Ok(tokens)
}

async fn stop(draining: CancellationToken, shutdown: CancellationToken, drain_delay: Duration) {
    draining.cancel();
    if !drain_delay.is_zero() {
        tracing::info!("stopping in {drain_delay:?}: readiness is 503 from now on, requests are still accepted");
        sleep(drain_delay).await;
    }
    tracing::info!("stopping: requests in flight are answered, new connections are rejected");
    shutdown.cancel();
}
