//! What the service needs around it: files, the mail server, providers.

use crate::app::breached::Breached;
use crate::app::clock::Clock;
use crate::app::hasher::Hasher;
use crate::app::mail::mailer::Mailer;
use crate::app::outbound::Outbound;
use crate::app::pages::Pages;
use crate::app::providers::{ProvidersSetup, examine};
use crate::app::setup::Setup;
use crate::model::doctor::Finding;

/// The tools whose settings are checked when they are made, as each start of the service does.
#[derive(Debug)]
pub struct Surroundings {
    mailer: Mailer,
    outbound: Outbound,
    providers: ProvidersSetup,
}

impl Surroundings {
    /// Reads templates, pages, certificates and the list of breached passwords. Opens no database and connects to
    /// nothing.
    ///
    /// # Errors
    /// That with which the service would not start.
    pub fn new(setup: Setup) -> anyhow::Result<Self> {
        setup.require_secret_key()?;
        let outbound = Outbound::new(&setup.outbound)?;
        setup.pages.map(Pages::new).transpose()?;
        Breached::new(&setup.breached, &outbound)?;
        Hasher::new(setup.argon2_memory_kib, setup.argon2_iterations, setup.hash_slots)?;
        Ok(Self {
            mailer: Mailer::new(&setup.mail)?,
            providers: setup.providers,
            outbound,
        })
    }

    /// Asks the mail server and the providers.
    pub async fn findings(&self) -> Vec<Finding> {
        let mut findings = vec![self.mail().await];
        findings.extend(examine::findings(&self.providers, &self.outbound, &Clock::System).await);
        findings
    }

    async fn mail(&self) -> Finding {
        match self.mailer.greet_server().await {
            Some(Ok(())) => Finding::ok("mail", "the mail server answers").about("SMTP_URL"),
            Some(Err(error)) => {
                Finding::fail("mail", format!("the mail server can't be used: {error:#}")).about("SMTP_URL")
            }
            None if self.mailer.can_deliver() => {
                Finding::ok("mail", "mails are shown in the development inbox").about("SMTP_URL")
            }
            None => {
                let says = "no mail server is set: codes for forgotten passwords wait and reach their owners never";
                Finding::warn("mail", says).about("SMTP_URL")
            }
        }
    }
}
