//! `POST /api/auth/password/reset`: the key of a mailed link.

use chrono::TimeDelta;
use insta::assert_snapshot;
use serde_json::json;

use super::reset::{NEW, alice_with_a_code};
use crate::helpers::{ALICE, Answer, PASSWORD, TestApp, TestUser, at_once, contains};

/// An app whose mails have links.
pub async fn with_links() -> TestApp {
    TestApp::with_setup(|setup| setup.mail.recovery_url = Some("https://app.example.com/reset".parse().unwrap())).await
}

/// The key in the newest mail to Alice, for whom a client has just asked for a reset.
async fn key_of_alice(app: &TestApp) -> String {
    app.client().ask_for_reset(ALICE).await.ok();
    app.mail_to(ALICE).await.recovery_key().expect("a link in the mail")
}

async fn alice_with_a_key() -> (TestApp, TestUser, String) {
    let app = with_links().await;
    let alice = app.user("alice").await;
    let key = key_of_alice(&app).await;
    (app, alice, key)
}

#[tokio::test]
async fn a_key_replaces_the_password_and_ends_every_session() {
    let (app, alice, key) = alice_with_a_key().await;
    assert_eq!(key.len(), 43, "256 bits");
    let link = app.mail_to(ALICE).await.text;
    assert!(
        link.contains(&format!("https://app.example.com/reset#key={key}\n")),
        "{link}"
    );
    let somewhere = app.client().at("192.0.2.1");
    let done = somewhere.reset_password_with_key(&key, NEW).await;
    assert_snapshot!(done, @r#"
    200 OK
    {
      "success": true,
      "message": "Successfully reset password."
    }
    "#);
    assert_eq!(done.set_cookie(), None);
    assert!(!alice.is_signed_in().await);
    app.log_in(ALICE, PASSWORD).await.fails(401, "invalid_credentials");
    assert_eq!(app.mail_to(ALICE).await.subject, "Your password was changed");
    let owner = app.client();
    owner.log_in(ALICE, NEW).await.ok();
    assert_eq!(owner.session().await["user"]["email_verified"], true);
    let again = somewhere.reset_password_with_key(&key, PASSWORD).await;
    again.fails(400, "invalid_otp");
}

#[tokio::test]
async fn three_keys_live_side_by_side_and_a_fourth_mail_has_none() {
    let (app, _, first) = alice_with_a_key().await;
    let home = app.user_at("198.51.100.20", "bob").await;
    let mut keys = vec![first];
    for _ in 0..2 {
        keys.push(key_of_alice(&app).await);
    }
    // The account knows this network, so it has codes of its own.
    app.client().at("198.51.100.20").log_in(ALICE, PASSWORD).await.ok();
    home.ask_for_reset(ALICE).await.ok();
    let fourth = app.mail_to(ALICE).await;
    assert_eq!(fourth.recovery_key(), None, "{}", fourth.text);
    assert_eq!(fourth.code().len(), 8);

    // The oldest works, and ends the others and the code.
    app.client().reset_password_with_key(&keys[0], NEW).await.ok();
    for key in &keys {
        let late = app.client().reset_password_with_key(key, PASSWORD).await;
        late.fails(400, "invalid_otp");
    }
    let late = home.reset_password(ALICE, &fourth.code(), PASSWORD).await;
    late.fails(404, "otp_not_found");
    // Used keys leave room for new ones.
    app.clock.advance(TimeDelta::hours(1));
    key_of_alice(&app).await;
}

#[tokio::test]
async fn a_key_is_valid_for_an_hour() {
    let (app, _, key) = alice_with_a_key().await;
    app.clock.advance(TimeDelta::minutes(59));
    let too_short = app.client().reset_password_with_key(&key, "short").await;
    assert_eq!(too_short.issues(), ["new_password: too_short"]);
    app.clock.advance(TimeDelta::minutes(1));
    let late = app.client().reset_password_with_key(&key, NEW).await;
    late.fails(400, "invalid_otp");
}

/// What ends a key: a change of the password or of the address, a reset by code, and deletion.
#[tokio::test]
async fn a_key_ends_with_everything_that_proves_or_removes_the_owner() {
    for ending in ["password", "code", "address", "deletion"] {
        let app = with_links().await;
        let alice = app.verified_user("alice").await;
        let key = key_of_alice(&app).await;
        match ending {
            "password" => {
                alice.change_password(PASSWORD, NEW).await.ok();
            }
            "code" => {
                let code = app.code_to(ALICE).await;
                app.client().reset_password(ALICE, &code, NEW).await.ok();
            }
            "address" => {
                alice.change_email("new@example.com").await.ok();
                alice.verify_email(&app.code_to("new@example.com").await).await.ok();
            }
            _ => {
                alice.delete_account().await.ok();
            }
        }
        let late = app.client().reset_password_with_key(&key, "yet another password").await;
        late.fails(400, "invalid_otp");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_uses_of_two_keys_at_the_same_time_one_succeeds() {
    let (app, _, first) = alice_with_a_key().await;
    let second = key_of_alice(&app).await;
    let (other_instance, _) = app.second_app().await;
    let answers = at_once(40, |number| {
        let key = [&first, &second][number % 2].clone();
        let client = if number % 4 < 2 {
            app.client()
        } else {
            other_instance.another()
        };
        async move {
            client
                .reset_password_with_key(&key, &format!("new password {number}"))
                .await
        }
    });
    let is_success = |answer: &Answer| answer.status == 200;
    let (successes, failures): (Vec<_>, Vec<_>) = answers.await.into_iter().partition(is_success);
    assert_eq!(successes.len(), 1);
    for answer in failures {
        answer.fails(400, "invalid_otp");
    }
}

/// A request that has looked the account up before it moves must not mail a key to the address that it leaves.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_key_to_a_former_address_survives_the_move() {
    let app = with_links().await;
    for round in 0..20 {
        let (old, new) = (format!("old{round}@example.com"), format!("new{round}@example.com"));
        let user = app.user(&format!("old{round}")).await;
        user.change_email(&new).await.ok();
        let code = app.code_to(&new).await;
        let answers = at_once(4, |number| {
            let (client, owner, code, old) = (app.client(), user.browser.clone(), code.clone(), old.clone());
            async move {
                match number {
                    0 => owner.verify_email(&code).await,
                    _ => client.ask_for_reset(&old).await,
                }
            }
        });
        for answer in answers.await {
            answer.ok();
        }
        for mail in app.mails().await.iter().filter(|mail| mail.to == old) {
            if let Some(key) = mail.recovery_key() {
                let late = app.client().reset_password_with_key(&key, NEW).await;
                late.fails(400, "invalid_otp");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deletion_and_a_reset_at_the_same_time_wait_for_each_other() {
    let app = with_links().await;
    for round in 0..20 {
        let user = app.user(&format!("user{round}")).await;
        app.client().ask_for_reset(&user.email).await.ok();
        let key = app.mail_to(&user.email).await.recovery_key().unwrap();
        let statuses = at_once(3, |number| {
            let (client, owner, key) = (app.client(), user.browser.clone(), key.clone());
            let email = user.email.clone();
            async move {
                let answer = match number {
                    0 => owner.delete_account().await,
                    1 => client.reset_password_with_key(&key, NEW).await,
                    _ => client.ask_for_reset(&email).await,
                };
                answer.status.as_u16()
            }
        });
        let statuses = statuses.await;
        let is_one_or_the_other = matches!(statuses[..2], [200, 200 | 400] | [401, 200]);
        assert!(is_one_or_the_other && statuses[2] == 200, "{statuses:?}");
        let late = app.client().reset_password_with_key(&key, NEW).await;
        late.fails(400, "invalid_otp");
    }
}

#[tokio::test]
async fn other_texts_and_codes_are_no_keys() {
    let (app, _, key) = alice_with_a_key().await;
    let code = app.code_to(ALICE).await;
    let first = if key.starts_with('A') { 'B' } else { 'A' };
    let changed = format!("{first}{}", &key[1..]);
    for guess in [&code, &changed, &key[1..], "null", "AAAAAAAAAAAAAAAAAAAAAA"] {
        let answer = app.client().reset_password_with_key(guess, NEW).await;
        answer.fails(400, "invalid_otp");
    }
    let as_code = app.client().reset_password(ALICE, &key, NEW).await;
    as_code.fails(400, "invalid_otp");
    app.client().restore_email(&key).await.fails(400, "invalid_otp");
    let issues = app.client().post("/api/auth/password/reset", &json!({})).await.issues();
    assert_eq!(issues, ["key: required", "new_password: required"]);
    let same = app.client().reset_password_with_key(&key, &ALICE.to_uppercase()).await;
    assert_eq!(same.issues(), ["new_password: same_as_email"]);
    app.client().reset_password_with_key(&key, NEW).await.ok();
}

#[tokio::test]
async fn a_key_is_in_the_mail_and_nowhere_else() {
    let app = with_links().await;
    let alice = app.user("alice").await;
    let asked = alice.ask_for_reset(ALICE).await;
    let waiting = app.database.dump().await;
    let key = app.mail_to(ALICE).await.recovery_key().unwrap();
    assert!(!asked.body.contains(&key));
    for stored in [waiting, app.database.dump().await] {
        assert!(!contains(&stored, key.as_bytes()), "the key is stored");
    }
    let export = alice.export().await;
    assert!(export.ok().body.contains("recovery_key") && !export.body.contains(&key));
}

#[tokio::test]
async fn an_address_without_an_account_causes_the_same_work() {
    let app = with_links().await;
    app.client().ask_for_reset("unknown@example.com").await.ok();
    assert_eq!(app.count("SELECT COUNT(*) FROM codes").await, 2);
    assert!(app.mails().await.is_empty());
}

#[tokio::test]
async fn without_a_page_for_it_a_mail_has_no_link() {
    let app = TestApp::new().await;
    alice_with_a_code(&app).await;
    let mail = app.mail_to(ALICE).await;
    assert!(
        !mail.text.contains("#key=") && !mail.text.contains("http"),
        "{}",
        mail.text
    );
    assert_eq!(app.count("SELECT COUNT(*) FROM codes").await, 1);
}
