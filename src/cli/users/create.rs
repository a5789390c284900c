//! `neptun-auth users create`.

use std::path::PathBuf;

use anyhow::{Context, anyhow, bail, ensure};
use clap::Args;
use serde_json::{Value, json};

use crate::app::App;
use crate::cli::remote::ENGLISH;
use crate::cli::secret_input;
use crate::cli::targets::{Target, User};
use crate::flows::admin::create_user::{CreateUser, CreateUserError, create_user};
use crate::model::admin::Operator;
use crate::model::user::Profile;
use crate::model::user::email::Email;
use crate::model::user::listed::ListedUser;
use crate::model::user::password::{Password, WeakPassword};
use crate::model::user::username::Username;

#[derive(Debug, Args)]
pub struct CreateArgs {
    /// Address of the account
    email: String,
    /// File with the password in its first line; - for standard input
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
    /// You know that the address is the owner's
    #[arg(long)]
    verified: bool,
    #[command(flatten)]
    profile: ProfileArgs,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
pub struct ProfileArgs {
    /// User name for the token API
    #[arg(long)]
    username: Option<String>,
    /// First name
    #[arg(long, default_value = "")]
    first_name: String,
    /// Last name
    #[arg(long, default_value = "")]
    last_name: String,
}

/// Creates the account.
pub async fn create(target: &Target, arguments: CreateArgs) -> anyhow::Result<ListedUser> {
    match target {
        Target::Database(app) => create_here(app, arguments).await,
        Target::Service(remote) => {
            let mut body = arguments.profile.body(&arguments.email);
            body["email_verified"] = arguments.verified.into();
            if let Some(file) = &arguments.password_file {
                body["password"] = secret_input::read(file, "password")?.as_str().into();
            }
            let created: User = remote.post("users", &body, ENGLISH).await?;
            Ok(created.into())
        }
    }
}

/// Checks the arguments as the admin API checks a body.
async fn create_here(app: &App, arguments: CreateArgs) -> anyhow::Result<ListedUser> {
    let email = new_address(app, &arguments.email)?;
    let profile = arguments.profile.read(&email)?;
    let password = match &arguments.password_file {
        Some(file) => Some(checked(app, &secret_input::read(file, "password")?, email.typed())?),
        None => None,
    };
    let new = CreateUser {
        email,
        password,
        is_verified: arguments.verified,
        profile,
    };
    match create_user(app, &Operator::at_command_line(), new).await {
        Err(CreateUserError::Taken(taken)) if taken.email => bail!("an account has this address already"),
        Err(CreateUserError::Taken(_)) => bail!("an account has this user name already"),
        created => Ok(created?),
    }
}

/// An address that a new account may have.
pub fn new_address(app: &App, text: &str) -> anyhow::Result<Email> {
    let email = Email::parse_new(text).context("the address is not acceptable")?;
    ensure!(
        app.mailer.accepts(&email),
        "this service can't send mail to that address"
    );
    Ok(email)
}

impl ProfileArgs {
    /// The body for the new account of `email`. The service checks it.
    pub fn body(&self, email: &str) -> Value {
        let mut body = json!({ "email": email, "first_name": self.first_name, "last_name": self.last_name });
        if let Some(username) = &self.username {
            body["username"] = username.as_str().into();
        }
        body
    }

    /// The profile of the new account of `email`.
    pub fn read(self, email: &Email) -> anyhow::Result<Profile> {
        let username = self.username.as_deref().map(Username::parse).transpose();
        let username = username.map_err(|_| anyhow!("a user name has at most 150 letters, digits and @ . + - _"))?;
        ensure!(
            username.as_ref().is_none_or(|name| name.fits(email)),
            "a user name with @ must be the account's own address"
        );
        for name in [&self.first_name, &self.last_name] {
            let is_name = name.chars().count() <= Profile::NAME_LENGTH && !name.contains('\0');
            ensure!(
                is_name,
                "a first or last name has at most {} characters",
                Profile::NAME_LENGTH
            );
        }
        Ok(Profile {
            username,
            first_name: self.first_name,
            last_name: self.last_name,
            number_phone: None,
        })
    }
}

/// A new password for the account of `email`, if the policy accepts it.
pub fn checked(app: &App, text: &str, email: &str) -> anyhow::Result<Password> {
    let password = Password::new(text);
    let email = Email::parse(email).ok();
    match app.password_policy.check(&password, email.as_ref()) {
        Ok(()) => Ok(password),
        Err(WeakPassword::TooShort { minimum }) => bail!("the password must have at least {minimum} characters"),
        Err(WeakPassword::TooLong) => bail!("the password must have at most {} characters", Password::MAX_LENGTH),
        Err(WeakPassword::SameAsEmail) => bail!("the password must not be the address"),
        Err(WeakPassword::TooCommon) => bail!("the password is among the first that attackers try"),
    }
}
