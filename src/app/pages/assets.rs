//! Style sheet, scripts and logo, under an address that changes with their content.

use std::collections::BTreeMap;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use bytes::Bytes;
use sha2::{Digest, Sha256};

use super::BrandSetup;
use super::built_in::{ASSETS, LOGO, content_type};
use super::look::by_day_and_night;

/// The style sheet, to which the look that all pages share is added.
const STYLE: &str = "style.css";

/// A file that pages load.
#[derive(Debug, Clone)]
pub struct Asset {
    pub content_type: &'static str,
    pub content: Bytes,
    /// A strong validator, with its quotes.
    pub etag: String,
}

/// Every asset. The modules import each other by relative addresses, so all of them stand under one hash of all.
#[derive(Debug)]
pub struct Assets {
    version: String,
    files: BTreeMap<String, Asset>,
}

impl Assets {
    #[must_use]
    pub fn new(brand: &BrandSetup) -> Self {
        let mut files = BTreeMap::new();
        for (name, text) in ASSETS {
            let text = if name == STYLE {
                packed(&format!("{}{text}", by_day_and_night(brand.colour)))
            } else {
                packed(text)
            };
            files.insert(name.to_owned(), asset(name, text.into()));
        }
        let (name, content) = match &brand.logo {
            Some(logo) => (logo.name.as_str(), Bytes::from(logo.content.clone())),
            None => ("logo.svg", Bytes::from_static(LOGO.as_bytes())),
        };
        files.insert(name.to_owned(), asset(name, content));
        let mut hash = Sha256::new();
        for (name, asset) in &files {
            hash.update(name);
            hash.update(&asset.etag);
        }
        Self {
            version: short(&hash.finalize()),
            files,
        }
    }

    /// The part of their address that changes with their content.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }

    #[must_use]
    pub fn file(&self, name: &str) -> Option<&Asset> {
        self.files.get(name)
    }
}

fn asset(name: &str, content: Bytes) -> Asset {
    Asset {
        content_type: content_type(name),
        etag: format!("\"{}\"", short(&Sha256::digest(&content))),
        content,
    }
}

/// The text without indentation, empty lines and comments, which are a fifth of a first load. Comments are lines of
/// their own, and no text in quotes goes over several lines.
fn packed(text: &str) -> String {
    let mut packed = String::with_capacity(text.len());
    let mut is_comment = false;
    for line in text.lines().map(str::trim) {
        is_comment |= line.starts_with("/*");
        if !is_comment && !line.is_empty() && !line.starts_with("//") {
            packed.push_str(line);
            packed.push('\n');
        }
        is_comment &= !line.ends_with("*/");
    }
    packed
}

fn short(hash: &[u8]) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(&hash[..12])
}
