//! `POST /auth/otp` and `POST /{email}/reset-password`.

use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::helpers::{Answer, Client, PASSWORD, TestApp};

const USER: &str = "user@example.com";
const NEW: &str = "a new long password";

async fn ask(client: &Client, email: &str) -> Answer {
    let body = json!({ "action": "create", "email": email });
    client.post("/auth/otp", &body).await
}

async fn validate(client: &Client, email: &str, code: &str, new: &str) -> Answer {
    let body = json!({ "action": "validate", "email": email, "otp": code, "new_password": new });
    client.post("/auth/otp", &body).await
}

async fn reset(client: &Client, email: &str, code: &str, new: &str) -> Answer {
    let body = json!({ "otp": code, "new_password": new });
    client.post(&format!("/{email}/reset-password"), &body).await
}

/// Another code than `code`.
fn wrong(code: &str) -> String {
    let last = if code.ends_with('0') { "1" } else { "0" };
    format!("{}{last}", &code[..code.len() - 1])
}

#[tokio::test]
async fn both_published_ways_replace_the_password() {
    let app = TestApp::new().await;
    app.signed_up(USER).await;
    let client = app.client();

    let created = ask(&client, USER).await;
    assert_eq!(
        created.json(),
        json!({ "success": true, "message": "Successfully sent OTP." })
    );
    let code = app.code_to(USER).await;
    assert_eq!(code.len(), 8);
    let done = validate(&client, USER, &code, NEW).await;
    let expected = json!({ "success": true, "message": "Successfully validated OTP and reset password." });
    assert_eq!(done.json(), expected);
    client
        .log_in(USER, PASSWORD)
        .await
        .assert_error(401, "invalid_credentials");
    client.log_in(USER, NEW).await.assert_status(200);

    ask(&client, USER).await.assert_status(200);
    let code = app.code_to(USER).await;
    assert_eq!(
        reset(&client, "User%40Example.com", &code, PASSWORD).await.json(),
        expected
    );
    client.log_in(USER, PASSWORD).await.assert_status(200);
}

#[tokio::test]
async fn a_reset_ends_every_session_logs_nobody_in_and_sends_a_notice() {
    let app = TestApp::new().await;
    let browser = app.signed_up(USER).await;
    let tokens = app.client().token_pair(USER, PASSWORD).await;
    ask(&browser, USER).await.assert_status(200);
    let code = app.code_to(USER).await;

    let somewhere = app.client();
    let done = reset(&somewhere, USER, &code, NEW).await;
    done.assert_status(200);
    assert_eq!(done.set_cookie(), None);
    assert_eq!(somewhere.session_status().await, 401);
    assert_eq!(browser.session_status().await, 401);
    app.client().refresh(&tokens.refresh).await.assert_status(401);
    assert_eq!(app.mail_to(USER).await.subject, "Your password was changed");
}

#[tokio::test]
async fn a_code_works_once_and_the_newest_only() {
    let app = TestApp::new().await;
    app.signed_up(USER).await;
    let client = app.client();
    ask(&client, USER).await.assert_status(200);
    let first = app.code_to(USER).await;
    ask(&client, USER).await.assert_status(200);
    let second = app.code_to(USER).await;
    assert_ne!(first, second);
    reset(&client, USER, &first, NEW).await.assert_error(400, "invalid_otp");
    reset(&client, USER, &second, NEW).await.assert_status(200);
    reset(&client, USER, &second, PASSWORD)
        .await
        .assert_error(404, "otp_not_found");
}

#[tokio::test]
async fn a_code_ends_after_ten_minutes() {
    let app = TestApp::new().await;
    app.signed_up(USER).await;
    let client = app.client();
    ask(&client, USER).await.assert_status(200);
    let code = app.code_to(USER).await;
    app.clock.advance(TimeDelta::minutes(10));
    validate(&client, USER, &code, NEW)
        .await
        .assert_error(400, "invalid_otp");
    reset(&client, USER, &code, NEW)
        .await
        .assert_error(404, "otp_not_found");
}

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
async fn v18_of_many_parallel_guesses_five_are_looked_at() {
    let app = TestApp::new().await;
    app.signed_up(USER).await;
    ask(&app.client(), USER).await.assert_status(200);
    let code = app.code_to(USER).await;
    let guesses: Vec<_> = (0..100)
        .map(|_| {
            let (client, guess) = (app.client(), wrong(&code));
            tokio::spawn(async move { reset(&client, USER, &guess, NEW).await.status.as_u16() })
        })
        .collect();
    let mut looked_at = 0;
    for status in guesses {
        match status.await.unwrap() {
            400 => looked_at += 1,
            status => assert_eq!(status, 404),
        }
    }
    assert_eq!(looked_at, 5);
    assert_eq!(app.database.count("SELECT MAX(guesses) FROM codes").await, 5);
    // Now even the right one is too late.
    reset(&app.client(), USER, &code, NEW)
        .await
        .assert_error(404, "otp_not_found");
    app.client().log_in(USER, PASSWORD).await.assert_status(200);
}

#[tokio::test]
async fn three_codes_are_sent_in_an_hour_to_any_address() {
    let app = TestApp::new().await;
    app.signed_up(USER).await;
    for email in [USER, "nobody@example.com"] {
        for _ in 0..3 {
            ask(&app.client(), email).await.assert_status(200);
            app.mails().await;
            app.clock.advance(TimeDelta::minutes(10));
        }
        let refusal = ask(&app.client(), &email.to_uppercase()).await;
        refusal.assert_error(429, "too_many_requests");
        assert_eq!(refusal.header("retry-after"), Some("1800"), "{email}");
        app.clock.advance(TimeDelta::minutes(30));
        ask(&app.client(), email).await.assert_status(200);
        app.mails().await;
        ask(&app.client(), email).await.assert_error(429, "too_many_requests");
        app.clock.advance(TimeDelta::hours(1));
    }
    assert_eq!(app.mails().await.len(), 4, "the unknown address gets none");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_codes_are_sent_however_many_are_asked_for_at_once() {
    let app = TestApp::new().await;
    app.signed_up(USER).await;
    let asked: Vec<_> = (0..30)
        .map(|_| {
            let client = app.client();
            tokio::spawn(async move { ask(&client, USER).await.status.as_u16() })
        })
        .collect();
    let mut sent = 0;
    for status in asked {
        match status.await.unwrap() {
            200 => sent += 1,
            status => assert_eq!(status, 429),
        }
    }
    assert_eq!((sent, app.mails().await.len()), (3, 3));
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
async fn what_is_wrong_with_a_request_is_said_at_once() {
    let app = TestApp::new().await;
    let client = app.client();
    let cases = [
        (json!({}), vec![("action", "required"), ("email", "required")]),
        (
            json!({ "action": "delete", "email": USER }),
            vec![("action", "invalid_choice")],
        ),
        (
            json!({ "action": "validate", "email": "x" }),
            vec![
                ("email", "invalid_email"),
                ("otp", "required"),
                ("new_password", "required"),
            ],
        ),
        (
            json!({ "action": "validate", "email": USER, "otp": "1", "new_password": USER }),
            vec![("new_password", "same_as_email")],
        ),
    ];
    for (body, expected) in cases {
        let expected: Vec<_> = expected
            .into_iter()
            .map(|(path, code)| (path.to_owned(), code.to_owned()))
            .collect();
        assert_eq!(client.post("/auth/otp", &body).await.issues(), expected, "{body}");
    }
    reset(&client, "no-address", "12345678", NEW)
        .await
        .assert_error(404, "otp_not_found");
    assert_eq!(
        reset(&client, USER, "12345678", "short").await.issues(),
        [("new_password".into(), "too_short".into())]
    );
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
