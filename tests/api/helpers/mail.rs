//! The mails that a service without an SMTP server shows to its developer.

use neptun_auth::app::App;
use neptun_auth::flows::worker::claim_mails::claim_mails;
use neptun_auth::flows::worker::send_mail::send_mail;
use tokio_util::sync::CancellationToken;

use super::TestApp;

/// A mail as the development inbox shows it.
#[derive(Debug, Clone)]
pub struct TestMail {
    pub to: String,
    pub subject: String,
    pub text: String,
}

impl TestMail {
    /// The code or the key that stands in the mail, which nothing else in it looks like.
    pub fn code(&self) -> String {
        let words = self.text.split_whitespace();
        let is_code = |word: &&str| {
            let is_number = word.len() >= 5 && word.bytes().all(|byte| byte.is_ascii_digit());
            is_number || (word.len() == 22 && !word.contains('.'))
        };
        words.clone().find(is_code).expect("a code in the mail").to_owned()
    }
}

impl TestApp {
    /// Sends what waits, and shows every mail that was sent so far, the newest first.
    pub async fn mails(&self) -> Vec<TestMail> {
        while send_some(&self.app).await > 0 {}
        let page = self.app.mailer.inbox_page().unwrap().unwrap();
        let articles = page.split("<article>").skip(1);
        articles
            .map(|article| TestMail {
                to: between(article, "<p>To ", "</p>"),
                subject: between(article, "<h2>", "</h2>"),
                text: between(article, "<pre>", "</pre>"),
            })
            .collect()
    }

    /// The newest mail to `address`.
    pub async fn mail_to(&self, address: &str) -> TestMail {
        let mut mails = self.mails().await.into_iter();
        mails.find(|mail| mail.to == address).expect("a mail to this address")
    }

    /// The code in the newest mail to `address`.
    pub async fn code_to(&self, address: &str) -> String {
        self.mail_to(address).await.code()
    }
}

/// Sends a few of the mails that are due, and tells how many it tried to.
pub async fn send_some(app: &App) -> usize {
    let claimed = claim_mails(app, 5).await.unwrap();
    for mail in &claimed {
        send_mail(app, mail, &CancellationToken::new()).await.unwrap();
    }
    claimed.len()
}

fn between(text: &str, start: &str, end: &str) -> String {
    let (_, rest) = text.split_once(start).unwrap();
    let (found, _) = rest.split_once(end).unwrap();
    found.to_owned()
}
