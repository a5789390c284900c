//! An operator makes a key for the admin API.

use anyhow::ensure;
use chrono::TimeDelta;
use uuid::Uuid;

use crate::app::App;
use crate::model::admin::Operator;
use crate::model::admin::key::{AdminKey, AdminKeySecret, Scopes};
use crate::model::event::Event;
use crate::store::{admin_keys, events};

/// Stores a key that is valid for `days`; returns it with its secret, which is shown this once.
pub async fn create_key(
    app: &App,
    name: &str,
    scopes: Scopes,
    days: u16,
) -> anyhow::Result<(AdminKey, AdminKeySecret)> {
    let name = name.trim();
    let length = name.chars().count();
    ensure!(
        (1..=AdminKey::NAME_LENGTH).contains(&length) && !name.contains(char::is_control),
        "a key's name has 1 to {} characters, on one line",
        AdminKey::NAME_LENGTH
    );
    ensure!(
        (1..=AdminKey::MOST_DAYS).contains(&days),
        "a key is valid for 1 to {} days",
        AdminKey::MOST_DAYS
    );
    let (secret, now) = (AdminKeySecret::generate(), app.clock.now());
    let key = AdminKey {
        id: Uuid::now_v7(),
        name: name.to_owned(),
        scopes: scopes.name().to_owned(),
        created_at: now,
        expires_at: now + TimeDelta::days(days.into()),
        last_used_at: None,
    };
    let mut tx = app.db.write().await?;
    ensure!(
        admin_keys::insert(tx.conn(), &key, &secret.hash(), AdminKey::MOST).await?,
        "there are {} keys already, which is the most; revoke those that are of no use",
        AdminKey::MOST
    );
    let event = Operator::at_command_line().action("admin_key_created", None, now);
    let event = event.with("key", &key.id).with(Event::KEY_NAME, &key.name);
    events::record(tx.conn(), &event.with("scopes", &key.scopes)).await?;
    tx.commit().await?;
    Ok((key, secret))
}
