//! Attacks on password resets. `V…` numbers the defects that other services had.

use serde_json::{Value, json};

use super::reset::{NEW, alice_with_a_code, wrong};
use crate::helpers::{ALICE, Answer, PASSWORD, TestApp, at_once, contains};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn v8_of_fifty_parallel_uses_of_one_code_one_succeeds() {
    let app = TestApp::new().await;
    let (_, code) = alice_with_a_code(&app).await;
    let answers = at_once(50, |number| {
        let (client, code, new) = (app.client(), code.clone(), format!("new password {number}"));
        async move { client.reset_password(ALICE, &code, &new).await }
    });
    let is_success = |answer: &Answer| answer.status == 200;
    let (successes, failures): (Vec<_>, Vec<_>) = answers.await.into_iter().partition(is_success);
    assert_eq!(successes.len(), 1);
    for answer in failures {
        answer.fails(404, "otp_not_found");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn v18_of_ten_thousand_guesses_five_are_checked() {
    let app = TestApp::new().await;
    let (_, code) = alice_with_a_code(&app).await;
    let checked = at_once(100, |_| {
        let (client, guess) = (app.client(), wrong(&code));
        async move {
            let mut checked = 0;
            for _ in 0..100 {
                match client.reset_password(ALICE, &guess, NEW).await.status.as_u16() {
                    400 => checked += 1,
                    status => assert_eq!(status, 404),
                }
            }
            checked
        }
    });
    assert_eq!(checked.await.iter().sum::<i32>(), 5);
    assert_eq!(app.count("SELECT MAX(guesses + guesses_by_asker) FROM codes").await, 5);
    // After five guesses even the right code does not work.
    let late = app.client().reset_password(ALICE, &code, NEW).await;
    late.fails(404, "otp_not_found");
    app.log_in(ALICE, PASSWORD).await.ok();
}

#[tokio::test]
async fn v27_answers_do_not_tell_whether_an_address_has_an_account() {
    let app = TestApp::new().await;
    app.user("alice").await;
    let unknown = "unknown@example.com";
    let client = app.client();
    let [yes, no] = [client.ask_for_reset(ALICE).await, client.ask_for_reset(unknown).await];
    assert_eq!(yes.status_and_body(), no.status_and_body());
    let guess = wrong(&app.code_to(ALICE).await);
    for round in 0..7 {
        let yes = client.reset_password(ALICE, &guess, NEW).await;
        let no = client.reset_password(unknown, &guess, NEW).await;
        assert_eq!(yes.status_and_body(), no.status_and_body(), "round {round}");
        let yes = client.reset_password_by_otp(ALICE, &guess, NEW).await;
        let no = client.reset_password_by_otp(unknown, &guess, NEW).await;
        assert_eq!(yes.status_and_body(), no.status_and_body(), "round {round}");
    }
}

#[tokio::test]
async fn v3_a_code_works_for_one_account_and_one_purpose() {
    let app = TestApp::new().await;
    let (alice, to_reset) = alice_with_a_code(&app).await;
    let bob = app.user("bob").await;
    alice.send_email_code().await.ok();
    let to_verify = app.code_to(ALICE).await;
    app.client().ask_for_reset(&bob.email).await.ok();

    let other_purpose = app.client().reset_password(ALICE, &to_verify, NEW).await;
    other_purpose.fails(400, "invalid_otp");
    let other_account = app.client().reset_password(&bob.email, &to_reset, NEW).await;
    other_account.fails(400, "invalid_otp");
    alice.verify_email(&to_reset).await.fails(400, "invalid_otp");
}

#[tokio::test]
async fn v6_a_password_is_not_replaced_without_a_code() {
    let app = TestApp::new().await;
    app.user("alice").await;
    for code in ["00000000", "12345678", " ", "null"] {
        let status = app.client().reset_password(ALICE, code, NEW).await.status.as_u16();
        assert!(matches!(status, 400 | 404), "{code}: {status}");
    }
    let body = json!({ "new_password": NEW });
    let path = format!("/{ALICE}/reset-password");
    assert_eq!(app.client().post(&path, &body).await.issues(), ["otp: required"]);
    app.log_in(ALICE, PASSWORD).await.ok();
}

#[tokio::test]
async fn v7_a_password_change_voids_open_codes() {
    let app = TestApp::new().await;
    let (alice, code) = alice_with_a_code(&app).await;
    alice.change_password(PASSWORD, NEW).await.ok();
    let reset = app.client().reset_password(ALICE, &code, "yet another password").await;
    reset.fails(404, "otp_not_found");
    app.log_in(ALICE, NEW).await.ok();
}

#[tokio::test]
async fn v9_v13_v14_one_mailbox_is_one_account_however_it_is_written() {
    let app = TestApp::new().await;
    app.client().sign_up("jane@b\u{fc}cher.example", PASSWORD).await.ok();
    let one_mailbox = [
        "Jane@B\u{fc}cher.example",
        "jane@xn--bcher-kva.example",
        "JANE@bu\u{308}cher.example",
    ];
    for written in one_mailbox {
        let answer = app.client().sign_up(written, PASSWORD).await;
        answer.fails(409, "email_taken");
        app.log_in(written, PASSWORD).await.ok();
    }
    for disguised in [
        "jane\u{ff20}evil.example",
        "jane\u{ff20}b@evil.example",
        "jane@xn--.example",
    ] {
        let answer = app.client().sign_up(disguised, PASSWORD).await;
        assert_eq!(answer.issues(), ["email: invalid_email"], "{disguised}");
    }
    assert_eq!(app.database.users().await, 1);
}

#[tokio::test]
async fn v12_the_mail_goes_to_the_stored_address() {
    let app = TestApp::new().await;
    app.client().sign_up("Jane.Doe@Example.com", PASSWORD).await.ok();
    for typed in ["jane.doe@example.com", "JANE.DOE@EXAMPLE.COM"] {
        app.client().ask_for_reset(typed).await.ok();
    }
    let mails = app.mails().await;
    assert_eq!(mails.len(), 2);
    assert!(mails.iter().all(|mail| mail.to == "Jane.Doe@Example.com"), "{mails:?}");
    // The dotless i of another alphabet is not the i of this address.
    app.client().ask_for_reset("jane.doe@example\u{131}.com").await;
    assert_eq!(app.mails().await.len(), 2);
}

#[tokio::test]
async fn v10_v11_a_request_that_names_several_addresses_is_invalid() {
    let app = TestApp::new().await;
    app.user("alice").await;
    let hostile = [
        json!([ALICE, "evil@example.com"]),
        json!(format!("{ALICE},evil@example.com")),
        json!(format!("{ALICE}\r\nBcc: evil@example.com")),
        json!(format!("Evil <{ALICE}>")),
        json!({ "email": ALICE }),
        Value::Null,
    ];
    for email in hostile {
        let body = json!({ "action": "create", "email": email });
        let answer = app.client().post("/auth/otp", &body).await;
        assert_eq!(answer.issues().len(), 1, "{email}");
    }
    assert!(app.mails().await.is_empty());
}

#[tokio::test]
async fn v15_v16_mails_name_the_configured_address_whatever_a_request_says() {
    let app = TestApp::new().await;
    app.user("alice").await;
    let hostile = [
        ("host", "evil.example"),
        ("x-forwarded-host", "evil.example"),
        ("forwarded", "host=evil.example"),
    ];
    let body = json!({ "action": "create", "email": ALICE });
    let sent = app.client().send_json_with("POST", "/auth/otp", &hostile, &body).await;
    sent.ok();
    app.mails().await;
    let mails = serde_json::to_string(&app.app.mailer.inbox_mails()).unwrap();
    assert!(mails.contains("localhost:8080") && !mails.contains("evil.example"));
}

#[tokio::test]
async fn v1_the_first_reset_by_mail_ends_what_an_attacker_had_planted() {
    let app = TestApp::new().await;
    // An attacker registers Alice's address, stays signed in everywhere, and holds a code for an address of their own.
    let planted = app.user("alice").await;
    let tokens = planted.tokens().await;
    planted.change_email("evil@example.com").await.ok();
    let planted_code = app.code_to("evil@example.com").await;

    // Alice finds the account and resets its password by mail, which confirms her address.
    app.client().ask_for_reset(ALICE).await.ok();
    let code = app.code_to(ALICE).await;
    app.client().reset_password(ALICE, &code, NEW).await.ok();

    assert!(!planted.is_signed_in().await);
    app.client().refresh(&tokens.refresh).await.assert_status(401);
    app.log_in(ALICE, PASSWORD).await.fails(401, "invalid_credentials");
    let owner = app.client();
    owner.log_in(ALICE, NEW).await.ok();
    owner.verify_email(&planted_code).await.fails(400, "invalid_otp");
    let session = owner.session().await;
    assert_eq!(session["user"]["email_verified"], true);
    assert_eq!(session["user"]["primary_email"], ALICE);
}

#[tokio::test]
async fn v5_codes_are_in_the_mail_and_nowhere_else() {
    let app = TestApp::new().await;
    let alice = app.user("alice").await;
    let asked = alice.ask_for_reset(ALICE).await;
    let waiting = app.database.dump().await;
    let code = app.code_to(ALICE).await;
    assert!(!asked.body.contains(&code));
    for stored in [waiting, app.database.dump().await] {
        assert!(!contains(&stored, code.as_bytes()), "the code is stored");
    }
    let export = alice.export().await;
    assert!(!export.ok().body.contains(&code));
}
