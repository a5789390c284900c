//! Asks a running instance by its admin API, in place of the database.

mod refusal;

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, anyhow, ensure};
use chrono::{DateTime, Utc};
use clap::Args;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::time::sleep;
use url::Url;
use zeroize::Zeroizing;

use super::printable::printable;
use super::secret_input;
use crate::app::outbound::{Answer, Call, Outbound, OutboundError};
use crate::config::Settings;
use crate::config::names::{self, ADMIN_KEY};
use crate::model::client::origin::is_loopback;
use refusal::{LONGEST_WAIT, refusal, retry_after};

/// The language of mails that a request does not choose.
pub const ENGLISH: &str = "en";

/// One request may end 10,000 sessions.
const TIMEOUT: Duration = Duration::from_mins(1);
/// A page of 200 accounts has a third of this.
const MAX_ANSWER: usize = 2 * 1024 * 1024;
const MOST_WAITS: u32 = 5;

#[derive(Debug, Args)]
#[command(next_help_heading = "A running instance")]
pub struct RemoteArgs {
    /// Ask the instance at this address by the admin API instead of the database; https, or http on this machine
    #[arg(long, value_name = "URL", global = true)]
    url: Option<Url>,
    /// File with the admin key in its first line; - for standard input [default: the variable
    /// `NEPTUN_AUTH_ADMIN_KEY`]
    #[arg(long, value_name = "FILE", global = true)]
    key_file: Option<PathBuf>,
}

/// The admin API of an instance.
pub struct Remote {
    outbound: Outbound,
    /// Without a slash at its end.
    address: String,
    key: Zeroizing<String>,
}

impl RemoteArgs {
    /// Whether the command works on the database.
    pub fn is_database(&self) -> bool {
        self.url.is_none()
    }

    /// The instance to ask; `None` for the database.
    pub fn remote(&self, settings: &Settings) -> anyhow::Result<Option<Remote>> {
        let Some(url) = &self.url else {
            ensure!(self.key_file.is_none(), "--key-file is for --url");
            return Ok(None);
        };
        ensure!(
            may_get_key(url),
            "--url must begin with https:// unless it is on this machine: the admin key goes there"
        );
        let is_plain = url.username().is_empty() && url.password().is_none();
        ensure!(
            is_plain && url.query().is_none() && url.fragment().is_none(),
            "--url must be an address alone, as in https://auth.example.com"
        );
        let key = admin_key(self.key_file.as_deref())?;
        ensure!(
            !key.is_empty(),
            "--url needs an admin key: name a file with --key-file, or set {ADMIN_KEY}; `neptun-auth keys admin \
             create` makes one"
        );
        Ok(Some(Remote {
            outbound: Outbound::to_anywhere_encrypted(&settings.outbound())?,
            address: url.as_str().trim_end_matches('/').to_owned(),
            key,
        }))
    }
}

/// The key in `file`, or else in the variable; empty without either.
pub fn admin_key(file: Option<&Path>) -> anyhow::Result<Zeroizing<String>> {
    let key = match file {
        Some(file) => secret_input::read(file, "admin key")?,
        None => names::admin_key(),
    };
    Ok(Zeroizing::new(key.trim().to_owned()))
}

/// Whether the key stays secret on its way to `url`.
pub fn may_get_key(url: &Url) -> bool {
    url.scheme() == "https" || (url.scheme() == "http" && is_loopback(url))
}

impl Remote {
    pub async fn get<T: DeserializeOwned>(&self, path: &str, query: &[(&str, &str)]) -> anyhow::Result<T> {
        let url = self.at(path, query)?;
        self.read(&self.ask(|| Call::get(&url)).await?)
    }

    /// `languages` are those of a mail that the request sends.
    pub async fn post<T: DeserializeOwned>(&self, path: &str, body: &Value, languages: &str) -> anyhow::Result<T> {
        let url = self.at(path, &[])?;
        let answer = self.ask(|| Call::post_json(&url, body.to_string()).header("accept-language", languages));
        self.read(&answer.await?)
    }

    pub async fn patch<T: DeserializeOwned>(&self, path: &str, body: &Value) -> anyhow::Result<T> {
        let url = self.at(path, &[])?;
        self.read(&self.ask(|| Call::patch_json(&url, body.to_string())).await?)
    }

    pub async fn delete<T: DeserializeOwned>(&self, path: &str, query: &[(&str, &str)]) -> anyhow::Result<T> {
        let url = self.at(path, query)?;
        self.read(&self.ask(|| Call::delete(&url)).await?)
    }

    /// Refuses a place to go on from that is the one where the last page began: the command would never end.
    pub fn ensure_moves_on<T: PartialEq>(&self, began_at: &T, next: &T) -> anyhow::Result<()> {
        ensure!(
            began_at != next,
            "{} answers with the same page again and again, as this service does not",
            self.address
        );
        Ok(())
    }

    /// What time it is there.
    pub async fn now(&self) -> anyhow::Result<DateTime<Utc>> {
        let url = self.at("events", &[("limit", "1")])?;
        let answer = self.ask(|| Call::get(&url)).await?;
        let date = answer.header("date").unwrap_or_default();
        let date = DateTime::parse_from_rfc2822(date).with_context(|| format!("{} says no time", self.address))?;
        Ok(date.to_utc())
    }

    fn at(&self, path: &str, query: &[(&str, &str)]) -> anyhow::Result<Url> {
        let mut url = Url::parse(&format!("{}/api/admin/{path}", self.address))?;
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        Ok(url)
    }

    /// The answer to a request that succeeded. What the limit of the key has turned away is sent again, as nothing was
    /// done.
    async fn ask(&self, make: impl Fn() -> Call) -> anyhow::Result<Answer> {
        let bearer = Zeroizing::new(format!("Bearer {}", *self.key));
        let mut waits = 0;
        loop {
            let call = make().header("authorization", &bearer);
            let call = call.within(TIMEOUT).at_most(MAX_ANSWER);
            let answer = self.outbound.send(call).await;
            // A name below localhost is this machine's for browsers, and any machine's for some resolvers.
            ensure!(
                !matches!(answer, Err(OutboundError::NotAllowed(_))),
                "{} is not on this machine, and the admin key would go there without encryption; use https",
                self.address
            );
            let answer = answer.with_context(|| format!("{} can't be reached", self.address))?;
            if answer.is_success() {
                return Ok(answer);
            }
            match retry_after(&answer) {
                Some(seconds) if seconds <= LONGEST_WAIT && waits < MOST_WAITS => {
                    waits += 1;
                    sleep(Duration::from_secs(seconds)).await;
                }
                _ if answer.status == 429 || answer.status >= 500 => {
                    return Err(Busy(printable(&refusal(&self.address, &answer))).into());
                }
                _ => return Err(anyhow!(printable(&refusal(&self.address, &answer)))),
            }
        }
    }

    fn read<T: DeserializeOwned>(&self, answer: &Answer) -> anyhow::Result<T> {
        let body = if answer.body.is_empty() {
            &b"null"[..]
        } else {
            &answer.body
        };
        let read = serde_json::from_slice(body);
        read.with_context(|| {
            format!(
                "{} does not answer as this service does; is it another release?",
                self.address
            )
        })
    }
}

/// The instance can't answer now: it restarts, or takes no more requests of the key.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Busy(String);

#[cfg(test)]
mod tests {
    use std::io::Write;

    use clap::Parser;
    use tempfile::NamedTempFile;

    use super::*;
    use crate::cli::Cli;

    /// Some resolvers look names below localhost up as they do all others.
    #[tokio::test]
    async fn the_key_goes_without_encryption_to_this_machine_only() {
        let mut file = NamedTempFile::new().unwrap();
        writeln!(file, "nak_secret").unwrap();
        let arguments = RemoteArgs {
            url: Some("http://auth.localhost".parse().unwrap()),
            key_file: Some(file.path().to_owned()),
        };
        let cli = Cli::try_parse_from(["neptun-auth"]).unwrap();
        let mut remote = arguments.remote(&cli.settings).unwrap().unwrap();
        for address in ["http://192.0.2.1", "http://10.0.0.1"] {
            address.clone_into(&mut remote.address);
            let refused = remote.get::<Value>("users", &[]).await.unwrap_err().to_string();
            assert!(refused.contains("without encryption; use https"), "{refused}");
        }
        for address in ["https://192.0.2.1", "http://127.0.0.1", "http://[::1]"] {
            remote.outbound.check_address(address).await.unwrap();
        }
    }
}
