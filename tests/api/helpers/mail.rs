//! The mails that a service without an SMTP server shows to its developer.

use std::fmt::{self, Display, Formatter};

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
    /// The code or the key in the mail.
    pub fn code(&self) -> String {
        self.find_code().expect("a code in the mail").to_owned()
    }

    /// The recovery key in the link of the mail; `None` without a link.
    pub fn recovery_key(&self) -> Option<String> {
        let (_, key) = self.text.split_once("#key=")?;
        key.split_whitespace().next().map(str::to_owned)
    }

    /// What the link of a log-in code carries; `None` without a link.
    pub fn linked_code(&self) -> Option<String> {
        let (_, code) = self.text.split_once("&amp;code=").or(self.text.split_once("&code="))?;
        code.split_whitespace().next().map(str::to_owned)
    }

    /// Codes are the only numbers of five digits and more, keys the only words of 22 characters.
    pub fn find_code(&self) -> Option<&str> {
        let is_code = |word: &&str| {
            let is_number = word.len() >= 5 && word.bytes().all(|byte| byte.is_ascii_digit());
            is_number || (word.len() == 22 && !word.contains('.'))
        };
        self.text.split_whitespace().find(is_code)
    }
}

/// The mail as a snapshot shows it: `[code]` stands for the code or the key, and long lines go on after two spaces.
impl Display for TestMail {
    fn fmt(&self, out: &mut Formatter) -> fmt::Result {
        let lines: Vec<_> = self.text.lines().map(wrapped).collect();
        let mail = format!("To: {}\nSubject: {}\n\n{}", self.to, self.subject, lines.join("\n"));
        match self.find_code() {
            Some(code) => out.write_str(&mail.replace(code, "[code]")),
            None => out.write_str(&mail),
        }
    }
}

impl TestApp {
    /// Sends what is due, and returns every mail that was sent so far, the newest first.
    pub async fn mails(&self) -> Vec<TestMail> {
        while send_some(&self.app).await > 0 {}
        inbox(&self.app)
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

/// Sends up to five of the mails that are due, and returns how many it tried to send.
pub async fn send_some(app: &App) -> usize {
    let claimed = claim_mails(app, 5).await.unwrap();
    for mail in &claimed {
        send_mail(app, mail, &CancellationToken::new()).await.unwrap();
    }
    claimed.len()
}

/// Every mail that this instance has sent, the newest first.
pub fn inbox(app: &App) -> Vec<TestMail> {
    let mails = app.mailer.inbox_mails().into_iter();
    mails
        .map(|mail| TestMail {
            to: mail.to,
            subject: mail.rendered.subject,
            text: mail.rendered.text,
        })
        .collect()
}

fn wrapped(line: &str) -> String {
    let (mut wrapped, mut length) = (String::new(), 0);
    for word in line.split(' ') {
        let separator = match length {
            0 => "",
            1..90 => " ",
            _ => "\n  ",
        };
        length = if separator.starts_with('\n') { 0 } else { length };
        length += separator.len() + word.len();
        wrapped.push_str(separator);
        wrapped.push_str(word);
    }
    wrapped
}
