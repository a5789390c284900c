//! An operator looks for accounts.

use crate::app::App;
use crate::model::admin::place::UserPlace;
use crate::model::admin::search::Search;
use crate::model::user::listed::ListedUser;
use crate::store::{self, Read, users};

/// User names that one page looks at. Accounts that were found by their address are left out of them, and where every
/// user name is an address that may be all.
const NAMES: u32 = 500;

#[derive(Debug, thiserror::Error)]
pub enum ListUsersError {
    /// The place is in another list than this one.
    #[error("there is no such place in this list")]
    NoSuchPlace,
    #[error(transparent)]
    Internal(#[from] anyhow::Error),
}

internal_from_store!(ListUsersError);

/// Accounts, and the place to go on from if there may be more.
#[derive(Debug, Default)]
pub struct UserPage {
    pub users: Vec<ListedUser>,
    pub next: Option<UserPlace>,
}

impl UserPage {
    /// Of `listed`, which has one account too many if there are more, the first `limit`.
    fn cut(mut listed: Vec<ListedUser>, limit: usize, place: impl FnOnce(&ListedUser) -> UserPlace) -> Self {
        let has_more = listed.len() > limit;
        listed.truncate(limit);
        Self {
            next: listed.last().filter(|_| has_more).map(place),
            users: listed,
        }
    }
}

/// At most `limit` accounts that `search` finds behind the place `from`.
///
/// Without a search the newest come first. A search lists the accounts whose id begins like its text or, if there is
/// none, those whose address does and then those whose user name does, each in alphabetical order.
pub async fn list_users(
    app: &App,
    search: Option<&Search>,
    from: Option<UserPlace>,
    limit: u32,
) -> Result<UserPage, ListUsersError> {
    let mut read = app.db.read().await?;
    let Some(search) = search else {
        let before = match from {
            None => i64::MAX,
            Some(UserPlace::Number(number)) => number,
            Some(_) => return Err(ListUsersError::NoSuchPlace),
        };
        let listed = users::newest_first(read.conn(), before, limit.saturating_add(1)).await?;
        return Ok(UserPage::cut(listed, limit as usize, |last| {
            UserPlace::Number(last.number)
        }));
    };
    let is_first = from.is_none();
    let mut page = match from {
        None => find_first(&mut read, search, limit).await?,
        Some(UserPlace::Id(_)) => by_id(&mut read, search, from, limit).await?,
        Some(UserPlace::Address(address)) => by_address(&mut read, search, &address, limit).await?,
        Some(UserPlace::Name(name)) => by_name(&mut read, search, &name, UserPage::default(), limit).await?,
        Some(UserPlace::Number(_)) => return Err(ListUsersError::NoSuchPlace),
    };
    if is_first
        && page.users.is_empty()
        && let Some(email) = &search.email
        && let Some(known) = users::by_email(read.conn(), email).await?
    {
        // An earlier version stored another form of the address.
        page.users.extend(users::listed(read.conn(), known.id).await?);
    }
    Ok(page)
}

async fn find_first(read: &mut Read, search: &Search, limit: u32) -> store::Result<UserPage> {
    let found = by_id(read, search, None, limit).await?;
    if found.users.is_empty() {
        by_address(read, search, "", limit).await
    } else {
        Ok(found)
    }
}

async fn by_id(read: &mut Read, search: &Search, from: Option<UserPlace>, limit: u32) -> store::Result<UserPage> {
    let Some(ids) = search.ids else {
        return Ok(UserPage::default());
    };
    let after = match from {
        Some(UserPlace::Id(id)) => Some(id),
        _ => None,
    };
    let found = users::with_id_between(read.conn(), ids, after, limit.saturating_add(1)).await?;
    Ok(UserPage::cut(found, limit as usize, |last| UserPlace::Id(last.id)))
}

/// Goes on with the user names when there are no more addresses.
async fn by_address(read: &mut Read, search: &Search, after: &str, limit: u32) -> store::Result<UserPage> {
    let found = users::with_address_prefix(read.conn(), search, after, limit.saturating_add(1)).await?;
    let page = UserPage::cut(found, limit as usize, |last| {
        UserPlace::Address(last.email_canonical.clone())
    });
    if page.next.is_some() {
        return Ok(page);
    }
    by_name(read, search, "", page, limit).await
}

/// Fills a page, which may have accounts that were found by their address.
async fn by_name(
    read: &mut Read,
    search: &Search,
    after: &str,
    mut page: UserPage,
    limit: u32,
) -> store::Result<UserPage> {
    let seen = users::with_name_prefix(read.conn(), search, after, NAMES).await?;
    let is_full = seen.len() == NAMES as usize;
    let mut place = after.to_owned();
    for user in seen {
        let name = user.username_canonical.clone().unwrap_or_default();
        if !search.finds(&user.email_canonical) {
            if page.users.len() == limit as usize {
                page.next = Some(UserPlace::Name(place));
                return Ok(page);
            }
            page.users.push(user);
        }
        place = name;
    }
    page.next = is_full.then_some(UserPlace::Name(place));
    Ok(page)
}
