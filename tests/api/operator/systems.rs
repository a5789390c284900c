//! The recipes of `docs/moving.md`: a small export of each system, with a hash that the system's own library made.

use std::fs;

use serde_json::{Value, json};

use super::moving::{Files, import};
use crate::helpers::{TestApp, TestDatabase};

const VECTORS: &str = include_str!("../../foreign-hashes/vectors.json");
const PASSWORD: &str = "correct horse";

/// The hash of that name in the fixtures, of `correct horse`.
pub fn vector(name: &str) -> String {
    row(name)["hash"].as_str().unwrap().to_owned()
}

fn row(name: &str) -> Value {
    let rows: Vec<Value> = serde_json::from_str(VECTORS).unwrap();
    rows.into_iter()
        .find(|row| row["name"] == name)
        .unwrap_or_else(|| panic!("{name} is no vector"))
}

/// One system: the name of its format, the export, and the password of the account in it.
struct Recipe {
    format: &'static str,
    export: String,
    is_verified: bool,
}

const EMAIL: &str = "jane@example.com";

fn recipe(format: &'static str, is_verified: bool, export: &Value) -> Recipe {
    Recipe {
        format,
        export: export.to_string(),
        is_verified,
    }
}

fn recipes() -> Vec<Recipe> {
    let keycloak = row("Keycloak argon2")["hash"].clone();
    let clerk = format!(
        "id,first_name,last_name,username,primary_email_address,primary_phone_number,verified_email_addresses,\
         unverified_email_addresses,verified_phone_numbers,unverified_phone_numbers,totp_secret,password_digest,\
         password_hasher\nuser_1,Jane,Doe,jane,{EMAIL},,{EMAIL},,,,,{},bcrypt\n",
        vector("passlib bcrypt")
    );
    let supabase = format!(
        "id,email,encrypted_password,email_confirmed_at,created_at\n1,{EMAIL},{},2024-01-02 03:04:05.123+00,2024-01-02 \
         03:04:05.123+00\n",
        vector("passlib bcrypt 2a")
    );
    vec![
        recipe(
            "django",
            false,
            &json!([{"model": "auth.user", "pk": 1, "fields": {"username": "jane", "email": EMAIL, "is_active": true,
                "password": vector("django pbkdf2_sha256"), "first_name": "Jane", "last_name": "Doe",
                "date_joined": "2024-01-02T03:04:05.678Z", "last_login": null}}]),
        ),
        recipe(
            "better-auth",
            true,
            &json!({"email": EMAIL, "emailVerified": true, "name": "Jane", "password": vector("better-auth"),
                "createdAt": "2024-01-02T03:04:05.678Z"}),
        ),
        recipe(
            "pocketbase",
            true,
            &json!([{"email": EMAIL, "verified": 1, "password": vector("passlib bcrypt 2a"),
                "created": "2024-01-02 03:04:05.678Z"}]),
        ),
        Recipe {
            format: "supabase",
            export: supabase,
            is_verified: true,
        },
        recipe(
            "auth0",
            true,
            &json!({"_id": {"$oid": "1"}, "email": EMAIL, "email_verified": true,
                "passwordHash": vector("passlib bcrypt"), "connection": "Users"}),
        ),
        Recipe {
            format: "clerk",
            export: clerk,
            is_verified: true,
        },
        recipe(
            "keycloak",
            true,
            &json!({"realm": "example", "users": [{"username": "jane", "email": EMAIL, "emailVerified": true,
                "enabled": true, "createdTimestamp": 1_704_164_645_678_i64, "credentials": [keycloak]}]}),
        ),
        recipe(
            "laravel",
            true,
            &json!([{"id": 1, "name": "Jane", "email": EMAIL, "email_verified_at": "2024-01-02 03:04:05",
                "password": vector("Laravel bcrypt"), "created_at": "2024-01-02 03:04:05"}]),
        ),
        recipe(
            "wordpress",
            false,
            &json!([{"user_login": "jane", "user_email": EMAIL, "user_pass": vector("WordPress 6.8"),
                "user_registered": "2024-01-02 03:04:05", "display_name": "Jane"}]),
        ),
        recipe(
            "wordpress",
            false,
            &json!([{"user_login": "jane", "user_email": EMAIL, "user_pass": vector("phpass"),
                "user_registered": "2024-01-02 03:04:05", "display_name": "Jane"}]),
        ),
    ]
}

#[tokio::test]
async fn the_recipe_of_each_system_brings_its_accounts_over() {
    let page = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/moving.md")).unwrap();
    for Recipe {
        format,
        export,
        is_verified,
    } in recipes()
    {
        assert!(
            page.contains(&format!("--format {format}")),
            "docs/moving.md has no recipe for {format}"
        );
        let app = TestApp::new().await;
        let files = Files::new();
        let file = files.write("users", &export);
        let (rows, _) = import(&app.database, &["--format", format], &file);
        assert_eq!(rows.len(), 1, "{format}");
        assert_eq!(rows[0]["status"], "created", "{format}: {rows:?}");
        app.log_in(EMAIL, PASSWORD).await.ok();
        let verified = app
            .count("SELECT COUNT(*) FROM users WHERE email_verified_at IS NOT NULL")
            .await;
        assert_eq!(verified == 1, is_verified, "{format}");
        let own = "SELECT COUNT(*) FROM users WHERE password_hash LIKE '$argon2id$v=19$m=64%'";
        assert_eq!(app.count(own).await, 1, "{format}");
    }
}

/// Each system made the account itself, and its recipe exported it: `tests/foreign-hashes/exports/make`.
#[tokio::test]
async fn accounts_that_a_system_made_itself_come_over() {
    for (format, export) in [
        ("django", include_str!("../../foreign-hashes/exports/django.json")),
        (
            "better-auth",
            include_str!("../../foreign-hashes/exports/better-auth.json"),
        ),
        (
            "pocketbase",
            include_str!("../../foreign-hashes/exports/pocketbase.json"),
        ),
    ] {
        let app = TestApp::new().await;
        let file = Files::new();
        let (rows, _) = import(&app.database, &["--format", format], &file.write("users", export));
        assert_eq!(rows[0]["status"], "created", "{format}: {rows:?}");
        app.log_in(EMAIL, PASSWORD).await.ok();
    }
}

/// Imports `export` on a database of its own, and opens a service there with the secrets of the hashes.
async fn with_secrets(arguments: &[&str], export: &str) -> TestApp {
    let database = TestDatabase::create().await;
    let files = Files::new();
    let file = files.write("users", export);
    let (rows, _) = import(&database, arguments, &file);
    assert_eq!(rows[0]["status"], "created", "{rows:?}");
    let signer_key = row("Firebase")["signer_key"].as_str().unwrap().to_owned();
    TestApp::on(database, |setup| {
        use base64::Engine;
        let key = base64::prelude::BASE64_STANDARD.decode(signer_key).unwrap();
        setup.foreign_secrets.firebase_signer_key = Some(key.into());
        setup.foreign_secrets.pepper = Some("a pepper of Devise".to_owned().into());
    })
    .await
}

#[tokio::test]
async fn the_recipes_with_a_secret_of_the_service_work_with_it() {
    let firebase = json!({"users": [{"localId": "1", "email": EMAIL, "emailVerified": true, "disabled": false,
        "salt": "42xEC-ixf3L2lw==", "createdAt": "1704164645678", "providerUserInfo": [],
        "passwordHash": "lSrfV15cpx95_sZS2W9c9Kp6i_LVgQNDNC_qzrCnh1SAyZvqmZqAjTdn3aoItz-VHjoZilo78198JAdRuid5lQ=="}]});
    let app = with_secrets(&["--format", "firebase"], &firebase.to_string()).await;
    app.log_in(EMAIL, "user1passwort")
        .await
        .fails(401, "invalid_credentials");
    app.log_in(EMAIL, "user1password").await.ok();
    let stored = app.database.dump().await;
    assert!(
        !crate::helpers::contains(&stored, b"jxspr8Ki0RYycVU8"),
        "the signer key is in the database"
    );

    let devise = json!({"email": EMAIL, "password_hash": vector("Devise")});
    let app = with_secrets(&["--format", "jsonl", "--pepper"], &devise.to_string()).await;
    app.log_in(EMAIL, "correct horse").await.ok();
    assert!(!crate::helpers::contains(
        &app.database.dump().await,
        b"a pepper of Devise"
    ));
}
