//! The database, and the key from which the keys for its secrets are derived.

use anyhow::{bail, ensure};
use clap::Args;

use super::values::{FilePath, Secret, with_home};
use crate::app::secret_file;
use crate::model::secret_key::SecretKey;

#[derive(Debug, Args)]
#[command(next_help_heading = "Database")]
pub struct DatabaseSettings {
    /// `sqlite:PATH` or `postgres://…` [default: `sqlite:data/neptun-auth.db`, or `DATABASE_URL` if that is set]
    #[arg(long, env = "NEPTUN_AUTH_DATABASE_URL", hide_env_values = true, global = true)]
    database_url: Option<Secret>,
    #[arg(long = "bare-database-url", env = "DATABASE_URL", hide = true, global = true)]
    bare_database_url: Option<Secret>,
    /// 64 hexadecimal digits from which all keys are derived [default: a file beside the SQLite database; needed with
    /// PostgreSQL]
    #[arg(long, env = "NEPTUN_AUTH_SECRET_KEY", hide_env_values = true, global = true)]
    secret_key: Option<Secret>,
    /// File that holds the secret key [default: none]
    #[arg(long, env = "NEPTUN_AUTH_SECRET_KEY_FILE", global = true)]
    secret_key_file: Option<FilePath>,
}

impl DatabaseSettings {
    /// The URL of the database.
    ///
    /// # Errors
    /// When its scheme is none of ours. The URL is not shown, because it may hold a password.
    pub fn url(&self) -> anyhow::Result<String> {
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
            "postgres" | "postgresql" if rest.starts_with("//") => Ok(url.to_owned()),
            _ => bail!(
                "DATABASE_URL must start with `sqlite:` or `postgres://`, as in `sqlite:data/neptun-auth.db` or \
                 `postgres://user:password@host/neptun_auth`"
            ),
        }
    }

    /// The secret key, if it is set.
    pub fn secret_key(&self) -> anyhow::Result<Option<SecretKey>> {
        match (&self.secret_key, &self.secret_key_file) {
            (Some(_), Some(_)) => bail!("SECRET_KEY and SECRET_KEY_FILE are both set; remove one of them"),
            (Some(digits), None) => Ok(Some(digits.0.parse()?)),
            (None, Some(path)) => Ok(Some(secret_file::read(path)?)),
            (None, None) => Ok(None),
        }
    }
}
