//! The account and the session in the examples of the OpenAPI document.

use chrono::{DateTime, TimeDelta};
use uuid::Uuid;

use crate::model::id::{SessionId, UserId};
use crate::model::session::SignedIn;
use crate::model::session::methods::Methods;
use crate::model::user::OwnAccount;

/// The session of every example.
#[must_use]
pub fn signed_in() -> SignedIn {
    let created_at = DateTime::UNIX_EPOCH + TimeDelta::days(20_000) + TimeDelta::hours(9);
    SignedIn {
        session_id: SessionId(Uuid::from_u128(0x0192_d3a8_6c0e_7b52_9f4d_2a6b_8c1e_5f70)),
        user_id: UserId(Uuid::from_u128(0x0192_d3a8_6bf1_7c3a_8e21_5d4f_9a0b_1c2d)),
        user_number: 1,
        email: "user@example.com".to_owned(),
        email_verified: true,
        password_breached: false,
        created_at,
        authenticated_at: created_at,
        methods: Methods::PASSWORD,
        identity: None,
        last_seen_at: created_at + TimeDelta::hours(2),
        idle_expires_at: created_at + TimeDelta::days(7) + TimeDelta::hours(2),
        absolute_expires_at: created_at + TimeDelta::days(30),
    }
}

/// The account of every example.
#[must_use]
pub fn own_account() -> OwnAccount {
    let session = signed_in();
    OwnAccount {
        id: session.user_id,
        number: session.user_number,
        email: session.email,
        email_verified_at: Some(session.created_at),
        pending_email: None,
        has_password: true,
        second_factor_at: None,
        username: None,
        first_name: String::new(),
        last_name: String::new(),
        number_phone: None,
        avatar: None,
        created_at: session.created_at,
        last_log_in_at: session.created_at,
    }
}
