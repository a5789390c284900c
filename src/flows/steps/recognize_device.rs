//! Somebody signs in with a device that their account may not know yet.

use chrono::{DateTime, Utc};

use super::notify::{self, notify};
use super::start_session::Owner;
use crate::app::App;
use crate::model::client::Client;
use crate::model::mail::{Message, shown};
use crate::store::{Tx, devices};

/// Remembers what an account is used with. A kind of browser and system that is new to it is worth telling its owner.
pub(in crate::flows) async fn recognize_device(
    app: &App,
    tx: &mut Tx,
    owner: Owner<'_>,
    client: &Client,
    now: DateTime<Utc>,
) -> anyhow::Result<()> {
    let family = client.family();
    let is_new = devices::has_only_other_families(tx.conn(), owner.id, &family).await?;
    devices::note(tx.conn(), owner.id, client, now).await?;
    if !is_new {
        return Ok(());
    }
    let message = Message::NewLogIn {
        at: shown(now),
        device: family,
        network: client
            .vicinity()
            .map_or_else(|| "?".to_owned(), |network| network.to_string()),
    };
    let told = notify::Owner {
        email: owner.email,
        email_verified: owner.email_verified,
    };
    notify(app, tx, told, client, message, now).await
}
