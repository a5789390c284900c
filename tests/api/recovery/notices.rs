//! Mails about something that has happened to an account.

use clap::ValueEnum;
use neptun_auth::model::mail::Notice;
use serde_json::json;

use crate::helpers::{ALICE, Client, PASSWORD, TestApp};

async fn change_password(client: &Client, language: &str) {
    let body = json!({ "current_password": PASSWORD, "new_password": PASSWORD });
    let language = [("accept-language", language)];
    let answer = client.send_json_with("POST", "/api/auth/password", &language, &body);
    answer.await.ok();
}

#[tokio::test]
async fn a_notice_is_in_the_language_of_the_browser() {
    let app = TestApp::new().await;
    let alice = app.user("alice").await;
    for (language, subject) in [
        ("de-CH,en;q=0.5", "Ihr Passwort wurde geändert"),
        ("en", "Your password was changed"),
        ("fr", "Your password was changed"),
        ("../../../etc/passwd", "Your password was changed"),
    ] {
        change_password(&alice, language).await;
        assert_eq!(app.mail_to(ALICE).await.subject, subject, "{language}");
    }
}

#[tokio::test]
async fn each_notice_can_be_switched_off() {
    for off in Notice::value_variants() {
        let app = TestApp::with_setup(|setup| setup.mail.notices.retain(|notice| notice != off)).await;
        let alice = app.verified_user("alice").await;
        change_password(&alice, "en").await;
        alice.change_email("new@example.com").await.ok();
        let code = app.code_to("new@example.com").await;
        alice.verify_email(&code).await.ok();
        alice.delete_account().await.ok();

        let mails = app.mails().await;
        for (notice, subject) in [
            (Notice::PasswordChanged, "Your password was changed"),
            (Notice::EmailChanged, "Your e-mail address was changed"),
            (Notice::AccountDeleted, "Your account was deleted"),
        ] {
            let is_sent = mails.iter().any(|mail| mail.subject == subject);
            assert_eq!(is_sent, notice != *off, "{notice:?} while {off:?} is off");
        }
    }
}
