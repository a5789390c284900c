//! New accounts: with a password and a first session, or without either.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::model::id::UserId;
use crate::model::session::NewSession;
use crate::model::user::NewUser;
use crate::model::user::email::Email;
use crate::model::user::username::Username;
use crate::store::events::insert_event;
use crate::store::sessions::{bind_session, insert_session};
use crate::store::{Conn, Result, devices, on};

/// Stores an account without a password or a session; `false` when the address is taken.
pub async fn insert_without_password(
    conn: Conn<'_>,
    id: UserId,
    email: &Email,
    verified_at: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> Result<bool> {
    const SQL: &str = "INSERT INTO users \
        (id, created_at, last_log_in_at, email, email_canonical, email_verified_at, first_name, last_name) \
        VALUES ($1, $2, $2, $3, $4, $5, '', '') ON CONFLICT DO NOTHING";
    let inserted = on!(conn, c => {
        sqlx::query(SQL)
            .bind(id)
            .bind(now)
            .bind(email.typed())
            .bind(email.canonical())
            .bind(verified_at)
            .execute(c)
            .await?
            .rows_affected()
    });
    Ok(inserted == 1)
}

/// Inserts an account. Its values are bound after the eleven of its first session.
macro_rules! insert_user {
    () => {
        "INSERT INTO users (id, created_at, last_log_in_at, email, email_canonical, password_hash, username, \
         username_canonical, first_name, last_name, number_phone) \
         VALUES ($3, $5, $5, $12, $13, $14, $15, $16, $17, $18, $19) ON CONFLICT DO NOTHING RETURNING number"
    };
}

/// Inserts the device that the account was made with, but only if `$account` has a row.
macro_rules! insert_first_device {
    ($account:literal) => {
        concat!(
            "INSERT INTO devices (user_id, family, network, first_seen_at, last_seen_at) ",
            "SELECT $3, $20, $21, $5, $5 FROM ",
            $account
        )
    };
}

/// Records the sign-up, but only if `$account` has a row.
macro_rules! insert_sign_up_event {
    ($account:literal) => {
        insert_event!(
            "$22",
            "$3",
            "'sign_up'",
            "$5",
            "$1",
            "'self'",
            "$23",
            "$20",
            "NULL",
            $account
        )
    };
}

/// Stores a new account, its first session, its first device and its first event; returns the account's number, or
/// `None` and nothing stored when the address or the user name is taken. One statement on PostgreSQL; four on SQLite,
/// which the caller's transaction holds together.
pub async fn insert_with_first_session(conn: Conn<'_>, user: &NewUser, first: &NewSession) -> Result<Option<i64>> {
    const SQLITE: &str = concat!(
        insert_user!(),
        "; ",
        insert_first_device!("users WHERE id = $3"),
        "; ",
        insert_session!("users WHERE id = $3"),
        "; ",
        insert_sign_up_event!("users WHERE id = $3")
    );
    const POSTGRES: &str = concat!(
        "WITH account AS (",
        insert_user!(),
        "), device AS (",
        insert_first_device!("account"),
        "), session AS (",
        insert_session!("account"),
        "), event AS (",
        insert_sign_up_event!("account"),
        ") SELECT number FROM account"
    );
    let sql = conn.either(SQLITE, POSTGRES);
    let numbers: Vec<i64> = on!(conn, c => {
        bind_session!(sqlx::query_scalar(sql), first, "{}")
            .bind(user.email.typed())
            .bind(user.email.canonical())
            .bind(&user.password_hash)
            .bind(user.profile.username.as_ref().map(Username::typed))
            .bind(user.profile.username.as_ref().map(Username::canonical))
            .bind(&user.profile.first_name)
            .bind(&user.profile.last_name)
            .bind(&user.profile.number_phone)
            .bind(first.client.family())
            .bind(devices::stored_network(&first.client))
            .bind(Uuid::now_v7())
            .bind(first.client.provider_range().map(|network| network.to_string()))
            // `fetch_one` would stop SQLite at the first row, before it runs the other statements.
            .fetch_all(c)
            .await?
    });
    Ok(numbers.first().copied())
}
