//! Mail: the server, the templates, the notices, and what requires a confirmed address.

use std::path::PathBuf;

use anyhow::Context;
use clap::{Args, ValueEnum};
use url::Url;

use super::values::{Secret, Switch};
use crate::app::mail::mailer::MailSetup;
use crate::model::mail::Notice;

#[derive(Debug, Args)]
#[command(next_help_heading = "Mail")]
pub struct MailSettings {
    /// Mail server: `smtps://user:password@host`, or `smtp://…` for STARTTLS
    /// [default: none; mails are shown at /dev/inbox while `PUBLIC_URL` is on localhost, otherwise they wait]
    #[arg(long, env = "NEPTUN_AUTH_SMTP_URL", hide_env_values = true, global = true)]
    smtp_url: Option<Secret>,
    /// Sender of the mails, as in `Example <no-reply@example.com>`; needed with a mail server [default: none]
    #[arg(long, env = "NEPTUN_AUTH_MAIL_FROM", global = true)]
    mail_from: Option<String>,
    /// Folder with mail templates of your own, as in `fr/reset_code.txt` [default: none]
    #[arg(long, env = "NEPTUN_AUTH_MAIL_TEMPLATES", global = true)]
    mail_templates: Option<PathBuf>,
    /// Notices to mail to account owners, separated by commas; empty for none
    #[arg(
        long,
        env = "NEPTUN_AUTH_NOTICES",
        value_delimiter = ',',
        default_value = "new_log_in,password_changed,email_changed,account_deleted",
        value_parser = notice,
        global = true
    )]
    notices: Vec<Option<Notice>>,
    /// Digits of a mailed code; 5 to 12
    #[arg(
        long,
        env = "NEPTUN_AUTH_CODE_DIGITS",
        default_value_t = 8,
        value_parser = clap::value_parser!(u32).range(5..=12),
        global = true
    )]
    code_digits: u32,
    /// Reject tokens and /api/auth/verify until the account's address is confirmed
    #[arg(
        long,
        env = "NEPTUN_AUTH_REQUIRE_VERIFIED_EMAIL",
        default_value = "off",
        global = true
    )]
    require_verified_email: Switch,
}

/// A notice, or nothing between two commas.
fn notice(text: &str) -> Result<Option<Notice>, String> {
    match text.trim() {
        "" => Ok(None),
        name => Notice::from_str(name, false).map(Some),
    }
}

impl MailSettings {
    /// The mail settings of a service that browsers reach at `public_url`.
    pub fn setup(&self, public_url: Url) -> anyhow::Result<MailSetup> {
        let smtp_url = self.smtp_url.as_ref().map(|url| url.0.parse()).transpose();
        Ok(MailSetup {
            smtp_url: smtp_url.context("SMTP_URL is not a URL")?,
            from: self.mail_from.clone(),
            templates: self.mail_templates.clone(),
            notices: self.notices.iter().flatten().copied().collect(),
            code_digits: self.code_digits,
            require_verified_email: self.require_verified_email == Switch::On,
            public_url,
        })
    }
}
