//! What attackers try with password resets, named after `V…`, defects that other services had.

use serde_json::{Value, json};

use super::reset::{NEW, USER, ask, reset, validate, wrong};
use crate::helpers::{PASSWORD, TestApp};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn v8_of_fifty_parallel_uses_of_one_code_one_succeeds() {
    let app = TestApp::new().await;
    app.signed_up(USER).await;
    ask(&app.client(), USER).await.assert_status(200);
    let code = app.code_to(USER).await;
    let uses: Vec<_> = (0..50)
        .map(|number| {
            let (client, code) = (app.client(), code.clone());
            tokio::spawn(async move { reset(&client, USER, &code, &format!("new password {number}")).await })
        })
        .collect();
    let mut successes = 0;
    for answer in uses {
        let answer = answer.await.unwrap();
        if answer.status == 200 {
            successes += 1;
        } else {
            answer.assert_error(404, "otp_not_found");
        }
    }
    assert_eq!(successes, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn v18_of_ten_thousand_guesses_five_are_looked_at() {
    let app = TestApp::new().await;
    app.signed_up(USER).await;
    ask(&app.client(), USER).await.assert_status(200);
    let code = app.code_to(USER).await;
    let guessers: Vec<_> = (0..100)
        .map(|_| {
            let (client, guess) = (app.client(), wrong(&code));
            tokio::spawn(async move {
                let mut looked_at = 0;
                for _ in 0..100 {
                    match reset(&client, USER, &guess, NEW).await.status.as_u16() {
                        400 => looked_at += 1,
                        status => assert_eq!(status, 404),
                    }
                }
                looked_at
            })
        })
        .collect();
    let mut looked_at = 0;
    for guesser in guessers {
        looked_at += guesser.await.unwrap();
    }
    assert_eq!(looked_at, 5);
    assert_eq!(app.database.count("SELECT MAX(guesses) FROM codes").await, 5);
    // Now even the right one is too late.
    let late = reset(&app.client(), USER, &code, NEW).await;
    late.assert_error(404, "otp_not_found");
    app.client().log_in(USER, PASSWORD).await.assert_status(200);
}

#[tokio::test]
async fn v27_answers_do_not_tell_whether_an_address_has_an_account() {
    let app = TestApp::new().await;
    app.signed_up(USER).await;
    let nobody = "nobody@example.com";
    let client = app.client();
    let both = [ask(&client, USER).await, ask(&client, nobody).await];
    assert_eq!((both[0].status, &both[0].body), (both[1].status, &both[1].body));
    let code = app.code_to(USER).await;
    for round in 0..7 {
        let known = reset(&client, USER, &wrong(&code), NEW).await;
        let unknown = reset(&client, nobody, &wrong(&code), NEW).await;
        assert_eq!(
            (known.status, &known.body),
            (unknown.status, &unknown.body),
            "round {round}"
        );
        let known = validate(&client, USER, &wrong(&code), NEW).await;
        let unknown = validate(&client, nobody, &wrong(&code), NEW).await;
        assert_eq!(
            (known.status, &known.body),
            (unknown.status, &unknown.body),
            "round {round}"
        );
    }
}

#[tokio::test]
async fn v3_a_code_is_good_for_one_account_and_one_purpose() {
    let app = TestApp::new().await;
    let user = app.signed_up(USER).await;
    app.signed_up("other@example.com").await;
    user.post("/api/auth/email/send-code", &json!({}))
        .await
        .assert_status(200);
    let to_verify = app.code_to(USER).await;
    ask(&app.client(), USER).await.assert_status(200);
    let to_reset = app.code_to(USER).await;
    ask(&app.client(), "other@example.com").await.assert_status(200);

    reset(&app.client(), USER, &to_verify, NEW)
        .await
        .assert_error(400, "invalid_otp");
    reset(&app.client(), "other@example.com", &to_reset, NEW)
        .await
        .assert_error(400, "invalid_otp");
    let verify = json!({ "code": to_reset });
    user.post("/api/auth/email/verify", &verify)
        .await
        .assert_error(400, "invalid_otp");
}

#[tokio::test]
async fn v6_a_password_is_not_replaced_without_a_code() {
    let app = TestApp::new().await;
    app.signed_up(USER).await;
    for code in ["00000000", "12345678", " ", "null"] {
        let status = reset(&app.client(), USER, code, NEW).await.status.as_u16();
        assert!(matches!(status, 400 | 404), "{code}: {status}");
    }
    let body = json!({ "new_password": NEW });
    let path = format!("/{USER}/reset-password");
    assert_eq!(
        app.client().post(&path, &body).await.issues(),
        [("otp".into(), "required".into())]
    );
    app.client().log_in(USER, PASSWORD).await.assert_status(200);
}

#[tokio::test]
async fn v7_a_password_change_makes_open_codes_void() {
    let app = TestApp::new().await;
    let user = app.signed_up(USER).await;
    ask(&app.client(), USER).await.assert_status(200);
    let code = app.code_to(USER).await;
    let body = json!({ "current_password": PASSWORD, "new_password": NEW });
    user.post("/api/auth/password", &body).await.assert_status(200);
    reset(&app.client(), USER, &code, "yet another password")
        .await
        .assert_error(404, "otp_not_found");
    app.client().log_in(USER, NEW).await.assert_status(200);
}

/// V9, V13, V14.
#[tokio::test]
async fn v9_v13_v14_one_mailbox_is_one_account_however_it_is_written() {
    let app = TestApp::new().await;
    app.signed_up("jane@b\u{fc}cher.example").await;
    let one_mailbox = [
        "Jane@B\u{fc}cher.example",
        "jane@xn--bcher-kva.example",
        "JANE@bu\u{308}cher.example",
    ];
    for written in one_mailbox {
        let answer = app.client().sign_up(written, PASSWORD).await;
        answer.assert_error(409, "email_taken");
        app.client().log_in(written, PASSWORD).await.assert_status(200);
    }
    for disguised in [
        "jane\u{ff20}evil.example",
        "jane\u{ff20}b@evil.example",
        "jane@xn--.example",
    ] {
        let answer = app.client().sign_up(disguised, PASSWORD).await;
        assert_eq!(
            answer.issues(),
            [("email".into(), "invalid_email".into())],
            "{disguised}"
        );
    }
    assert_eq!(app.database.users().await, 1);
}

#[tokio::test]
async fn v12_the_mail_goes_to_the_stored_address() {
    let app = TestApp::new().await;
    app.signed_up("Jane.Doe@Example.com").await;
    for typed in ["jane.doe@example.com", "JANE.DOE@EXAMPLE.COM"] {
        ask(&app.client(), typed).await.assert_status(200);
    }
    let mails = app.mails().await;
    assert_eq!(mails.len(), 2);
    assert!(mails.iter().all(|mail| mail.to == "Jane.Doe@Example.com"), "{mails:?}");
    // The dotless i of another alphabet is not the i of this address.
    ask(&app.client(), "jane.doe@example\u{131}.com").await;
    assert_eq!(app.mails().await.len(), 2);
}

#[tokio::test]
async fn v10_v11_one_address_is_asked_for_or_none() {
    let app = TestApp::new().await;
    app.signed_up(USER).await;
    let hostile = [
        json!([USER, "evil@example.com"]),
        json!(format!("{USER},evil@example.com")),
        json!(format!("{USER}\r\nBcc: evil@example.com")),
        json!(format!("Evil <{USER}>")),
        json!({ "email": USER }),
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
    app.signed_up(USER).await;
    let hostile = [
        ("content-type", "application/json"),
        ("host", "evil.example"),
        ("x-forwarded-host", "evil.example"),
        ("forwarded", "host=evil.example"),
    ];
    let body = json!({ "action": "create", "email": USER }).to_string();
    let sent = app
        .client()
        .send(poem::http::Method::POST, "/auth/otp", &hostile, body.into())
        .await;
    sent.assert_status(200);
    app.mails().await;
    let page = app.app.mailer.inbox_page().unwrap().unwrap();
    assert!(page.contains("localhost:8080") && !page.contains("evil.example"));
}

#[tokio::test]
async fn v1_the_first_proof_of_an_address_ends_what_was_planted_before() {
    let app = TestApp::new().await;
    // Somebody registers the address of another person, and stays signed in everywhere.
    let planted = app.signed_up(USER).await;
    let tokens = app.client().token_pair(USER, PASSWORD).await;
    let change = json!({ "email": "evil@example.com" });
    planted
        .send_json("PATCH", "/api/users/me", &change)
        .await
        .assert_status(200);
    let planted_code = app.code_to("evil@example.com").await;

    // Its owner finds the account and proves the address.
    ask(&app.client(), USER).await.assert_status(200);
    let code = app.code_to(USER).await;
    reset(&app.client(), USER, &code, NEW).await.assert_status(200);

    assert_eq!(planted.session_status().await, 401);
    app.client().refresh(&tokens.refresh).await.assert_status(401);
    app.client()
        .log_in(USER, PASSWORD)
        .await
        .assert_error(401, "invalid_credentials");
    let owner = app.client();
    owner.log_in(USER, NEW).await.assert_status(200);
    let body = json!({ "code": planted_code });
    owner
        .post("/api/auth/email/verify", &body)
        .await
        .assert_error(400, "invalid_otp");
    let session = owner.get("/api/auth/session").await.json();
    assert_eq!(session["user"]["email_verified"], true);
    assert_eq!(session["user"]["primary_email"], USER);
}

#[tokio::test]
async fn v5_codes_stand_in_the_mail_and_nowhere_else() {
    let app = TestApp::new().await;
    let user = app.signed_up(USER).await;
    let asked = ask(&user, USER).await;
    let waiting = app.database.dump().await;
    let code = app.code_to(USER).await;
    assert!(!asked.body.contains(&code));
    for stored in [waiting, app.database.dump().await] {
        assert!(
            !stored.windows(8).any(|window| window == code.as_bytes()),
            "the code is stored"
        );
    }
    let export = user.get("/api/users/me/export").await;
    assert!(!export.assert_status(200).body.contains(&code));
}
