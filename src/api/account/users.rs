//! `/api/users/{user_id}`: changes, deletes and exports the caller's account.

use poem_openapi::OpenApi;
use poem_openapi::param::Path;
use poem_openapi::payload::Json;

use super::types::{DeleteUserRequest, ExportResponse, UpdateUserRequest, UpdateUserResponse};
use crate::api::body::fields::{Fields, breached};
use crate::api::body::{JsonBody, OptionalJsonBody};
use crate::api::error::{ApiError, ErrorCode, Issue, IssueCode};
use crate::api::guard::{CurrentUser, ensure_own};
use crate::api::layers::session::RequestSession;
use crate::api::tag::Tag;
use crate::app::App;
use crate::flows::account::delete_account::{DeleteAccountError, delete_account};
use crate::flows::account::export_account::export_account;
use crate::flows::account::update_account::{Changes, UpdateAccountError, update_account};
use crate::flows::account::update_profile::{UpdateProfileError, update_profile};
use crate::model::client::Client;
use crate::model::user::email::Email;
use crate::model::user::password::Password;
use crate::model::user::{Profile, ProfileChanges};

pub struct UsersApi(pub App);

#[OpenApi(tag = "Tag::Account")]
impl UsersApi {
    /// Change your address, your password or your profile
    ///
    /// A new user name, new names or a new telephone number take effect at once. A new address or password requires
    /// your current password, or a log-in within the last ten minutes; either ends every other session of your account
    /// and sets a new cookie for this one. A new address takes effect when you confirm it with the code mailed to it;
    /// until then you see it as `pending_email`. Send your present address to cancel a pending change.
    ///
    /// Answers 400 `validation_error` with the issue `incorrect` if the current password is wrong, 403
    /// `reauthentication_required` if it is missing, 404 `not_found` for any account but yours, 409 `email_taken`
    /// or `username_taken` if another account has the address or the user name, and 429 `too_many_requests` after too
    /// many wrong passwords or mails.
    #[oai(path = "/api/users/:user_id", method = "patch", operation_id = "updateUser")]
    async fn update_user(
        &self,
        user: CurrentUser,
        /// The id of your account, or `me`.
        user_id: Path<String>,
        body: JsonBody<UpdateUserRequest>,
        session: RequestSession,
        client: Client,
    ) -> Result<Json<UpdateUserResponse>, ApiError> {
        ensure_own(&user_id.0, &user.0)?;
        let (changes, current) = read_changes(body.fields, &self.0, &user.0.email)?;
        if changes.email.is_none() && changes.password.is_none() {
            let account = update_profile(&self.0, &user.0, &changes.profile, &client).await?;
            return Ok(Json(UpdateUserResponse::of(&account)));
        }
        let (renewed, account) = update_account(&self.0, &user.0, changes, current, &client).await?;
        session.renew(&renewed);
        Ok(Json(UpdateUserResponse::of(&account)))
    }

    /// Delete your account
    ///
    /// Deletes everything stored about you and ends all your sessions. Only the id of the account and the time of its
    /// deletion are kept. Returns `true`. Requires your current password, or a log-in within the last ten minutes.
    ///
    /// Answers 400 `validation_error` with the issue `incorrect` if the current password is wrong, 403
    /// `reauthentication_required` if it is missing, 404 `not_found` for any account but yours, and 429
    /// `too_many_requests` after too many wrong passwords.
    #[oai(path = "/api/users/:user_id", method = "delete", operation_id = "deleteUser")]
    async fn delete_user(
        &self,
        user: CurrentUser,
        /// The id of your account, or `me`.
        user_id: Path<String>,
        body: OptionalJsonBody<DeleteUserRequest>,
        session: RequestSession,
        client: Client,
    ) -> Result<Json<bool>, ApiError> {
        ensure_own(&user_id.0, &user.0)?;
        let mut fields = body.fields;
        let current = fields.optional_password("current_password");
        fields.finish(Some(()))?;
        Box::pin(delete_account(&self.0, &user.0, current, &client)).await?;
        session.discard();
        Ok(Json(true))
    }

    /// Export everything stored about you
    ///
    /// Returns your account with its sessions, and its latest 1,000 devices, codes, waiting mails and
    /// events. Never includes
    /// secrets; for the password, only whether one is set. Answers 404 `not_found` for any account but yours.
    #[oai(path = "/api/users/:user_id/export", method = "get", operation_id = "exportUser")]
    async fn export_user(
        &self,
        user: CurrentUser,
        /// The id of your account, or `me`.
        user_id: Path<String>,
    ) -> Result<Json<ExportResponse>, ApiError> {
        ensure_own(&user_id.0, &user.0)?;
        let export = export_account(&self.0, &user.0).await?;
        let export = export.ok_or(ApiError::from(ErrorCode::NotAuthenticated))?;
        Ok(Json(ExportResponse::of(export, &user.0)))
    }
}

fn read_changes(mut fields: Fields, app: &App, current_email: &str) -> Result<(Changes, Option<Password>), ApiError> {
    let email = fields
        .is_given("email")
        .then(|| fields.new_email("email", &app.mailer))
        .flatten();
    let current_email = Email::parse(current_email).ok();
    let email_after = email.as_ref().or(current_email.as_ref());
    let password = fields
        .is_given("password")
        .then(|| fields.new_password("password", &app.password_policy, email_after))
        .flatten();
    let profile = read_profile(&mut fields, email_after);
    if email.is_none() && password.is_none() && !profile.any() && !fields.has_issues() {
        fields.add(Issue {
            code: IssueCode::Required,
            path: Vec::new(),
            message: "Send at least one change".to_owned(),
        });
    }
    let current = fields.optional_password("current_password");
    let changes = Changes {
        email,
        password,
        profile,
    };
    fields.finish(Some((changes, current)))
}

/// `own` is the account's address: a user name with `@` must be that.
fn read_profile(fields: &mut Fields, own: Option<&Email>) -> ProfileChanges {
    let username = fields
        .is_given("username")
        .then(|| fields.username("username"))
        .flatten();
    if username.as_ref().zip(own).is_some_and(|(name, own)| !name.fits(own)) {
        fields.add_issue(
            "username",
            IssueCode::InvalidCharacters,
            "Use @ only if the name is your own address",
        );
    }
    let mut text = |name, most| {
        // An empty text is a change too.
        fields
            .is_given(name)
            .then(|| fields.optional_text(name, most).unwrap_or_default())
    };
    ProfileChanges {
        username,
        first_name: text("first_name", Profile::NAME_LENGTH),
        last_name: text("last_name", Profile::NAME_LENGTH),
        number_phone: text("number_phone", Profile::PHONE_LENGTH),
    }
}

impl From<UpdateAccountError> for ApiError {
    fn from(error: UpdateAccountError) -> Self {
        update_error(error, "password")
    }
}

/// The error of an operation that takes the new password in the field `password`.
pub fn update_error(error: UpdateAccountError, password: &str) -> ApiError {
    match error {
        UpdateAccountError::NotAuthenticated => ErrorCode::NotAuthenticated.into(),
        UpdateAccountError::Reauthentication(error) => error.into(),
        UpdateAccountError::EmailTaken => ErrorCode::EmailTaken.into(),
        UpdateAccountError::Profile(error) => error.into(),
        UpdateAccountError::Breached(_) => ApiError::validation(vec![breached(password)]),
        UpdateAccountError::Internal(error) => error.into(),
    }
}

impl From<UpdateProfileError> for ApiError {
    fn from(error: UpdateProfileError) -> Self {
        match error {
            UpdateProfileError::NotAuthenticated => ErrorCode::NotAuthenticated.into(),
            UpdateProfileError::UsernameTaken => ErrorCode::UsernameTaken.into(),
            UpdateProfileError::Internal(error) => error.into(),
        }
    }
}

impl From<DeleteAccountError> for ApiError {
    fn from(error: DeleteAccountError) -> Self {
        match error {
            DeleteAccountError::NotAuthenticated => ErrorCode::NotAuthenticated.into(),
            DeleteAccountError::Reauthentication(error) => error.into(),
            DeleteAccountError::Internal(error) => error.into(),
        }
    }
}
