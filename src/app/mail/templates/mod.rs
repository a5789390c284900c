//! The texts of mails. English and German are built in; operators can replace them and add languages.

mod built_in;
mod files;

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::{Context, ensure};
use chrono::{DateTime, Utc};
use minijinja::value::{Serde, Value};
use minijinja::{Environment, UndefinedBehavior, context};
use serde::Serialize;
use uuid::Uuid;

use crate::app::pages::look::Look;
use crate::model::client::language::Languages;
use crate::model::mail::{Mail, Message};
use built_in::{LANGUAGES, MAILS, PAGES};

/// The language of a mail if there is no template in a language that the account owner reads.
const FALLBACK_LANGUAGE: &str = "en";

/// The sender, as templates show it.
#[derive(Debug, Clone)]
pub struct Sender {
    /// The service's name.
    pub service: String,
    /// The service's public URL.
    pub url: String,
}

/// A mail in one language, ready to be sent.
#[derive(Debug, Clone, Serialize)]
pub struct Rendered {
    pub subject: String,
    pub text: String,
    /// `None` where a language has the text only: people must not read one language as text and another as HTML.
    pub html: Option<String>,
}

/// A mail that was delivered to the development inbox.
#[derive(Debug, Clone, Serialize)]
pub struct Received {
    /// The id that the mail had in the outbox.
    pub id: Uuid,
    pub at: DateTime<Utc>,
    pub to: String,
    #[serde(flatten)]
    pub rendered: Rendered,
}

/// All templates. They are read once, at the start.
#[derive(Debug)]
pub struct MailTemplates {
    environment: Environment<'static>,
    languages: BTreeSet<String>,
    sender: Sender,
}

impl MailTemplates {
    /// The built-in templates, replaced and extended by the files `LANGUAGE/KIND.txt`, `LANGUAGE/KIND.html` and
    /// `layout.html` in `folder`.
    ///
    /// # Errors
    /// When a file is not a template or can't render its mail, so that the start fails and not the first mail.
    pub fn read(folder: Option<&Path>, sender: Sender) -> anyhow::Result<Self> {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        for (name, source) in PAGES.iter().chain(MAILS.iter().flatten()) {
            environment.add_template(name, source)?;
        }
        let mut languages: BTreeSet<_> = LANGUAGES.map(str::to_owned).into();
        for (name, source) in folder.map(files::read).transpose()?.unwrap_or_default() {
            if let Some((language, _)) = name.split_once('/') {
                languages.insert(language.to_owned());
            }
            let subject = format!("the mail template {name}");
            environment.add_template_owned(name, source).with_context(|| subject)?;
        }
        let templates = Self {
            environment,
            languages,
            sender,
        };
        templates.check()?;
        Ok(templates)
    }

    /// Renders `mail` in the available language that its reader prefers.
    pub fn render(&self, mail: &Mail) -> anyhow::Result<Rendered> {
        self.render_in(self.language_for(&mail.languages), &mail.message)
    }

    /// The page of the development inbox, with `mails` in this order, this `look` and this `script`.
    pub fn inbox(&self, mails: &[Received], look: &Look, script: &str) -> anyhow::Result<String> {
        let page = self.environment.get_template("inbox.html")?;
        Ok(page.render(context! { mails => Value::from(Serde(mails)), look => Value::from(Serde(look)), script })?)
    }

    fn language_for(&self, read: &Languages) -> &str {
        read.choose(&self.languages.iter().map(String::as_str))
            .unwrap_or(FALLBACK_LANGUAGE)
    }

    fn render_in(&self, language: &str, message: &Message) -> anyhow::Result<Rendered> {
        let kind = message.kind();
        let has = |language: &str, ending| {
            self.environment
                .get_template(&format!("{language}/{kind}.{ending}"))
                .is_ok()
        };
        let language = if has(language, "txt") {
            language
        } else {
            FALLBACK_LANGUAGE
        };
        let plain = self.fill(language, message, "txt", "")?;
        let (first_line, text) = plain.split_once('\n').unwrap_or((&plain, ""));
        let subject = first_line.strip_prefix("Subject: ").map(str::trim).unwrap_or_default();
        ensure!(
            !subject.is_empty(),
            "the first line of a text template must be `Subject: …`"
        );
        let html = has(language, "html").then(|| self.fill(language, message, "html", subject));
        Ok(Rendered {
            subject: subject.to_owned(),
            text: text.trim_start().to_owned(),
            html: html.transpose()?,
        })
    }

    fn fill(&self, language: &str, message: &Message, ending: &str, subject: &str) -> anyhow::Result<String> {
        let template = self
            .environment
            .get_template(&format!("{language}/{}.{ending}", message.kind()))?;
        let (service, url) = (&self.sender.service, &self.sender.url);
        let common = context! { service, url, language, subject };
        Ok(template.render(context! { ..Value::from(Serde(message)), ..common })?)
    }

    /// Renders every mail in every language.
    fn check(&self) -> anyhow::Result<()> {
        for language in &self.languages {
            for message in Message::examples() {
                let subject = || format!("the mail template {language}/{}", message.kind());
                let file = |ending| {
                    self.environment
                        .get_template(&format!("{language}/{}.{ending}", message.kind()))
                };
                ensure!(
                    file("txt").is_ok() || file("html").is_err(),
                    "{}.html needs a {}.txt beside it, which has the subject",
                    subject(),
                    message.kind()
                );
                self.render_in(language, &message).with_context(subject)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    /// Every template below `folder`, whatever its name.
    fn sources(folder: &Path) -> Vec<(String, String)> {
        let mut found = Vec::new();
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            if path.is_dir() {
                let inner = sources(&path);
                found.extend(inner.into_iter().map(|(file, text)| (format!("{name}/{file}"), text)));
            } else if path.extension().is_some_and(|ending| ending != "rs") {
                found.push((name, fs::read_to_string(&path).unwrap()));
            }
        }
        found
    }

    fn sender() -> Sender {
        Sender {
            service: "Example <App>".to_owned(),
            url: "https://auth.example.com".to_owned(),
        }
    }

    fn mail(languages: &str, message: Message) -> Mail {
        Mail {
            to: "user@example.com".to_owned(),
            languages: Languages::parse(languages),
            message,
        }
    }

    #[test]
    fn every_mail_is_rendered_in_english_and_german() {
        let templates = MailTemplates::read(None, sender()).unwrap();
        for message in Message::examples() {
            let english = templates.render(&mail("en", message.clone())).unwrap();
            let german = templates.render(&mail("de-AT", message.clone())).unwrap();
            assert_ne!(english.subject, german.subject);
            assert!(german.html.as_ref().unwrap().contains("lang=\"de\""), "{german:?}");
            assert!(
                english.html.as_ref().unwrap().contains("Example &lt;App&gt;"),
                "{english:?}"
            );
            assert!(!english.text.is_empty() && !english.text.contains("{{"));
            assert_eq!(templates.render(&mail("fr", message)).unwrap().subject, english.subject);
        }
    }

    #[test]
    fn a_client_name_is_shown_as_text_and_never_runs_as_a_template_or_html() {
        let templates = MailTemplates::read(None, sender()).unwrap();
        let device = "{{7*7}}<b>\r\nBcc: x@example.com".to_owned();
        let message = Message::NewLogIn {
            at: String::new(),
            device,
            network: String::new(),
        };
        let rendered = templates.render(&mail("en", message)).unwrap();
        assert!(
            rendered.html.as_ref().unwrap().contains("{{7*7}}&lt;b&gt;"),
            "{rendered:?}"
        );
        assert!(rendered.subject.contains("{{7*7}}<b>") && !rendered.subject.contains(['\r', '\n']));
    }

    /// A template without a line in [`MAILS`] would never be used, and a kind that [`Message::examples`] leaves out
    /// would not be checked at the start.
    #[test]
    fn the_template_files_are_those_of_every_kind_in_both_languages_and_both_forms() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/app/mail/templates");
        let files = sources(&folder);
        let on_disk: BTreeSet<_> = files.iter().map(|(name, _)| name.as_str()).collect();
        let built_in: BTreeSet<_> = PAGES
            .iter()
            .chain(MAILS.iter().flatten())
            .map(|(name, _)| *name)
            .collect();
        assert_eq!(on_disk, built_in);

        let kinds = Message::examples();
        let needed = kinds.iter().flat_map(|message| {
            let names = |language| ["txt", "html"].map(|form| format!("{language}/{}.{form}", message.kind()));
            LANGUAGES.map(names).into_iter().flatten()
        });
        let needed: BTreeSet<_> = needed.chain(PAGES.map(|(name, _)| name.to_owned())).collect();
        assert_eq!(on_disk, needed.iter().map(String::as_str).collect());
    }

    #[test]
    fn an_operator_replaces_texts_and_adds_languages() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("fr")).unwrap();
        fs::write(
            folder.path().join("fr/reset_code.txt"),
            "Subject: Votre code\n\n{{ code }}",
        )
        .unwrap();
        let templates = MailTemplates::read(Some(folder.path()), sender()).unwrap();
        let message = Message::ResetCode {
            code: "4711".to_owned(),
            minutes: 10,
            link: None,
        };
        let rendered = templates.render(&mail("fr-CH", message)).unwrap();
        assert_eq!(
            (rendered.subject.as_str(), rendered.text.as_str()),
            ("Votre code", "4711")
        );
        assert_eq!(rendered.html, None, "no HTML in another language");

        // Without a text in French, the whole mail is in English.
        let message = Message::AccountDeleted { at: String::new() };
        let rendered = templates.render(&mail("fr-CH", message)).unwrap();
        assert!(rendered.html.as_ref().unwrap().contains("lang=\"en\""), "{rendered:?}");
    }

    #[test]
    fn broken_templates_are_found_at_the_start() {
        for source in [
            "no subject\n\n{{ code }}",
            "Subject: x\n\n{{ nonsense }}",
            "Subject: x\n\n{% if %}",
        ] {
            let folder = tempfile::tempdir().unwrap();
            fs::create_dir(folder.path().join("en")).unwrap();
            fs::write(folder.path().join("en/reset_code.txt"), source).unwrap();
            let error = MailTemplates::read(Some(folder.path()), sender()).unwrap_err();
            assert!(format!("{error:#}").contains("en/reset_code"), "{error:#}");
        }
    }
}
