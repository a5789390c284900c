//! `/api/admin`: operators find, create, change and delete accounts, and end sessions.

mod guard;
mod parameters;
mod sessions;
mod types;
mod users;

use crate::api::error::ErrorCode;
use crate::app::App;

/// The operations of this chapter.
pub type Apis = (users::AdminUsersApi, sessions::AdminSessionsApi);

/// The operations of this chapter, ready to serve.
pub fn apis(app: &App) -> Apis {
    (
        users::AdminUsersApi(app.clone()),
        sessions::AdminSessionsApi(app.clone()),
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
    "adminGetUser": NotFound;
    "adminUpdateUser": NotFound;
    "adminDeleteUser": NotFound;
    "adminMakeRecoveryLink": NotFound;
    "adminListUserSessions": NotFound;
    "adminEndUserSessions": NotFound;
    "adminEndSession": NotFound;
    "adminEndSessions": ValidationError;
};
