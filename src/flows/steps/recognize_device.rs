//! Stores the device of a log-in, and mails a notice when it is new to the account.

use chrono::{DateTime, Utc};

use super::notify::{Owner, notify};
use crate::app::App;
use crate::model::client::Client;
use crate::model::device::Device;
use crate::model::id::UserId;
use crate::model::mail::{Message, format_time};
use crate::store::{Tx, devices};

/// Stores the device of `client`. A family of browser and system that is new to the account, or new in this network, is
/// worth a notice to its owner: a thief may use the same browser as the owner does. A browser that shows that the
/// account knows it may change its network without a notice.
pub(in crate::flows) async fn recognize_device(
    app: &App,
    tx: &mut Tx,
    user: UserId,
    owner: Owner<'_>,
    client: &Client,
    shows_known_cookie: bool,
    now: DateTime<Utc>,
) -> anyhow::Result<()> {
    let family = client.family();
    let seen = devices::with_family(tx.conn(), user, client).await?;
    devices::note(tx.conn(), user, client, now).await?;
    if !seen.in_this_network {
        devices::delete_surplus(tx.conn(), user, Device::MOST_OF_ACCOUNT).await?;
    }
    if seen.in_this_network || (seen.anywhere && shows_known_cookie) {
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
