//! Another secret key in the place of the present one.

use chrono::TimeDelta;
use neptun_auth::app::App;
use neptun_auth::flows::operator::create_webhook::create_webhook;
use neptun_auth::flows::operator::reseal::reseal;
use neptun_auth::model::secret_key::SecretKey;

use crate::helpers::{ALICE, PASSWORD, SECRET_KEY, TestApp, client_of, setup};

#[tokio::test]
async fn a_new_secret_key_signs_no_client_out_and_after_a_reseal_stands_alone() {
    let app = TestApp::new().await;
    let alice = app.verified_user("alice").await;
    let authenticator = alice.enrol(&app).await;
    let bob = app.user("bob").await;
    let tokens = bob.tokens().await;
    create_webhook(&app.app, "https://example.com/", &[]).await.unwrap();
    bob.ask_for_reset(&bob.email).await.ok();

    let (old, new) = (SECRET_KEY.parse::<SecretKey>().unwrap(), SecretKey::generate());
    let mut both = setup(&app.database.url, app.clock.clone());
    both.secret_key = Some(new.clone().replacing(old));
    let rotating = App::open(both).await.unwrap();
    let client = client_of(&rotating);
    // Cookies, refresh tokens, the app and recovery codes of before go on.
    client.set_cookie(alice.cookie());
    assert_eq!(client.shown_email().await, ALICE);
    let refreshed = client.another().refresh(&tokens.refresh).await.ok().tokens();
    client.get_as("/api/me/", &tokens.access).await.ok();
    app.clock.advance(TimeDelta::seconds(30));
    let half = client.another();
    half.log_in(ALICE, PASSWORD).await.fails(401, "second_factor_required");
    half.finish_log_in(&authenticator.code()).await.ok();
    let half = client.another();
    half.log_in(ALICE, PASSWORD).await.fails(401, "second_factor_required");
    let code = &authenticator.recovery_codes[0];
    half.finish_log_in_with_recovery_code(code).await.ok();

    let mut seen = Vec::new();
    let done = reseal(&rotating, &mut |count, all| seen.push((count, all)))
        .await
        .unwrap();
    assert_eq!(
        (done.authenticator_apps, done.webhooks, done.signing_keys, seen),
        (1, 1, 1, vec![(1, 1)])
    );
    assert!(done.mails > 0);
    let again = reseal(&rotating, &mut |_, _| {}).await.unwrap();
    let rows = again.authenticator_apps + again.webhooks + again.mails + again.signing_keys;
    assert_eq!(rows, 0, "what is sealed under the new key is left alone");
    rotating.close().await;

    // The old key opens nothing any more, and the new one needs no other.
    let error = format!("{:#}", TestApp::try_open(&app.database.url).await.unwrap_err());
    assert!(error.contains("SECRET_KEY is not the one"), "{error}");
    let mut alone = setup(&app.database.url, app.clock.clone());
    alone.secret_key = Some(new);
    let after = App::open(alone).await.unwrap();
    let client = client_of(&after);
    client.refresh(&refreshed.refresh).await.ok();
    client.set_cookie(alice.cookie());
    assert_eq!(client.shown_email().await, ALICE);
    app.clock.advance(TimeDelta::seconds(30));
    let half = client.another();
    half.log_in(ALICE, PASSWORD).await.fails(401, "second_factor_required");
    half.finish_log_in(&authenticator.code()).await.ok();
    // Only hashes are stored of recovery codes, so these need the key under which they were made.
    let half = client.another();
    half.log_in(ALICE, PASSWORD).await.fails(401, "second_factor_required");
    let code = &authenticator.recovery_codes[1];
    half.finish_log_in_with_recovery_code(code)
        .await
        .fails(400, "invalid_otp");
}
