//! User name, names and telephone number of an account.

use crate::model::id::UserId;
use crate::model::user::ProfileChanges;
use crate::model::user::username::Username;
use crate::store::{Conn, Result, on};

/// Changes the profile of `user`; `false` when the user name belongs to another account. On PostgreSQL the transaction
/// can only be rolled back then.
pub async fn change_profile(conn: Conn<'_>, user: UserId, changes: &ProfileChanges) -> Result<bool> {
    const SQL: &str = "UPDATE users SET username = COALESCE($2, username), \
        username_canonical = COALESCE($3, username_canonical), first_name = COALESCE($4, first_name), \
        last_name = COALESCE($5, last_name), number_phone = NULLIF(COALESCE($6, number_phone), '') WHERE id = $1";
    let outcome = on!(conn, c => {
        sqlx::query(SQL)
            .bind(user)
            .bind(changes.username.as_ref().map(Username::typed))
            .bind(changes.username.as_ref().map(Username::canonical))
            .bind(&changes.first_name)
            .bind(&changes.last_name)
            .bind(&changes.number_phone)
            .execute(c)
            .await
            .map(|done| done.rows_affected())
    });
    match outcome {
        Err(sqlx::Error::Database(error)) if error.is_unique_violation() => Ok(false),
        rows => Ok(rows? == 1),
    }
}
