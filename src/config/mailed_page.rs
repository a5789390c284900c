//! Pages that mails link to.

use anyhow::ensure;
use url::Url;

use crate::model::client::origin::is_loopback;

/// Rejects a page that no mail must lead to with a secret in its fragment; `setting` is the name of its setting.
pub fn mailed_page(setting: &str, url: Url) -> anyhow::Result<Url> {
    ensure!(
        url.scheme() == "https" || (url.scheme() == "http" && is_loopback(&url)),
        "{setting} must begin with https:// unless it is on localhost: the page receives keys to accounts"
    );
    ensure!(
        url.fragment().is_none(),
        "{setting} must have no fragment: the key of each mail stands there"
    );
    ensure!(
        url.username().is_empty() && url.password().is_none(),
        "{setting} must not hold a name or a password: it is mailed"
    );
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mailed_page_is_https_or_local_and_leaves_the_fragment_to_the_key() {
        for url in [
            "https://app.example.com/reset",
            "https://app.example.com/?view=reset",
            "http://localhost:3000/reset",
        ] {
            assert!(mailed_page("RECOVERY_URL", url.parse().unwrap()).is_ok(), "{url}");
        }
        for url in [
            "http://app.example.com/reset",
            "ftp://app.example.com/reset",
            "https://app.example.com/#reset",
            "https://user:password@app.example.com/",
            "javascript:alert(1)",
        ] {
            let error = mailed_page("RECOVERY_URL", url.parse().unwrap()).unwrap_err();
            assert!(error.to_string().starts_with("RECOVERY_URL"), "{url}");
        }
    }
}
