//! Log-in with GitHub.

use serde_json::json;

use crate::helpers::identities::GitHubDouble;

#[tokio::test]
async fn the_verified_primary_address_counts_and_never_the_public_one() {
    let double = GitHubDouble::start();
    let app = double.app().await;
    let client = app.client();
    let callback = double.callback(&client.set_out("/auth/github").await);
    assert_eq!(client.set_out(&callback).await, "/dashboard");
    let session = client.session().await;
    assert_eq!(session["user"]["primary_email"], "jane@example.com");
    assert_eq!(session["user"]["email_verified"], true);
    let shown = json!({ "github": { "github_id": 583_231, "github_email": "jane@example.com" } });
    assert_eq!(session["user"]["oauth"], shown);
    let nuxt = client.get("/api/_auth/session").await.ok().json();
    assert_eq!(nuxt["user"]["oauth"], shown);
}

#[tokio::test]
async fn an_unverified_primary_address_makes_an_unverified_account() {
    let double = GitHubDouble::start();
    *double.addresses.lock().unwrap() = json!([
        { "email": "other@example.com", "primary": false, "verified": true },
        { "email": "jane@example.com", "primary": true, "verified": false },
    ]);
    let app = double.app().await;
    let client = app.client();
    let callback = double.callback(&client.set_out("/auth/github").await);
    assert_eq!(client.set_out(&callback).await, "/dashboard");
    assert_eq!(client.session().await["user"]["email_verified"], false);
}

#[tokio::test]
async fn no_address_and_a_refused_code_log_in_to_nothing() {
    let double = GitHubDouble::start();
    let app = double.app().await;
    let client = app.client();
    let callback = double.callback(&client.set_out("/auth/github").await);
    let refused = callback.replace("code=", "code=refused");
    assert_eq!(client.set_out(&refused).await, "/log-in?error=provider_failed");
    *double.addresses.lock().unwrap() = json!([]);
    let callback = double.callback(&client.set_out("/auth/github").await);
    assert_eq!(client.set_out(&callback).await, "/log-in?error=email_missing");
    assert_eq!(app.count("SELECT COUNT(*) FROM users").await, 0);
}

/// A GitHub App without the permission to read addresses, and a scope that was cut.
#[tokio::test]
async fn a_known_account_needs_no_address() {
    let double = GitHubDouble::start();
    let app = double.app().await;
    let client = app.client();
    let callback = double.callback(&client.set_out("/auth/github").await);
    assert_eq!(client.set_out(&callback).await, "/dashboard");
    *double.addresses.lock().unwrap() = json!({ "message": "Resource not accessible by integration" });
    let again = app.client();
    let callback = double.callback(&again.set_out("/auth/github").await);
    assert_eq!(again.set_out(&callback).await, "/dashboard");
    assert_eq!(again.identities().await[0]["email"], "jane@example.com");
}

#[tokio::test]
async fn a_session_shows_its_identity_after_the_second_factor_too() {
    let double = GitHubDouble::start();
    let app = double.app().await;
    let owner = app.user("jane").await;
    let url = owner.link("github").await.ok().json()["url"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(owner.set_out(&double.callback(&url)).await, "/dashboard");
    let authenticator = owner.enrol(&app).await;
    let client = app.client();
    let callback = double.callback(&client.set_out("/auth/github").await);
    assert_eq!(client.set_out(&callback).await, "/log-in?error=second_factor_required");
    client.finish_log_in(&authenticator.next_code()).await.ok();
    let session = client.session().await;
    assert_eq!(session["user"]["oauth"]["github"]["github_id"], 583_231);
    assert_eq!(session["amr"], json!(["otp", "mfa", "fed"]));
}
