//! Addresses with letters outside ASCII before the `@`: accepted if the mail server can send to them.

use neptun_auth::model::mail::InternationalAddresses;
use serde_json::json;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;

use crate::helpers::{Answer, PASSWORD, TestApp};

const JOSE: &str = "jos\u{e9}@example.com";

/// The URL of a mail server that answers greetings with these features.
async fn mail_server(features: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("smtp://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let (reader, mut writer) = stream.split();
            let mut lines = BufReader::new(reader).lines();
            writer.write_all(b"220 mail.example ESMTP\r\n").await.unwrap();
            while let Ok(Some(line)) = lines.next_line().await {
                let answer = if line.starts_with("EHLO") {
                    features
                } else {
                    "221 Bye\r\n"
                };
                if writer.write_all(answer.as_bytes()).await.is_err() {
                    break;
                }
            }
        }
    });
    url
}

async fn service(smtp_url: Option<String>, setting: InternationalAddresses) -> TestApp {
    TestApp::with_setup(|setup| {
        setup.mail.from = Some("no-reply@example.com".to_owned());
        setup.mail.smtp_url = smtp_url.map(|url| url.parse().unwrap());
        setup.mail.international_addresses = setting;
    })
    .await
}

#[track_caller]
fn is_rejected_for_the_mail_server(answer: &Answer) {
    assert_eq!(answer.issues(), ["email: invalid_email"]);
    assert!(
        answer.body.contains("can't send mail to letters outside ASCII"),
        "{}",
        answer.body
    );
}

#[tokio::test]
async fn the_mail_server_decides_which_addresses_a_new_account_may_have() {
    let without = mail_server("250-mail.example\r\n250 8BITMIME\r\n").await;
    let app = service(Some(without), InternationalAddresses::Auto).await;
    app.app.mailer.ask_server().await.unwrap();
    let client = app.client();
    is_rejected_for_the_mail_server(&client.sign_up(JOSE, PASSWORD).await);
    let body = json!({ "username": "jose", "email": JOSE, "password": PASSWORD });
    let answer = client.post("/api/sign-up/", &body).await;
    assert!(answer.assert_status(400).json()["email"].is_array(), "{}", answer.body);
    // The domain has a form that every mail server understands.
    client.sign_up("jose@b\u{fc}cher.example", PASSWORD).await.ok();
    is_rejected_for_the_mail_server(&client.change_email(JOSE).await);

    let with = mail_server("250-mail.example\r\n250-8BITMIME\r\n250 SMTPUTF8\r\n").await;
    let app = service(Some(with), InternationalAddresses::Auto).await;
    app.app.mailer.ask_server().await.unwrap();
    app.client().sign_up(JOSE, PASSWORD).await.ok();
}

#[tokio::test]
async fn until_the_mail_server_has_answered_its_mails_wait() {
    let app = service(Some("smtp://127.0.0.1:1".to_owned()), InternationalAddresses::Auto).await;
    assert!(app.app.mailer.ask_server().await.is_err());
    app.client().sign_up(JOSE, PASSWORD).await.ok();
}

#[tokio::test]
async fn a_setting_overrules_the_mail_server() {
    let without = mail_server("250 mail.example\r\n").await;
    let app = service(Some(without), InternationalAddresses::On).await;
    app.app.mailer.ask_server().await.unwrap();
    app.client().sign_up(JOSE, PASSWORD).await.ok();

    let app = service(None, InternationalAddresses::Off).await;
    app.app.mailer.ask_server().await.unwrap();
    is_rejected_for_the_mail_server(&app.client().sign_up(JOSE, PASSWORD).await);
    let app = service(None, InternationalAddresses::Auto).await;
    app.client().sign_up(JOSE, PASSWORD).await.ok();
}

/// The setting is about new addresses: an account keeps the one it has.
#[tokio::test]
async fn an_account_with_such_an_address_goes_on_logging_in() {
    let app = service(None, InternationalAddresses::Auto).await;
    app.client().sign_up(JOSE, PASSWORD).await.ok();
    let mut setup = crate::helpers::setup(&app.database.url, app.clock.clone());
    setup.mail.international_addresses = InternationalAddresses::Off;
    let strict = app.instance(setup).await;
    strict.log_in(JOSE, PASSWORD).await.ok();
    strict.ask_for_reset(JOSE).await.ok();
}
