//! The pages for people: the start page, those of an account, and those of operators. English and German are built in;
//! operators can replace texts and templates and add languages.

pub mod assets;
mod built_in;
mod files;
pub mod look;
mod words;

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::{Context, bail, ensure};
use minijinja::value::{Serde, Value};
use minijinja::{Environment, UndefinedBehavior, context};
use serde::Serialize;

use crate::model::brand::Colour;
use crate::model::client::language::Languages;
use assets::Assets;
use built_in::{FALLBACK_LANGUAGE, TEMPLATES, WORDS};
use words::Words;

/// Largest logo, so that a first load stays below 60 kB.
pub const LARGEST_LOGO: usize = 12 * 1024;

/// The name of a service without one of its own.
pub const DEFAULT_NAME: &str = "Neptun Auth";

/// The settings of the pages.
#[derive(Debug, Clone)]
pub struct PagesSetup {
    /// A folder with the operator's own templates and texts.
    pub templates: Option<PathBuf>,
    pub brand: BrandSetup,
    /// Where `/` redirects to; `None` for the start page.
    pub start_url: Option<String>,
}

/// How the pages introduce the service.
#[derive(Debug, Clone)]
pub struct BrandSetup {
    pub name: String,
    pub colour: Colour,
    pub logo: Option<Logo>,
    /// Where the name links to; `None` for the start page.
    pub link: Option<String>,
}

impl Default for BrandSetup {
    fn default() -> Self {
        Self {
            name: DEFAULT_NAME.to_owned(),
            colour: Colour::NEPTUN,
            logo: None,
            link: None,
        }
    }
}

/// A logo, named `logo.svg` or `logo.png`.
#[derive(Debug, Clone)]
pub struct Logo {
    pub name: String,
    pub content: Vec<u8>,
}

/// What a page shows of the service and of the request.
#[derive(Debug, Clone, Serialize)]
pub struct Facts {
    pub offers: Vec<Offer>,
    /// Length of the shortest password.
    pub minimum: usize,
    pub providers: Vec<ProviderLink>,
    /// Where a log-in leads to.
    pub return_to: String,
    /// The same as the query of an address; empty for the default.
    pub query: String,
}

/// What the service has for the pages to offer, by the names that templates use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Offer {
    Docs,
    /// Mails go to the development inbox.
    Inbox,
    /// Some address may have a new account.
    SignUp,
    /// Mailed codes log in.
    Codes,
    Passkeys,
    /// Operators are served at the same address.
    Admin,
}

impl Offer {
    pub const ALL: [Self; 6] = [
        Self::Docs,
        Self::Inbox,
        Self::SignUp,
        Self::Codes,
        Self::Passkeys,
        Self::Admin,
    ];
}

/// A provider as the pages link to it.
#[derive(Debug, Clone, Serialize)]
pub struct ProviderLink {
    pub name: String,
    pub url: String,
}

/// A page in one language.
#[derive(Debug)]
pub struct RenderedPage {
    pub language: String,
    pub html: String,
}

/// All pages. Files are read once, at the start.
#[derive(Debug)]
pub struct Pages {
    environment: Environment<'static>,
    words: BTreeMap<String, Words>,
    pub assets: Assets,
    setup: PagesSetup,
}

impl Pages {
    /// The names of the pages.
    pub const NAMES: [&'static str; 14] = [
        "start",
        "log_in",
        "sign_up",
        "recover",
        "account",
        "security",
        "sessions",
        "activity",
        "data",
        "admin",
        "admin_users",
        "admin_user",
        "admin_events",
        "admin_webhooks",
    ];

    /// # Errors
    /// When one of the operator's files can't be used, so that the start fails and not the first visit.
    pub fn new(setup: PagesSetup) -> anyhow::Result<Self> {
        let own = setup.templates.as_deref().map(files::read).transpose()?;
        let own = own.unwrap_or_default();
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        for (name, source) in TEMPLATES {
            environment.add_template(name, source)?;
        }
        for (name, source) in own.templates {
            let subject = format!("the page template {name}");
            environment.add_template_owned(name, source).context(subject)?;
        }
        let pages = Self {
            environment,
            words: languages(&own.words)?,
            assets: Assets::new(&setup.brand),
            setup,
        };
        pages.check()?;
        Ok(pages)
    }

    /// Where `/` redirects to; `None` for the start page.
    #[must_use]
    pub fn start_url(&self) -> Option<&str> {
        self.setup.start_url.as_deref()
    }

    /// Renders a page in the available language that its reader prefers.
    pub fn render(&self, name: &str, read: &Languages, facts: &Facts) -> anyhow::Result<RenderedPage> {
        let offered = self.words.keys().map(String::as_str);
        let language = read.choose(&offered).unwrap_or(FALLBACK_LANGUAGE);
        Ok(RenderedPage {
            html: self.render_in(language, name, facts)?,
            language: language.to_owned(),
        })
    }

    fn render_in(&self, language: &str, name: &str, facts: &Facts) -> anyhow::Result<String> {
        let template = self.environment.get_template(&format!("{name}.html"))?;
        let Some(words) = self.words.get(language) else {
            bail!("there are no words in the language {language}");
        };
        let brand = &self.setup.brand;
        let script_words = if name.starts_with("admin") {
            &words.admin_script
        } else {
            &words.script
        };
        // Letters of our own, which need no escapes.
        let assets = Value::from_safe_string(format!("/assets/{}", self.assets.version()));
        let logo = brand.logo.as_ref().map_or("logo.svg", |logo| &logo.name);
        let common = context! {
            language, page => name, words => words.page.clone(), script_words => script_words.as_str(),
            brand_name => brand.name.as_str(), brand_link => brand.link.as_deref().unwrap_or("/"), logo, assets,
        };
        Ok(template.render(context! { ..Value::from(Serde(facts)), ..common })?)
    }

    /// Renders every page in every language, with all that a page can show.
    fn check(&self) -> anyhow::Result<()> {
        let facts = Facts {
            offers: Offer::ALL.into(),
            minimum: 8,
            providers: vec![ProviderLink {
                name: "Example".to_owned(),
                url: "/auth/example".to_owned(),
            }],
            return_to: "/".to_owned(),
            query: String::new(),
        };
        for (language, name) in self.words.keys().flat_map(|one| Self::NAMES.map(|name| (one, name))) {
            let subject = || format!("the page template {name}.html in the language {language}");
            let html = self.render_in(language, name, &facts).with_context(subject)?;
            ensure!(!html.trim().is_empty(), "{} is empty", subject());
        }
        Ok(())
    }
}

/// The texts of every language: those built in, with the operator's in their place. What a language lacks is in
/// English.
fn languages(own: &[(String, Words)]) -> anyhow::Result<BTreeMap<String, Words>> {
    let mut languages = BTreeMap::new();
    for (language, text) in WORDS {
        languages.insert(language.to_owned(), Words::parse(text)?);
    }
    let Some(fallback) = languages.get(FALLBACK_LANGUAGE).cloned() else {
        bail!("the words of {FALLBACK_LANGUAGE} are missing");
    };
    for (language, words) in own {
        let base = languages.get(language).unwrap_or(&fallback);
        let subject = || format!("PAGE_TEMPLATES: {language}/words.json");
        let replaced = base.replaced_by(words).with_context(subject)?;
        languages.insert(language.clone(), replaced);
    }
    Ok(languages)
}

#[cfg(test)]
mod tests;
