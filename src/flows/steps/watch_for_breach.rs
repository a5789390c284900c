//! Looks after a log-in whether its password is known from a breach, and tells the owner. The log-in has its answer by
//! then: a list that is slow keeps no client waiting, and a hit refuses none.

use super::notify::{Owner, notify};
use crate::app::App;
use crate::model::client::Client;
use crate::model::id::UserId;
use crate::model::mail::{Message, format_time};
use crate::model::user::password::{Password, PasswordHash};
use crate::store::users;

/// A password that has just been verified.
#[derive(Debug)]
pub(in crate::flows) struct Watched<'a> {
    pub user: UserId,
    pub password: &'a Password,
    /// The hashes that the account may have by now: the verified one, and a stronger one of the same password.
    pub hashes: [&'a PasswordHash; 2],
    pub client: &'a Client,
}

/// Starts to look, if lists are set up and there is a place.
pub(in crate::flows) fn start(app: &App, watched: &Watched<'_>) {
    let Some(place) = app.breached.place_at_log_in() else {
        return;
    };
    let (app, user, password) = (app.clone(), watched.user, watched.password.clone());
    let (hashes, client) = (watched.hashes.map(Clone::clone), watched.client.clone());
    tokio::spawn(async move {
        if let Err(error) = watch_for_breach(&app, user, password, hashes, &client).await {
            let error = format!("{error:#}");
            tracing::error!(
                error,
                "an owner of a breached password was not told; the next log-in tries again"
            );
        }
        drop(place);
    });
}

async fn watch_for_breach(
    app: &App,
    user: UserId,
    password: Password,
    hashes: [PasswordHash; 2],
    client: &Client,
) -> anyhow::Result<()> {
    if !app.breached.knows(&password).await {
        return Ok(());
    }
    drop(password);
    let now = app.clock.now();
    let mut tx = app.db.write().await?;
    let Some(contact) = users::mark_breached(&mut tx, user, &hashes, now).await? else {
        // The owner knows already, or has another password by now.
        return Ok(());
    };
    let owner = Owner {
        email: &contact.email,
        email_verified: contact.email_verified_at.is_some(),
    };
    notify(
        app,
        &mut tx,
        owner,
        client,
        Message::PasswordBreached { at: format_time(now) },
        now,
    )
    .await?;
    tx.commit().await?;
    Ok(())
}
