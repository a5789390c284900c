//! The pages for people, and the brand that they show.

use std::fs;
use std::path::Path;

use anyhow::{Context, bail, ensure};
use clap::Args;
use url::Url;

use super::values::{FilePath, Switch};
use crate::app::pages::{BrandSetup, DEFAULT_NAME, LARGEST_LOGO, Logo, PagesSetup};
use crate::model::brand::Colour;

#[derive(Debug, Args)]
#[command(next_help_heading = "Pages")]
pub struct PageSettings {
    /// Serve the start page at /, the pages below /account/ and those of operators below /admin/
    #[arg(long, env = "NEPTUN_AUTH_PAGES", default_value = "on", global = true)]
    pages: Switch,
    /// Address that / redirects to instead, such as that of your application or /account/ [default: none; / signs up
    /// and logs in]
    #[arg(long, env = "NEPTUN_AUTH_START_URL", global = true)]
    start_url: Option<String>,
    /// Folder with texts and templates of your own, as in `fr/words.json` and `log_in.html`; docs/pages.md describes it
    /// [default: none]
    #[arg(long, env = "NEPTUN_AUTH_PAGE_TEMPLATES", global = true)]
    page_templates: Option<FilePath>,
    /// Name that the pages show
    #[arg(
        long,
        env = "NEPTUN_AUTH_BRAND_NAME",
        default_value = DEFAULT_NAME,
        value_parser = brand_name,
        global = true
    )]
    brand_name: String,
    /// Picture beside the name: an SVG or PNG file of at most 12 KiB [default: a sign of our own]
    #[arg(long, env = "NEPTUN_AUTH_BRAND_LOGO", global = true)]
    brand_logo: Option<FilePath>,
    /// Colour of buttons and links; the pages show the nearest shades that can be read on light and on dark
    #[arg(long, env = "NEPTUN_AUTH_BRAND_COLOUR", default_value_t = Colour::NEPTUN, global = true)]
    brand_colour: Colour,
    /// Address that the name links to, such as that of your application [default: the start page]
    #[arg(long, env = "NEPTUN_AUTH_BRAND_LINK", global = true)]
    brand_link: Option<String>,
}

/// Longer names break the pages' head on a phone.
const LONGEST_NAME: usize = 64;

fn brand_name(text: &str) -> Result<String, String> {
    let name = text.trim();
    let is_printable = !name.is_empty() && name.chars().count() <= LONGEST_NAME && !name.chars().any(char::is_control);
    is_printable
        .then(|| name.to_owned())
        .ok_or_else(|| format!("write a name of at most {LONGEST_NAME} characters"))
}

impl PageSettings {
    /// Whether the pages are served.
    pub fn is_on(&self) -> bool {
        self.pages == Switch::On
    }

    /// The settings of the pages; `None` if they are switched off.
    pub fn setup(&self) -> anyhow::Result<Option<PagesSetup>> {
        let start_url = self
            .start_url
            .as_deref()
            .map(|url| link("START_URL", url))
            .transpose()?;
        ensure!(start_url.as_deref() != Some("/"), "START_URL must not be / itself");
        let setup = PagesSetup {
            templates: self.page_templates.as_deref().map(Path::to_owned),
            brand: BrandSetup {
                name: self.brand_name.clone(),
                colour: self.brand_colour,
                logo: self.brand_logo.as_deref().map(logo).transpose()?,
                link: self
                    .brand_link
                    .as_deref()
                    .map(|url| link("BRAND_LINK", url))
                    .transpose()?,
            },
            start_url,
        };
        Ok(self.is_on().then_some(setup))
    }
}

/// An address that a page links to: a path of the service, or a page of the web.
fn link(setting: &str, text: &str) -> anyhow::Result<String> {
    let advice = || format!("{setting} must be an address, as in https://app.example.com/, or a path, as in /account/");
    let text = text.trim();
    if text.starts_with('/') && !text.starts_with("//") && !text.contains('\\') {
        return Ok(text.to_owned());
    }
    let url: Url = text.parse().ok().with_context(advice)?;
    ensure!(matches!(url.scheme(), "https" | "http"), advice());
    Ok(url.into())
}

fn logo(path: &Path) -> anyhow::Result<Logo> {
    let subject = || format!("BRAND_LOGO ({})", path.display());
    let content = fs::read(path).with_context(subject)?;
    ensure!(
        content.len() <= LARGEST_LOGO,
        "{} has {} bytes; at most {LARGEST_LOGO} are possible, because every visit loads it",
        subject(),
        content.len()
    );
    let kind = if content.starts_with(b"\x89PNG\r\n\x1a\n") {
        "png"
    } else if content.windows(4).any(|part| part == b"<svg") {
        "svg"
    } else {
        bail!("{} is neither an SVG nor a PNG file", subject());
    };
    Ok(Logo {
        name: format!("logo.{kind}"),
        content,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_is_a_path_or_a_page_of_the_web() {
        for (text, expected) in [
            ("/account/", "/account/"),
            (" https://app.example.com ", "https://app.example.com/"),
            ("http://localhost:3000/x?y=1", "http://localhost:3000/x?y=1"),
        ] {
            assert_eq!(link("START_URL", text).unwrap(), expected);
        }
        for text in [
            "",
            "app.example.com",
            "//evil.example",
            "/\\evil.example",
            "javascript:alert(1)",
            "mailto:a@b.example",
        ] {
            let error = link("START_URL", text).unwrap_err();
            assert!(error.to_string().starts_with("START_URL must be an address"), "{text}");
        }
    }

    #[test]
    fn a_logo_is_a_small_svg_or_png_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("logo");
        let read = |content: &[u8]| {
            fs::write(&path, content).unwrap();
            logo(&path).map(|logo| logo.name).map_err(|error| format!("{error:#}"))
        };
        assert_eq!(read(b"<?xml version=\"1.0\"?><svg/>"), Ok("logo.svg".to_owned()));
        assert_eq!(read(b"\x89PNG\r\n\x1a\n..."), Ok("logo.png".to_owned()));
        assert!(read(b"GIF89a").unwrap_err().contains("neither an SVG nor a PNG"));
        let large = [&b"<svg>"[..], &[b' '; LARGEST_LOGO]].concat();
        assert!(read(&large).unwrap_err().contains("at most 12288"));
        assert!(
            logo(&folder.path().join("none"))
                .unwrap_err()
                .to_string()
                .contains("BRAND_LOGO")
        );
    }

    #[test]
    fn a_name_is_short_and_printable() {
        assert_eq!(brand_name(" Example "), Ok("Example".to_owned()));
        for text in ["", " ", "a\nb", &"x".repeat(65)] {
            assert!(brand_name(text).is_err(), "{text}");
        }
    }
}
