//! Accounts.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::{PgConnection, SqliteConnection};

use super::sessions::{self, bind_session, insert_session};
use super::{Conn, Database, Result, devices, on};
use crate::model::client::Client;
use crate::model::device::Device;
use crate::model::email::Email;
use crate::model::password::PasswordHash;
use crate::model::session::NewSession;
use crate::model::user::{Account, Claimed, Credentials, Login, NewUser, OwnAccount, UserId, Whose};
use crate::model::username::Username;

/// The account that `email` belongs to, by its canonical form.
pub async fn by_email(conn: Conn<'_>, email: &Email) -> Result<Option<Credentials>> {
    const SQL: &str =
        "SELECT id, number, email, password_hash, email_verified_at FROM users WHERE email_canonical = $1";
    Ok(on!(conn, c => sqlx::query_as(SQL).bind(email.canonical()).fetch_optional(c).await?))
}

/// The account that has this user name, by its canonical form.
pub async fn by_username(conn: Conn<'_>, username: &Username) -> Result<Option<Credentials>> {
    const SQL: &str =
        "SELECT id, number, email, password_hash, email_verified_at FROM users WHERE username_canonical = $1";
    Ok(on!(conn, c => sqlx::query_as(SQL).bind(username.canonical()).fetch_optional(c).await?))
}

/// An account, by a column that is unique, with what it knows of a network and a family of devices there.
macro_rules! select_claimed {
    ($column:literal) => {
        concat!(
            "SELECT id, number, email, password_hash, email_verified_at, ",
            "EXISTS (SELECT 1 FROM devices WHERE user_id = users.id AND network = $1 AND last_seen_at > $2) ",
            "AS knows_network, ",
            "EXISTS (SELECT 1 FROM devices WHERE user_id = users.id AND network = $1 AND family = $3 AND last_seen_at > $4) ",
            "AS has_noted_device FROM users WHERE ",
            $column,
            " = $5"
        )
    };
}

/// The account that somebody says is theirs who comes as `client`.
pub async fn claimed(conn: Conn<'_>, whose: Whose<'_>, client: &Client, now: DateTime<Utc>) -> Result<Option<Claimed>> {
    let sql = match whose {
        Whose::Login(Login::Email(_)) => select_claimed!("email_canonical"),
        Whose::Login(Login::Username(_)) => select_claimed!("username_canonical"),
        Whose::Account(_) => select_claimed!("id"),
    };
    Ok(on!(conn, c => {
        let query = sqlx::query_as(sql)
            .bind(client.vicinity().map(|network| network.to_string()))
            .bind(now - TimeDelta::days(Device::NETWORK_DAYS))
            .bind(client.family())
            .bind(now - TimeDelta::minutes(Device::NOTED_FOR_MINUTES));
        match whose {
            Whose::Login(Login::Email(email)) => query.bind(email.canonical()),
            Whose::Login(Login::Username(username)) => query.bind(username.canonical()),
            Whose::Account(id) => query.bind(id),
        }
        .fetch_optional(c)
        .await?
    }))
}

/// Everything that an account's owner may know of it.
pub async fn own_account(conn: Conn<'_>, id: UserId) -> Result<Option<OwnAccount>> {
    const SQL: &str = "SELECT id, number, email, email_verified_at, pending_email, password_hash IS NOT NULL AS has_password, \
        username, first_name, last_name, number_phone, avatar, created_at, last_log_in_at FROM users WHERE id = $1";
    Ok(on!(conn, c => sqlx::query_as(SQL).bind(id).fetch_optional(c).await?))
}

/// Everything that the token API shows of an account.
pub async fn account(conn: Conn<'_>, id: UserId) -> Result<Option<Account>> {
    const SQL: &str =
        "SELECT number, username, email, first_name, last_name, number_phone, avatar FROM users WHERE id = $1";
    Ok(on!(conn, c => sqlx::query_as(SQL).bind(id).fetch_optional(c).await?))
}

/// Inserts an account unless its address or user name is taken, also by a transaction that commits at the same moment. Its
/// values follow.
macro_rules! insert_user {
    ($values:literal) => {
        concat!(
            "INSERT INTO users (email, email_canonical, password_hash, username, username_canonical, first_name, last_name, ",
            "number_phone, id, created_at, last_log_in_at) ",
            $values,
            " ON CONFLICT DO NOTHING RETURNING number"
        )
    };
}

/// Binds the first eight values of an account.
macro_rules! bind_user {
    ($query:expr, $user:expr) => {
        $query
            .bind($user.email.typed())
            .bind($user.email.canonical())
            .bind(&$user.password_hash)
            .bind($user.profile.username.as_ref().map(Username::typed))
            .bind($user.profile.username.as_ref().map(Username::canonical))
            .bind(&$user.profile.first_name)
            .bind(&$user.profile.last_name)
            .bind(&$user.profile.number_phone)
    };
}

/// Stores a new account, its first session and what that was started with, and gives the account its number: all of it or,
/// when the address or the user name is taken, nothing, and `None`.
pub async fn insert(conn: Conn<'_>, user: &NewUser, first: &NewSession) -> Result<Option<i64>> {
    match conn.database {
        Database::Sqlite(conn) => insert_step_by_step(conn, user, first).await,
        Database::Postgres(conn) => insert_at_once(conn, user, first).await,
    }
}

async fn insert_step_by_step(conn: &mut SqliteConnection, user: &NewUser, first: &NewSession) -> Result<Option<i64>> {
    const SQL: &str = insert_user!("VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10)");
    let number = bind_user!(sqlx::query_scalar(SQL), user)
        .bind(user.id)
        .bind(user.created_at)
        .fetch_optional(&mut *conn)
        .await?;
    if number.is_some() {
        devices::note(Conn::sqlite(conn), user.id, &first.client, user.created_at).await?;
        sessions::insert(Conn::sqlite(conn), first, "{}").await?;
    }
    Ok(number)
}

/// One round trip. To SQLite, which knows no such statement, each of the three costs next to nothing.
async fn insert_at_once(conn: &mut PgConnection, user: &NewUser, first: &NewSession) -> Result<Option<i64>> {
    const SQL: &str = concat!(
        "WITH account AS (",
        insert_user!("VALUES ($11, $12, $13, $14, $15, $16, $17, $18, $3, $5, $5)"),
        "), device AS (INSERT INTO devices (user_id, family, network, first_seen_at, last_seen_at) \
        SELECT $3, $19, $20, $5, $5 FROM account), session AS (",
        insert_session!("SELECT $1, $2, $3, $4, $5, $5, $6, $7, $8, $9, $10, 0, $5 FROM account"),
        ") SELECT number FROM account"
    );
    let number = bind_user!(bind_session!(sqlx::query_scalar(SQL), first, "{}"), user)
        .bind(first.client.family())
        .bind(devices::place(&first.client))
        .fetch_optional(conn)
        .await?;
    Ok(number)
}

/// Makes other transactions that do the same for this account wait until this one has ended.
pub async fn lock(conn: Conn<'_>, user: UserId) -> Result<()> {
    const SQL: &str = "UPDATE users SET last_log_in_at = last_log_in_at WHERE id = $1";
    on!(conn, c => { sqlx::query(SQL).bind(user).execute(c).await?; });
    Ok(())
}

/// Notes a log-in with the password behind `verified` and keeps `current`, which may be a stronger hash of the same
/// password. `false` when the password was changed or the account deleted since `verified` was read: updating the row
/// makes such changes and this log-in wait for each other.
pub async fn record_log_in(
    conn: Conn<'_>,
    user: UserId,
    verified: &PasswordHash,
    current: &PasswordHash,
    now: DateTime<Utc>,
) -> Result<bool> {
    const SQL: &str = "UPDATE users SET last_log_in_at = $1, password_hash = $2 WHERE id = $3 AND password_hash = $4";
    let updated = on!(conn, c => {
        sqlx::query(SQL).bind(now).bind(current).bind(user).bind(verified).execute(c).await?.rows_affected()
    });
    Ok(updated == 1)
}

/// Replaces the password of `user`, or takes it away.
pub async fn change_password(conn: Conn<'_>, user: UserId, new: Option<&PasswordHash>) -> Result<()> {
    const SQL: &str = "UPDATE users SET password_hash = $1 WHERE id = $2";
    on!(conn, c => { sqlx::query(SQL).bind(new).bind(user).execute(c).await?; });
    Ok(())
}

/// Notes that `user` receives mail at the account's address; `true` for the first proof of it.
pub async fn verify_email(conn: Conn<'_>, user: UserId, now: DateTime<Utc>) -> Result<bool> {
    const SQL: &str = "UPDATE users SET email_verified_at = $1 WHERE id = $2 AND email_verified_at IS NULL";
    conn.changes.of(user);
    let first = on!(conn, c => sqlx::query(SQL).bind(now).bind(user).execute(c).await?.rows_affected());
    Ok(first == 1)
}

/// Notes which address `user` wants instead of the present one, or that they want none.
pub async fn await_email(conn: Conn<'_>, user: UserId, pending: Option<&Email>) -> Result<()> {
    const SQL: &str = "UPDATE users SET pending_email = $1 WHERE id = $2";
    on!(conn, c => { sqlx::query(SQL).bind(pending.map(Email::typed)).bind(user).execute(c).await?; });
    Ok(())
}

/// Moves the account to an address that its owner has proven to be theirs; `false` when it belongs to another account.
/// The transaction is of no more use then.
pub async fn change_email(conn: Conn<'_>, user: UserId, email: &Email, now: DateTime<Utc>) -> Result<bool> {
    const SQL: &str = "UPDATE users SET email = $1, email_canonical = $2, email_verified_at = $3, pending_email = NULL \
        WHERE id = $4";
    conn.changes.of(user);
    let changed = on!(conn, c => {
        sqlx::query(SQL)
            .bind(email.typed())
            .bind(email.canonical())
            .bind(now)
            .bind(user)
            .execute(c)
            .await
            .map(|done| done.rows_affected())
    });
    match changed {
        Err(sqlx::Error::Database(error)) if error.is_unique_violation() => Ok(false),
        changed => Ok(changed? == 1),
    }
}

/// Deletes the account and everything that belongs to it.
pub async fn delete(conn: Conn<'_>, user: UserId) -> Result<bool> {
    const SQL: &str = "DELETE FROM users WHERE id = $1";
    conn.changes.of(user);
    let deleted = on!(conn, c => sqlx::query(SQL).bind(user).execute(c).await?.rows_affected());
    Ok(deleted == 1)
}
