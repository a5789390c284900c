//! The account in session bodies.

use poem_openapi::Object;
use uuid::Uuid;

use super::oauth::SessionOauth;
use crate::api::formats::EmailText;
use crate::model::session::SignedIn;

/// The account that you are signed in to.
#[derive(Debug, Object)]
pub struct SessionUser {
    id: Uuid,
    /// The address as you typed it.
    primary_email: EmailText,
    /// `true` if you have used a passkey in this session.
    #[oai(skip_serializing_if_is_none)]
    webauthn: Option<bool>,
    #[oai(skip_serializing_if_is_none)]
    oauth: Option<SessionOauth>,
}

/// The account that you are signed in to, and whether its address is confirmed.
#[derive(Debug, Object)]
pub struct SignedInUser {
    id: Uuid,
    /// The address as you typed it.
    primary_email: EmailText,
    /// Whether you have confirmed the address.
    email_verified: bool,
    /// `true` if your password is known from a breach of another service: choose another one.
    #[oai(skip_serializing_if_is_none)]
    password_breached: Option<bool>,
    /// `true` if you have used a passkey in this session.
    #[oai(skip_serializing_if_is_none)]
    webauthn: Option<bool>,
    #[oai(skip_serializing_if_is_none)]
    oauth: Option<SessionOauth>,
}

impl SessionUser {
    pub fn of(signed_in: &SignedIn) -> Self {
        Self {
            id: signed_in.user_id.0,
            primary_email: signed_in.email.clone().into(),
            webauthn: signed_in.methods.has_passkey().then_some(true),
            oauth: SessionOauth::of(signed_in),
        }
    }
}

impl SignedInUser {
    pub fn of(signed_in: &SignedIn) -> Self {
        Self {
            id: signed_in.user_id.0,
            primary_email: signed_in.email.clone().into(),
            email_verified: signed_in.email_verified,
            password_breached: signed_in.password_breached.then_some(true),
            webauthn: signed_in.methods.has_passkey().then_some(true),
            oauth: SessionOauth::of(signed_in),
        }
    }
}
