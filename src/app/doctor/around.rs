//! What the service needs around it: the database, files, a fast machine, the mail server, providers.

use std::time::{Duration, Instant};

use super::database::{self, Wanted};
use crate::app::breached::{Breached, Samples};
use crate::app::clock::Clock;
use crate::app::hasher::Hasher;
use crate::app::mail::mailer::Mailer;
use crate::app::outbound::Outbound;
use crate::app::pages::Pages;
use crate::app::passkeys::PasskeySetup;
use crate::app::providers::{ProvidersSetup, examine};
use crate::app::setup::Setup;
use crate::model::client::Client;
use crate::model::doctor::Finding;
use crate::model::secret_key::SecretKey;
use crate::model::user::password::Password;
use crate::store::DatabaseSetup;

/// A log-in that takes longer is noticed by people. With the defaults a hash takes a thirtieth of it.
const SLOW_HASH: Duration = Duration::from_secs(1);
const HASH_TRIES: usize = 3;

/// The tools whose settings are checked when they are made, as each start of the service does.
#[derive(Debug)]
pub struct Surroundings {
    mailer: Mailer,
    outbound: Outbound,
    providers: ProvidersSetup,
    database: DatabaseSetup,
    secret_key: Option<SecretKey>,
    passkeys: PasskeySetup,
    hasher: Hasher,
    breached: Option<Samples>,
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
        let breached = Breached::new(&setup.breached, &outbound)?.samples();
        Ok(Self {
            mailer: Mailer::new(&setup.mail)?,
            providers: setup.providers,
            database: setup.database,
            secret_key: setup.secret_key,
            passkeys: setup.passkeys,
            hasher: Hasher::new(setup.argon2_memory_kib, setup.argon2_iterations, setup.hash_slots)?,
            outbound,
            breached,
        })
    }

    /// Reads the database, hashes a password, and asks the mail server and the providers.
    pub async fn findings(&self) -> Vec<Finding> {
        let wanted = Wanted {
            key: self.secret_key.as_ref(),
            outbound: &self.outbound,
            rp_id: self.passkeys.relying_party.as_ref().map(|party| &party.id),
        };
        let mut findings = database::findings(&self.database, wanted).await;
        findings.extend(self.breached.map(sorted));
        findings.push(self.hash().await);
        findings.push(self.mail().await);
        findings.extend(examine::findings(&self.providers, &self.outbound, &Clock::System).await);
        findings
    }

    /// How long a log-in hashes on this machine.
    async fn hash(&self) -> Finding {
        let id = "password-hash";
        let time = match self.time_of_a_hash().await {
            Ok(time) => time,
            Err(error) => return Finding::fail(id, format!("no password can be hashed: {error:#}")),
        };
        let finding = if time > SLOW_HASH {
            let says = "a password takes long to hash on this machine, and each log-in waits for it; lower this or \
                ARGON2_MEMORY_KIB, or take a faster machine";
            Finding::warn(id, says)
        } else {
            Finding::ok(id, "a password is hashed fast enough")
        };
        finding.of("ARGON2_ITERATIONS", format!("{} ms", time.as_millis()))
    }

    /// The shortest of some tries: the machine may be busy with something else.
    async fn time_of_a_hash(&self) -> anyhow::Result<Duration> {
        let mut shortest = Duration::MAX;
        for _ in 0..HASH_TRIES {
            let started = Instant::now();
            let client = Client::new(None, None, None);
            self.hasher.admit_known(&client)?.hash(Password::new("doctor")).await?;
            shortest = shortest.min(started.elapsed());
            // More tries would neither make it fast nor slow.
            if shortest <= SLOW_HASH || shortest > 2 * SLOW_HASH {
                break;
            }
        }
        Ok(shortest)
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

/// A list that is not sorted where it was looked at stops the start, which says so.
fn sorted(samples: Samples) -> Finding {
    let says = format!(
        "the list of breached passwords is sorted at the {} lines that were looked at, from its beginning to its end",
        samples.lines
    );
    let size = format!("{} MiB", samples.bytes / (1024 * 1024));
    Finding::ok("breached-passwords", says).of("BREACHED_PASSWORDS", size)
}
