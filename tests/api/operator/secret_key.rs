//! Another secret key in the place of the present one.

use chrono::TimeDelta;
use neptun_auth::app::App;
use neptun_auth::flows::operator::create_webhook::create_webhook;
use neptun_auth::flows::operator::reseal::reseal;
use neptun_auth::model::admin::Operator;
use neptun_auth::model::secret_key::SecretKey;
use tokio::runtime::Handle;
use tokio::task::{LocalSet, spawn_local};

use crate::helpers::{ALICE, PASSWORD, SECRET_KEY, TestApp, client_of, setup};

/// The service with the new key beside one that only knows the old key.
async fn rotating(app: &TestApp, new: &SecretKey) -> App {
    let mut both = setup(&app.database.url, app.clock.clone());
    both.secret_key = Some(new.clone().replacing(SECRET_KEY.parse().unwrap()));
    App::open(both).await.unwrap()
}

/// Whether the new key alone opens the database.
async fn opens_alone(app: &TestApp, new: &SecretKey) -> bool {
    let mut alone = setup(&app.database.url, app.clock.clone());
    alone.secret_key = Some(new.clone());
    match App::open(alone).await {
        Ok(opened) => {
            opened.close().await;
            true
        }
        Err(_) => false,
    }
}

#[tokio::test]
async fn a_new_secret_key_signs_no_client_out_and_after_a_reseal_stands_alone() {
    let app = TestApp::new().await;
    let alice = app.verified_user("alice").await;
    let authenticator = alice.enrol(&app).await;
    let bob = app.user("bob").await;
    let tokens = bob.tokens().await;
    create_webhook(&app.app, &Operator::at_command_line(), "https://example.com/", &[])
        .await
        .unwrap();
    bob.ask_for_reset(&bob.email).await.ok();

    let new = SecretKey::generate();
    let rotating = rotating(&app, &new).await;
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
        (1, 1, 1, vec![(1, 1), (1, 1)])
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

/// An instance that was not restarted yet knows the old key alone.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_sealed_under_the_old_key_behind_a_reseal_is_found_by_its_next_pass() {
    let app = TestApp::new().await;
    let bob = app.verified_user("bob").await;
    let alice = app.verified_user("alice").await;
    alice.enrol(&app).await;
    let new = SecretKey::generate();
    let rotating = rotating(&app, &new).await;
    let mut authenticator = None;
    let mut passed = |_, _| {
        if authenticator.is_none() {
            let enrolled = tokio::task::block_in_place(|| Handle::current().block_on(bob.enrol(&app)));
            authenticator = Some(enrolled);
        }
    };
    let done = reseal(&rotating, &mut passed).await.unwrap();
    assert_eq!((done.authenticator_apps, done.signing_keys), (2, 1));
    rotating.close().await;

    let mut alone = setup(&app.database.url, app.clock.clone());
    alone.secret_key = Some(new);
    let after = App::open(alone).await.unwrap();
    app.clock.advance(TimeDelta::seconds(30));
    let half = client_of(&after);
    half.log_in(&bob.email, PASSWORD)
        .await
        .fails(401, "second_factor_required");
    half.finish_log_in(&authenticator.unwrap().code()).await.ok();
}

#[tokio::test]
async fn a_reseal_that_is_killed_goes_on_where_it_was_and_until_then_the_old_key_is_needed() {
    let app = TestApp::new().await;
    app.verified_user("alice").await.enrol(&app).await;
    let new = SecretKey::generate();
    let rotating = rotating(&app, &new).await;
    let killed = rotating.clone();
    let killed = async move { reseal(&killed, &mut |_, _| panic!("killed")).await.is_ok() };
    let ended = LocalSet::new().run_until(async { spawn_local(killed).await }).await;
    assert!(ended.unwrap_err().is_panic());
    assert!(!opens_alone(&app, &new).await);
    let done = reseal(&rotating, &mut |_, _| {}).await.unwrap();
    assert_eq!(
        (done.authenticator_apps, done.signing_keys),
        (0, 1),
        "the app was done before"
    );
    assert!(done.mails > 0);
    assert!(opens_alone(&app, &new).await);
    rotating.close().await;
}
