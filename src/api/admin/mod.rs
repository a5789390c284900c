//! `/api/admin`: operators find, create, change and delete accounts, and end sessions.

mod arrival;
mod events;
mod guard;
mod instance;
mod invitations;
mod new_user;
mod parameters;
mod place;
mod sessions;
mod types;
mod users;
mod webhook_types;
mod webhooks;

use crate::api::error::ErrorCode;
use crate::api::layers::client::ClientAddress;
use crate::app::App;
pub use place::{elsewhere, keys_only};

/// The operations of this chapter.
pub type Apis = (
    users::AdminUsersApi,
    invitations::AdminInvitationsApi,
    sessions::AdminSessionsApi,
    events::AdminEventsApi,
    webhooks::AdminWebhooksApi,
    instance::AdminInstanceApi,
);

/// The operations of this chapter, ready to serve. `address` finds a client's address.
pub fn apis(app: &App, address: ClientAddress) -> Apis {
    (
        users::AdminUsersApi(app.clone()),
        invitations::AdminInvitationsApi(app.clone()),
        sessions::AdminSessionsApi(app.clone()),
        events::AdminEventsApi(app.clone()),
        webhooks::AdminWebhooksApi(app.clone()),
        instance::AdminInstanceApi {
            app: app.clone(),
            address,
        },
    )
}

/// What every operation may answer: the guard's errors.
macro_rules! errors {
    ($($operation:literal: $($own:ident),*;)+) => {
        &[$((
            $operation,
            &[
                ErrorCode::NotPermitted,
                ErrorCode::ReauthenticationRequired,
                ErrorCode::OriginNotAllowed,
                ErrorCode::TooManyRequests,
                $(ErrorCode::$own),*
            ],
        )),+]
    };
}

/// The errors that operations return for reasons of their own.
pub const ERRORS: &[(&str, &[ErrorCode])] = errors! {
    "adminListUsers": ValidationError;
    "adminCreateUser": EmailTaken, UsernameTaken;
    "adminInviteUser": EmailTaken, UsernameTaken, AccountDisabled;
    "adminGetUser": NotFound;
    "adminUpdateUser": NotFound;
    "adminDeleteUser": NotFound;
    "adminMakeRecoveryLink": NotFound;
    "adminListUserSessions": NotFound;
    "adminEndUserSessions": NotFound;
    "adminEndSession": NotFound;
    "adminEndSessions": ValidationError;
    "adminListEvents": ValidationError;
    "adminGetStatistics": ;
    "adminGetInstance": ;
    "adminListWebhooks": ;
    "adminCreateWebhook": AlreadySetUp;
    "adminUpdateWebhook": NotFound;
    "adminDeleteWebhook": NotFound;
    "adminRotateWebhook": NotFound;
    "adminListDeliveries": ValidationError, NotFound;
    "adminRetryDelivery": NotFound;
};
