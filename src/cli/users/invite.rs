//! `neptun-auth users invite`.

use anyhow::bail;
use clap::Args;

use super::create::{ProfileArgs, new_address};
use crate::app::App;
use crate::cli::targets::{Invitation, Target};
use crate::flows::admin::invite_user::{Invite, InviteUserError, Invited, invite_user};
use crate::model::admin::Operator;
use crate::model::client::language::Languages;

#[derive(Debug, Args)]
pub struct InviteArgs {
    /// Address of the guest
    email: String,
    #[command(flatten)]
    profile: ProfileArgs,
    /// Languages of the mail, as in `de-AT,en`
    #[arg(long, default_value = "en")]
    language: String,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// Invites the guest.
pub async fn invite(target: &Target, arguments: InviteArgs) -> anyhow::Result<Invited> {
    match target {
        Target::Database(app) => invite_here(app, arguments).await,
        Target::Service(remote) => {
            let body = arguments.profile.body(&arguments.email);
            let invited: Invitation = remote.post("invitations", &body, &arguments.language).await?;
            Ok(Invited {
                user: invited.user.into(),
                expires_at: invited.expires_at,
            })
        }
    }
}

/// Checks the arguments as the admin API checks a body.
async fn invite_here(app: &App, arguments: InviteArgs) -> anyhow::Result<Invited> {
    let email = new_address(app, &arguments.email)?;
    let profile = arguments.profile.read(&email)?;
    let guest = Invite {
        email,
        profile,
        languages: Languages::parse(&arguments.language),
    };
    match invite_user(app, &Operator::at_command_line(), guest).await {
        Err(InviteUserError::Taken(taken)) if taken.email => {
            bail!("an account has this address already, with a password or another way to log in")
        }
        Err(InviteUserError::Taken(_)) => bail!("an account has this user name already"),
        Err(InviteUserError::Disabled) => {
            bail!("the account of this address is disabled; `neptun-auth users enable` takes that back")
        }
        invited => Ok(invited?),
    }
}
