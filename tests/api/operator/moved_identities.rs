//! Accounts at providers move with the accounts here.

use serde_json::{Value, json};

use super::moving::{Files, import, prepared};
use crate::helpers::identities::{OidcDouble, Said};
use crate::helpers::{TestApp, TestDatabase};

/// The file with the provider of the double, as an operator writes it.
fn providers(files: &Files, double: &OidcDouble) -> String {
    let section = format!(
        "[sso]\nkind = \"oidc\"\nissuer = \"{}\"\nclient_id = \"the-client\"\n",
        double.issuer()
    );
    let file = files.write("providers.toml", &section);
    format!("--providers-file={}", file.display())
}

fn rows(rows: &[Value]) -> String {
    let lines: Vec<_> = rows.iter().map(Value::to_string).collect();
    lines.join("\n")
}

#[tokio::test]
async fn an_imported_identity_logs_its_owner_in() {
    let double = OidcDouble::start();
    let app = double.app().await;
    let alice = app.user("alice").await;
    double.says(Said::account("alice-there", &alice.email, true));
    alice.link_at("sso", &double).await;
    let (files, issuer) = (Files::new(), double.issuer());
    let file = files.write(
        "users.jsonl",
        &rows(&[
            json!({"email": "bob@example.com", "email_verified": true,
                "identities": [{"issuer": issuer, "subject": "bob-there"}]}),
            // Of a provider that this service does not have.
            json!({"email": "carol@example.com",
                "identities": [{"issuer": "https://other.example.com", "subject": "carol"}]}),
            // Another account has it.
            json!({"email": "dora@example.com", "identities": [{"issuer": issuer, "subject": "alice-there"}]}),
            json!({"email": "emil@example.com", "identities": [{"issuer": issuer}, {"id": 7}, "x",
                {"issuer": issuer, "subject": "emil-there"}]}),
            json!({"email": "far@example.com", "identities": [{"issuer": issuer, "subject": "s".repeat(256)}]}),
        ]),
    );
    let file_of_providers = providers(&files, &double);
    let arguments = ["--format", "jsonl", file_of_providers.as_str()];
    let (report, _) = import(&app.database, &arguments, &file);
    for (number, row) in report.iter().enumerate() {
        let is_lost = row["dropped"] == json!(["identities"]);
        assert_eq!((&row["status"], is_lost), (&json!("created"), number > 0), "{report:?}");
    }
    // Those of Alice, Bob and Emil.
    assert_eq!(app.count("SELECT COUNT(*) FROM identities").await, 3);

    double.says(Said::account("bob-there", "elsewhere@example.com", true));
    let bob = app.client();
    assert_eq!(bob.log_in_at("sso", &double).await, "/dashboard");
    assert_eq!(bob.shown_email().await, "bob@example.com");
    // An account that was there keeps what it has.
    double.says(Said::account("alice-there", &alice.email, true));
    let back = app.client();
    assert_eq!(back.log_in_at("sso", &double).await, "/dashboard");
    assert_eq!(back.shown_email().await, alice.email);
}

#[tokio::test]
async fn an_export_takes_identities_along() {
    let double = OidcDouble::start();
    let app = double.app().await;
    let alice = app.user("alice").await;
    double.says(Said::account("alice-there", &alice.email, true));
    alice.link_at("sso", &double).await;
    app.user("bob").await;
    let files = Files::new();
    let file = files.path("moved.jsonl");
    let exported = prepared(&app.database, &["export"], &file).output().unwrap();
    assert!(exported.status.success(), "{exported:?}");

    let there = TestDatabase::create().await;
    let other = TestApp::on(there, |setup| {
        double.configure(setup);
        setup.clock = app.clock.clone();
    })
    .await;
    let file_of_providers = providers(&files, &double);
    let arguments = ["--format", "neptun", file_of_providers.as_str()];
    let (report, total) = import(&other.database, &arguments, &file);
    assert_eq!(
        (&total["created"], &total["refused"]),
        (&json!(2), &json!(0)),
        "{report:?}"
    );
    assert_eq!(other.count("SELECT COUNT(*) FROM identities").await, 1);
    let browser = other.client();
    assert_eq!(browser.log_in_at("sso", &double).await, "/dashboard");
    assert_eq!(browser.shown_email().await, alice.email);
}
