//! `POST /api/auth/login/second-factor`, and both factors at the token API.

use chrono::TimeDelta;
use serde_json::json;

use crate::helpers::{ALICE, PASSWORD, TestApp, at_once};

#[tokio::test]
async fn a_log_in_takes_the_password_and_a_code() {
    let app = TestApp::new().await;
    let alice = app.user("alice").await;
    let signed_up = alice.session().await["user"]["id"].clone();
    let authenticator = alice.enrol(&app).await;
    let client = alice.half_log_in().await;
    let half = client.cookie();
    let answer = client.finish_log_in(&authenticator.next_code()).await;
    assert_eq!(answer.ok().json()["user"]["id"], signed_up);
    assert_ne!(client.cookie(), half);
    let session = client.session().await;
    assert_eq!(session["amr"], json!(["pwd", "otp", "mfa"]));
    assert_eq!(session["authenticated_at"], session["loggedInAt"]);
}

#[tokio::test]
async fn a_code_works_once() {
    let app = TestApp::new().await;
    let alice = app.user("alice").await;
    let authenticator = alice.enrol(&app).await;
    // The code that confirmed the app counts as used.
    let client = alice.half_log_in().await;
    client
        .finish_log_in(&authenticator.code())
        .await
        .fails(400, "invalid_otp");
    let code = authenticator.next_code();
    client.finish_log_in(&code).await.ok();
    alice
        .half_log_in()
        .await
        .finish_log_in(&code)
        .await
        .fails(400, "invalid_otp");
    // A code of an earlier step is used up too.
    let earlier = authenticator.code_of_step(app.clock.now().timestamp() / 30 - 1);
    alice
        .half_log_in()
        .await
        .finish_log_in(&earlier)
        .await
        .fails(400, "invalid_otp");
}

#[tokio::test]
async fn a_clock_may_be_one_step_off_either_way() {
    let app = TestApp::new().await;
    let alice = app.user("alice").await;
    let authenticator = alice.enrol(&app).await;
    app.clock.advance(TimeDelta::minutes(10));
    let step = app.clock.now().timestamp() / 30;
    for (skew, status) in [(-2, 400), (2, 400), (-1, 200), (1, 200)] {
        let code = authenticator.code_of_step(step + skew);
        alice
            .half_log_in()
            .await
            .finish_log_in(&code)
            .await
            .assert_status(status);
    }
}

#[tokio::test]
async fn a_code_is_text_with_spaces_where_the_app_shows_them() {
    let app = TestApp::new().await;
    let alice = app.user("alice").await;
    let authenticator = alice.enrol(&app).await;
    let client = alice.half_log_in().await;
    let code = authenticator.next_code();
    let path = "/api/auth/login/second-factor";
    let number: u64 = code.parse().unwrap();
    let answer = client.post(path, &json!({ "code": number })).await;
    assert_eq!(answer.issues(), ["code: invalid_type"]);
    for malformed in ["12345", "1234567", "abcdef", "123-456"] {
        client.finish_log_in(malformed).await.fails(400, "invalid_otp");
    }
    assert_eq!(client.post(path, &json!({})).await.issues(), ["required"]);
    let both = json!({ "code": code, "recovery_code": "2345-6789-ABCD" });
    assert_eq!(client.post(path, &both).await.issues(), ["required"]);
    // Texts that can't be a code use up no guess.
    client
        .finish_log_in(&format!(" {} {} ", &code[..3], &code[3..]))
        .await
        .ok();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_fifty_uses_of_one_code_one_gets_a_session() {
    let app = TestApp::new().await;
    let alice = app.user("alice").await;
    let authenticator = alice.enrol(&app).await;
    let mut halves = Vec::new();
    for _ in 0..50 {
        halves.push(alice.half_log_in().await);
    }
    let code = authenticator.next_code();
    let answers = at_once(50, |number| {
        let (half, code) = (halves[number].clone(), code.clone());
        async move { half.finish_log_in(&code).await.status.as_u16() }
    });
    let (started, others): (Vec<_>, Vec<_>) = answers.await.into_iter().partition(|status| *status == 200);
    assert_eq!((started.len(), others), (1, vec![400; 49]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_fifty_uses_of_one_half_log_in_one_gets_a_session() {
    let app = TestApp::new().await;
    let alice = app.user("alice").await;
    let authenticator = alice.enrol(&app).await;
    let half = alice.half_log_in().await;
    app.clock.advance(TimeDelta::minutes(1));
    let step = app.clock.now().timestamp() / 30;
    let answers = at_once(50, |number| {
        let code = authenticator.code_of_step(step + i64::try_from(number % 2).unwrap());
        let half = half.copy();
        async move { half.finish_log_in(&code).await.status.as_u16() }
    });
    assert_eq!(answers.await.iter().filter(|status| **status == 200).count(), 1);
    assert_eq!(
        app.count("SELECT COUNT(*) FROM sessions WHERE user_id IS NULL").await,
        0
    );
}

#[tokio::test]
async fn tokens_take_the_password_and_the_second_factor_at_once() {
    let app = TestApp::new().await;
    let alice = app.user("alice").await;
    let authenticator = alice.enrol(&app).await;
    let client = app.client();
    let answer = client.log_in_for_tokens(ALICE, PASSWORD).await;
    answer.assert_status(401);
    assert_eq!(answer.json()["code"], "second_factor_required");
    let code = authenticator.next_code();
    for (password, otp, status, error) in [
        ("wrong password", code.as_str(), 401, "no_active_account"),
        (PASSWORD, "", 401, "second_factor_required"),
        (PASSWORD, "12345", 400, "invalid_otp"),
        (PASSWORD, &authenticator.wrong_code(), 400, "invalid_otp"),
        (PASSWORD, "2345-6789-ABCD", 400, "invalid_otp"),
    ] {
        let answer = client.log_in_for_tokens_with(ALICE, password, otp).await;
        answer.assert_status(status);
        assert_eq!(answer.json()["code"], error, "{otp}");
    }
    let tokens = client
        .log_in_for_tokens_with(ALICE, PASSWORD, &code)
        .await
        .ok()
        .tokens();
    client
        .log_in_for_tokens_with(ALICE, PASSWORD, &code)
        .await
        .assert_status(400);
    client.get_as("/api/me/", &tokens.access).await.ok();
    client.refresh(&tokens.refresh).await.ok();
    client
        .log_in_for_tokens_with(ALICE, PASSWORD, &authenticator.recovery_codes[0])
        .await
        .ok();
    // An account that asks for none takes no notice of it.
    app.user("bob").await;
    client
        .log_in_for_tokens_with("bob@example.com", PASSWORD, "123456")
        .await
        .ok();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_fifty_pairs_of_tokens_for_one_code_one_is_given() {
    let app = TestApp::new().await;
    let alice = app.user("alice").await;
    let authenticator = alice.enrol(&app).await;
    let code = authenticator.next_code();
    let answers = at_once(50, |_| {
        let (client, code) = (app.client(), code.clone());
        async move {
            let answer = client.log_in_for_tokens_with(ALICE, PASSWORD, &code).await;
            answer.status.as_u16()
        }
    });
    let (given, others): (Vec<_>, Vec<_>) = answers.await.into_iter().partition(|status| *status == 200);
    assert_eq!((given.len(), others), (1, vec![400; 49]));
}
