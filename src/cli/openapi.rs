//! `neptun-auth openapi`: writes the OpenAPI document of a service with default settings.

use std::fs;
use std::path::Path;

use crate::api::spec::Document;

/// Writes the document into `folder`, as JSON and as YAML.
pub fn write(folder: &Path) -> std::io::Result<()> {
    let document = Document::of_defaults();
    fs::create_dir_all(folder)?;
    fs::write(folder.join("openapi.json"), document.json())?;
    fs::write(folder.join("openapi.yaml"), document.yaml())
}
