//! Log-in with other providers: a TOML file with a section for each, and the pages around it.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, bail, ensure};
use clap::Args;
use serde::Deserialize;
use url::Url;

use crate::app::providers::{ClientSecret, Endpoints, ProviderSetup, ProvidersSetup};
use crate::config::values::{FilePath, List, all, list, with_home};
use crate::model::client::origin::{AllowedOrigins, Origin, is_loopback};
use crate::model::client::return_to;
use crate::model::identity::provider::{ProviderId, ProviderKind};

/// More providers than this are a mistake.
const MAX_PROVIDERS: usize = 50;
const GOOGLE: &str = "https://accounts.google.com";
const GITHUB: [&str; 3] = [
    "https://github.com/login/oauth/authorize",
    "https://github.com/login/oauth/access_token",
    "https://api.github.com",
];

#[derive(Debug, Args)]
#[command(next_help_heading = "Log-in with other providers")]
pub struct ProviderSettings {
    /// TOML file with a section for each provider; docs/providers.md describes it [default: none]
    #[arg(long, env = "NEPTUN_AUTH_PROVIDERS_FILE", global = true)]
    providers_file: Option<FilePath>,
    /// Page to open after a log-in with a provider: a path, or an address at an allowed origin
    #[arg(long, env = "NEPTUN_AUTH_AFTER_LOG_IN_URL", default_value = "/", global = true)]
    after_log_in_url: String,
    /// Page to open after a log-in with a provider that failed, with the reason as `error`: a path, or an address at an
    /// allowed origin [default: /account/login, or / without pages]
    #[arg(long, env = "NEPTUN_AUTH_LOG_IN_URL", global = true)]
    log_in_url: Option<String>,
    /// Origins that `return_to` may lead to although their pages may not call, separated by commas; no wildcards
    /// [default: none]
    #[arg(long, env = "NEPTUN_AUTH_RETURN_ORIGINS", value_parser = origins, global = true)]
    return_origins: Vec<List<Origin>>,
}

fn origins(text: &str) -> Result<List<Origin>, String> {
    list(text, |text| {
        let origin = Origin::parse(text).map_err(|error| error.to_string())?;
        let is_page = text.starts_with("https://") || text.starts_with("http://");
        let is_literal = matches!(origin, Origin::One(_)) && is_page;
        is_literal
            .then_some(origin)
            .ok_or_else(|| format!("`{text}` is not one http or https origin, as in https://app.example.com"))
    })
}

/// One section of the file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Section {
    kind: Option<String>,
    name: Option<String>,
    client_id: String,
    client_secret_file: Option<String>,
    issuer: Option<String>,
    scopes: Option<Vec<String>>,
    #[serde(default)]
    trust_email: bool,
    authorize_url: Option<String>,
    token_url: Option<String>,
    api_url: Option<String>,
}

impl ProviderSettings {
    /// The origins that a log-in may lead to, besides those whose pages may call.
    #[must_use]
    pub fn return_origins(&self) -> Vec<Origin> {
        all(&self.return_origins)
    }

    /// The settings of a service that browsers reach at `public_url`, with or without pages of its own. A log-in may
    /// lead to `origins`.
    pub fn setup(&self, public_url: Url, origins: AllowedOrigins, has_pages: bool) -> anyhow::Result<ProvidersSetup> {
        let log_in_page = if has_pages { "/account/login" } else { "/" };
        let log_in_page = self.log_in_url.as_deref().unwrap_or(log_in_page);
        for (setting, page) in [
            ("AFTER_LOG_IN_URL", self.after_log_in_url.as_str()),
            ("LOG_IN_URL", log_in_page),
        ] {
            ensure!(
                return_to::page(&origins, page).is_some() && !page.contains('#'),
                "{setting} must be a path, as in /dashboard, or an address at an origin that ALLOWED_ORIGINS or \
                 RETURN_ORIGINS lists word for word, without a fragment"
            );
        }
        let file = self.providers_file.as_deref();
        Ok(ProvidersSetup {
            providers: file.map(read).transpose()?.unwrap_or_default(),
            public_url,
            origins,
            after_log_in: self.after_log_in_url.clone(),
            log_in_page: log_in_page.to_owned(),
        })
    }
}

fn read(path: &Path) -> anyhow::Result<Vec<ProviderSetup>> {
    let subject = || format!("PROVIDERS_FILE ({})", path.display());
    let text = fs::read_to_string(path).with_context(subject)?;
    let folder = path.parent().unwrap_or(Path::new(""));
    parse(&text, folder).with_context(subject)
}

fn parse(text: &str, folder: &Path) -> anyhow::Result<Vec<ProviderSetup>> {
    // The library's own text quotes the line, which may hold a secret that was put there by mistake.
    let sections: BTreeMap<String, Section> =
        toml::from_str(text).map_err(|error| anyhow::anyhow!("{}", error.message()))?;
    ensure!(
        sections.len() <= MAX_PROVIDERS,
        "at most {MAX_PROVIDERS} providers are possible"
    );
    let sections = sections.into_iter();
    sections
        .map(|(id, section)| section.provider(&id, folder).with_context(|| format!("section [{id}]")))
        .collect()
}

impl Section {
    fn provider(self, id: &str, folder: &Path) -> anyhow::Result<ProviderSetup> {
        let name = self.kind.as_deref().unwrap_or(id);
        let kind = ProviderKind::named(name);
        let kind = kind.context("`kind` must be \"github\", \"google\" or \"oidc\"")?;
        let id: ProviderId = id.parse()?;
        ensure!(!self.client_id.trim().is_empty(), "`client_id` is empty");
        let client_secret = self.client_secret(folder)?;
        ensure!(
            client_secret.is_some() || kind == ProviderKind::Oidc,
            "`client_secret_file` is missing"
        );
        let is_at_home = self.is_at_home(kind);
        ensure!(
            !self.trust_email || !is_at_home,
            "`trust_email` is not for GitHub and Google themselves: the service knows when to trust them"
        );
        let endpoints = self.endpoints(kind)?;
        let scopes = self.scopes.unwrap_or_else(|| default_scopes(kind));
        let is_scope = |scope: &String| !scope.is_empty() && scope.bytes().all(|byte| byte.is_ascii_graphic());
        ensure!(scopes.iter().all(is_scope), "`scopes` must be a list of words");
        ensure!(
            kind == ProviderKind::GitHub || scopes.iter().any(|scope| scope == "openid"),
            "`scopes` must contain \"openid\""
        );
        Ok(ProviderSetup {
            name: self.name.unwrap_or_else(|| default_name(kind, &id)),
            id,
            client_id: self.client_id.trim().to_owned(),
            client_secret,
            scopes,
            endpoints,
            trust_email: self.trust_email || is_at_home,
        })
    }

    /// Whether it is GitHub or Google at its own address, and no other server that speaks as they do.
    fn is_at_home(&self, kind: ProviderKind) -> bool {
        match kind {
            ProviderKind::GitHub => self.authorize_url.is_none(),
            ProviderKind::Google => self.issuer.as_deref().is_none_or(|issuer| issuer == GOOGLE),
            ProviderKind::Oidc => false,
        }
    }

    /// The secret in the file, which is looked for beside the file of providers.
    fn client_secret(&self, folder: &Path) -> anyhow::Result<Option<ClientSecret>> {
        let Some(file) = &self.client_secret_file else {
            return Ok(None);
        };
        let path = folder.join(with_home(file));
        let text = fs::read_to_string(&path).with_context(|| format!("`client_secret_file` ({})", path.display()))?;
        let secret = text.trim();
        ensure!(!secret.is_empty(), "`client_secret_file` ({}) is empty", path.display());
        Ok(Some(ClientSecret(secret.to_owned())))
    }

    fn endpoints(&self, kind: ProviderKind) -> anyhow::Result<Endpoints> {
        let overrides = [&self.authorize_url, &self.token_url, &self.api_url];
        if kind == ProviderKind::GitHub {
            ensure!(self.issuer.is_none(), "`issuer` is not for GitHub; set the three URLs");
            let [authorize, token, api] = match overrides.map(Option::as_deref) {
                [Some(authorize), Some(token), Some(api)] => [authorize, token, api],
                [None, None, None] => GITHUB,
                _ => bail!("set all of `authorize_url`, `token_url` and `api_url`, or none"),
            };
            return Ok(Endpoints::GitHub {
                authorize: Box::new(address(authorize)?),
                token: Box::new(address(token)?),
                api: Box::new(address(api)?),
            });
        }
        ensure!(
            overrides.into_iter().all(Option::is_none),
            "`authorize_url`, `token_url` and `api_url` are only for GitHub: other issuers name their endpoints"
        );
        let is_google = kind == ProviderKind::Google;
        let issuer = match &self.issuer {
            Some(issuer) => issuer.clone(),
            None if is_google => GOOGLE.to_owned(),
            None => bail!("`issuer` is missing"),
        };
        // Kept as written: tokens are compared with it letter by letter.
        let url = address(&issuer)?;
        ensure!(
            url.query().is_none() && url.fragment().is_none(),
            "`issuer` must have neither query nor fragment"
        );
        Ok(Endpoints::Issuer { issuer, is_google })
    }
}

fn address(text: &str) -> anyhow::Result<Url> {
    let url: Url = text.parse().with_context(|| format!("`{text}` is not an address"))?;
    ensure!(
        url.scheme() == "https" || (url.scheme() == "http" && is_loopback(&url)),
        "`{url}` must begin with https:// unless it is on localhost"
    );
    ensure!(
        url.username().is_empty() && url.password().is_none(),
        "an address of a provider must not hold a name or a password"
    );
    Ok(url)
}

fn default_scopes(kind: ProviderKind) -> Vec<String> {
    let scopes: &[&str] = match kind {
        ProviderKind::GitHub => &["user:email"],
        ProviderKind::Google | ProviderKind::Oidc => &["openid", "email"],
    };
    scopes.iter().map(|&scope| scope.to_owned()).collect()
}

fn default_name(kind: ProviderKind, id: &ProviderId) -> String {
    match kind {
        ProviderKind::GitHub => "GitHub".to_owned(),
        ProviderKind::Google => "Google".to_owned(),
        ProviderKind::Oidc => id.to_string(),
    }
}

#[cfg(test)]
mod tests;
