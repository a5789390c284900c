//! `/api/admin/users`: finds, creates, changes and deletes accounts.

use poem_openapi::param::{Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::{ApiResponse, OpenApi};
use uuid::Uuid;

use super::guard::{AdminReader, AdminWriter};
use super::new_user::read_profile;
use super::parameters::{self, AccountPlace, UserSelection};
use super::types::{AdminCreateUserRequest, AdminUpdateUserRequest, AdminUser, AdminUserList, RecoveryLinkResponse};
use crate::api::body::JsonBody;
use crate::api::body::fields::{Fields, breached, same_as_email};
use crate::api::error::{ApiError, ErrorCode, Issue, IssueCode};
use crate::api::paging::{Limit, no_such_place};
use crate::api::tag::Tag;
use crate::app::App;
use crate::flows::admin::ClaimError;
use crate::flows::admin::change_user::{ChangeUserError, PasswordChange, UserChanges, change_user};
use crate::flows::admin::create_user::{CreateUser, CreateUserError, create_user};
use crate::flows::admin::delete_user::delete_user;
use crate::flows::admin::list_users::{ListUsersError, list_users};
use crate::flows::admin::make_recovery_link::make_recovery_link;
use crate::flows::admin::show_user::show_user;
use crate::model::id::UserId;

pub struct AdminUsersApi(pub App);

#[derive(ApiResponse)]
enum Created {
    /// The account was created.
    #[oai(status = 201)]
    Created(Json<AdminUser>),
}

#[derive(ApiResponse)]
enum RecoveryLinkMade {
    /// The link was made.
    #[oai(status = 201)]
    Created(Json<RecoveryLinkResponse>),
}

#[derive(ApiResponse)]
enum Deleted {
    /// The account is deleted.
    #[oai(status = 204)]
    Deleted,
}

#[OpenApi(tag = "Tag::Admin")]
impl AdminUsersApi {
    /// Find accounts
    ///
    /// Without `query`, returns all accounts, the newest first. With it, returns the accounts whose id begins like it;
    /// if there are none, those whose address begins like it, then those whose user name does, in alphabetical order.
    /// Upper and lower case do not matter. An id counts from eight digits on. A page of a search may be short although
    /// more follow.
    ///
    /// Answers 400 `validation_error` for a parameter that is not acceptable.
    #[oai(path = "/api/admin/users", method = "get", operation_id = "adminListUsers")]
    async fn list_users(
        &self,
        _operator: AdminReader,
        /// An address, a user name or an id, or the beginning of one.
        query: Query<Option<parameters::Query>>,
        /// The value of `next` from the page before.
        before: Query<Option<AccountPlace>>,
        /// The number of accounts of a page.
        limit: Query<Option<Limit>>,
    ) -> Result<Json<AdminUserList>, ApiError> {
        let UserSelection { search, from, limit } = UserSelection::read(query.0.as_ref(), before.0, limit.0)?;
        let page = list_users(&self.0, search.as_ref(), from, limit).await?;
        Ok(Json(AdminUserList {
            users: page.users.into_iter().map(AdminUser::of).collect(),
            next: page.next.map(|next| next.text()),
        }))
    }

    /// Create an account
    ///
    /// Creates an account without a session and sends no mail. The rules for sign-ups do not apply, those for passwords
    /// do. Returns the account.
    ///
    /// Answers 409 `email_taken` or `username_taken` if another account has the address or the user name.
    #[oai(path = "/api/admin/users", method = "post", operation_id = "adminCreateUser")]
    async fn create_user(
        &self,
        operator: AdminWriter,
        body: JsonBody<AdminCreateUserRequest>,
    ) -> Result<Created, ApiError> {
        let new = read_new(body.fields, &self.0)?;
        let created = Box::pin(create_user(&self.0, &operator.0, new)).await?;
        Ok(Created::Created(Json(AdminUser::of(created))))
    }

    /// Look at an account
    ///
    /// Returns the account. Answers 404 `not_found` if there is none with this id.
    #[oai(path = "/api/admin/users/:id", method = "get", operation_id = "adminGetUser")]
    async fn get_user(
        &self,
        _operator: AdminReader,
        /// The id of the account.
        id: Path<Uuid>,
    ) -> Result<Json<AdminUser>, ApiError> {
        let user = show_user(&self.0, UserId(id.0)).await?;
        Ok(Json(AdminUser::of(user.ok_or(ApiError::from(ErrorCode::NotFound))?)))
    }

    /// Change an account
    ///
    /// Disables or enables the account, verifies its address, sets or removes its password. Returns the account. A
    /// disabled account is out at once: its sessions end, its codes are void, and no log-in lets it in. A change of the
    /// password ends its sessions too and mails a notice to the owner.
    ///
    /// Answers 403 `not_permitted` for an account with the admin right, which is changed on the command line only, and
    /// 404 `not_found` if there is no account with this id.
    #[oai(path = "/api/admin/users/:id", method = "patch", operation_id = "adminUpdateUser")]
    async fn update_user(
        &self,
        operator: AdminWriter,
        /// The id of the account.
        id: Path<Uuid>,
        body: JsonBody<AdminUpdateUserRequest>,
    ) -> Result<Json<AdminUser>, ApiError> {
        let changes = read_changes(body.fields, &self.0)?;
        let user = Box::pin(change_user(&self.0, &operator.0, UserId(id.0), changes)).await?;
        Ok(Json(AdminUser::of(user)))
    }

    /// Delete an account
    ///
    /// Deletes everything stored about the account, ends its sessions and mails a notice to the owner. Only the id and
    /// the time of the deletion are kept.
    ///
    /// Answers 403 `not_permitted` for an account with the admin right, and 404 `not_found` if there is no account with
    /// this id.
    #[oai(path = "/api/admin/users/:id", method = "delete", operation_id = "adminDeleteUser")]
    async fn delete_user(
        &self,
        operator: AdminWriter,
        /// The id of the account.
        id: Path<Uuid>,
    ) -> Result<Deleted, ApiError> {
        delete_user(&self.0, &operator.0, UserId(id.0)).await?;
        Ok(Deleted::Deleted)
    }

    /// Make a recovery link
    ///
    /// Returns a key, and a link where the service has a page for it, with which the owner sets a new password. Hand it
    /// over when mail is no way. It is valid for 24 hours and one use; a new one voids it. Using it ends the account's
    /// sessions, and neither verifies the address nor removes a second factor.
    ///
    /// Answers 403 `not_permitted` for an account with the admin right, and 404 `not_found` if there is no account with
    /// this id.
    #[oai(
        path = "/api/admin/users/:id/recovery",
        method = "post",
        operation_id = "adminMakeRecoveryLink"
    )]
    async fn make_recovery_link(
        &self,
        operator: AdminWriter,
        /// The id of the account.
        id: Path<Uuid>,
    ) -> Result<RecoveryLinkMade, ApiError> {
        let made = make_recovery_link(&self.0, &operator.0, UserId(id.0)).await?;
        Ok(RecoveryLinkMade::Created(Json(RecoveryLinkResponse::of(&made))))
    }
}

fn read_new(mut fields: Fields, app: &App) -> Result<CreateUser, ApiError> {
    let email = fields.new_email("email", &app.mailer);
    let password = fields
        .is_given("password")
        .then(|| fields.new_password("password", &app.password_policy, email.as_ref()))
        .flatten();
    let is_verified = fields.flag("email_verified").unwrap_or_default();
    let profile = read_profile(&mut fields, email.as_ref());
    fields.finish(email.map(|email| CreateUser {
        email,
        password,
        is_verified,
        profile,
    }))
}

fn read_changes(mut fields: Fields, app: &App) -> Result<UserChanges, ApiError> {
    let disabled = fields.flag("disabled");
    let verified = fields.flag("email_verified");
    if verified == Some(false) {
        fields.add_issue("email_verified", IssueCode::InvalidChoice, "Only true is possible");
    }
    let is_removal = fields.flag("remove_password") == Some(true);
    if is_removal && fields.is_given("password") {
        fields.add_issue(
            "remove_password",
            IssueCode::InvalidChoice,
            "Set a password or remove it",
        );
    }
    let password = if is_removal {
        PasswordChange::Remove
    } else if fields.is_given("password") {
        let new = fields.new_password("password", &app.password_policy, None);
        new.map_or(PasswordChange::None, PasswordChange::Set)
    } else {
        PasswordChange::None
    };
    let is_change = disabled.is_some() || verified.is_some() || !matches!(password, PasswordChange::None);
    if !is_change && !fields.has_issues() {
        fields.add(Issue {
            code: IssueCode::Required,
            path: Vec::new(),
            message: "Send at least one change".to_owned(),
        });
    }
    fields.finish(Some(UserChanges {
        disabled,
        verify_email: verified == Some(true),
        password,
    }))
}

impl From<ListUsersError> for ApiError {
    fn from(error: ListUsersError) -> Self {
        match error {
            ListUsersError::NoSuchPlace => no_such_place(),
            ListUsersError::Internal(error) => error.into(),
        }
    }
}

impl From<CreateUserError> for ApiError {
    fn from(error: CreateUserError) -> Self {
        match error {
            CreateUserError::Taken(taken) if taken.email => ErrorCode::EmailTaken.into(),
            CreateUserError::Taken(_) => ErrorCode::UsernameTaken.into(),
            CreateUserError::Breached(_) => Self::validation(vec![breached("password")]),
            CreateUserError::Internal(error) => error.into(),
        }
    }
}

impl From<ClaimError> for ApiError {
    fn from(error: ClaimError) -> Self {
        match error {
            ClaimError::NotFound => ErrorCode::NotFound.into(),
            ClaimError::NotPermitted => ErrorCode::NotPermitted.into(),
            ClaimError::Internal(error) => error.into(),
        }
    }
}

impl From<ChangeUserError> for ApiError {
    fn from(error: ChangeUserError) -> Self {
        match error {
            ChangeUserError::Claim(error) => error.into(),
            ChangeUserError::SameAsEmail => Self::validation(vec![same_as_email("password")]),
            ChangeUserError::Breached(_) => Self::validation(vec![breached("password")]),
            ChangeUserError::Internal(error) => error.into(),
        }
    }
}
