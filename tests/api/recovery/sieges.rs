//! B1: a stranger who uses up every limit of an account can't keep its owner from recovering it.

use chrono::TimeDelta;
use neptun_auth::model::limit::Rates;

use super::reset::{NEW, wrong};
use crate::helpers::{Client, PASSWORD, TestApp, TestMail, TestUser};

const HOME: &str = "198.51.100.20";
const AWAY: &str = "192.0.2.1";
const STRANGER: &str = "203.0.113.9";
const VICTIM: &str = "victim@example.com";

/// The limits that the service has by default.
fn default_limits() -> Rates {
    let rate = |text: &str| text.parse().unwrap();
    Rates {
        sign_up: rate("100/h"),
        log_in: rate("300/h"),
        refresh: rate("600/m"),
        mail: rate("30/h"),
        mail_to: rate("5/h"),
        failures: rate("10/15m"),
    }
}

/// An account that has been used at [`HOME`], and its browser there.
async fn app_with_victim() -> (TestApp, TestUser) {
    let app = TestApp::with_setup(|setup| {
        setup.limits = Some(default_limits());
        setup.mail.recovery_url = Some("https://app.example.com/reset".parse().unwrap());
    })
    .await;
    let victim = app.user_at(HOME, "victim").await;
    victim.log_out().await.ok();
    (app, victim)
}

/// For two hours: in each, 11 wrong passwords, and 18 requests for a code with wrong guesses after each.
async fn besiege(app: &TestApp) -> Client {
    let stranger = app.client().at(STRANGER);
    for round in 0..36 {
        if round % 18 == 0 {
            for _ in 0..11 {
                stranger.log_in(VICTIM, "not the password").await;
            }
        }
        stranger.ask_for_reset(VICTIM).await;
        for _ in 0..6 {
            stranger.reset_password(VICTIM, "00000000", NEW).await;
        }
        app.mails().await;
        app.clock.advance(TimeDelta::seconds(200));
    }
    for _ in 0..11 {
        stranger.log_in(VICTIM, "not the password").await;
    }
    stranger.log_in(VICTIM, "not the password").await.throttled("failures");
    for _ in 0..6 {
        stranger.ask_for_reset(VICTIM).await;
    }
    stranger.ask_for_reset(VICTIM).await.fails(429, "too_many_requests");
    stranger
}

#[tokio::test]
async fn the_owner_recovers_from_an_unknown_network_by_the_link_in_any_of_the_mails() {
    let (app, _) = app_with_victim().await;
    besiege(&app).await;
    let owner = app.client().at(AWAY);
    // Here the owner can't be told from a stranger.
    owner.log_in(VICTIM, PASSWORD).await.throttled("failures");
    owner.ask_for_reset(VICTIM).await.fails(429, "too_many_requests");

    let mails = app.mails().await;
    let newest = mails.iter().find_map(TestMail::recovery_key).expect("a link in a mail");
    owner.reset_password_with_key(&newest, NEW).await.ok();
    owner.log_in(VICTIM, NEW).await.ok();
}

#[tokio::test]
async fn the_owner_recovers_from_a_known_network_or_device_by_the_digits() {
    for (browser_is_known, ip) in [(false, HOME), (true, AWAY)] {
        let (app, victim) = app_with_victim().await;
        let stranger = besiege(&app).await;
        let owner = if browser_is_known {
            victim.browser.clone().at(ip)
        } else {
            app.client().at(ip)
        };
        owner.ask_for_reset(VICTIM).await.ok();
        let code = app.code_to(VICTIM).await;
        // The stranger goes on: neither requests nor guesses touch the owner's code.
        app.clock.advance(TimeDelta::minutes(9));
        stranger.ask_for_reset(VICTIM).await;
        for number in 0..20 {
            let elsewhere = app.client().at(&format!("203.0.113.{number}"));
            elsewhere.reset_password(VICTIM, &wrong(&code), NEW).await;
        }
        let strangers_try = stranger.reset_password(VICTIM, &code, NEW).await;
        assert_ne!(strangers_try.status, 200, "the budget of all others is used up");
        owner.reset_password(VICTIM, &code, NEW).await.ok();
        owner.log_in(VICTIM, NEW).await.ok();
    }
}

#[tokio::test]
async fn a_code_has_five_guesses_for_the_client_that_asked_and_five_for_all_others() {
    let (app, _) = app_with_victim().await;
    let owner = app.client().at(HOME);
    owner.ask_for_reset(VICTIM).await.ok();
    let code = app.code_to(VICTIM).await;
    let mut compared = 0;
    for number in 0..30 {
        let client = app.client().at(&format!("203.0.113.{number}"));
        let status = client.reset_password(VICTIM, &wrong(&code), NEW).await.status.as_u16();
        compared += u32::from(status == 400);
    }
    assert_eq!(compared, 5);
    for _ in 0..4 {
        owner
            .reset_password(VICTIM, &wrong(&code), NEW)
            .await
            .fails(400, "invalid_otp");
    }
    owner.reset_password(VICTIM, &code, NEW).await.ok();
}

#[tokio::test]
async fn the_asker_who_has_guessed_five_times_gets_no_more() {
    let (app, _) = app_with_victim().await;
    let owner = app.client().at(HOME);
    owner.ask_for_reset(VICTIM).await.ok();
    let code = app.code_to(VICTIM).await;
    for _ in 0..5 {
        owner
            .reset_password(VICTIM, &wrong(&code), NEW)
            .await
            .fails(400, "invalid_otp");
    }
    owner
        .reset_password(VICTIM, &code, NEW)
        .await
        .fails(404, "otp_not_found");
    // The code that was asked for at home works elsewhere too.
    app.client().at(AWAY).reset_password(VICTIM, &code, NEW).await.ok();
}

#[tokio::test]
async fn a_known_place_gets_three_codes_an_hour_besides_the_three_of_all_others() {
    let (app, _) = app_with_victim().await;
    for ip in [STRANGER, HOME] {
        let client = app.client().at(ip);
        for _ in 0..3 {
            client.ask_for_reset(VICTIM).await.ok();
            app.mails().await;
        }
        client.ask_for_reset(VICTIM).await.fails(429, "too_many_requests");
    }
    let mails = app.mails().await;
    assert_eq!(mails.len(), 6);
    // The last code of each place works.
    for (ip, mail) in [(AWAY, &mails[3]), (HOME, &mails[0])] {
        let reset = app
            .client()
            .at(ip)
            .reset_password(VICTIM, &wrong(&mail.code()), NEW)
            .await;
        reset.fails(400, "invalid_otp");
    }
    app.client()
        .at(HOME)
        .reset_password(VICTIM, &mails[3].code(), NEW)
        .await
        .ok();
}

#[tokio::test]
async fn an_account_that_does_not_exist_has_no_known_place() {
    let (_app, victim) = app_with_victim().await;
    for _ in 0..3 {
        victim.ask_for_reset("unknown@example.com").await.ok();
    }
    let fourth = victim.ask_for_reset("unknown@example.com").await;
    fourth.fails(429, "too_many_requests");
}
