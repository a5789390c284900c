//! `POST /api/auth/login/code` and `…/verify`.

use chrono::TimeDelta;
use neptun_auth::app::LogInSetup;
use neptun_auth::model::limit::Rates;
use neptun_auth::model::user::sign_ups::SignUps;
use serde_json::json;

use crate::helpers::{ALICE, Answer, PASSWORD, TestApp, TestUser, at_once, limits};

const NEW: &str = "new@example.com";

/// Log-in by code, with links, and without new accounts.
fn by_code() -> LogInSetup {
    LogInSetup {
        sign_ups: SignUps::Open,
        by_code: true,
        sign_up_by_code: false,
        sign_up_by_passkey: false,
        code_page: Some("https://app.example.com/log-in".parse().unwrap()),
    }
}

pub async fn app_with_codes() -> TestApp {
    TestApp::with_setup(|setup| setup.log_in = by_code()).await
}

async fn app_with_sign_ups(sign_ups: SignUps) -> TestApp {
    let log_in = LogInSetup {
        sign_ups,
        sign_up_by_code: true,
        ..by_code()
    };
    TestApp::with_setup(|setup| setup.log_in = log_in).await
}

/// An app where a code makes an account for any address.
pub async fn app_with_sign_up() -> TestApp {
    app_with_sign_ups(SignUps::Open).await
}

/// Alice, with a confirmed address, and a code that a browser without any cookie has asked for.
async fn alice_with_a_code(app: &TestApp) -> (TestUser, String) {
    let alice = app.verified_user("alice").await;
    app.client().ask_for_log_in_code(ALICE).await.ok();
    let code = app.code_to(ALICE).await;
    (alice, code)
}

#[tokio::test]
async fn a_code_logs_in_and_leaves_the_other_sessions_alone() {
    let app = app_with_codes().await;
    let alice = app.verified_user("alice").await;
    let client = app.client();
    let asked = client.ask_for_log_in_code(ALICE).await;
    assert_eq!(asked.ok().json()["success"], true);
    let entered = client.log_in_with_code(ALICE, &app.code_to(ALICE).await).await;
    assert_eq!(entered.ok().json()["user"]["primary_email"], ALICE);
    assert!(client.is_signed_in().await);
    assert_eq!(client.session().await["amr"], json!(["mail"]));
    assert!(alice.is_signed_in().await);
    app.log_in(ALICE, PASSWORD).await.ok();
}

#[tokio::test]
async fn the_mail_has_the_code_and_a_link_for_the_browser_that_asked() {
    let app = app_with_codes().await;
    app.verified_user("alice").await;
    app.client().ask_for_log_in_code(ALICE).await.ok();
    let mail = app.mail_to(ALICE).await;
    let code = mail.code();
    assert_eq!(code.len(), 8);
    assert_eq!(mail.subject, format!("{code} is your code to log in"));
    let linked = mail.linked_code().unwrap();
    assert!(linked.len() <= 64 && !linked.contains(&code));
    assert!(
        mail.text.contains("In the browser that you asked with"),
        "{}",
        mail.text
    );
}

#[tokio::test]
async fn it_is_off_at_first() {
    let app = TestApp::new().await;
    app.verified_user("alice").await;
    app.client().ask_for_log_in_code(ALICE).await.fails(404, "not_found");
    let verify = app.client().log_in_with_code(ALICE, "12345678").await;
    verify.fails(404, "not_found");
    assert_eq!(app.mails().await.len(), 1, "the one that confirmed the address");
}

#[tokio::test]
async fn a_link_works_in_the_browser_that_asked_and_elsewhere_only_the_digits_do() {
    let app = app_with_codes().await;
    app.verified_user("alice").await;
    let asking = app.client();
    let asked = asking.ask_for_log_in_code(ALICE).await;
    let cookie = asked.set_browser().unwrap();
    assert!(cookie.starts_with("neptun-log-in=") && cookie.contains("; HttpOnly; SameSite=Lax; Path=/; Max-Age=600;"));
    let mail = app.mail_to(ALICE).await;
    let linked = mail.linked_code().unwrap();

    let elsewhere = app.client();
    let late = elsewhere.log_in_with_code(ALICE, &linked).await;
    late.fails(400, "invalid_otp");
    // Having asked for another code makes no other browser the one that asked for this one.
    elsewhere.ask_for_log_in_code("other@example.com").await.ok();
    let late = elsewhere.log_in_with_code(ALICE, &linked).await;
    late.fails(400, "invalid_otp");
    asking.log_in_with_code(ALICE, &linked).await.ok();
    assert!(asking.is_signed_in().await);

    app.client().ask_for_log_in_code(ALICE).await.ok();
    elsewhere.log_in_with_code(ALICE, &app.code_to(ALICE).await).await.ok();
}

/// Opening a link sends no more than its path, and the operation takes nothing but a POST.
#[tokio::test]
async fn reading_a_link_uses_nothing_up() {
    let app = app_with_codes().await;
    app.verified_user("alice").await;
    let asking = app.client();
    asking.ask_for_log_in_code(ALICE).await.ok();
    let linked = app.mail_to(ALICE).await.linked_code().unwrap();
    for method in ["GET", "HEAD"] {
        let path = format!("/api/auth/login/code/verify?email={ALICE}&code={linked}");
        let read = asking
            .send(method.parse().unwrap(), &path, &[], poem::Body::empty())
            .await;
        read.assert_status(405);
    }
    asking.log_in_with_code(ALICE, &linked).await.ok();
}

#[tokio::test]
async fn the_link_leads_to_the_page_of_the_setting_whatever_the_request_says() {
    let app = app_with_codes().await;
    app.verified_user("alice").await;
    let body = json!({ "email": ALICE, "redirect_to": "https://evil.example/", "return_to": "https://evil.example/" });
    let headers = [("host", "evil.example"), ("x-forwarded-host", "evil.example")];
    let asked = app.client();
    asked
        .send_json_with("POST", "/api/auth/login/code", &headers, &body)
        .await
        .ok();
    let text = app.mail_to(ALICE).await.text;
    assert!(
        text.contains("https://app.example.com/log-in#email=alice%40example.com"),
        "{text}"
    );
    assert!(!text.contains("evil"), "{text}");
}

#[tokio::test]
async fn a_code_works_once_for_ten_minutes_and_the_newest_counts() {
    let app = app_with_codes().await;
    let (_, first) = alice_with_a_code(&app).await;
    app.client().ask_for_log_in_code(ALICE).await.ok();
    let second = app.code_to(ALICE).await;
    let client = app.client();
    client.log_in_with_code(ALICE, &first).await.fails(400, "invalid_otp");
    client.log_in_with_code(ALICE, &second).await.ok();
    app.client()
        .log_in_with_code(ALICE, &second)
        .await
        .fails(400, "invalid_otp");
    app.client().ask_for_log_in_code(ALICE).await.ok();
    let third = app.code_to(ALICE).await;
    app.clock.advance(TimeDelta::minutes(10));
    client.log_in_with_code(ALICE, &third).await.fails(400, "invalid_otp");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_fifty_uses_at_once_one_logs_in() {
    let app = app_with_codes().await;
    let (_, code) = alice_with_a_code(&app).await;
    let before = app.database.sessions().await;
    let answers = at_once(50, |_| {
        let (client, code) = (app.client(), code.clone());
        async move { client.log_in_with_code(ALICE, &code).await }
    });
    let is_success = |answer: &Answer| answer.status == 200;
    let (successes, failures): (Vec<_>, Vec<_>) = answers.await.into_iter().partition(is_success);
    assert_eq!((successes.len(), app.database.sessions().await), (1, before + 1));
    for answer in failures {
        answer.fails(400, "invalid_otp");
    }
}

#[tokio::test]
async fn five_guesses_are_compared_and_the_sixth_is_wrong_even_if_it_is_right() {
    let app = app_with_codes().await;
    let (_, code) = alice_with_a_code(&app).await;
    let client = app.client();
    let wrong = if code == "00000000" { "00000001" } else { "00000000" };
    for _ in 0..5 {
        client.log_in_with_code(ALICE, wrong).await.fails(400, "invalid_otp");
    }
    client.log_in_with_code(ALICE, &code).await.fails(400, "invalid_otp");
}

#[tokio::test]
async fn a_code_for_reset_does_not_log_in_and_the_other_way_round() {
    let app = app_with_codes().await;
    let (alice, code) = alice_with_a_code(&app).await;
    let reset = alice.reset_password(ALICE, &code, "a new long password").await;
    reset.fails(404, "otp_not_found");
    app.client().log_in_with_code(ALICE, &code).await.ok();
    alice.ask_for_reset(ALICE).await.ok();
    let code = app.code_to(ALICE).await;
    alice.log_in_with_code(ALICE, &code).await.fails(400, "invalid_otp");
}

#[tokio::test]
async fn an_unknown_address_gets_the_same_answer_and_no_mail() {
    let app = app_with_codes().await;
    app.verified_user("alice").await;
    let sent = app.mails().await.len();
    let known = app.client().ask_for_log_in_code(ALICE).await;
    let unknown = app.client().ask_for_log_in_code(NEW).await;
    assert_eq!(known.status_and_body(), unknown.status_and_body());
    assert!(known.set_browser().is_some() && unknown.set_browser().is_some());
    assert_eq!(app.mails().await.len(), sent + 1);
    let guess = app.client().log_in_with_code(NEW, "12345678").await;
    guess.fails(400, "invalid_otp");
    assert_eq!(app.database.users().await, 1);
}

#[tokio::test]
async fn codes_to_log_in_and_codes_to_reset_share_the_limits_of_mails() {
    let three = "3/h".parse().unwrap();
    let rates = Rates {
        mail_to: three,
        ..limits("1000000/h")
    };
    let app = TestApp::with_setup(|setup| {
        setup.log_in = by_code();
        setup.limits = Some(rates);
    })
    .await;
    app.user("alice").await;
    for _ in 0..2 {
        app.client().at("192.0.2.1").ask_for_reset(ALICE).await.ok();
    }
    let third = app.client().at("192.0.2.2").ask_for_log_in_code(ALICE).await;
    third.ok();
    for network in ["192.0.2.3", "192.0.2.4"] {
        let client = app.client().at(network);
        client.ask_for_log_in_code(ALICE).await.fails(429, "too_many_requests");
        client.ask_for_reset(ALICE).await.fails(429, "too_many_requests");
    }
}

#[tokio::test]
async fn the_network_that_asks_is_limited_as_for_a_reset() {
    let rates = Rates {
        mail: "2/h".parse().unwrap(),
        ..limits("1000000/h")
    };
    let app = TestApp::with_setup(|setup| {
        setup.log_in = by_code();
        setup.limits = Some(rates);
    })
    .await;
    let client = app.client().at("192.0.2.1");
    client.ask_for_reset("a@example.com").await.ok();
    client.ask_for_log_in_code("b@example.com").await.ok();
    let third = client.ask_for_log_in_code("c@example.com").await;
    third.fails(429, "too_many_requests");
}

#[tokio::test]
async fn the_first_log_in_by_code_proves_the_address_and_ends_what_another_person_set_up() {
    let app = app_with_codes().await;
    let thief = app.user("alice").await;
    thief
        .update(&json!({ "username": "evil", "first_name": "Eveil" }))
        .await
        .ok();
    let tokens = thief.tokens().await;
    thief.change_email("evil@example.com").await.ok();
    let owner = app.client().at("192.0.2.1");
    owner.ask_for_log_in_code(ALICE).await.ok();
    let entered = owner.log_in_with_code(ALICE, &app.code_to(ALICE).await).await;
    entered.ok();
    assert_eq!(owner.session().await["user"]["email_verified"], true);
    assert!(owner.is_signed_in().await && !thief.is_signed_in().await);
    app.client().refresh(&tokens.refresh).await.assert_status(401);
    app.log_in(ALICE, PASSWORD).await.fails(401, "invalid_credentials");
    let account = owner.export().await.ok().json()["account"].clone();
    assert_eq!(
        (&account["pending_email"], &account["has_password"]),
        (&json!(null), &json!(false))
    );
    let notice = app.mail_to(ALICE).await;
    assert_eq!(notice.subject, "Your address is confirmed");
    for earlier in ["User name: \"evil\"", "First name: \"Eveil\""] {
        assert!(notice.text.contains(earlier), "{}", notice.text);
    }
}

#[tokio::test]
async fn a_code_is_half_a_log_in_where_a_second_factor_is_asked_for() {
    let app = app_with_codes().await;
    let (_, code) = alice_with_a_code(&app).await;
    app.execute("UPDATE users SET second_factor_at = created_at").await;
    let client = app.client();
    let half = client.log_in_with_code(ALICE, &code).await;
    half.fails(401, "second_factor_required");
    assert!(client.cookie().is_some() && !client.is_signed_in().await);
    let again = client.log_in_with_code(ALICE, &code).await;
    again.fails(400, "invalid_otp");
}

#[tokio::test]
async fn a_disabled_account_is_told_apart_only_after_the_right_code() {
    let app = app_with_codes().await;
    let (_, code) = alice_with_a_code(&app).await;
    app.execute("UPDATE users SET disabled_at = created_at").await;
    let client = app.client();
    client.log_in_with_code(ALICE, "1").await.fails(400, "invalid_otp");
    client
        .log_in_with_code(ALICE, &code)
        .await
        .fails(403, "account_disabled");
    assert!(client.cookie().is_none());
}

#[tokio::test]
async fn a_code_ends_with_a_change_of_password_or_address() {
    let app = app_with_codes().await;
    let (alice, code) = alice_with_a_code(&app).await;
    alice.change_password(PASSWORD, "a new long password").await.ok();
    app.client()
        .log_in_with_code(ALICE, &code)
        .await
        .fails(400, "invalid_otp");
    app.client().ask_for_log_in_code(ALICE).await.ok();
    let code = app.code_to(ALICE).await;
    alice.change_email(NEW).await.ok();
    alice.verify_email(&app.code_to(NEW).await).await.ok();
    app.client()
        .log_in_with_code(ALICE, &code)
        .await
        .fails(400, "invalid_otp");
}

#[tokio::test]
async fn where_the_operator_allows_it_a_code_makes_an_account_without_a_password() {
    let app = app_with_sign_up().await;
    let client = app.client();
    client.ask_for_log_in_code(NEW).await.ok();
    let entered = client.log_in_with_code(NEW, &app.code_to(NEW).await).await;
    entered.ok();
    assert_eq!(client.session().await["user"]["email_verified"], true);
    assert_eq!(client.export().await.ok().json()["account"]["has_password"], false);
    assert_eq!(app.mails().await.len(), 1, "no notice about the first device");
    // It has no password to guess, and answers as any wrong password does.
    let wrong = app.log_in(NEW, PASSWORD).await;
    let unknown = app.log_in("unknown@example.com", PASSWORD).await;
    assert_eq!(wrong.status_and_body(), unknown.status_and_body());
    wrong.fails(401, "invalid_credentials");

    client.log_out().await.ok();
    client.ask_for_log_in_code(NEW).await.ok();
    client.log_in_with_code(NEW, &app.code_to(NEW).await).await.ok();
    assert_eq!(app.database.users().await, 1);
}

#[tokio::test]
async fn an_account_made_while_the_code_was_on_its_way_is_proven_and_not_doubled() {
    let app = app_with_sign_up().await;
    let owner = app.client();
    owner.ask_for_log_in_code(ALICE).await.ok();
    let code = app.code_to(ALICE).await;
    let thief = app.user("alice").await;
    owner.log_in_with_code(ALICE, &code).await.ok();
    assert!(owner.is_signed_in().await && !thief.is_signed_in().await);
    assert_eq!(app.database.users().await, 1);
}

#[tokio::test]
async fn an_address_that_may_have_no_account_gets_no_code() {
    let app = app_with_sign_ups(SignUps::Domains(vec!["example.org".to_owned()])).await;
    let refused = app.client().ask_for_log_in_code(NEW).await;
    let allowed = app.client().ask_for_log_in_code("new@example.org").await;
    assert_eq!(refused.status_and_body(), allowed.status_and_body());
    let mails = app.mails().await;
    assert_eq!(mails.len(), 1);
    let client = app.client();
    client.log_in_with_code("new@example.org", &mails[0].code()).await.ok();
}

#[tokio::test]
async fn every_failing_field_is_listed_at_once() {
    let app = app_with_codes().await;
    let client = app.client();
    let asked = client.post("/api/auth/login/code", &json!({ "email": "x" })).await;
    assert_eq!(asked.issues(), ["email: invalid_email"]);
    let verify = client.post("/api/auth/login/code/verify", &json!({ "email": 1 })).await;
    assert_eq!(verify.issues(), ["email: invalid_type", "code: required"]);
    let long = client.log_in_with_code(ALICE, &"1".repeat(65)).await;
    assert_eq!(long.issues(), ["code: too_long"]);
}
