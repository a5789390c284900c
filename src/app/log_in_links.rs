//! Links in mails with a log-in code. A link carries the code sealed for the browser that asked for it, so that a link
//! that was forwarded or read by another program is of no use elsewhere. The digits beside it work anywhere.

use std::fmt;

use anyhow::Context;
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use url::Url;
use url::form_urlencoded::Serializer;

use super::sealing::Sealer;
use crate::model::mail::browser::AskingBrowser;
use crate::model::mail::code::Code;
use crate::model::secret_key::SecretKey;

/// Longest text that is opened, in bytes: longer than any cookie or link of ours.
const MAX_BYTES: usize = 128;
/// What a sealed cookie is bound to, so that none passes for the code in a link.
const COOKIE: &[u8] = b"cookie";

pub struct LogInLinks {
    sealer: Sealer,
    /// The page that a link opens; `None` for no links.
    page: Option<Url>,
}

impl LogInLinks {
    pub fn new(secret: &SecretKey, page: Option<Url>) -> anyhow::Result<Self> {
        let sealer = Sealer::new(secret, b"neptun-auth 1: log-in links").context("log-in links")?;
        Ok(Self { sealer, page })
    }

    /// A key for a browser that asks for a code, and the cookie value that carries it; `None` where the service mails
    /// no links.
    pub fn asking_browser(&self) -> anyhow::Result<Option<(AskingBrowser, String)>> {
        if self.page.is_none() {
            return Ok(None);
        }
        let mut key = [0; 16];
        getrandom::fill(&mut key).context("the operating system's random generator failed")?;
        let sealed = self.sealer.seal(&key, COOKIE)?;
        Ok(Some((AskingBrowser(key), BASE64.encode(sealed))))
    }

    /// The browser that a cookie value belongs to; `None` if this service did not seal it.
    #[must_use]
    pub fn browser(&self, value: &str) -> Option<AskingBrowser> {
        let key = self.open(value, COOKIE)?;
        Some(AskingBrowser(key.try_into().ok()?))
    }

    /// The link that brings `code` back from `browser`. Address and code stand in the fragment, which browsers send to
    /// no server: opening the link uses nothing up.
    pub fn link(&self, email: &str, code: &Code, browser: AskingBrowser) -> anyhow::Result<Option<Url>> {
        let Some(mut link) = self.page.clone() else {
            return Ok(None);
        };
        let sealed = BASE64.encode(self.sealer.seal(code.reveal().as_bytes(), &browser.0)?);
        let fragment = Serializer::new(String::new())
            .append_pair("email", email)
            .append_pair("code", &sealed)
            .finish();
        link.set_fragment(Some(&fragment));
        Ok(Some(link))
    }

    /// The code that `text` stands for: the digits of a mail as they are, and what a link carries if one of `browsers`
    /// asked for it. `None` for a link that another browser asked for.
    #[must_use]
    pub fn code(&self, text: &str, browsers: &[AskingBrowser]) -> Option<Code> {
        let text = text.trim();
        if text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Some(Code::new(text));
        }
        let opened = browsers.iter().find_map(|browser| self.open(text, &browser.0))?;
        String::from_utf8(opened).ok().as_deref().map(Code::new)
    }

    fn open(&self, text: &str, bound_to: &[u8]) -> Option<Vec<u8>> {
        if text.len() > MAX_BYTES {
            return None;
        }
        let sealed = BASE64.decode(text).ok()?;
        self.sealer.open(&sealed, bound_to).ok()
    }
}

impl fmt::Debug for LogInLinks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LogInLinks")
            .field("page", &self.page)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn links() -> LogInLinks {
        let page = "https://app.example.com/code?x=1".parse().unwrap();
        LogInLinks::new(&SecretKey::generate(), Some(page)).unwrap()
    }

    fn code_in(link: &Url) -> String {
        let (_, code) = link.fragment().unwrap().split_once("code=").unwrap();
        code.to_owned()
    }

    #[test]
    fn a_link_opens_in_the_browser_that_asked_and_in_no_other() {
        let links = links();
        let (asking, cookie) = links.asking_browser().unwrap().unwrap();
        let (other, _) = links.asking_browser().unwrap().unwrap();
        assert_eq!(links.browser(&cookie), Some(asking));
        let code = Code::new("01234567");
        let link = links.link("jane+x@example.com", &code, asking).unwrap().unwrap();
        let sealed = code_in(&link);
        assert_eq!(
            link.as_str(),
            format!("https://app.example.com/code?x=1#email=jane%2Bx%40example.com&code={sealed}")
        );
        assert!(sealed.len() <= 64, "the operation takes at most 64 characters");
        assert_eq!(links.code(&sealed, &[other, asking]), Some(code));
        assert_eq!(links.code(&sealed, &[other]), None);
        assert_eq!(links.code(&sealed, &[]), None);
        assert_eq!(links.code(&cookie, &[asking]), None, "a cookie is no code");
        assert_eq!(links.browser(&sealed), None, "a code is no cookie");
    }

    #[test]
    fn digits_are_a_code_anywhere_and_other_texts_are_none() {
        let links = links();
        let (asking, _) = links.asking_browser().unwrap().unwrap();
        assert_eq!(links.code(" 01234567 ", &[]), Some(Code::new("01234567")));
        for text in ["0123456x", "é", "AAAA", "%", &"A".repeat(10_000)] {
            assert_eq!(links.code(text, &[asking]), None, "{text}");
            assert_eq!(links.browser(text), None, "{text}");
        }
    }

    #[test]
    fn without_a_page_there_is_neither_link_nor_cookie() {
        let links = LogInLinks::new(&SecretKey::generate(), None).unwrap();
        assert!(links.asking_browser().unwrap().is_none());
        let link = links.link("jane@example.com", &Code::new("1"), AskingBrowser([0; 16]));
        assert!(link.unwrap().is_none());
    }
}
