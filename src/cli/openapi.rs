//! `neptun-auth openapi`: the document as it is committed.

use std::fs;
use std::path::Path;

use crate::api::spec::Document;
use crate::model::session::cookie::SessionCookie;
use crate::model::user::password::PasswordPolicy;

/// Writes both forms of the document into `folder`.
pub fn write(folder: &Path) -> std::io::Result<()> {
    let document = Document::new(SessionCookie::DEFAULT_NAME, PasswordPolicy::DEFAULT_MINIMUM);
    fs::create_dir_all(folder)?;
    fs::write(folder.join("openapi.json"), document.json())?;
    fs::write(folder.join("openapi.yaml"), document.yaml())
}
