//! Public ids: UUIDv7, so that they sort by the time they were made.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The public id of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, sqlx_macros::Type)]
#[sqlx(transparent)]
pub struct UserId(pub Uuid);

/// The public id of a session, by which its owner lists and revokes it. It is not a credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, sqlx_macros::Type)]
#[sqlx(transparent)]
pub struct SessionId(pub Uuid);
