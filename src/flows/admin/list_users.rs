//! An operator looks for accounts.

use std::collections::VecDeque;

use crate::app::App;
use crate::model::admin::search::Search;
use crate::model::id::UserId;
use crate::model::user::listed::ListedUser;
use crate::store::{self, Read, users};

#[derive(Debug, thiserror::Error)]
pub enum ListUsersError {
    /// The account that the page ends before is not there any more.
    #[error("there is no such place in the list")]
    NoSuchPlace,
    #[error(transparent)]
    Internal(#[from] anyhow::Error),
}

internal_from_store!(ListUsersError);

/// A list that a search reads; the accounts of an earlier one come first and are left out of the later ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Ids,
    Addresses,
    Names,
}

/// At most `limit` accounts that `search` finds, and whether there are more. With `before`, those that come after that
/// account: it is the last one of the page before.
///
/// Without a search the newest come first. A search lists the accounts whose id begins like its text or, if there is
/// none, those whose address does and then those whose user name does, each in alphabetical order.
pub async fn list_users(
    app: &App,
    search: Option<&Search>,
    before: Option<UserId>,
    limit: u32,
) -> Result<(Vec<ListedUser>, bool), ListUsersError> {
    let mut read = app.db.read().await?;
    let last = match before {
        Some(id) => Some(
            users::listed(read.conn(), id)
                .await?
                .ok_or(ListUsersError::NoSuchPlace)?,
        ),
        None => None,
    };
    let wanted = limit.saturating_add(1);
    let mut listed = match search {
        None => {
            let before = last.map_or(i64::MAX, |last| last.number);
            users::newest_first(read.conn(), before, wanted).await?
        }
        Some(search) => find(&mut read, search, last.as_ref(), wanted).await?,
    };
    let has_more = listed.len() > limit as usize;
    listed.truncate(limit as usize);
    Ok((listed, has_more))
}

async fn find(
    read: &mut Read,
    search: &Search,
    last: Option<&ListedUser>,
    wanted: u32,
) -> store::Result<Vec<ListedUser>> {
    let mut found = Vec::new();
    let mut parts = parts(read, search, last).await?;
    let mut last = last;
    while let Some(part) = parts.pop_front() {
        let missing = wanted.saturating_sub(u32::try_from(found.len()).unwrap_or(wanted));
        if missing == 0 {
            break;
        }
        found.extend(read_part(read, search, part, last.take(), missing).await?);
    }
    if found.is_empty()
        && let Some(email) = &search.email
        && let Some(known) = users::by_email(read.conn(), email).await?
    {
        // An earlier version stored another form of the address.
        found.extend(users::listed(read.conn(), known.id).await?);
    }
    Ok(found)
}

/// The lists to read, beginning with the one that has `last`.
async fn parts(read: &mut Read, search: &Search, last: Option<&ListedUser>) -> store::Result<VecDeque<Part>> {
    if let Some(ids) = search.ids
        && !users::with_id_between(read.conn(), ids, None, 1).await?.is_empty()
    {
        return Ok(VecDeque::from([Part::Ids]));
    }
    let is_past_addresses = last.is_some_and(|last| !search.finds(&last.email_canonical));
    Ok(if is_past_addresses {
        VecDeque::from([Part::Names])
    } else {
        VecDeque::from([Part::Addresses, Part::Names])
    })
}

async fn read_part(
    read: &mut Read,
    search: &Search,
    part: Part,
    last: Option<&ListedUser>,
    limit: u32,
) -> store::Result<Vec<ListedUser>> {
    let conn = read.conn();
    match (part, search.ids) {
        (Part::Ids, Some(ids)) => users::with_id_between(conn, ids, last.map(|last| last.id), limit).await,
        (Part::Ids | Part::Addresses, _) => {
            let after = last.map(|last| last.email_canonical.as_str()).unwrap_or_default();
            users::with_address_prefix(conn, search, after, limit).await
        }
        (Part::Names, _) => {
            let after = last
                .and_then(|last| last.username_canonical.as_deref())
                .unwrap_or_default();
            users::with_name_prefix(conn, search, after, limit).await
        }
    }
}
