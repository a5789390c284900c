//! Bodies that are too large, of the wrong kind, or hostile: each has a defined answer, which never repeats the body.

use poem::Body;
use poem::http::Method;

use crate::helpers::{ALICE, Answer, TestApp};

const JSON: (&str, &str) = ("content-type", "application/json");

async fn post(app: &TestApp, headers: &[(&str, &str)], body: impl Into<Body>) -> Answer {
    let client = app.client();
    client
        .send(Method::POST, "/api/auth/sign-up", headers, body.into())
        .await
}

#[tokio::test]
async fn other_media_types_are_answered_with_415() {
    let app = TestApp::new().await;
    let body = r#"{"email":"alice@example.com","password":"correct horse battery"}"#;
    for media_type in [
        "text/plain",
        "multipart/form-data; boundary=x",
        "application/xml",
        "text/html",
        "application/jsonp",
    ] {
        let answer = post(&app, &[("content-type", media_type)], body).await;
        answer.fails(415, "unsupported_media_type");
    }
    post(&app, &[], body).await.fails(415, "unsupported_media_type");
    let with_charset = [("content-type", "application/json; charset=UTF-8")];
    post(&app, &with_charset, body).await.ok();
}

#[tokio::test]
async fn a_415_says_what_to_send() {
    let app = TestApp::new().await;
    let alice = app.user("alice").await;
    let (json, both) = (
        "application/json",
        "application/json, application/x-www-form-urlencoded",
    );
    for (method, path, accept) in [
        (Method::POST, "/api/auth/sign-up", both),
        (Method::POST, "/api/auth/login", both),
        (Method::POST, "/api/auth/password", json),
        (Method::PATCH, "/api/users/me", json),
        (Method::POST, "/auth/otp", json),
        (Method::POST, "/alice@example.com/reset-password", json),
        (Method::POST, "/api/auth/email/verify", json),
        (Method::POST, "/api/auth/email/restore", json),
        (Method::POST, "/api/sign-up/", both),
        (Method::POST, "/api/token/", both),
        (Method::POST, "/api/token/refresh/", both),
        (Method::POST, "/api/token/verify/", both),
        (Method::POST, "/api/token/blacklist/", both),
        (Method::POST, "/api/auth/token", json),
        (Method::DELETE, "/api/users/me", json),
    ] {
        let send = |name: &'static str, value: &'static str| {
            let headers = [("content-type", json), (name, value)];
            let headers = if name == "content-type" {
                headers[1..].to_vec()
            } else {
                headers.to_vec()
            };
            let (alice, method) = (&alice, method.clone());
            async move { alice.send(method, path, &headers, Body::from("{}")).await }
        };
        let answer = send("content-type", "text/plain").await;
        answer.assert_status(415);
        assert_eq!(answer.header("accept"), Some(accept), "{path}");
        let accept_of = |name| (method.as_str() == name).then_some(accept);
        assert_eq!(answer.header("accept-post"), accept_of("POST"), "{path}");
        assert_eq!(answer.header("accept-patch"), accept_of("PATCH"), "{path}");
        for media_type in accept.split(", ") {
            assert!(answer.body.contains(media_type), "{}", answer.body);
        }
        for coding in ["gzip", "br", "GZIP", "identity, gzip", "x-unknown"] {
            let answer = send("content-encoding", coding).await;
            answer.assert_status(415);
            assert_eq!(answer.header("accept-encoding"), Some("identity"), "{path} {coding}");
            assert_eq!(answer.header("accept"), None);
            assert!(answer.body.contains("Content-Encoding"), "{}", answer.body);
        }
        assert_ne!(send("content-encoding", "identity").await.status, 415, "{path}");
    }
}

#[tokio::test]
async fn sixteen_kib_is_the_limit_with_and_without_a_declared_length() {
    let app = TestApp::new().await;
    let padded = |length: usize| {
        let body = r#"{"email":"alice@example.com","password":"correct horse battery"}"#;
        format!("{body}{}", " ".repeat(length - body.len()))
    };
    let too_long = 16 * 1024 + 1;
    let declared = ("content-length", &*too_long.to_string());
    let only_declared = ("content-length", "10000000000");
    for answer in [
        post(&app, &[JSON, declared], padded(too_long)).await,
        post(&app, &[JSON], padded(too_long)).await,
        post(&app, &[JSON, only_declared], "{}").await,
    ] {
        answer.fails(413, "body_too_large");
    }
    post(&app, &[JSON], padded(too_long - 1)).await.ok();
}

#[tokio::test]
async fn an_endless_body_is_cut_off() {
    let app = TestApp::new().await;
    let endless = futures_util::stream::repeat_with(|| Ok::<_, std::io::Error>(vec![b' '; 1024]));
    let answer = post(&app, &[JSON], Body::from_bytes_stream(endless)).await;
    answer.fails(413, "body_too_large");
}

#[tokio::test]
async fn a_malformed_body_is_one_issue_without_a_path() {
    let app = TestApp::new().await;
    let deep = "[".repeat(10_000);
    for body in [
        "",
        "null",
        "[]",
        "{",
        "\u{feff}{}",
        "<xml/>",
        r#"{"email":"\ud800"}"#,
        &deep,
    ] {
        let issues = post(&app, &[JSON], body.to_owned()).await.issues();
        assert_eq!(issues, ["malformed"], "{body:.40}");
    }
    let issues = post(&app, &[JSON], vec![b'{', 0xff, b'}']).await.issues();
    assert_eq!(issues, ["malformed"]);
}

#[tokio::test]
async fn of_a_field_sent_twice_json_takes_the_last_and_a_form_is_invalid() {
    let app = TestApp::new().await;
    let twice = r#"{"email":"first@example.com","email":"second@example.com","password":"correct horse battery"}"#;
    let answer = post(&app, &[JSON], twice).await;
    assert_eq!(answer.ok().json()["user"]["primary_email"], "second@example.com");
    let form = [("content-type", "application/x-www-form-urlencoded")];
    let twice = "email=a%40example.com&email=b%40example.com&password=correct+horse+battery";
    assert_eq!(post(&app, &form, twice).await.issues(), ["email: invalid_type"]);
}

#[tokio::test]
async fn fields_in_the_query_are_ignored() {
    let app = TestApp::new().await;
    let path = "/api/auth/sign-up?email=alice%40example.com&password=correct+horse+battery";
    let answer = app.client().send(Method::POST, path, &[JSON], Body::from("{}")).await;
    assert_eq!(answer.issues().len(), 2);
}

#[tokio::test]
async fn no_answer_repeats_what_was_sent() {
    let app = TestApp::new().await;
    for body in [
        r#"{"email":"canary-7319","password":73197319}"#,
        r#"{"email":{"canary-7319":1},"password":["canary-7319"]}"#,
        r#"{"email":"<script>canary-7319</script>","password":"canary"}"#,
        r#"{"email":"canary-7319\r\nSet-Cookie: a=b@example.com","password":"canary"}"#,
        "canary-7319",
    ] {
        let answer = post(&app, &[JSON], body).await;
        answer.assert_status(400);
        for canary in ["7319", "canary"] {
            assert!(!answer.body.contains(canary), "{}", answer.body);
        }
        let mut headers = answer.headers.values().map(|value| value.to_str().unwrap());
        assert!(headers.all(|value| !value.contains("canary")));
    }
    for path in [
        "/canary-7319",
        "/api/auth/sessions/canary-7319",
        "/api/auth/session?canary-7319",
    ] {
        assert!(!app.client().delete(path).await.body.contains("7319"), "{path}");
    }
}

#[tokio::test]
async fn sql_in_a_field_is_only_text() {
    let app = TestApp::new().await;
    app.user("alice").await;
    for password in ["' OR '1'='1' --", "\"; DROP TABLE users; --", "$1 $2 $3 ?1 :a @b"] {
        app.log_in(ALICE, password).await.fails(401, "invalid_credentials");
    }
    let answer = app.log_in("o'brien'or'1'='1@example.com", "any password").await;
    answer.fails(401, "invalid_credentials");
    assert_eq!(app.database.users().await, 1);
}
