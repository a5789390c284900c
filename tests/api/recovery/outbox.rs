//! How mails wait, and what happens to them.

use chrono::TimeDelta;
use neptun_auth::flows::worker::purge_expired::purge_expired;
use serde_json::json;

use crate::helpers::{TestApp, send_some};

const USER: &str = "user@example.com";

async fn ask(app: &TestApp, email: &str) {
    let body = json!({ "action": "create", "email": email });
    app.client().post("/auth/otp", &body).await.assert_status(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn several_senders_send_each_mail_once() {
    let app = TestApp::new().await;
    let (_, other) = app.second_app().await;
    for number in 0..40 {
        let email = format!("user{number}@example.com");
        app.signed_up(&email).await;
        ask(&app, &email).await;
    }
    let senders: Vec<_> = (0..8)
        .map(|number| {
            let sender = if number % 2 == 0 {
                app.app.clone()
            } else {
                other.clone()
            };
            tokio::spawn(async move { while send_some(&sender).await > 0 {} })
        })
        .collect();
    for sender in senders {
        sender.await.unwrap();
    }
    let mut sent: Vec<_> = app.mails().await.into_iter().map(|mail| mail.to).collect();
    let page = other.mailer.inbox_page().unwrap().unwrap();
    let elsewhere = page
        .split("<p>To ")
        .skip(1)
        .map(|rest| rest.split("</p>").next().unwrap().to_owned());
    sent.extend(elsewhere);
    sent.sort();
    assert_eq!(sent.len(), 40);
    sent.dedup();
    assert_eq!(sent.len(), 40, "a mail was sent twice");
    assert_eq!(app.database.count("SELECT COUNT(*) FROM outbox").await, 0);
}

#[tokio::test]
async fn a_mail_that_can_not_be_sent_waits_longer_each_time_until_it_is_of_no_use() {
    let nowhere = "smtp://127.0.0.1:9";
    let app = TestApp::with_setup(|setup| {
        setup.mail.smtp_url = Some(nowhere.parse().unwrap());
        setup.mail.from = Some("no-reply@example.com".to_owned());
    })
    .await;
    app.signed_up(USER).await;
    ask(&app, USER).await;
    for (attempt, wait) in [(1, 1), (2, 2), (3, 4)] {
        assert_eq!(send_some(&app.app).await, 1);
        assert!(
            send_some(&app.app).await == 0,
            "attempt {attempt} is not made again at once"
        );
        app.clock.advance(TimeDelta::seconds(wait));
    }
    assert_eq!(app.database.count("SELECT attempts FROM outbox").await, 3);
    app.clock.advance(TimeDelta::minutes(10));
    assert!(send_some(&app.app).await == 0, "the code is too old to be of use");
    purge_expired(&app.app).await.unwrap();
    assert_eq!(app.database.count("SELECT COUNT(*) FROM outbox").await, 0);
}

#[tokio::test]
async fn without_a_mail_server_a_public_service_keeps_mails_waiting() {
    let app = TestApp::with_setup(|setup| setup.mail.public_url = "https://auth.example.com".parse().unwrap()).await;
    app.signed_up(USER).await;
    ask(&app, USER).await;
    assert!(send_some(&app.app).await == 0);
    assert!(app.app.mailer.inbox_page().is_none());
    assert_eq!(app.database.count("SELECT COUNT(*) FROM outbox").await, 1);
}

#[tokio::test]
async fn an_address_without_an_account_gets_no_mail() {
    let app = TestApp::new().await;
    ask(&app, "nobody@example.com").await;
    assert_eq!(
        app.database.count("SELECT COUNT(*) FROM outbox").await,
        1,
        "the same work is done"
    );
    assert!(app.mails().await.is_empty());
    app.clock.advance(TimeDelta::minutes(10));
    assert!(app.mails().await.is_empty());
    purge_expired(&app.app).await.unwrap();
    assert_eq!(app.database.count("SELECT COUNT(*) FROM outbox").await, 0);
}

#[tokio::test]
async fn codes_are_forgotten_when_they_neither_work_nor_count() {
    let app = TestApp::new().await;
    ask(&app, "nobody@example.com").await;
    app.clock.advance(TimeDelta::minutes(59));
    purge_expired(&app.app).await.unwrap();
    assert_eq!(app.database.count("SELECT COUNT(*) FROM codes").await, 1);
    app.clock.advance(TimeDelta::minutes(1));
    purge_expired(&app.app).await.unwrap();
    assert_eq!(app.database.count("SELECT COUNT(*) FROM codes").await, 0);
}
