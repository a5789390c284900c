//! Accounts. Addresses and user names are looked up by their canonical forms, which are unique.

mod factors;
mod listed;
mod moving;
mod new_account;
mod profile;
mod state;

use chrono::{DateTime, TimeDelta, Utc};

use super::{Conn, OneStatement, Result, Tx, on};
use crate::model::client::Client;
use crate::model::device::Device;
use crate::model::id::UserId;
use crate::model::user::email::{Email, shown};
use crate::model::user::password::PasswordHash;
use crate::model::user::username::Username;
use crate::model::user::{
    Account, AccountAtLogIn, AccountLookup, Contact, Credentials, Identifier, LookupKey, OwnAccount,
};
pub use listed::{
    count, first_operators, listed, newest_first, with_address_prefix, with_id_between, with_name_prefix,
};
pub use moving::{insert_imported, page_for_export};

pub use factors::{factors, has_credentials, remove_factors, remove_factors_of_thief};
pub use new_account::{insert_with_first_session, insert_without_password};
pub use profile::change_profile;
pub use state::{disable, enable, give_admin_right, take_admin_right};

/// The account that `email` belongs to.
pub async fn by_email(conn: Conn<'_>, email: &Email) -> Result<Option<Credentials>> {
    on!(conn, c => {
        for form in email.stored_forms() {
            let found: Option<Credentials> = sqlx::query_as(BY_FORM).bind(form).fetch_optional(&mut *c).await?;
            if let Some(found) = found.filter(|found| email.is_address_of(&found.email)) {
                return Ok(Some(found));
            }
        }
    });
    Ok(None)
}

const BY_FORM: &str =
    "SELECT id, number, email, password_hash, email_verified_at FROM users WHERE email_canonical = $1";

/// The account that is stored under `form`, which an earlier version may have made from another address.
pub async fn by_stored_form(conn: Conn<'_>, form: &str) -> Result<Option<Credentials>> {
    Ok(on!(conn, c => sqlx::query_as(BY_FORM).bind(form).fetch_optional(c).await?))
}

/// Stores today's canonical form of an account's own address, unless another account holds it.
pub async fn refresh_stored_form(statement: OneStatement<'_>, user: UserId, own: &Email) -> Result<()> {
    const SQL: &str = "UPDATE users SET email_canonical = $1 WHERE id = $2 AND email = $3 \
        AND NOT EXISTS (SELECT 1 FROM users WHERE email_canonical = $1)";
    let conn = statement.conn();
    on!(conn, c => { sqlx::query(SQL).bind(own.canonical()).bind(user).bind(own.typed()).execute(c).await?; });
    Ok(())
}

/// The account that has this user name.
pub async fn by_username(conn: Conn<'_>, username: &Username) -> Result<Option<Credentials>> {
    const SQL: &str =
        "SELECT id, number, email, password_hash, email_verified_at FROM users WHERE username_canonical = $1";
    Ok(on!(conn, c => sqlx::query_as(SQL).bind(username.canonical()).fetch_optional(c).await?))
}

/// Selects an account by the unique `$column`, and whether it knows a network and a device family in that network.
macro_rules! select_credentials_and_familiarity {
    ($column:literal) => {
        concat!(
            "SELECT id, number, email, password_hash, email_verified_at, ",
            "EXISTS (SELECT 1 FROM devices WHERE user_id = users.id AND network = $1 AND last_seen_at > $2) ",
            "AS knows_network, ",
            "EXISTS (SELECT 1 FROM devices WHERE user_id = users.id AND network = $1 AND family = $3 ",
            "AND last_seen_at > $4) AS has_noted_device, device_generation FROM users WHERE ",
            $column,
            " = $5"
        )
    };
}

/// Looks up the account that a client claims to own, and whether the account knows that client's network and device.
pub async fn credentials_and_familiarity(
    conn: Conn<'_>,
    lookup: AccountLookup<'_>,
    client: &Client,
    now: DateTime<Utc>,
) -> Result<Option<AccountAtLogIn>> {
    let sql = match lookup {
        AccountLookup::Identifier(Identifier::Email(_)) => select_credentials_and_familiarity!("email_canonical"),
        AccountLookup::Identifier(Identifier::Username(_)) => select_credentials_and_familiarity!("username_canonical"),
        AccountLookup::Account(_) => select_credentials_and_familiarity!("id"),
    };
    on!(conn, c => {
        for key in lookup.keys() {
            let query = sqlx::query_as(sql)
                .bind(client.provider_range().map(|network| network.to_string()))
                .bind(now - TimeDelta::days(Device::NETWORK_DAYS))
                .bind(client.family())
                .bind(now - TimeDelta::minutes(Device::UPDATE_INTERVAL_MINUTES));
            let query = match key {
                LookupKey::Text(text) => query.bind(text),
                LookupKey::Account(id) => query.bind(id),
            };
            let found: Option<AccountAtLogIn> = query.fetch_optional(&mut *c).await?;
            if let Some(found) = found.filter(|found| lookup.is_for(&found.credentials)) {
                return Ok(Some(found));
            }
        }
    });
    Ok(None)
}

/// Everything that an account owner may see of the account.
pub async fn own_account(conn: Conn<'_>, id: UserId) -> Result<Option<OwnAccount>> {
    const SQL: &str = "SELECT id, number, email, email_verified_at, pending_email, \
        password_hash IS NOT NULL AS has_password, second_factor_at, username, first_name, last_name, number_phone, \
        avatar, created_at, last_log_in_at FROM users WHERE id = $1";
    let account: Option<OwnAccount> = on!(conn, c => sqlx::query_as(SQL).bind(id).fetch_optional(c).await?);
    Ok(account.map(|account| OwnAccount {
        email: shown(account.email),
        ..account
    }))
}

/// Everything that the token API shows of an account.
pub async fn account(conn: Conn<'_>, id: UserId) -> Result<Option<Account>> {
    const SQL: &str =
        "SELECT number, username, email, first_name, last_name, number_phone, avatar FROM users WHERE id = $1";
    let account: Option<Account> = on!(conn, c => sqlx::query_as(SQL).bind(id).fetch_optional(c).await?);
    Ok(account.map(|account| Account {
        email: shown(account.email),
        ..account
    }))
}

/// Makes other transactions that lock this account wait until this one has ended.
pub async fn lock(tx: &mut Tx, user: UserId) -> Result<()> {
    const SQL: &str = "UPDATE users SET last_log_in_at = last_log_in_at WHERE id = $1";
    // Writing a row that need not be locked would only show, by the time that it takes, whether the account exists.
    let conn = tx.conn();
    if !conn.excludes_other_writers() {
        on!(conn, c => { sqlx::query(SQL).bind(user).execute(c).await?; });
    }
    Ok(())
}

/// Replaces the password of `user`, or removes it.
pub async fn change_password(conn: Conn<'_>, user: UserId, new: Option<&PasswordHash>) -> Result<()> {
    const SQL: &str = "UPDATE users SET password_hash = $1, password_breached_at = NULL WHERE id = $2";
    on!(conn, c => { sqlx::query(SQL).bind(new).bind(user).execute(c).await?; });
    Ok(())
}

/// Stores a stronger hash of the same password, unless the account has another password than that of `verified` by now.
pub async fn strengthen_hash(
    conn: Conn<'_>,
    user: UserId,
    verified: &PasswordHash,
    stronger: &PasswordHash,
) -> Result<()> {
    const SQL: &str = "UPDATE users SET password_hash = $1 WHERE id = $2 AND password_hash = $3";
    on!(conn, c => { sqlx::query(SQL).bind(stronger).bind(user).bind(verified).execute(c).await?; });
    Ok(())
}

/// Notes that the account's password, which has one of these `hashes`, is known from a breach. `None` if that was noted
/// before, or the account has another password.
pub async fn mark_breached(
    tx: &mut Tx,
    user: UserId,
    hashes: &[PasswordHash; 2],
    now: DateTime<Utc>,
) -> Result<Option<Contact>> {
    const SQL: &str = "UPDATE users SET password_breached_at = $1 \
        WHERE id = $2 AND password_hash IN ($3, $4) AND password_breached_at IS NULL \
        RETURNING email, email_verified_at";
    tx.note_change_of(user);
    let [verified, current] = hashes;
    Ok(on!(tx.conn(), c => {
        sqlx::query_as(SQL).bind(now).bind(user).bind(verified).bind(current).fetch_optional(c).await?
    }))
}

/// Makes strangers of all devices that the account knows by a cookie; returns the generation of devices that begins, or
/// `None` without such an account.
pub async fn begin_device_generation(conn: Conn<'_>, user: UserId) -> Result<Option<i64>> {
    const SQL: &str =
        "UPDATE users SET device_generation = device_generation + 1 WHERE id = $1 RETURNING device_generation";
    Ok(on!(conn, c => sqlx::query_scalar(SQL).bind(user).fetch_optional(c).await?))
}

/// Marks the account's address as verified; `false` when it already was.
pub async fn verify_email(tx: &mut Tx, user: UserId, now: DateTime<Utc>) -> Result<bool> {
    const SQL: &str = "UPDATE users SET email_verified_at = $1 WHERE id = $2 AND email_verified_at IS NULL";
    tx.note_change_of(user);
    let first = on!(tx.conn(), c => sqlx::query(SQL).bind(now).bind(user).execute(c).await?.rows_affected());
    Ok(first == 1)
}

/// Sets the address that is to replace the present one once it is verified, or clears it.
pub async fn set_pending_email(conn: Conn<'_>, user: UserId, pending: Option<&Email>) -> Result<()> {
    const SQL: &str = "UPDATE users SET pending_email = $1 WHERE id = $2";
    on!(conn, c => { sqlx::query(SQL).bind(pending.map(Email::typed)).bind(user).execute(c).await?; });
    Ok(())
}

/// Moves the account to an address that its owner has verified. A user name that was the former address goes with it,
/// because the former address may be another person's from now on; `false` when the address belongs to another account.
/// On PostgreSQL the transaction can only be rolled back then.
pub async fn change_email(tx: &mut Tx, user: UserId, email: &Email, now: DateTime<Utc>) -> Result<bool> {
    const SQL: &str = "UPDATE users SET email = $1, email_canonical = $2, email_verified_at = $3, \
        pending_email = NULL, username = CASE WHEN username LIKE '%@%' THEN $5 ELSE username END, \
        username_canonical = CASE WHEN username LIKE '%@%' THEN $6 ELSE username_canonical END WHERE id = $4";
    let username = Username::parse(email.typed()).ok();
    tx.note_change_of(user);
    let changed = on!(tx.conn(), c => {
        sqlx::query(SQL)
            .bind(email.typed())
            .bind(email.canonical())
            .bind(now)
            .bind(user)
            .bind(username.as_ref().map(Username::typed))
            .bind(username.as_ref().map(Username::canonical))
            .execute(c)
            .await
            .map(|done| done.rows_affected())
    });
    match changed {
        Err(sqlx::Error::Database(error)) if error.is_unique_violation() => Ok(false),
        changed => Ok(changed? == 1),
    }
}

/// Begins device generations `ahead` of the present ones for all accounts: no device cookie is known any more.
pub async fn begin_device_generations(conn: Conn<'_>, ahead: i64) -> Result<()> {
    const SQL: &str = "UPDATE users SET device_generation = device_generation + $1";
    on!(conn, c => { sqlx::query(SQL).bind(ahead).execute(c).await?; });
    Ok(())
}

/// Deletes the account and everything that belongs to it.
pub async fn delete(tx: &mut Tx, user: UserId) -> Result<bool> {
    const SQL: &str = "DELETE FROM users WHERE id = $1";
    tx.note_change_of(user);
    let deleted = on!(tx.conn(), c => sqlx::query(SQL).bind(user).execute(c).await?.rows_affected());
    Ok(deleted == 1)
}
