//! The token API takes forms as Django REST does.

use poem::Body;
use poem::http::Method;

use crate::helpers::{Answer, Client, TestApp};

async fn send(client: &Client, path: &str, form: &str) -> Answer {
    let headers = [("content-type", "application/x-www-form-urlencoded")];
    client
        .send(Method::POST, path, &headers, Body::from(form.to_owned()))
        .await
}

#[tokio::test]
async fn every_operation_takes_a_form() {
    let app = TestApp::new().await;
    let client = app.client();
    let form = "username=jane&email=jane%40example.com&password=correct+horse+battery&first_name=J%C3%A4ne";
    let answer = send(&client, "/api/sign-up/", form).await;
    assert_eq!(answer.assert_status(201).json()["user"]["first_name"], "Jäne");
    for identifier in ["username=jane", "email=jane%40example.com"] {
        let form = format!("{identifier}&password=correct+horse+battery");
        let tokens = send(&client, "/api/token/", &form).await.ok().tokens();
        let form = format!("token={}", tokens.access);
        send(&client, "/api/token/verify/", &form).await.ok();
        let form = format!("refresh={}", tokens.refresh);
        let tokens = send(&client, "/api/token/refresh/", &form).await.ok().tokens();
        let form = format!("refresh={}", tokens.refresh);
        send(&client, "/api/token/blacklist", &form).await.ok();
        send(&client, "/api/token/refresh", &form).await.assert_status(401);
    }
}

#[tokio::test]
async fn the_issues_of_a_form_have_djangos_shape() {
    let app = TestApp::new().await;
    let client = app.client();
    let answer = send(&client, "/api/sign-up/", "username=a&username=b&email=x&password=").await;
    let body = answer.assert_status(400).json();
    for field in ["username", "email", "password"] {
        assert!(body[field].is_array(), "{body}");
    }
    let answer = send(&client, "/api/sign-up/", "").await;
    assert_eq!(
        answer.assert_status(400).body,
        r#"{"error":"Missing required fields."}"#
    );
}
