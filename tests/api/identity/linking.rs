//! Which account an identity opens, row by row.

use chrono::TimeDelta;
use serde_json::json;

use crate::helpers::identities::{OidcDouble, Said};
use crate::helpers::{Client, PASSWORD, TestApp};

const JANE: &str = "jane@example.com";

async fn ways_in(app: &TestApp) -> [i64; 4] {
    [
        app.count("SELECT COUNT(*) FROM users").await,
        app.count("SELECT COUNT(*) FROM users WHERE email_verified_at IS NOT NULL")
            .await,
        app.count("SELECT COUNT(*) FROM users WHERE password_hash IS NOT NULL")
            .await,
        app.count("SELECT COUNT(*) FROM identities").await,
    ]
}

async fn shows_fed(client: &Client) {
    assert_eq!(client.session().await["amr"], json!(["fed"]));
}

/// Row 1.
#[tokio::test]
async fn a_known_identity_opens_its_account_whatever_its_address_is_by_now() {
    let double = OidcDouble::start();
    let app = double.app().await;
    let first = app.client();
    assert_eq!(first.log_in_at("sso", &double).await, "/dashboard");
    shows_fed(&first).await;
    app.user("bob").await;
    for said in [
        Said::account("subject-1", "other@example.com", true),
        Said::account("subject-1", "bob@example.com", true),
        Said {
            claims: json!({ "email": null }),
            ..Said::default()
        },
    ] {
        double.says(said);
        let again = app.client();
        assert_eq!(again.log_in_at("sso", &double).await, "/dashboard");
        assert_eq!(again.shown_email().await, JANE);
    }
    assert_eq!(ways_in(&app).await, [2, 1, 1, 1]);
}

/// Row 2.
#[tokio::test]
async fn an_owner_links_an_identity_whatever_its_address_is_and_is_told_by_mail() {
    let double = OidcDouble::start();
    double.says(Said::account("subject-1", "work@example.com", false));
    let app = double.app().await;
    let alice = app.verified_user("alice").await;
    assert_eq!(alice.link_at("untrusted", &double).await, "/dashboard");
    let listed = alice.identities().await;
    assert_eq!(listed.len(), 1);
    assert_eq!(listed[0]["provider"], "untrusted");
    assert_eq!(listed[0]["email"], "work@example.com");
    let mail = app.mail_to(&alice.email).await;
    assert_eq!(mail.subject, "A log-in was added to your account");
    assert!(mail.text.contains("untrusted"), "{}", mail.text);

    let elsewhere = app.client();
    assert_eq!(elsewhere.log_in_at("untrusted", &double).await, "/dashboard");
    assert_eq!(elsewhere.shown_email().await, alice.email);
    // To link it again changes nothing.
    assert_eq!(alice.link_at("untrusted", &double).await, "/dashboard");
    assert_eq!(alice.identities().await.len(), 1);
}

/// Row 2.
#[tokio::test]
async fn an_identity_of_another_account_is_not_linked() {
    let double = OidcDouble::start();
    let app = double.app().await;
    app.client().log_in_at("sso", &double).await;
    let alice = app.user("alice").await;
    assert_eq!(alice.link_at("sso", &double).await, "/log-in?error=identity_taken");
    assert!(alice.identities().await.is_empty());
}

/// Row 3, no account.
#[tokio::test]
async fn a_proven_address_without_an_account_makes_a_verified_one_without_a_password() {
    let double = OidcDouble::start();
    let app = double.app().await;
    let client = app.client();
    assert_eq!(client.log_in_at("sso", &double).await, "/dashboard");
    assert_eq!(client.session().await["user"]["email_verified"], true);
    assert_eq!(ways_in(&app).await, [1, 1, 0, 1]);
    assert!(app.mails().await.is_empty());
    app.log_in(JANE, PASSWORD).await.fails(401, "invalid_credentials");
}

/// Row 3, an account that was never proven.
#[tokio::test]
async fn a_proven_address_takes_over_an_unproven_account_and_ends_all_that_was_set_up_before() {
    let double = OidcDouble::start();
    let app = double.app().await;
    let thief = app.user("jane").await;
    let tokens = thief.tokens().await;
    thief.update(&json!({ "first_name": "Planted" })).await;
    // Even an identity that the thief has linked beforehand.
    double.says(Said::account("thief", "thief@example.com", true));
    assert_eq!(thief.link_at("sso", &double).await, "/dashboard");

    double.says(Said::default());
    let owner = app.client();
    assert_eq!(owner.log_in_at("sso", &double).await, "/dashboard");
    assert_eq!(owner.session().await["user"]["email_verified"], true);
    assert_eq!(ways_in(&app).await, [1, 1, 0, 1]);
    assert!(!thief.is_signed_in().await);
    app.client().refresh(&tokens.refresh).await.assert_status(401);
    app.log_in(JANE, PASSWORD).await.fails(401, "invalid_credentials");
    double.says(Said::account("thief", "thief@example.com", true));
    let back = app.client();
    back.log_in_at("sso", &double).await;
    assert_eq!(back.shown_email().await, "thief@example.com");
    assert_eq!(app.mail_to(JANE).await.subject, "Your address is confirmed");
}

/// Row 3, an account that was proven.
#[tokio::test]
async fn an_account_that_was_proven_is_not_linked_by_its_address() {
    let double = OidcDouble::start();
    let app = double.app().await;
    let jane = app.verified_user("jane").await;
    let client = app.client();
    assert_eq!(client.log_in_at("sso", &double).await, "/log-in?error=email_taken");
    assert!(client.cookie().is_none());
    assert!(jane.is_signed_in().await);
    assert_eq!(ways_in(&app).await, [1, 1, 1, 0]);
}

/// Row 4.
#[tokio::test]
async fn an_unproven_address_makes_an_unverified_account_and_a_code_or_nothing() {
    let double = OidcDouble::start();
    let app = double.app().await;
    let client = app.client();
    assert_eq!(client.log_in_at("untrusted", &double).await, "/dashboard");
    assert_eq!(client.session().await["user"]["email_verified"], false);
    assert_eq!(ways_in(&app).await, [1, 0, 0, 1]);
    client.verify_email(&app.code_to(JANE).await).await.ok();
    assert_eq!(ways_in(&app).await, [1, 1, 0, 1]);

    let bob = app.user("bob").await;
    for (subject, verified) in [("subject-2", true), ("subject-3", false)] {
        double.says(Said::account(subject, &bob.email, verified));
        let client = app.client();
        assert_eq!(
            client.log_in_at("untrusted", &double).await,
            "/log-in?error=email_taken"
        );
        assert!(client.cookie().is_none());
    }
    assert!(bob.is_signed_in().await);
}

/// Row 4: others may have used the address's mails up.
#[tokio::test]
async fn an_account_is_made_without_a_code_when_its_address_has_had_its_mails() {
    let double = OidcDouble::start();
    let app = double
        .app_with(|setup| setup.limits.as_mut().unwrap().mail_to = "1/h".parse().unwrap())
        .await;
    let jane = app.user("jane").await;
    assert_eq!(jane.email, JANE);
    jane.send_email_code().await.ok();
    let code = app.code_to(JANE).await;
    jane.delete_account().await.ok();

    let client = app.client();
    assert_eq!(client.log_in_at("untrusted", &double).await, "/dashboard");
    assert_eq!(client.session().await["user"]["email_verified"], false);
    client.send_email_code().await.throttled("mail-to");
    let codes = app.mails().await.into_iter().filter(|mail| mail.find_code().is_some());
    assert_eq!(codes.map(|mail| mail.code()).collect::<Vec<_>>(), [code]);
    app.clock.advance(TimeDelta::hours(1));
    client.send_email_code().await.ok();
    client.verify_email(&app.code_to(JANE).await).await.ok();
}

/// Row 4: the owner of the address proves it by mail, and the identity of the other person is gone.
#[tokio::test]
async fn an_identity_with_another_s_address_ends_at_the_first_proof() {
    let double = OidcDouble::start();
    let app = double.app().await;
    let thief = app.client();
    thief.log_in_at("untrusted", &double).await;
    app.client().ask_for_reset(JANE).await.ok();
    let code = app.code_to(JANE).await;
    app.client().reset_password(JANE, &code, PASSWORD).await.ok();
    assert_eq!(ways_in(&app).await, [1, 1, 1, 0]);
    assert!(!thief.is_signed_in().await);
    let again = app.client();
    assert_eq!(again.log_in_at("untrusted", &double).await, "/log-in?error=email_taken");
}

/// Row 4.
#[tokio::test]
async fn no_account_is_made_without_an_address_that_it_could_have() {
    let double = OidcDouble::start();
    let app = double.app().await;
    for email in [
        json!(null),
        json!("jane"),
        json!("jane@localhost"),
        json!("a@b@example.com"),
    ] {
        double.says(Said {
            claims: json!({ "email": email }),
            userinfo: json!({ "email": email }),
            ..Said::default()
        });
        assert_eq!(
            app.client().log_in_at("sso", &double).await,
            "/log-in?error=email_missing"
        );
    }
    assert_eq!(ways_in(&app).await, [0, 0, 0, 0]);
}

#[tokio::test]
async fn google_proves_its_own_addresses_only_and_may_write_true_as_a_string() {
    let double = OidcDouble::start();
    let app = double.app().await;
    for (subject, claims, expected) in [
        ("1", json!({ "email": "a@gmail.com", "email_verified": "true" }), true),
        ("2", json!({ "email": "b@gmail.com", "email_verified": "false" }), false),
        ("3", json!({ "email": "c@example.com", "email_verified": true }), false),
        (
            "4",
            json!({ "email": "d@example.com", "email_verified": true, "hd": "example.com" }),
            true,
        ),
    ] {
        let mut claims = claims;
        claims["sub"] = json!(subject);
        double.says(Said {
            claims,
            ..Said::default()
        });
        let client = app.client();
        assert_eq!(client.log_in_at("google", &double).await, "/dashboard");
        assert_eq!(client.session().await["user"]["email_verified"], expected, "{subject}");
    }
}

#[tokio::test]
async fn an_address_that_only_the_userinfo_endpoint_gives_is_taken_from_there() {
    let double = OidcDouble::start();
    double.says(Said {
        claims: json!({ "email": null, "email_verified": null }),
        userinfo: json!({ "email": JANE, "email_verified": true }),
        ..Said::default()
    });
    let app = double.app().await;
    let client = app.client();
    assert_eq!(client.log_in_at("sso", &double).await, "/dashboard");
    assert_eq!(client.session().await["user"]["email_verified"], true);
}

#[tokio::test]
async fn a_disabled_account_and_one_with_a_second_factor_are_not_entered_by_an_identity_alone() {
    let double = OidcDouble::start();
    let app = double.app().await;
    app.client().log_in_at("sso", &double).await;
    app.execute("UPDATE users SET second_factor_at = created_at").await;
    let half = app.client();
    assert_eq!(
        half.log_in_at("sso", &double).await,
        "/log-in?error=second_factor_required"
    );
    assert!(half.cookie().is_some());
    assert!(!half.is_signed_in().await);
    app.execute("UPDATE users SET second_factor_at = NULL, disabled_at = created_at")
        .await;
    let client = app.client();
    assert_eq!(client.log_in_at("sso", &double).await, "/log-in?error=account_disabled");
    assert!(client.cookie().is_none());
}

#[tokio::test]
async fn a_closed_sign_up_is_closed_to_identities_too() {
    let double = OidcDouble::start();
    let app = double
        .app_with(|setup| setup.log_in.sign_ups = neptun_auth::model::user::sign_ups::SignUps::Closed)
        .await;
    let client = app.client();
    assert_eq!(client.log_in_at("sso", &double).await, "/log-in?error=sign_up_closed");
    assert!(client.cookie().is_none());
    assert_eq!(ways_in(&app).await, [0, 0, 0, 0]);
}
