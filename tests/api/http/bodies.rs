//! Bodies that are too large, of the wrong kind, or hostile: one defined answer each, and never what was sent.

use poem::Body;
use poem::http::Method;

use crate::helpers::{Answer, TestApp};

const JSON: (&str, &str) = ("content-type", "application/json");

async fn post(app: &TestApp, headers: &[(&str, &str)], body: impl Into<Body>) -> Answer {
    app.client()
        .send(Method::POST, "/api/auth/sign-up", headers, body.into())
        .await
}

#[tokio::test]
async fn other_media_types_are_refused() {
    let app = TestApp::new().await;
    let body = r#"{"email":"user@example.com","password":"correct horse battery"}"#;
    for media_type in [
        "text/plain",
        "multipart/form-data; boundary=x",
        "application/xml",
        "text/html",
        "application/jsonp",
    ] {
        post(&app, &[("content-type", media_type)], body)
            .await
            .assert_error(415, "unsupported_media_type");
    }
    post(&app, &[], body).await.assert_error(415, "unsupported_media_type");
    post(&app, &[("content-type", "application/json; charset=UTF-8")], body)
        .await
        .assert_status(200);
}

#[tokio::test]
async fn sixteen_kib_is_the_limit_with_and_without_a_declared_length() {
    let app = TestApp::new().await;
    let padded = |length: usize| {
        let body = r#"{"email":"user@example.com","password":"correct horse battery"}"#;
        format!("{body}{}", " ".repeat(length - body.len()))
    };
    let length = (16 * 1024 + 1).to_string();
    post(&app, &[JSON, ("content-length", &length)], padded(16 * 1024 + 1))
        .await
        .assert_error(413, "body_too_large");
    post(&app, &[JSON], padded(16 * 1024 + 1))
        .await
        .assert_error(413, "body_too_large");
    post(&app, &[JSON, ("content-length", "10000000000")], "{}")
        .await
        .assert_error(413, "body_too_large");
    post(&app, &[JSON], padded(16 * 1024)).await.assert_status(200);
}

#[tokio::test]
async fn an_endless_body_is_cut_off() {
    let app = TestApp::new().await;
    let endless = futures_util::stream::repeat_with(|| Ok::<_, std::io::Error>(vec![b' '; 1024]));
    post(&app, &[JSON], Body::from_bytes_stream(endless))
        .await
        .assert_error(413, "body_too_large");
}

#[tokio::test]
async fn malformed_bodies_are_one_issue_of_the_whole_body() {
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
        assert_eq!(issues, [(String::new(), "malformed".to_owned())], "{body:.40}");
    }
    let issues = post(&app, &[JSON], vec![b'{', 0xff, b'}']).await.issues();
    assert_eq!(issues, [(String::new(), "malformed".to_owned())]);
}

#[tokio::test]
async fn a_field_sent_twice_counts_once_or_not_at_all() {
    let app = TestApp::new().await;
    let twice = r#"{"email":"first@example.com","email":"second@example.com","password":"correct horse battery"}"#;
    let answer = post(&app, &[JSON], twice).await;
    assert_eq!(
        answer.assert_status(200).json()["user"]["primary_email"],
        "second@example.com"
    );
    let form = [("content-type", "application/x-www-form-urlencoded")];
    let twice = "email=a%40example.com&email=b%40example.com&password=correct+horse+battery";
    assert_eq!(
        post(&app, &form, twice).await.issues(),
        [("email".to_owned(), "invalid_type".to_owned())]
    );
}

#[tokio::test]
async fn queries_are_not_parameters() {
    let app = TestApp::new().await;
    let path = "/api/auth/sign-up?email=user%40example.com&password=correct+horse+battery";
    let answer = app.client().send(Method::POST, path, &[JSON], Body::from("{}")).await;
    assert_eq!(answer.issues().len(), 2);
}

#[tokio::test]
async fn nothing_that_was_sent_comes_back() {
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
        assert!(
            !answer.body.contains("7319") && !answer.body.contains("canary"),
            "{}",
            answer.body
        );
        assert!(
            answer
                .headers
                .values()
                .all(|value| !value.to_str().unwrap().contains("canary"))
        );
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
async fn injections_into_sql_are_just_text() {
    let app = TestApp::new().await;
    app.signed_up("user@example.com").await;
    for password in ["' OR '1'='1' --", "\"; DROP TABLE users; --", "$1 $2 $3 ?1 :a @b"] {
        app.client()
            .log_in("user@example.com", password)
            .await
            .assert_error(401, "invalid_credentials");
    }
    app.client()
        .log_in("o'brien'or'1'='1@example.com", "whatever it is")
        .await
        .assert_error(401, "invalid_credentials");
    assert_eq!(app.database.users().await, 1);
}
