//! `/api/admin/invitations`: operators invite guests.

use poem_openapi::payload::Json;
use poem_openapi::types::Example;
use poem_openapi::{ApiResponse, Object, OpenApi};

use super::guard::AdminWriter;
use super::new_user::read_profile;
use super::types::AdminUser;
use crate::api::body::JsonBody;
use crate::api::error::{ApiError, ErrorCode};
use crate::api::example;
use crate::api::formats::EmailText;
use crate::api::tag::Tag;
use crate::api::time::Time;
use crate::app::App;
use crate::flows::admin::invite_user::{Invite, InviteUserError, Invited, invite_user};
use crate::model::client::Client;
use crate::model::mail::code::INVITATION_LIFETIME;

pub struct AdminInvitationsApi(pub App);

/// The guest to invite.
#[derive(Debug, Object)]
#[oai(example)]
struct AdminInviteUserRequest {
    #[oai(validator(max_length = 254))]
    email: EmailText,
    /// Letters, digits and `@ . + - _`; unique without regard to case. This and the fields below count for a new
    /// account only.
    #[oai(
        validator(min_length = 1, max_length = 150, pattern = "^[A-Za-z0-9@.+_-]+$"),
        skip_serializing_if_is_none
    )]
    username: Option<String>,
    #[oai(validator(max_length = 150), skip_serializing_if_is_none)]
    first_name: Option<String>,
    #[oai(validator(max_length = 150), skip_serializing_if_is_none)]
    last_name: Option<String>,
    #[oai(validator(max_length = 10), skip_serializing_if_is_none)]
    number_phone: Option<String>,
}

/// An invitation that is on its way. Its key is in the mail only.
#[derive(Debug, Object)]
#[oai(example)]
struct AdminInvitation {
    user: AdminUser,
    /// Until when the guest can use the link.
    expires_at: Time,
}

#[derive(ApiResponse)]
enum InvitationMailed {
    /// The invitation will be mailed.
    #[oai(status = 201)]
    Created(Json<AdminInvitation>),
}

#[OpenApi(tag = "Tag::Admin")]
impl AdminInvitationsApi {
    /// Invite a guest
    ///
    /// Creates an account without a password, unless there is one already, and mails a link to it, in the language of
    /// `Accept-Language`. On the page of the link the guest chooses a password, which also confirms the address. The
    /// rules for sign-ups do not apply. The link is valid for seven days and one use; a new invitation voids it. An
    /// account that was made for an invitation is deleted when that expires, unless the guest or an operator has given
    /// it something by then: a password, another way to log in, a confirmed address. Disabling the account voids the
    /// link; the account then goes seven days after you enable it again. A recovery link that you made later keeps the
    /// account for as long as it is valid.
    ///
    /// Answers 409 `email_taken` if the account of the address has a password or another way to log in, 409
    /// `username_taken` if another account has the user name, 403 `account_disabled` if the account is disabled, and
    /// 429 `too_many_requests` for the fourth invitation of one account within an hour.
    #[oai(path = "/api/admin/invitations", method = "post", operation_id = "adminInviteUser")]
    async fn invite_user(
        &self,
        operator: AdminWriter,
        body: JsonBody<AdminInviteUserRequest>,
        client: Client,
    ) -> Result<InvitationMailed, ApiError> {
        let mut fields = body.fields;
        let email = fields.new_email("email", &self.0.mailer);
        let profile = read_profile(&mut fields, email.as_ref());
        let guest = fields.finish(email.map(|email| Invite {
            email,
            profile,
            languages: client.languages,
        }))?;
        let invited = Box::pin(invite_user(&self.0, &operator.0, guest)).await?;
        Ok(InvitationMailed::Created(Json(AdminInvitation::of(invited))))
    }
}

impl AdminInvitation {
    fn of(invited: Invited) -> Self {
        Self {
            user: AdminUser::of(invited.user),
            expires_at: Time(invited.expires_at),
        }
    }
}

impl Example for AdminInviteUserRequest {
    fn example() -> Self {
        Self {
            email: "user@example.com".into(),
            username: None,
            first_name: Some("Jane".to_owned()),
            last_name: Some("Doe".to_owned()),
            number_phone: None,
        }
    }
}

impl Example for AdminInvitation {
    fn example() -> Self {
        Self {
            user: AdminUser::invited_example(),
            expires_at: Time(example::signed_in().created_at + INVITATION_LIFETIME),
        }
    }
}

impl From<InviteUserError> for ApiError {
    fn from(error: InviteUserError) -> Self {
        match error {
            InviteUserError::Taken(taken) if taken.email => ErrorCode::EmailTaken.into(),
            InviteUserError::Taken(_) => ErrorCode::UsernameTaken.into(),
            InviteUserError::Disabled => ErrorCode::AccountDisabled.into(),
            InviteUserError::Internal(error) => error.into(),
        }
    }
}
