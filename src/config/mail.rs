//! Mail: the server, the templates, the notices, and what requires a confirmed address.

use std::path::Path;

use anyhow::Context;
use clap::{Args, ValueEnum};
use url::Url;

use super::mailed_page::page_or_own;
use super::values::{FilePath, List, Secret, Switch, all, list};
use crate::app::mail::mailer::MailSetup;
use crate::model::mail::{InternationalAddresses, Notice};

#[derive(Debug, Args)]
#[command(next_help_heading = "Mail")]
pub struct MailSettings {
    /// Mail server: `smtps://user:password@host`, or `smtp://…` for STARTTLS
    /// [default: none; mails are shown on a page, whose URL the start prints, while `PUBLIC_URL` is on localhost;
    /// otherwise they wait]
    #[arg(long, env = "NEPTUN_AUTH_SMTP_URL", hide_env_values = true, global = true)]
    smtp_url: Option<Secret>,
    /// Sender of the mails, as in `Example <no-reply@example.com>`; needed with a mail server [default: none]
    #[arg(long, env = "NEPTUN_AUTH_MAIL_FROM", global = true)]
    mail_from: Option<String>,
    /// Name by which the service introduces itself to the mail server, or its IP address [default: the host name]
    #[arg(long, env = "NEPTUN_AUTH_SMTP_EHLO_NAME", global = true)]
    smtp_ehlo_name: Option<String>,
    /// Folder with mail templates of your own, as in `fr/reset_code.txt` [default: none]
    #[arg(long, env = "NEPTUN_AUTH_MAIL_TEMPLATES", global = true)]
    mail_templates: Option<FilePath>,
    /// Notices to mail to account owners, separated by commas, or `none`
    #[arg(
        long,
        env = "NEPTUN_AUTH_NOTICES",
        default_value = "new_log_in,password_breached,password_changed,email_changed,account_deleted,factors_changed,\
             identities_changed",
        value_parser = notices,
        global = true
    )]
    notices: Vec<List<Notice>>,
    /// Digits of a mailed code; 5 to 12
    #[arg(
        long,
        env = "NEPTUN_AUTH_CODE_DIGITS",
        default_value_t = 8,
        value_parser = clap::value_parser!(u32).range(5..=12),
        global = true
    )]
    code_digits: u32,
    /// Page where an account owner sets a new password; mails link to it with a key in its fragment, as in
    /// `https://app.example.com/reset#key=…`, and `&for=invitation` behind it for a guest; allow its origin [default:
    /// /account/recover of this service; with pages off none, and mails have codes only]
    #[arg(long, env = "NEPTUN_AUTH_RECOVERY_URL", global = true)]
    recovery_url: Option<Url>,
    /// Accept new addresses with letters outside ASCII before the @; `auto` asks the mail server whether it can send to
    /// them (SMTPUTF8)
    #[arg(
        long,
        env = "NEPTUN_AUTH_INTERNATIONAL_ADDRESSES",
        default_value = "auto",
        global = true
    )]
    international_addresses: InternationalAddresses,
    /// Reject tokens and /api/auth/verify until the account's address is confirmed
    #[arg(
        long,
        env = "NEPTUN_AUTH_REQUIRE_VERIFIED_EMAIL",
        default_value = "off",
        global = true
    )]
    require_verified_email: Switch,
}

fn notices(text: &str) -> Result<List<Notice>, String> {
    match text.trim() {
        "none" => Ok(List(Vec::new())),
        text => list(text, notice),
    }
}

fn notice(name: &str) -> Result<Notice, String> {
    let names = || Notice::value_variants().iter().filter_map(ValueEnum::to_possible_value);
    Notice::from_str(&name.replace('-', "_"), true).map_err(|_| {
        let names: Vec<_> = names().map(|name| name.get_name().to_owned()).collect();
        format!(
            "there is no notice `{name}`: write any of {}, or `none`",
            names.join(", ")
        )
    })
}

impl MailSettings {
    /// Whether a mail server is named.
    pub fn has_server(&self) -> bool {
        self.smtp_url.is_some()
    }

    /// Whether the operator named the page where an account owner sets a new password.
    pub fn names_recovery_page(&self) -> bool {
        self.recovery_url.is_some()
    }

    /// The mail settings of a service that browsers reach at `public_url`.
    pub fn setup(&self, public_url: Url, has_pages: bool) -> anyhow::Result<MailSetup> {
        let named = self.recovery_url.clone();
        let recovery_url = page_or_own("RECOVERY_URL", named, "/account/recover", (&public_url, has_pages))?;
        let smtp_url = self.smtp_url.as_ref().map(|url| url.0.parse()).transpose();
        Ok(MailSetup {
            smtp_url: smtp_url.context("SMTP_URL is not a URL, as in smtp://mail.example.com:587")?,
            from: self.mail_from.clone(),
            ehlo_name: self.smtp_ehlo_name.clone(),
            templates: self.mail_templates.as_deref().map(Path::to_owned),
            notices: all(&self.notices),
            code_digits: self.code_digits,
            international_addresses: self.international_addresses,
            require_verified_email: self.require_verified_email == Switch::On,
            recovery_url,
            public_url,
        })
    }
}
