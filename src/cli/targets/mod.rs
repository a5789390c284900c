//! Where a command works: on the database, or by the admin API of a running instance. Both do the same and answer the
//! same.

mod answers;
mod events;
mod sessions;
mod users;

use anyhow::bail;

use super::remote::{Remote, RemoteArgs};
use crate::app::App;
use crate::config::Settings;
pub use answers::{Invitation, User};
pub use users::Change;

pub enum Target {
    Database(Box<App>),
    Service(Box<Remote>),
}

impl Target {
    pub async fn open(remote: &RemoteArgs, settings: &Settings) -> anyhow::Result<Self> {
        Ok(match remote.remote(settings)? {
            Some(remote) => Self::Service(Box::new(remote)),
            None => Self::Database(Box::new(Box::pin(App::open(settings.setup()?)).await?)),
        })
    }

    pub async fn close(self) {
        if let Self::Database(app) = self {
            app.close().await;
        }
    }

    /// The database, for what no operation of the API does.
    pub fn database(&self) -> anyhow::Result<&App> {
        match self {
            Self::Database(app) => Ok(app),
            Self::Service(_) => bail!("this is done on the database only; leave --url out"),
        }
    }
}
