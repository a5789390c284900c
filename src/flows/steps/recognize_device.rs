//! Stores the device of a log-in, and mails a notice when its kind is new to the account.

use chrono::{DateTime, Utc};

use super::notify::{Owner, notify};
use crate::app::App;
use crate::model::client::Client;
use crate::model::id::UserId;
use crate::model::mail::{Message, format_time};
use crate::store::{Tx, devices};

/// Stores the device of `client`. A family of browser and system that is new to the account is worth a notice to its
/// owner.
pub(in crate::flows) async fn recognize_device(
    app: &App,
    tx: &mut Tx,
    user: UserId,
    owner: Owner<'_>,
    client: &Client,
    now: DateTime<Utc>,
) -> anyhow::Result<()> {
    let family = client.family();
    let is_new = devices::has_only_other_families(tx.conn(), user, &family).await?;
    devices::note(tx.conn(), user, client, now).await?;
    if !is_new {
        return Ok(());
    }
    let message = Message::NewLogIn {
        at: format_time(now),
        device: family,
        network: client
            .provider_range()
            .map_or_else(|| "?".to_owned(), |network| network.to_string()),
    };
    notify(app, tx, owner, client, message, now).await
}
