//! The look that all pages share: colours, and a head line with name and logo. Swagger UI and the development inbox
//! hold it inside of themselves, because they load nothing and are there also without the other pages.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use minijinja::HtmlEscape;
use serde::Serialize;

use super::built_in::{DAY, HEAD, LOGO, NIGHT, content_type};
use super::{BrandSetup, Pages};
use crate::model::brand::Colour;

/// What a page without style sheet and logo of its own shows of the brand.
#[derive(Debug, Clone, Serialize)]
pub struct Look {
    pub name: String,
    /// Where the name leads to.
    pub link: String,
    /// The logo as a `data:` address.
    pub logo: String,
    /// Styles of a page that is light by day and dark by night.
    pub style: String,
    /// Styles of a page that is always light.
    pub light_style: String,
}

impl Look {
    /// The look of the service's own brand, or that of Neptun Auth where the pages are off.
    #[must_use]
    pub fn of(pages: Option<&Pages>) -> Self {
        let default = BrandSetup::default();
        let brand = pages.map_or(&default, |pages| &pages.setup.brand);
        let (name, content) = match &brand.logo {
            Some(logo) => (logo.name.as_str(), logo.content.as_slice()),
            None => ("logo.svg", LOGO.as_bytes()),
        };
        Self {
            name: brand.name.clone(),
            link: brand.link.clone().unwrap_or_else(|| "/".to_owned()),
            logo: format!("data:{};base64,{}", content_type(name), BASE64_STANDARD.encode(content)),
            style: by_day_and_night(brand.colour),
            light_style: format!("{}{HEAD}", by_day(brand.colour)),
        }
    }
}

/// A text as HTML shows it.
#[must_use]
pub fn escaped(text: &str) -> String {
    HtmlEscape(text).to_string()
}

/// The styles of a page that is light by day and dark by night, in shades of the brand that can be read on both.
#[must_use]
pub fn by_day_and_night(brand: Colour) -> String {
    format!(
        "{}@media (prefers-color-scheme: dark) {{\n{NIGHT}:root {{ --accent: {}; }}\n}}\n{HEAD}",
        by_day(brand),
        brand.by_night()
    )
}

fn by_day(brand: Colour) -> String {
    format!("{DAY}:root {{ --accent: {}; }}\n", brand.by_day())
}
