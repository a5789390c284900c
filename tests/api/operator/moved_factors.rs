//! `neptun-auth import` and `export` of accounts with a second factor.

use std::process::Stdio;

use chrono::{TimeDelta, Utc};
use serde_json::json;

use super::moving::{Files, bcrypt, import, prepared};
use crate::helpers::binary::command;
use crate::helpers::{ALICE, Authenticator, PASSWORD, SECRET_KEY, TestApp, TestDatabase, contains};

const SECRET: &str = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";

/// The commands have no test clock, and what they store must not lie in the future.
fn catch_up(app: &TestApp) {
    app.clock.advance(Utc::now() - app.clock.now() + TimeDelta::minutes(1));
}

async fn app_of_today() -> TestApp {
    let app = TestApp::new().await;
    catch_up(&app);
    app
}

#[tokio::test]
async fn the_app_of_an_imported_account_goes_on_working() {
    let app = app_of_today().await;
    let files = Files::new();
    let row = json!({"email": ALICE, "password_hash": bcrypt(), "totp_secret": SECRET});
    let file = files.write("users.jsonl", &row.to_string());
    let (rows, _) = import(&app.database, &["--format", "jsonl"], &file);
    assert_eq!((&rows[0]["status"], rows[0].get("dropped")), (&json!("created"), None));
    catch_up(&app);
    let client = app.client();
    client
        .log_in(ALICE, "correct horse")
        .await
        .fails(401, "second_factor_required");
    let authenticator = Authenticator::new(SECRET, app.clock.clone());
    client.finish_log_in(&authenticator.code()).await.ok();
    let factors = client.factors().await;
    assert_eq!(
        (factors.as_array().unwrap().len(), &factors[0]["kind"]),
        (1, &json!("totp"))
    );
    let stored = app.database.dump().await;
    for form in [SECRET.as_bytes(), b"12345678901234567890"] {
        assert!(!contains(&stored, form));
    }
}

#[tokio::test]
async fn an_account_whose_second_factor_is_unknown_is_refused_unless_the_operator_says_so() {
    let app = app_of_today().await;
    let files = Files::new();
    let row = json!({"email": ALICE, "password_hash": bcrypt(), "totp_secret": "not Base32!"});
    let file = files.write("users.jsonl", &row.to_string());
    let (rows, _) = import(&app.database, &["--format", "jsonl"], &file);
    assert_eq!(rows[0]["reason"], "second_factor_unknown");
    assert_eq!(app.database.users().await, 0);
    let arguments = ["--format", "jsonl", "--without-second-factors"];
    let (rows, _) = import(&app.database, &arguments, &file);
    assert_eq!(
        (&rows[0]["status"], &rows[0]["dropped"]),
        (&json!("created"), &json!(["second_factor"]))
    );
    app.log_in(ALICE, "correct horse").await.ok();
}

#[tokio::test]
async fn an_export_keeps_the_app_for_a_service_with_the_same_secret_key() {
    let app = app_of_today().await;
    let authenticator = app.user("alice").await.enrol(&app).await;
    let files = Files::new();
    let exported = files.path("accounts.jsonl");
    let output = prepared(&app.database, &["export"], &exported).output().unwrap();
    assert!(output.status.success(), "{output:?}");

    let stranger = TestDatabase::create().await;
    let other_key: String = SECRET_KEY.chars().rev().collect();
    let mut with_another_key = command(&stranger.url);
    with_another_key.env("NEPTUN_AUTH_SECRET_KEY", other_key);
    with_another_key
        .args(["import", "--json", "--format", "neptun"])
        .arg(&exported);
    let output = with_another_key.stdout(Stdio::piped()).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("second_factor_unknown"), "{text}");
    assert_eq!(stranger.users().await, 0);

    let other = app_of_today().await;
    import(&other.database, &["--format", "neptun"], &exported);
    catch_up(&other);
    let client = other.client();
    let half = client.log_in(ALICE, PASSWORD).await;
    half.fails(401, "second_factor_required");
    let code = authenticator.code_of_step(other.clock.now().timestamp() / 30);
    client.finish_log_in(&code).await.ok();
}
