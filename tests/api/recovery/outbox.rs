//! The outbox: mails are queued, sent once, tried again, and dropped when they are of no more use.

use chrono::TimeDelta;
use neptun_auth::flows::worker::purge_expired::purge_expired;

use crate::helpers::{ALICE, TestApp, at_once, inbox, send_some};

async fn ask(app: &TestApp, email: &str) {
    app.client().ask_for_reset(email).await.ok();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn several_senders_send_each_mail_once() {
    let app = TestApp::new().await;
    let (_, other) = app.second_app().await;
    for number in 0..40 {
        let user = app.user(&format!("user{number}")).await;
        ask(&app, &user.email).await;
    }
    at_once(8, |number| {
        let sender = [&app.app, &other][number % 2].clone();
        async move { while send_some(&sender).await > 0 {} }
    })
    .await;
    let mails = [app.mails().await, inbox(&other)].concat();
    let mut sent: Vec<_> = mails.into_iter().map(|mail| mail.to).collect();
    sent.sort();
    assert_eq!(sent.len(), 40);
    sent.dedup();
    assert_eq!(sent.len(), 40, "a mail was sent twice");
    assert_eq!(app.count("SELECT COUNT(*) FROM outbox").await, 0);
}

#[tokio::test]
async fn a_mail_that_cannot_be_sent_is_tried_at_growing_intervals_until_its_code_has_expired() {
    let nowhere = "smtp://127.0.0.1:9";
    let app = TestApp::with_setup(|setup| {
        setup.mail.smtp_url = Some(nowhere.parse().unwrap());
        setup.mail.from = Some("no-reply@example.com".to_owned());
    })
    .await;
    app.user("alice").await;
    ask(&app, ALICE).await;
    for (attempt, wait) in [(1, 1), (2, 2), (3, 4)] {
        assert_eq!(send_some(&app.app).await, 1);
        assert_eq!(send_some(&app.app).await, 0, "after attempt {attempt}");
        app.clock.advance(TimeDelta::seconds(wait));
    }
    assert_eq!(app.count("SELECT attempts FROM outbox").await, 3);
    app.clock.advance(TimeDelta::minutes(10));
    assert_eq!(send_some(&app.app).await, 0, "the code has expired");
    purge_expired(&app.app).await.unwrap();
    assert_eq!(app.count("SELECT COUNT(*) FROM outbox").await, 0);
}

#[tokio::test]
async fn a_clock_that_is_set_back_delays_no_mail() {
    let app = TestApp::new().await;
    app.user("alice").await;
    app.clock.advance(TimeDelta::days(1));
    ask(&app, ALICE).await;
    app.clock.advance(TimeDelta::days(-1));
    assert_eq!(send_some(&app.app).await, 0);
    purge_expired(&app.app).await.unwrap();
    assert_eq!(send_some(&app.app).await, 1);
    assert_eq!(app.mails().await.len(), 1);
    assert_eq!(app.count("SELECT COUNT(*) FROM outbox").await, 0);
}

#[tokio::test]
async fn without_a_mail_server_a_public_service_keeps_mails_waiting() {
    let app = TestApp::with_setup(|setup| setup.mail.public_url = "https://auth.example.com".parse().unwrap()).await;
    app.user("alice").await;
    ask(&app, ALICE).await;
    assert_eq!(send_some(&app.app).await, 0);
    assert!(app.app.mailer.inbox_key().is_none());
    assert_eq!(app.count("SELECT COUNT(*) FROM outbox").await, 1);
}

#[tokio::test]
async fn an_address_without_an_account_gets_no_mail() {
    let app = TestApp::new().await;
    ask(&app, "unknown@example.com").await;
    // The request does the same work, so that its time does not tell whether there is an account.
    assert_eq!(app.count("SELECT COUNT(*) FROM outbox").await, 1);
    assert!(app.mails().await.is_empty());
    app.clock.advance(TimeDelta::minutes(10));
    assert!(app.mails().await.is_empty());
    purge_expired(&app.app).await.unwrap();
    assert_eq!(app.count("SELECT COUNT(*) FROM outbox").await, 0);
}

#[tokio::test]
async fn codes_are_purged_once_they_no_longer_count_toward_the_hourly_limit() {
    let app = TestApp::new().await;
    ask(&app, "unknown@example.com").await;
    app.clock.advance(TimeDelta::minutes(59));
    purge_expired(&app.app).await.unwrap();
    assert_eq!(app.count("SELECT COUNT(*) FROM codes").await, 1);
    app.clock.advance(TimeDelta::minutes(1));
    purge_expired(&app.app).await.unwrap();
    assert_eq!(app.count("SELECT COUNT(*) FROM codes").await, 0);
}
