//! The settings of `serve --ephemeral`: those of a service that lives as long as the tests of an application.

use std::path::Path;

use anyhow::{Context, ensure};

use super::Settings;
use crate::app::Setup;
use crate::app::clock::Clock;
use crate::model::client::origin::is_loopback;
use crate::model::secret_key::SecretKey;

/// The least that Argon2 takes. Nothing that is worth a guess is stored in such a service.
const CHEAPEST_MEMORY_KIB: u32 = 8;

impl Settings {
    /// The settings of the app on a database in `folder`, which is empty: cheap hashes, no limits, mails in the inbox
    /// only, and a clock that tests move, with `dev_key`.
    ///
    /// # Errors
    /// When a setting is for a service that others use.
    pub fn ephemeral(&self, folder: &Path, dev_key: String) -> anyhow::Result<Setup> {
        ensure!(
            !self.database.is_set(),
            "serve --ephemeral makes a database of its own and deletes it: take DATABASE_URL away"
        );
        ensure!(
            !self.listen.has_port_of_a_platform(),
            "serve --ephemeral is for this machine only: take PORT away, and set LISTEN to choose a port"
        );
        let public_url = self.public_url()?;
        ensure!(
            self.listen().ip().is_loopback() && is_loopback(&public_url),
            "serve --ephemeral is for this machine only: LISTEN and PUBLIC_URL must be on localhost"
        );
        ensure!(
            !self.mail.has_server(),
            "serve --ephemeral sends no mail: take SMTP_URL away, and read the mails in the inbox"
        );
        let mut setup = self.setup()?;
        let file = folder.join("neptun-auth.db");
        let file = file
            .to_str()
            .context("the folder for temporary files has no usual name")?;
        setup.database.url = format!("sqlite:{file}");
        setup.secret_key = Some(SecretKey::generate());
        setup.clock = Clock::ahead();
        setup.argon2_memory_kib = CHEAPEST_MEMORY_KIB;
        setup.argon2_iterations = 1;
        setup.limits = None;
        setup.dev_key = Some(dev_key);
        Ok(setup)
    }
}
