//! Mails that tell of something that has happened.

use clap::ValueEnum;
use neptun_auth::model::mail::Notice;
use serde_json::json;

use crate::helpers::{Client, PASSWORD, TestApp};

const USER: &str = "user@example.com";

async fn change_password(client: &Client, language: &str) {
    let body = json!({ "current_password": PASSWORD, "new_password": PASSWORD }).to_string();
    let headers = [("content-type", "application/json"), ("accept-language", language)];
    let answer = client
        .send("POST".parse().unwrap(), "/api/auth/password", &headers, body.into())
        .await;
    answer.assert_status(200);
}

#[tokio::test]
async fn a_notice_is_in_the_language_of_the_browser() {
    let app = TestApp::new().await;
    let client = app.signed_up(USER).await;
    for (language, subject) in [
        ("de-CH,en;q=0.5", "Ihr Passwort wurde geändert"),
        ("en", "Your password was changed"),
        ("fr", "Your password was changed"),
        ("../../../etc/passwd", "Your password was changed"),
    ] {
        change_password(&client, language).await;
        assert_eq!(app.mail_to(USER).await.subject, subject, "{language}");
    }
}

#[tokio::test]
async fn each_notice_can_be_switched_off() {
    for off in Notice::value_variants() {
        let app = TestApp::with_setup(|setup| setup.mail.notices.retain(|notice| notice != off)).await;
        let client = app.signed_up(USER).await;
        client
            .post("/api/auth/email/send-code", &json!({}))
            .await
            .assert_status(200);
        let verify = json!({ "code": app.code_to(USER).await });
        client.post("/api/auth/email/verify", &verify).await.assert_status(200);
        change_password(&client, "en").await;
        let change = json!({ "email": "new@example.com" });
        client
            .send_json("PATCH", "/api/users/me", &change)
            .await
            .assert_status(200);
        let verify = json!({ "code": app.code_to("new@example.com").await });
        client.post("/api/auth/email/verify", &verify).await.assert_status(200);
        client.delete("/api/users/me").await.assert_status(200);

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
