//! Recovery codes replace a code of the app, once each.

use std::collections::HashSet;

use chrono::TimeDelta;
use serde_json::json;

use crate::helpers::{ALICE, TestApp, at_once};

#[tokio::test]
async fn a_recovery_code_works_once_and_is_mailed() {
    let app = TestApp::new().await;
    let alice = app.verified_user("alice").await;
    let codes = alice.enrol(&app).await.recovery_codes;
    assert_eq!(codes.iter().collect::<HashSet<_>>().len(), 10);
    for code in &codes {
        assert!(
            code.len() == 14 && !code.contains(['0', '1', 'I', 'O', 'i', 'l', 'o']),
            "{code}"
        );
    }
    let client = alice.half_log_in().await;
    client
        .finish_log_in_with_recovery_code(&codes[3].to_lowercase().replace('-', " "))
        .await
        .ok();
    assert_eq!(client.session().await["amr"], json!(["pwd", "mfa", "recovery"]));
    let mails = app.mails().await;
    let mail = mails
        .iter()
        .find(|mail| mail.subject == "A recovery code was used")
        .unwrap();
    assert!(mail.text.contains("Unused codes left: 9"), "{}", mail.text);
    let again = alice.half_log_in().await;
    again
        .finish_log_in_with_recovery_code(&codes[3])
        .await
        .fails(400, "invalid_otp");
    again
        .finish_log_in_with_recovery_code("2345-6789-ABCD")
        .await
        .fails(400, "invalid_otp");
    again
        .finish_log_in_with_recovery_code("too short")
        .await
        .fails(400, "invalid_otp");
    again.finish_log_in_with_recovery_code(&codes[4]).await.ok();
    assert_eq!(alice.factors().await[1]["remaining"], 8);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_fifty_uses_of_one_recovery_code_one_gets_a_session() {
    let app = TestApp::new().await;
    let alice = app.user("alice").await;
    let code = alice.enrol(&app).await.recovery_codes[0].clone();
    let mut halves = Vec::new();
    for _ in 0..50 {
        halves.push(alice.half_log_in().await);
    }
    let answers = at_once(50, |number| {
        let (half, code) = (halves[number].clone(), code.clone());
        async move { half.finish_log_in_with_recovery_code(&code).await.status.as_u16() }
    });
    let (started, others): (Vec<_>, Vec<_>) = answers.await.into_iter().partition(|status| *status == 200);
    assert_eq!((started.len(), others), (1, vec![400; 49]));
}

#[tokio::test]
async fn a_new_set_ends_the_old_one() {
    let app = TestApp::new().await;
    let alice = app.verified_user("alice").await;
    alice.renew_recovery_codes().await.fails(404, "not_found");
    let authenticator = alice.enrol(&app).await;
    app.clock.advance(TimeDelta::minutes(10));
    alice
        .renew_recovery_codes()
        .await
        .fails(403, "reauthentication_required");
    alice
        .reauthenticate(&json!({ "code": authenticator.code() }))
        .await
        .ok();
    let renewed = alice.renew_recovery_codes().await.ok().json();
    assert_eq!(app.mail_to(ALICE).await.subject, "You have new recovery codes");
    let client = alice.half_log_in().await;
    let old = &authenticator.recovery_codes[0];
    client
        .finish_log_in_with_recovery_code(old)
        .await
        .fails(400, "invalid_otp");
    let new = renewed["recovery_codes"][0].as_str().unwrap();
    client.finish_log_in_with_recovery_code(new).await.ok();
    assert_eq!(app.count("SELECT COUNT(*) FROM recovery_codes").await, 10);
}

/// Another account's code is a wrong one.
#[tokio::test]
async fn a_recovery_code_belongs_to_its_account() {
    let app = TestApp::new().await;
    let (alice, bob) = (app.user("alice").await, app.user("bob").await);
    let codes = alice.enrol(&app).await.recovery_codes;
    bob.enrol(&app).await;
    let client = bob.half_log_in().await;
    client
        .finish_log_in_with_recovery_code(&codes[0])
        .await
        .fails(400, "invalid_otp");
}
