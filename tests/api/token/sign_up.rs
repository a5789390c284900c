//! `POST /api/sign-up/`, `POST /api/token/`, `GET /api/me/`: what the published page says, and what it leaves open.

use insta::assert_snapshot;
use poem::Body;
use poem::http::Method;
use serde_json::{Value, json};

use crate::helpers::{Answer, TestApp, at_once};

const PASSWORD: &str = "SecurePass123!";

fn published() -> Value {
    json!({
        "username": "johndoe", "email": "john@example.com", "password": PASSWORD,
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
    let me = app.client().get_as("/api/me/", &answer.tokens().access).await;
    assert_snapshot!(me, @r#"
    200 OK
    {
      "id": 1,
      "username": "johndoe",
      "email": "john@example.com",
      "first_name": "John",
      "last_name": "Doe",
      "number_phone": "5551234567",
      "avatar": null
    }
    "#);
    assert_eq!(answer.json()["user"], me.json());

    let again = sign_up(&app, &published()).await;
    assert_snapshot!(again, @r#"
    400 Bad Request
    {
      "username": [
        "user with this username already exists."
      ],
      "email": [
        "user with this email already exists."
      ]
    }
    "#);
    assert_eq!(app.database.users().await, 1);
}

/// A name that reads as an address would pass for the owner of that address.
#[tokio::test]
async fn a_user_name_with_an_at_sign_must_be_the_own_address() {
    let app = TestApp::new().await;
    let named = async |username: &str, email: &str| {
        sign_up(
            &app,
            &json!({ "username": username, "email": email, "password": PASSWORD }),
        )
        .await
    };
    for name in [
        "victim@example.com",
        "VICTIM@Example.com",
        "evil@example.com.example",
        "victim@home",
        "@victim",
        "@",
    ] {
        let answer = named(name, "evil@example.com").await;
        answer.assert_status(400);
        assert_eq!(
            answer.json(),
            json!({ "username": ["Use @ only if the name is your own address."] })
        );
    }
    named("Evil@Example.com", "evil@example.com").await.assert_status(201);
}

#[tokio::test]
async fn an_address_in_the_field_of_the_user_name_finds_the_account_by_its_address() {
    let app = TestApp::new().await;
    app.user("alice").await;
    sign_up(&app, &published()).await.assert_status(201);
    let log_in = async |username: &str, password: &str| {
        let body = json!({ "username": username, "password": password });
        app.client().post("/api/token/", &body).await
    };
    log_in(" ALICE@example.com", crate::helpers::PASSWORD).await.ok();
    log_in("john@example.com", PASSWORD).await.ok();
    log_in("johndoe", PASSWORD).await.ok();
    for unknown in ["unknown@example.com", "johndoe@home", "@", "johndoe@"] {
        log_in(unknown, PASSWORD).await.assert_status(401);
    }
    // A name that an earlier release has let another account have.
    app.execute(
        "UPDATE users SET username = 'alice@example.com', username_canonical = 'alice@example.com' \
         WHERE email = 'john@example.com'",
    )
    .await;
    log_in("alice@example.com", PASSWORD).await.assert_status(401);
    log_in("alice@example.com", crate::helpers::PASSWORD).await.ok();
}

#[tokio::test]
async fn a_user_name_that_is_the_address_moves_with_it() {
    let app = TestApp::new().await;
    let body = json!({ "username": "John@example.com", "email": "john@example.com", "password": PASSWORD });
    sign_up(&app, &body).await.assert_status(201);
    let john = app.client();
    john.log_in("john@example.com", PASSWORD).await.ok();
    john.change_email("doe@example.com").await.ok();
    john.verify_email(&app.code_to("doe@example.com").await).await.ok();
    let tokens = john.token_pair("doe@example.com", PASSWORD).await;
    let me = john.get_as("/api/me/", &tokens.access).await.ok().json();
    assert_eq!(me["username"], "doe@example.com");
    // The former address is free, and so is the name.
    sign_up(&app, &body).await.assert_status(201);
}

#[tokio::test]
async fn errors_have_djangos_shape_and_list_every_field() {
    let app = TestApp::new().await;
    sign_up(&app, &published()).await.assert_status(201);
    let missing = sign_up(&app, &json!({})).await;
    assert_snapshot!(missing, @r#"
    400 Bad Request
    {
      "error": "Missing required fields."
    }
    "#);
    let taken = json!({ "email": "JOHN@example.com", "password": PASSWORD });
    assert_snapshot!(sign_up(&app, &taken).await, @r#"
    400 Bad Request
    {
      "username": [
        "This field is required."
      ],
      "email": [
        "user with this email already exists."
      ]
    }
    "#);
    let wrong_types = json!({ "username": "JohnDoe", "email": "x", "password": 5, "number_phone": "12345678901" });
    assert_snapshot!(sign_up(&app, &wrong_types).await, @r#"
    400 Bad Request
    {
      "email": [
        "Enter one e-mail address, as in name@example.com."
      ],
      "password": [
        "Not a valid string."
      ],
      "number_phone": [
        "Must have at most 10 characters."
      ],
      "username": [
        "user with this username already exists."
      ]
    }
    "#);
    let against_the_policy = json!({ "username": "a b", "email": "a@example.com", "password": "short" });
    assert_snapshot!(sign_up(&app, &against_the_policy).await, @r#"
    400 Bad Request
    {
      "username": [
        "Use letters, digits and @ . + - _ only."
      ],
      "password": [
        "Password must have at least 8 characters."
      ]
    }
    "#);
}

#[tokio::test]
async fn names_default_to_empty_and_a_null_is_like_a_missing_field() {
    let app = TestApp::new().await;
    let body = json!({ "username": "jane", "email": "jane@example.com", "password": PASSWORD, "number_phone": null });
    let answer = sign_up(&app, &body).await;
    let user = &answer.assert_status(201).json()["user"];
    assert_snapshot!(format!("{user:#}"), @r#"
    {
      "id": 1,
      "username": "jane",
      "email": "jane@example.com",
      "first_name": "",
      "last_name": "",
      "number_phone": null,
      "avatar": null
    }
    "#);
}

#[tokio::test]
async fn an_account_of_the_token_api_can_log_in_with_a_cookie() {
    let app = TestApp::new().await;
    sign_up(&app, &published()).await.assert_status(201);
    let browser = app.client();
    browser.log_in("john@example.com", PASSWORD).await.ok();
    let again = browser.sign_up("john@example.com", PASSWORD).await;
    again.fails(409, "email_taken");
    let sessions = browser.sessions().await;
    let mut kinds: Vec<_> = sessions
        .iter()
        .map(|session| session["kind"].as_str().unwrap())
        .collect();
    kinds.sort_unstable();
    assert_eq!(kinds, ["cookie", "token"]);
}

#[tokio::test]
async fn a_cookie_session_mints_an_access_token_that_ends_with_it() {
    let app = TestApp::new().await;
    app.user("john").await;
    let jane = app.user("jane").await;
    let minted = jane.post("/api/auth/token", &json!({})).await.ok().json();
    assert_eq!(minted["expires_at"], "2024-10-04T00:05:00Z");
    let access = minted["access"].as_str().unwrap();
    let me = app.client().get_as("/api/me", access).await.ok().json();
    assert_eq!((&me["id"], &me["username"]), (&json!(2), &json!("")));
    assert_eq!(me["email"], jane.email);
    jane.log_out().await.ok();
    let answer = app.client().get_as("/api/me/", access).await;
    assert_eq!(answer.assert_status(401).json()["code"], "token_not_valid");
}

#[tokio::test]
async fn log_in_takes_a_user_name_or_an_address() {
    let app = TestApp::new().await;
    sign_up(&app, &published()).await.assert_status(201);
    let client = app.client();
    for (name, value) in [("username", "JohnDoe"), ("email", "JOHN@example.com")] {
        let right = json!({ name: value, "password": PASSWORD });
        let tokens = client.post("/api/token/", &right).await.ok().tokens();
        client.get_as("/api/me/", &tokens.access).await.ok();
    }
    for (name, value, password) in [
        ("username", "JohnDoe", "wrong password"),
        ("email", "JOHN@example.com", "wrong password"),
        ("username", "unknown", PASSWORD),
        ("email", "unknown@example.com", PASSWORD),
        ("username", "not a user name", PASSWORD),
    ] {
        let wrong = json!({ name: value, "password": password });
        let answer = client.post("/api/token", &wrong).await;
        assert_eq!(answer.assert_status(401).json()["code"], "no_active_account", "{wrong}");
    }
    let missing = client.post("/api/token/", &json!({ "username": "x" })).await;
    assert_snapshot!(missing, @r#"
    400 Bad Request
    {
      "password": [
        "This field is required."
      ]
    }
    "#);
}

#[tokio::test]
async fn paths_work_without_the_final_slash() {
    let app = TestApp::new().await;
    let answer = app.client().post("/api/sign-up", &published()).await;
    let tokens = answer.assert_status(201).tokens();
    let client = app.client();
    client.get("/.well-known/jwks.json/").await.ok();
    let unauthenticated = client.post("/api/auth/token/", &json!({})).await;
    unauthenticated.fails(401, "not_authenticated");
    client.get_as("/api/me", &tokens.access).await.ok();
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
async fn errors_that_no_operation_decides_have_djangos_shape_too() {
    let app = TestApp::new().await;
    let client = app.client();
    let (json_type, text) = (("content-type", "application/json"), ("content-type", "text/plain"));
    let (large, foreign) = (("content-length", "99999"), ("origin", "https://evil.example"));
    let cases = [
        (Method::GET, vec![], "", 405, "method_not_allowed"),
        (Method::POST, vec![foreign], "{}", 403, "origin_not_allowed"),
        (Method::POST, vec![json_type, large], "{}", 413, "body_too_large"),
        (Method::POST, vec![text], "{}", 415, "unsupported_media_type"),
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
    let failed = sign_up(&app, &published()).await;
    assert!(failed.status.is_server_error());
    assert!(failed.json()["error"].is_string() || failed.json()["detail"].is_string());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_sign_ups_for_one_user_name_one_succeeds() {
    let app = TestApp::new().await;
    let statuses = at_once(30, |number| {
        let client = app.client();
        let (name, email) = (
            ["johndoe", "JohnDoe", "JOHNDOE"][number % 3],
            format!("user{number}@example.com"),
        );
        let body = json!({ "username": name, "email": email, "password": PASSWORD });
        async move { client.post("/api/sign-up/", &body).await.status.as_u16() }
    });
    let (created, others): (Vec<_>, Vec<_>) = statuses.await.into_iter().partition(|status| *status == 201);
    assert_eq!(others, [400; 29]);
    let rows = (app.database.users().await, app.database.sessions().await);
    assert_eq!((created.len(), rows), (1, (1, 1)));
}
