//! Rotation of refresh tokens: races keep a client signed in, and reuse of an old token ends its session.

use chrono::TimeDelta;
use serde_json::json;

use crate::helpers::{Client, TestApp, Tokens, at_once};

#[tokio::test]
async fn each_use_gives_the_next_pair() {
    let app = TestApp::new().await;
    let alice = app.user("alice").await;
    let client = app.client();
    let mut tokens = alice.tokens().await;
    for _ in 0..5 {
        app.clock.advance(TimeDelta::minutes(1));
        let next = client.refresh(&tokens.refresh).await.ok().tokens();
        assert_ne!(next.refresh, tokens.refresh);
        client.get_as("/api/me/", &next.access).await.ok();
        tokens = next;
    }
}

#[tokio::test]
async fn the_same_token_within_ten_seconds_gives_the_same_successor() {
    let app = TestApp::new().await;
    let alice = app.user("alice").await;
    let client = app.client();
    let tokens = alice.tokens().await;
    let first = client.refresh(&tokens.refresh).await.ok().tokens();
    app.clock.advance(TimeDelta::seconds(10));
    let second = client.refresh(&tokens.refresh).await.ok().tokens();
    assert_eq!(second.refresh, first.refresh);
    client.get_as("/api/me/", &second.access).await.ok();
}

#[tokio::test]
async fn reuse_of_an_older_token_ends_the_session() {
    let app = TestApp::new().await;
    let alice = app.user("alice").await;
    let client = app.client();
    for late in [false, true] {
        let old = alice.tokens().await;
        let mut current = client.refresh(&old.refresh).await.ok().tokens();
        if late {
            app.clock.advance(TimeDelta::seconds(11));
        } else {
            current = client.refresh(&current.refresh).await.ok().tokens();
        }
        let reused = client.refresh(&old.refresh).await;
        assert_eq!(reused.assert_status(401).json()["code"], "token_not_valid");
        client.refresh(&current.refresh).await.assert_status(401);
        client.get_as("/api/me/", &current.access).await.assert_status(401);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twenty_tabs_that_refresh_at_once_all_stay_signed_in() {
    let app = TestApp::new().await;
    let alice = app.user("alice").await;
    refresh_in_twenty_tabs(&app, &[app.client()], alice.tokens().await).await;
}

/// Refreshes ten times in twenty tabs at once. The tabs take turns among `clients`, each of one instance.
async fn refresh_in_twenty_tabs(app: &TestApp, clients: &[Client], mut tokens: Tokens) {
    for _ in 0..10 {
        let pairs = at_once(20, |number| {
            let (tab, token) = (clients[number % clients.len()].clone(), tokens.refresh.clone());
            async move { tab.refresh(&token).await.ok().tokens() }
        });
        let mut successors = Vec::new();
        for pair in pairs.await {
            app.client().get_as("/api/me/", &pair.access).await.ok();
            successors.push(pair.refresh);
        }
        successors.dedup();
        assert_eq!(successors.len(), 1, "every tab gets the same successor");
        tokens.refresh = successors.remove(0);
        app.clock.advance(TimeDelta::minutes(1));
    }
}

#[tokio::test]
async fn tokens_end_with_their_session_however_it_ends() {
    let app = TestApp::new().await;
    let alice = app.user("alice").await;
    let client = app.client();

    let blacklisted = alice.tokens().await;
    let ended = client.blacklist(&blacklisted.refresh).await;
    assert_eq!(ended.ok().json(), json!({}));
    client.blacklist(&blacklisted.refresh).await.assert_status(401);

    let revoked = alice.tokens().await;
    let sessions = alice.sessions().await;
    let session = sessions.iter().find(|session| session["kind"] == "token").unwrap();
    let ended = alice.end_session(session["id"].as_str().unwrap()).await;
    ended.assert_status(204);

    let expired = alice.tokens().await;
    app.clock.advance(TimeDelta::days(30));

    for tokens in [blacklisted, revoked, expired] {
        client.refresh(&tokens.refresh).await.assert_status(401);
        client.get_as("/api/me/", &tokens.access).await.assert_status(401);
        for token in [&tokens.access, &tokens.refresh] {
            client.verify_token(token).await.assert_status(401);
        }
    }
}

#[tokio::test]
async fn after_a_restore_from_an_older_backup_tokens_still_work() {
    let app = TestApp::new().await;
    let alice = app.user("alice").await;
    let client = app.client();
    let mut tokens = alice.tokens().await;
    for _ in 0..3 {
        tokens = client.refresh(&tokens.refresh).await.ok().tokens();
    }
    app.execute("UPDATE sessions SET generation = 1 WHERE kind = 'token'")
        .await;
    let next = client.refresh(&tokens.refresh).await.ok().tokens();
    client.refresh(&next.refresh).await.ok();
}

#[tokio::test]
async fn a_refresh_token_works_for_thirty_days_after_log_in() {
    let app = TestApp::new().await;
    let alice = app.user("alice").await;
    let client = app.client();
    let tokens = alice.tokens().await;
    app.clock.advance(TimeDelta::days(29));
    let tokens = client.refresh(&tokens.refresh).await.ok().tokens();
    app.clock.advance(TimeDelta::days(1));
    client.refresh(&tokens.refresh).await.assert_status(401);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tabs_that_refresh_at_two_instances_all_stay_signed_in() {
    let app = TestApp::new().await;
    let other = app.second_instance().await;
    let alice = app.user("alice").await;
    refresh_in_twenty_tabs(&app, &[app.client(), other], alice.tokens().await).await;
}
