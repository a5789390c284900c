//! An operator looks at how the instance that answers is.

use chrono::{DateTime, Utc};

use crate::app::App;
use crate::store::outbox;

/// Mails are counted up to this number, so that a long queue costs no more.
const MOST_COUNTED: u32 = 10_000;

/// What one instance knows of itself, and of the mails that wait in its database.
#[derive(Debug)]
pub struct Instance {
    pub started_at: DateTime<Utc>,
    pub is_postgres: bool,
    pub pools: Vec<Pool>,
    /// The number of places in the queue for hashing that are taken, and that of all places.
    pub hashing: (usize, usize),
    pub waiting_mails: i64,
    pub oldest_mail_at: Option<DateTime<Utc>>,
}

/// How the connections of a pool are used.
#[derive(Debug)]
pub struct Pool {
    pub name: &'static str,
    pub in_use: usize,
    pub most: usize,
}

/// How the instance is now. The connection that reads this is one of those in use.
pub async fn show_instance(app: &App) -> anyhow::Result<Instance> {
    let mut read = app.db.read().await?;
    let waiting = outbox::waiting(read.conn(), MOST_COUNTED).await?;
    let pools = app.db.pools().into_iter().map(|pool| Pool {
        name: pool.name,
        in_use: pool.in_use,
        most: pool.most,
    });
    Ok(Instance {
        started_at: app.started_at,
        is_postgres: app.db.file().is_none(),
        pools: pools.collect(),
        hashing: app.hasher.places(),
        waiting_mails: waiting.mails,
        oldest_mail_at: waiting.oldest,
    })
}
