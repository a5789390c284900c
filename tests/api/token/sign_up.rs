//! `POST /api/sign-up/`, `POST /api/token/`, `GET /api/me/`: the published page, and what it leaves open.

use poem::Body;
use poem::http::Method;
use serde_json::{Value, json};

use crate::helpers::{Answer, TestApp};

fn published() -> Value {
    json!({
        "username": "johndoe", "email": "john@example.com", "password": "SecurePass123!",
        "first_name": "John", "last_name": "Doe", "number_phone": "5551234567",
    })
}

async fn sign_up(app: &TestApp, body: &Value) -> Answer {
    app.client().post("/api/sign-up/", body).await
}

#[tokio::test]
async fn the_published_request_gets_the_published_answer() {
    let app = TestApp::new().await;
    let answer = sign_up(&app, &published()).await;
    answer.assert_status(201);
    assert_eq!(answer.set_cookie(), None);
    let user = json!({
        "id": 1, "username": "johndoe", "email": "john@example.com", "first_name": "John", "last_name": "Doe",
        "number_phone": "5551234567", "avatar": null,
    });
    assert_eq!(answer.json()["user"], user);
    let tokens = answer.tokens();
    assert_eq!(
        app.client()
            .get_as("/api/me/", &tokens.access)
            .await
            .assert_status(200)
            .json(),
        user
    );

    let again = sign_up(&app, &published()).await;
    let expected = json!({
        "username": ["user with this username already exists."],
        "email": ["user with this email already exists."],
    });
    assert_eq!(again.assert_status(400).json(), expected);
    assert_eq!(app.database.users().await, 1);
}

#[tokio::test]
async fn refusals_have_djangos_shape_and_list_every_field() {
    let app = TestApp::new().await;
    sign_up(&app, &published()).await.assert_status(201);
    let cases = [
        (json!({}), json!({ "error": "Missing required fields." })),
        (
            json!({ "email": "JOHN@example.com", "password": "SecurePass123!" }),
            json!({ "username": ["This field is required."], "email": ["user with this email already exists."] }),
        ),
        (
            json!({ "username": "JohnDoe", "email": "x", "password": 5, "number_phone": "12345678901" }),
            json!({
                "email": ["Enter one e-mail address, as in name@example.com."], "password": ["Not a valid string."],
                "number_phone": ["Must have at most 10 characters."],
                "username": ["user with this username already exists."],
            }),
        ),
        (
            json!({ "username": "a b", "email": "a@example.com", "password": "short" }),
            json!({
                "username": ["Use letters, digits and @ . + - _ only."],
                "password": ["Password must have at least 8 characters."],
            }),
        ),
    ];
    for (body, expected) in cases {
        assert_eq!(sign_up(&app, &body).await.assert_status(400).json(), expected, "{body}");
    }
}

#[tokio::test]
async fn optional_fields_default_and_null_is_none() {
    let app = TestApp::new().await;
    let body =
        json!({ "username": "jane", "email": "jane@example.com", "password": "SecurePass123!", "number_phone": null });
    let user = sign_up(&app, &body).await.assert_status(201).json()["user"].clone();
    assert_eq!((&user["first_name"], &user["last_name"]), (&json!(""), &json!("")));
    assert_eq!((&user["number_phone"], &user["avatar"]), (&Value::Null, &Value::Null));
}

#[tokio::test]
async fn both_apis_know_the_same_accounts() {
    let app = TestApp::new().await;
    sign_up(&app, &published()).await.assert_status(201);
    let browser = app.client();
    browser
        .log_in("john@example.com", "SecurePass123!")
        .await
        .assert_status(200);
    browser
        .sign_up("john@example.com", "SecurePass123!")
        .await
        .assert_error(409, "email_taken");
    let sessions = browser.get("/api/auth/sessions").await.json();
    let mut kinds: Vec<_> = sessions
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["kind"].as_str().unwrap())
        .collect();
    kinds.sort_unstable();
    assert_eq!(kinds, ["cookie", "token"]);

    let cookie_user = app.signed_up("jane@example.com").await;
    let minted = cookie_user
        .post("/api/auth/token", &json!({}))
        .await
        .assert_status(200)
        .json();
    assert_eq!(minted["expires_at"], "2024-10-04T00:05:00Z");
    let me = app
        .client()
        .get_as("/api/me", minted["access"].as_str().unwrap())
        .await
        .assert_status(200)
        .json();
    assert_eq!(
        (&me["id"], &me["username"], &me["email"]),
        (&json!(2), &json!(""), &json!("jane@example.com"))
    );
    cookie_user.log_out().await.assert_status(200);
    let answer = app
        .client()
        .get_as("/api/me/", minted["access"].as_str().unwrap())
        .await;
    assert_eq!(answer.assert_status(401).json()["code"], "token_not_valid");
}

#[tokio::test]
async fn log_in_takes_user_name_or_address() {
    let app = TestApp::new().await;
    sign_up(&app, &published()).await.assert_status(201);
    let client = app.client();
    for login in [json!({ "username": "JohnDoe" }), json!({ "email": "JOHN@example.com" })] {
        let mut body = login;
        body["password"] = json!("SecurePass123!");
        let tokens = client.post("/api/token/", &body).await.assert_status(200).tokens();
        client.get_as("/api/me/", &tokens.access).await.assert_status(200);
        body["password"] = json!("wrong password");
        assert_eq!(
            client.post("/api/token", &body).await.assert_status(401).json()["code"],
            "no_active_account"
        );
    }
    for body in [
        json!({ "username": "nobody", "password": "SecurePass123!" }),
        json!({ "email": "nobody@example.com", "password": "SecurePass123!" }),
        json!({ "username": "no name at all", "password": "SecurePass123!" }),
    ] {
        assert_eq!(
            client.post("/api/token/", &body).await.assert_status(401).json()["code"],
            "no_active_account"
        );
    }
    let missing = client.post("/api/token/", &json!({ "username": "x" })).await;
    assert_eq!(
        missing.assert_status(400).json(),
        json!({ "password": ["This field is required."] })
    );
}

#[tokio::test]
async fn paths_work_without_the_final_slash() {
    let app = TestApp::new().await;
    let answer = app.client().post("/api/sign-up", &published()).await;
    let tokens = answer.assert_status(201).tokens();
    let client = app.client();
    client.get("/.well-known/jwks.json/").await.assert_status(200);
    client
        .post("/api/auth/token/", &json!({}))
        .await
        .assert_error(401, "not_authenticated");
    client.get_as("/api/me", &tokens.access).await.assert_status(200);
    for (path, body, status) in [
        ("/api/token/verify", json!({ "token": tokens.access }), 200),
        ("/api/token/refresh", json!({ "refresh": tokens.refresh }), 200),
        ("/api/token/blacklist", json!({ "refresh": tokens.refresh }), 200),
        ("/api/token/refresh", json!({ "refresh": tokens.refresh }), 401),
    ] {
        client.post(path, &body).await.assert_status(status);
    }
}

#[tokio::test]
async fn refusals_of_the_layers_have_djangos_shape_too() {
    let app = TestApp::new().await;
    let client = app.client();
    let json_type = ("content-type", "application/json");
    let (large, foreign) = (("content-length", "99999"), ("origin", "https://evil.example"));
    let cases = [
        (Method::GET, vec![], "", 405, "method_not_allowed"),
        (Method::POST, vec![foreign], "{}", 403, "origin_not_allowed"),
        (Method::POST, vec![json_type, large], "{}", 413, "body_too_large"),
        (
            Method::POST,
            vec![("content-type", "text/plain")],
            "{}",
            415,
            "unsupported_media_type",
        ),
        (Method::POST, vec![json_type], "[", 400, "validation_error"),
    ];
    for (method, headers, body, status, code) in cases {
        let answer = client.send(method, "/api/token/", &headers, Body::from(body)).await;
        let body = answer.assert_status(status).json();
        assert_eq!(body["code"], code);
        assert!(body["detail"].as_str().is_some_and(|detail| !detail.is_empty()));
        assert_eq!(body.as_object().unwrap().len(), 2);
    }
    app.database.remove().await;
    let body = json!({ "username": "jane", "email": "jane@example.com", "password": "SecurePass123!" });
    let failed = sign_up(&app, &body).await;
    assert!(failed.status.is_server_error());
    assert!(failed.json()["error"].is_string() || failed.json()["detail"].is_string());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_sign_ups_for_one_user_name_one_succeeds() {
    let app = TestApp::new().await;
    let attempts: Vec<_> = (0..30)
        .map(|number| {
            let client = app.client();
            let name = ["johndoe", "JohnDoe", "JOHNDOE"][number % 3];
            let body =
                json!({ "username": name, "email": format!("user{number}@example.com"), "password": "SecurePass123!" });
            tokio::spawn(async move { client.post("/api/sign-up/", &body).await.status.as_u16() })
        })
        .collect();
    let mut created = 0;
    for attempt in attempts {
        let status = attempt.await.unwrap();
        assert!(matches!(status, 201 | 400), "{status}");
        created += usize::from(status == 201);
    }
    assert_eq!(
        (created, app.database.users().await, app.database.sessions().await),
        (1, 1, 1)
    );
}
