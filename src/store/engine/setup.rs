//! Which database, and how it is used.

use std::time::Duration;

/// The settings of a [`Db`](super::Db).
#[derive(Clone, Debug)]
pub struct DatabaseSetup {
    /// `sqlite:PATH` or `postgres://…`.
    pub url: String,
    /// PostgreSQL without the pooler that `url` names, for migrations and notifications.
    pub direct_url: Option<String>,
    /// The number of connections to PostgreSQL at most. Notifications take one more.
    pub connections: usize,
    /// A call to PostgreSQL fails after this time, and its connection is closed.
    pub timeout: Duration,
    /// Whether statements stay prepared on the server. A pooler that shares connections between transactions can't have
    /// that.
    pub keeps_statements: bool,
    /// The number of copies of a SQLite database from before its migrations that are kept; 0 makes none.
    pub migration_copies: usize,
}

impl DatabaseSetup {
    pub const DEFAULT_CONNECTIONS: u32 = 20;
    pub const DEFAULT_MIGRATION_COPIES: u8 = 3;
    pub const DEFAULT_TIMEOUT: Duration = Duration::from_secs(20);

    /// The database at `url` with the default settings.
    #[must_use]
    pub fn new(url: &str) -> Self {
        Self {
            url: url.to_owned(),
            direct_url: None,
            connections: Self::DEFAULT_CONNECTIONS as usize,
            timeout: Self::DEFAULT_TIMEOUT,
            keeps_statements: true,
            migration_copies: Self::DEFAULT_MIGRATION_COPIES.into(),
        }
    }
}
