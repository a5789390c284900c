//! Pages that mails link to.

use anyhow::ensure;
use url::Url;

use crate::model::client::origin::is_loopback;

/// The page that `setting` names. Without one, the service's own page at `own_path`, if it has pages and mails may lead
/// there.
pub fn page_or_own(
    setting: &str,
    named: Option<Url>,
    own_path: &str,
    (public_url, has_pages): (&Url, bool),
) -> anyhow::Result<Option<Url>> {
    match named {
        Some(url) => mailed_page(setting, url).map(Some),
        None if has_pages && is_safe(public_url) => Ok(Some(public_url.join(own_path)?)),
        None => Ok(None),
    }
}

/// Whether nothing on the way to the page reads what its address holds.
fn is_safe(url: &Url) -> bool {
    url.scheme() == "https" || (url.scheme() == "http" && is_loopback(url))
}

/// Rejects a page that no mail must lead to with a secret in its fragment; `setting` is the name of its setting.
fn mailed_page(setting: &str, url: Url) -> anyhow::Result<Url> {
    ensure!(
        is_safe(&url),
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
    fn a_page_of_the_service_takes_the_place_of_none_where_mails_may_lead_there() {
        let page = |named: Option<&str>, public_url: &str, has_pages| {
            let named = named.map(|url| url.parse().unwrap());
            let public_url = public_url.parse().unwrap();
            let page = page_or_own("RECOVERY_URL", named, "/account/recover", (&public_url, has_pages));
            page.unwrap().map(String::from)
        };
        let own = Some("https://auth.example.com/account/recover".to_owned());
        assert_eq!(page(None, "https://auth.example.com", true), own);
        assert_eq!(page(None, "https://auth.example.com", false), None);
        assert_eq!(page(None, "http://auth.example.com", true), None);
        assert!(page(None, "http://localhost:8080", true).is_some());
        let named = "https://app.example.com/reset";
        for has_pages in [true, false] {
            assert_eq!(
                page(Some(named), "https://auth.example.com", has_pages).as_deref(),
                Some(named)
            );
        }
    }

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
