//! Accounts.

use anyhow::{Context, ensure};
use serde_json::{Value, json};
use uuid::Uuid;
use zeroize::Zeroizing;

use super::{Target, answers};
use crate::cli::remote::{ENGLISH, Remote};
use crate::cli::users::checked;
use crate::flows::admin::change_user::{PasswordChange, UserChanges, change_user};
use crate::flows::admin::delete_user::delete_user;
use crate::flows::admin::find_user::find_user;
use crate::flows::admin::list_users::list_users;
use crate::flows::admin::make_recovery_link::make_recovery_link;
use crate::model::admin::Operator;
use crate::model::admin::place::UserPlace;
use crate::model::admin::search::Search;
use crate::model::id::UserId;
use crate::model::user::email::Email;
use crate::model::user::listed::ListedUser;
use crate::model::user::username::Username;

/// A change of one account.
pub enum Change {
    Disable,
    Enable,
    VerifyEmail,
    SetPassword(Zeroizing<String>),
    RemovePassword,
}

impl Target {
    /// The account with this address, user name or id.
    pub async fn find(&self, name: &str) -> anyhow::Result<ListedUser> {
        let found = match self {
            Self::Database(app) => find_user(app, name).await?,
            Self::Service(remote) => find_at(remote, name).await?,
        };
        found.with_context(|| format!("there is no account {name}; `neptun-auth users list` shows accounts"))
    }

    /// A page of accounts, and the place to go on from.
    pub async fn list_users(
        &self,
        query: Option<&str>,
        before: Option<&str>,
        limit: u32,
    ) -> anyhow::Result<(Vec<ListedUser>, Option<String>)> {
        let search = query.map(Search::parse).transpose()?;
        let place = before.map(|text| UserPlace::parse(text).context("--before is no place of a list before"));
        let place = place.transpose()?;
        match self {
            Self::Database(app) => {
                let page = list_users(app, search.as_ref(), place, limit).await?;
                Ok((page.users, page.next.map(|next| next.text())))
            }
            Self::Service(remote) => {
                let limit = limit.to_string();
                let given = [("query", query), ("before", before), ("limit", Some(limit.as_str()))];
                let given = given.into_iter().filter_map(|(name, value)| Some((name, value?)));
                let page: answers::Users = remote.get("users", &given.collect::<Vec<_>>()).await?;
                Ok((page.users.into_iter().map(Into::into).collect(), page.next))
            }
        }
    }

    pub async fn change(&self, user: &ListedUser, change: Change) -> anyhow::Result<ListedUser> {
        match self {
            Self::Database(app) => {
                let mut changes = UserChanges::default();
                match change {
                    Change::Disable => changes.disabled = Some(true),
                    Change::Enable => changes.disabled = Some(false),
                    Change::VerifyEmail => changes.verify_email = true,
                    Change::SetPassword(text) => {
                        changes.password = PasswordChange::Set(checked(app, &text, &user.email)?);
                    }
                    Change::RemovePassword => changes.password = PasswordChange::Remove,
                }
                Ok(change_user(app, &Operator::at_command_line(), user.id, changes).await?)
            }
            Self::Service(remote) => {
                let changed: answers::User = remote.patch(&path(user.id), &change.body()).await?;
                Ok(changed.into())
            }
        }
    }

    /// A key that sets a new password, with its link where the service has a page for it.
    pub async fn recovery_link(&self, user: &ListedUser) -> anyhow::Result<answers::RecoveryLink> {
        ensure!(
            user.admin_at.is_none(),
            "an account with the admin right takes no link; use `neptun-auth users set-password`"
        );
        match self {
            Self::Database(app) => {
                let made = make_recovery_link(app, &Operator::at_command_line(), user.id).await?;
                Ok(answers::RecoveryLink {
                    key: made.key.reveal().to_owned(),
                    url: made.url.map(String::from),
                    expires_at: made.expires_at,
                })
            }
            Self::Service(remote) => {
                let path = format!("{}/recovery", path(user.id));
                remote.post(&path, &json!({}), ENGLISH).await
            }
        }
    }

    pub async fn delete_user(&self, user: UserId) -> anyhow::Result<()> {
        match self {
            Self::Database(app) => Ok(delete_user(app, &Operator::at_command_line(), user).await?),
            Self::Service(remote) => remote.delete(&path(user), &[]).await,
        }
    }
}

impl Change {
    fn body(&self) -> Value {
        match self {
            Self::Disable => json!({ "disabled": true }),
            Self::Enable => json!({ "disabled": false }),
            Self::VerifyEmail => json!({ "email_verified": true }),
            Self::SetPassword(text) => json!({ "password": text.as_str() }),
            Self::RemovePassword => json!({ "remove_password": true }),
        }
    }
}

fn path(UserId(id): UserId) -> String {
    format!("users/{id}")
}

/// Looks through all accounts that begin like `name` for the one with exactly this name.
async fn find_at(remote: &Remote, name: &str) -> anyhow::Result<Option<ListedUser>> {
    let mut before = String::new();
    loop {
        let mut query = vec![("query", name), ("limit", "200")];
        if !before.is_empty() {
            query.push(("before", before.as_str()));
        }
        let page: answers::Users = remote.get("users", &query).await?;
        let mut users = page.users.into_iter().map(ListedUser::from);
        if let Some(found) = users.find(|user| is_named(user, name)) {
            return Ok(Some(found));
        }
        let Some(next) = page.next else { return Ok(None) };
        remote.ensure_moves_on(&before, &next)?;
        before = next;
    }
}

fn is_named(user: &ListedUser, name: &str) -> bool {
    let username = |text: &str| Username::parse(text).ok().map(|name| name.canonical().to_owned());
    if let Ok(id) = name.trim().parse::<Uuid>() {
        user.id == UserId(id)
    } else if let Ok(email) = Email::parse(name) {
        email.is_address_of(&user.email)
    } else {
        username(name).is_some_and(|name| user.username.as_deref().and_then(username) == Some(name))
    }
}
