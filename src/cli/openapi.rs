//! `neptun-auth openapi`: writes the OpenAPI document of a service with default settings.

use std::fs;
use std::path::Path;

use crate::api::spec::Document;
use crate::model::session::cookie::SessionCookie;
use crate::model::user::password::PasswordPolicy;

/// Where a service with default settings is reached.
const PUBLIC_URL: &str = "http://localhost:8080";

/// Writes the document into `folder`, as JSON and as YAML.
pub fn write(folder: &Path) -> std::io::Result<()> {
    let document = Document::new(PUBLIC_URL, SessionCookie::DEFAULT_NAME, PasswordPolicy::DEFAULT_MINIMUM);
    fs::create_dir_all(folder)?;
    fs::write(folder.join("openapi.json"), document.json())?;
    fs::write(folder.join("openapi.yaml"), document.yaml())
}
