//! The database, and the key from which the keys for its secrets are derived.

use std::path::Path;
use std::time::Duration;

use anyhow::{bail, ensure};
use clap::Args;

use super::values::{FilePath, Secret, Switch, with_home};
use crate::app::{DatabaseSetup, secret_file};
use crate::model::secret_key::SecretKey;

#[derive(Debug, Args)]
#[command(next_help_heading = "Database")]
pub struct DatabaseSettings {
    /// `sqlite:PATH` or `postgres://…` [default: `sqlite:data/neptun-auth.db`, or `DATABASE_URL` if that is set]
    #[arg(long, env = "NEPTUN_AUTH_DATABASE_URL", hide_env_values = true, global = true)]
    database_url: Option<Secret>,
    #[arg(long = "bare-database-url", env = "DATABASE_URL", hide = true, global = true)]
    bare_database_url: Option<Secret>,
    /// URL of PostgreSQL itself, for migrations and notifications, if `DATABASE_URL` names a pooler such as `PgBouncer`
    /// [default: `DATABASE_URL`]
    #[arg(long, env = "NEPTUN_AUTH_DATABASE_DIRECT_URL", hide_env_values = true, global = true)]
    database_direct_url: Option<Secret>,
    /// Connections to PostgreSQL at most; one more listens for changes by other instances; 2 to 1000
    #[arg(
        long,
        env = "NEPTUN_AUTH_DATABASE_CONNECTIONS",
        default_value_t = DatabaseSetup::DEFAULT_CONNECTIONS,
        value_parser = clap::value_parser!(u32).range(2..=1000),
        global = true
    )]
    database_connections: u32,
    /// A call to PostgreSQL that takes longer fails, and its connection is closed; 1s to 10m
    #[arg(long, env = "NEPTUN_AUTH_DATABASE_TIMEOUT", default_value = "20s", global = true)]
    database_timeout: humantime::Duration,
    /// Keep statements prepared on PostgreSQL. Set to `off` behind a pooler that shares connections between
    /// transactions
    #[arg(
        long,
        env = "NEPTUN_AUTH_DATABASE_PREPARED_STATEMENTS",
        default_value = "on",
        global = true
    )]
    database_prepared_statements: Switch,
    /// Copies of a `SQLite` database that are kept beside it for 30 days, each made before a migration; 0 to 100; 0
    /// makes none
    #[arg(
        long,
        env = "NEPTUN_AUTH_MIGRATION_COPIES",
        default_value_t = DatabaseSetup::DEFAULT_MIGRATION_COPIES,
        value_parser = clap::value_parser!(u8).range(0..=100),
        global = true
    )]
    migration_copies: u8,
    /// 64 hexadecimal digits from which all keys are derived [default: a file beside the SQLite database; needed with
    /// PostgreSQL]
    #[arg(long, env = "NEPTUN_AUTH_SECRET_KEY", hide_env_values = true, global = true)]
    secret_key: Option<Secret>,
    /// File that holds the secret key [default: none]
    #[arg(long, env = "NEPTUN_AUTH_SECRET_KEY_FILE", global = true)]
    secret_key_file: Option<FilePath>,
    /// The key that the secret key replaces: it opens and verifies what is there, and seals nothing [default: none]
    #[arg(long, env = "NEPTUN_AUTH_PREVIOUS_SECRET_KEY", hide_env_values = true, global = true)]
    previous_secret_key: Option<Secret>,
    /// File that holds the key that the secret key replaces [default: none]
    #[arg(long, env = "NEPTUN_AUTH_PREVIOUS_SECRET_KEY_FILE", global = true)]
    previous_secret_key_file: Option<FilePath>,
}

impl DatabaseSettings {
    /// Which database, and how it is used.
    ///
    /// # Errors
    /// When the scheme of its URL is none of ours, or a value has no use. No URL is shown, because it may hold a
    /// password.
    pub fn setup(&self) -> anyhow::Result<DatabaseSetup> {
        let (url, timeout) = (self.url()?, *self.database_timeout);
        let direct_url = self.database_direct_url.as_ref().map(|url| url.0.clone());
        ensure!(
            (Duration::from_secs(1)..=Duration::from_mins(10)).contains(&timeout),
            "DATABASE_TIMEOUT must be between 1s and 10m"
        );
        if let Some(direct) = &direct_url {
            ensure!(
                is_postgres(&url) && is_postgres(direct),
                "DATABASE_DIRECT_URL must start with `postgres://`, and DATABASE_URL too"
            );
        }
        Ok(DatabaseSetup {
            url,
            direct_url,
            connections: usize::try_from(self.database_connections)?,
            timeout,
            keeps_statements: self.database_prepared_statements == Switch::On,
            migration_copies: self.migration_copies.into(),
        })
    }

    /// Whether a database is named.
    pub fn is_set(&self) -> bool {
        self.database_url.is_some() || self.bare_database_url.is_some()
    }

    fn url(&self) -> anyhow::Result<String> {
        let set = self.database_url.as_ref().or(self.bare_database_url.as_ref());
        let url = set.map_or("sqlite:data/neptun-auth.db", |url| &url.0);
        let (scheme, rest) = url.split_once(':').unwrap_or(("", url));
        match scheme {
            "sqlite" => {
                let path = with_home(rest.strip_prefix("//").unwrap_or(rest));
                ensure!(
                    !path.is_empty(),
                    "DATABASE_URL names no file: write it as in `sqlite:data/neptun-auth.db`"
                );
                Ok(format!("sqlite:{path}"))
            }
            _ if is_postgres(url) => Ok(url.to_owned()),
            _ => bail!(
                "DATABASE_URL must start with `sqlite:` or `postgres://`, as in `sqlite:data/neptun-auth.db` or \
                 `postgres://user:password@host/neptun_auth`"
            ),
        }
    }

    /// The secret key, if it is set, with the one that it replaces.
    pub fn secret_key(&self) -> anyhow::Result<Option<SecretKey>> {
        let key = one_key("SECRET_KEY", self.secret_key.as_ref(), self.secret_key_file.as_deref())?;
        let (digits, file) = (&self.previous_secret_key, &self.previous_secret_key_file);
        let previous = one_key("PREVIOUS_SECRET_KEY", digits.as_ref(), file.as_deref())?;
        match (key, previous) {
            (Some(key), Some(previous)) => Ok(Some(key.replacing(previous))),
            (None, Some(_)) => bail!(
                "PREVIOUS_SECRET_KEY is set and the new key is not: set SECRET_KEY or SECRET_KEY_FILE, also if the \
                 file stands beside the database"
            ),
            (key, None) => Ok(key),
        }
    }
}

/// The key in one of the two settings `name` and `name`_FILE.
fn one_key(name: &str, digits: Option<&Secret>, file: Option<&Path>) -> anyhow::Result<Option<SecretKey>> {
    match (digits, file) {
        (Some(_), Some(_)) => bail!("{name} and {name}_FILE are both set; remove one of them"),
        (Some(digits), None) => Ok(Some(digits.0.parse()?)),
        (None, Some(path)) => Ok(Some(secret_file::read(path)?)),
        (None, None) => Ok(None),
    }
}

fn is_postgres(url: &str) -> bool {
    url.starts_with("postgres://") || url.starts_with("postgresql://")
}
