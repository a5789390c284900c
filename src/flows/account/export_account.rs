//! An account owner exports everything that is stored about them.

use chrono::{DateTime, Utc};

use crate::app::App;
use crate::flows::steps::read_factors::{ListedFactors, read_factors};
use crate::model::device::ListedDevice;
use crate::model::event::ListedEvent;
use crate::model::identity::Identity;
use crate::model::mail::code::ListedCode;
use crate::model::session::{ListedSession, SignedIn};
use crate::model::user::OwnAccount;
use crate::store::{codes, devices, events, identities, outbox, sessions, users};

/// Longest list of devices, codes, waiting mails or events in an export, so that no account takes much memory to
/// export.
const MAX_ROWS: u32 = 1000;

/// Everything that is stored about one account, except secrets. Of longer lists than an export may have, the latest.
#[derive(Debug)]
pub struct Export {
    pub account: OwnAccount,
    pub sessions: Vec<ListedSession>,
    pub factors: ListedFactors,
    pub devices: Vec<ListedDevice>,
    pub codes: Vec<ListedCode>,
    pub identities: Vec<Identity>,
    /// For each mail that waits to be sent: when it was written.
    pub waiting_mails: Vec<DateTime<Utc>>,
    pub events: Vec<ListedEvent>,
}

/// Everything that is stored about the account; `None` when a concurrent request has deleted it.
pub async fn export_account(app: &App, signed_in: &SignedIn) -> anyhow::Result<Option<Export>> {
    let user = signed_in.user_id;
    let factors = read_factors(app, user).await?;
    let mut read = app.db.read().await?;
    let Some(account) = users::own_account(read.conn(), user).await? else {
        return Ok(None);
    };
    Ok(Some(Export {
        account,
        factors,
        sessions: sessions::of_user(read.conn(), user, app.clock.now(), app.session_caps.total()).await?,
        devices: devices::of_user(read.conn(), user, MAX_ROWS).await?,
        codes: codes::of_user(read.conn(), user, MAX_ROWS).await?,
        identities: identities::of_user(read.conn(), user).await?,
        waiting_mails: outbox::of_user(read.conn(), user, MAX_ROWS).await?,
        events: events::of_user(read.conn(), user, None, MAX_ROWS).await?,
    }))
}
