//! New accounts, and log-in by mailed code.

use std::str::FromStr;

use clap::Args;
use url::Url;

use super::mailed_page::page_or_own;
use super::values::{List, Switch, list};
use crate::app::LogInSetup;
use crate::model::user::sign_ups::SignUps;

#[derive(Debug, Args)]
#[command(next_help_heading = "Sign-up and log-in")]
pub struct LogInSettings {
    /// New accounts: `open`, `closed`, or the domains of the addresses that may have one, separated by commas
    #[arg(long, env = "NEPTUN_AUTH_SIGN_UP", default_value = "open", global = true)]
    sign_up: SignUpSetting,
    /// Let account owners log in with a code that is mailed to them
    #[arg(long, env = "NEPTUN_AUTH_LOG_IN_BY_CODE", default_value = "off", global = true)]
    log_in_by_code: Switch,
    /// Mail log-in codes to addresses without an account too; the code makes an account without a password
    #[arg(long, env = "NEPTUN_AUTH_SIGN_UP_BY_CODE", default_value = "off", global = true)]
    sign_up_by_code: Switch,
    /// Let a browser make an account with a passkey and no password, for an address that is not confirmed
    #[arg(long, env = "NEPTUN_AUTH_SIGN_UP_BY_PASSKEY", default_value = "off", global = true)]
    sign_up_by_passkey: Switch,
    /// Page where an account owner enters a log-in code; mails link to it with address and code in its fragment, as in
    /// `https://app.example.com/log-in#email=…&code=…`; allow its origin [default: /account/login of this
    /// service; with pages off none, and mails have codes only]
    #[arg(long, env = "NEPTUN_AUTH_LOG_IN_CODE_URL", global = true)]
    log_in_code_url: Option<Url>,
}

#[derive(Debug, Clone)]
struct SignUpSetting(SignUps);

impl FromStr for SignUpSetting {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let rule = match text.trim() {
            "open" => SignUps::Open,
            "closed" => SignUps::Closed,
            text => SignUps::Domains(domains(text)?),
        };
        Ok(Self(rule))
    }
}

fn domains(text: &str) -> Result<Vec<String>, String> {
    let invalid = |_| "write `open`, `closed`, or domains as in example.com, separated by commas".to_owned();
    let List(domains) = list(text, SignUps::domain).map_err(invalid)?;
    if domains.is_empty() {
        return Err("write `closed` to allow no new accounts".to_owned());
    }
    Ok(domains)
}

impl LogInSettings {
    /// The rules for new accounts and for log-in by code, of a service that browsers reach at `public_url`.
    pub fn setup(&self, public_url: &Url, has_pages: bool) -> anyhow::Result<LogInSetup> {
        let named = self.log_in_code_url.clone();
        Ok(LogInSetup {
            sign_ups: self.sign_up.0.clone(),
            by_code: self.log_in_by_code == Switch::On,
            sign_up_by_code: self.sign_up_by_code == Switch::On,
            sign_up_by_passkey: self.sign_up_by_passkey == Switch::On,
            code_page: page_or_own("LOG_IN_CODE_URL", named, "/account/login", (public_url, has_pages))?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sign_up_is_open_closed_or_a_list_of_domains() {
        let parsed = |text: &str| text.parse::<SignUpSetting>().map(|setting| setting.0);
        assert_eq!(parsed("open"), Ok(SignUps::Open));
        assert_eq!(parsed(" closed "), Ok(SignUps::Closed));
        let domains = SignUps::Domains(vec!["example.com".to_owned(), "example.org".to_owned()]);
        assert_eq!(parsed("Example.com, example.org"), Ok(domains));
        for text in ["", ",", "example", "*.example.com", "on"] {
            assert!(parsed(text).is_err(), "{text}");
        }
    }
}
