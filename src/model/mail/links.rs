//! Links with a key to an account. The key stands in the fragment, which browsers send to no server.

use url::Url;

use super::{Mail, Message};

/// The link to `page` by which an account owner sets a new password.
#[must_use]
pub fn recovery_link(page: &Url, key: &str) -> Url {
    with_fragment(page, &format!("key={key}"))
}

/// The same for a guest, whom the page greets in another way.
fn invitation_link(page: &Url, key: &str) -> Url {
    with_fragment(page, &format!("key={key}&for=invitation"))
}

fn with_fragment(page: &Url, fragment: &str) -> Url {
    let mut link = page.clone();
    link.set_fragment(Some(fragment));
    link
}

impl Mail {
    /// The mail with the link to `page` that its key makes; as it is, if it has no such key or the service no page.
    #[must_use]
    pub fn linked(&self, page: Option<&Url>) -> Self {
        let mut mail = self.clone();
        if let (Message::Invitation { key, link, .. }, Some(page)) = (&mut mail.message, page)
            && !key.is_empty()
        {
            *link = Some(invitation_link(page, key).into());
        }
        mail
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::client::language::Languages;

    #[test]
    fn an_invitation_that_was_stored_with_its_link_keeps_it() {
        let stored = r#"{"kind":"invitation","link":"https://a.example/#key=x","days":7}"#;
        let mail = Mail {
            to: "guest@example.com".to_owned(),
            languages: Languages::default(),
            message: serde_json::from_str(stored).unwrap(),
        };
        let page = "https://b.example/".parse().unwrap();
        let Message::Invitation { link, .. } = mail.linked(Some(&page)).message else {
            panic!("another message");
        };
        assert_eq!(link.as_deref(), Some("https://a.example/#key=x"));
    }
}
