//! Accounts that come from another system or go to one.

use uuid::Uuid;

use super::{Conn, Result, on};
use crate::model::moved::{ExportedUser, NewImport};
use crate::model::user::username::Username;

/// Stores an imported account, without a session or a device; `false` and nothing stored when its id, its address or
/// its user name is taken.
pub async fn insert_imported(conn: Conn<'_>, user: &NewImport) -> Result<bool> {
    const SQL: &str = "INSERT INTO users (id, created_at, last_log_in_at, email, email_canonical, email_verified_at, \
        password_hash, username, username_canonical, first_name, last_name, number_phone, avatar, disabled_at) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) ON CONFLICT DO NOTHING";
    let inserted = on!(conn, c => {
        sqlx::query(SQL)
            .bind(user.id)
            .bind(user.created_at)
            .bind(user.last_log_in_at)
            .bind(user.email.typed())
            .bind(user.email.canonical())
            .bind(user.email_verified_at)
            .bind(&user.password_hash)
            .bind(user.profile.username.as_ref().map(Username::typed))
            .bind(user.profile.username.as_ref().map(Username::canonical))
            .bind(&user.profile.first_name)
            .bind(&user.profile.last_name)
            .bind(&user.profile.number_phone)
            .bind(&user.avatar)
            .bind(user.disabled_at)
            .execute(c)
            .await?
            .rows_affected()
    });
    Ok(inserted == 1)
}

/// The next `limit` accounts after `id`, in the order of their ids.
pub async fn page_for_export(conn: Conn<'_>, after: Uuid, limit: i64) -> Result<Vec<ExportedUser>> {
    const SQL: &str = "SELECT id, number, email, email_verified_at, disabled_at, second_factor_at, password_hash, \
        username, first_name, last_name, number_phone, avatar, created_at, last_log_in_at, \
        (SELECT sealed_secret FROM totp WHERE user_id = users.id AND confirmed_at IS NOT NULL) AS sealed_totp_secret \
        FROM users \
        WHERE id > $1 ORDER BY id LIMIT $2";
    Ok(on!(conn, c => sqlx::query_as(SQL).bind(after).bind(limit).fetch_all(c).await?))
}
