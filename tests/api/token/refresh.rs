//! Rotation: nobody is logged out by accident, and a stolen token is noticed.

use chrono::TimeDelta;
use serde_json::json;

use crate::helpers::{PASSWORD, TestApp};

#[tokio::test]
async fn each_use_gives_the_next_pair() {
    let app = TestApp::new().await;
    app.signed_up("user@example.com").await;
    let client = app.client();
    let mut tokens = client.token_pair("user@example.com", PASSWORD).await;
    for _ in 0..5 {
        app.clock.advance(TimeDelta::minutes(1));
        let next = client.refresh(&tokens.refresh).await.assert_status(200).tokens();
        assert_ne!(next.refresh, tokens.refresh);
        client.get_as("/api/me/", &next.access).await.assert_status(200);
        tokens = next;
    }
}

#[tokio::test]
async fn the_same_token_within_ten_seconds_gives_the_same_successor() {
    let app = TestApp::new().await;
    app.signed_up("user@example.com").await;
    let client = app.client();
    let tokens = client.token_pair("user@example.com", PASSWORD).await;
    let first = client.refresh(&tokens.refresh).await.assert_status(200).tokens();
    app.clock.advance(TimeDelta::seconds(10));
    let second = client.refresh(&tokens.refresh).await.assert_status(200).tokens();
    assert_eq!(second.refresh, first.refresh);
    client.get_as("/api/me/", &second.access).await.assert_status(200);
}

#[tokio::test]
async fn an_older_token_ends_the_session() {
    let app = TestApp::new().await;
    app.signed_up("user@example.com").await;
    let client = app.client();
    for late in [false, true] {
        let old = client.token_pair("user@example.com", PASSWORD).await;
        let mut current = client.refresh(&old.refresh).await.assert_status(200).tokens();
        if late {
            app.clock.advance(TimeDelta::seconds(11));
        } else {
            current = client.refresh(&current.refresh).await.assert_status(200).tokens();
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
    app.signed_up("user@example.com").await;
    let mut tokens = app.client().token_pair("user@example.com", PASSWORD).await;
    for _ in 0..10 {
        let tabs: Vec<_> = (0..20)
            .map(|_| {
                let (tab, token) = (app.client(), tokens.refresh.clone());
                tokio::spawn(async move { tab.refresh(&token).await.assert_status(200).tokens() })
            })
            .collect();
        let mut successors = Vec::new();
        for tab in tabs {
            successors.push(tab.await.unwrap().refresh);
        }
        successors.dedup();
        assert_eq!(successors.len(), 1, "every tab has the same successor");
        tokens.refresh = successors.remove(0);
        app.clock.advance(TimeDelta::minutes(1));
    }
}

#[tokio::test]
async fn tokens_end_with_their_session_however_it_ends() {
    let app = TestApp::new().await;
    let browser = app.signed_up("user@example.com").await;
    let client = app.client();

    let blacklisted = client.token_pair("user@example.com", PASSWORD).await;
    let body = json!({ "refresh": blacklisted.refresh });
    assert_eq!(
        client
            .post("/api/token/blacklist/", &body)
            .await
            .assert_status(200)
            .json(),
        json!({})
    );
    client.post("/api/token/blacklist/", &body).await.assert_status(401);

    let revoked = client.token_pair("user@example.com", PASSWORD).await;
    let sessions = browser.get("/api/auth/sessions").await.json();
    let row = sessions
        .as_array()
        .unwrap()
        .iter()
        .find(|row| row["kind"] == "token")
        .unwrap()
        .clone();
    browser
        .delete(&format!("/api/auth/sessions/{}", row["id"].as_str().unwrap()))
        .await
        .assert_status(204);

    let expired = client.token_pair("user@example.com", PASSWORD).await;
    app.clock.advance(TimeDelta::days(30));

    for tokens in [blacklisted, revoked, expired] {
        client.refresh(&tokens.refresh).await.assert_status(401);
        client.get_as("/api/me/", &tokens.access).await.assert_status(401);
        for token in [&tokens.access, &tokens.refresh] {
            client
                .post("/api/token/verify/", &json!({ "token": token }))
                .await
                .assert_status(401);
        }
    }
}

#[tokio::test]
async fn a_restored_backup_logs_nobody_out() {
    let app = TestApp::new().await;
    app.signed_up("user@example.com").await;
    let client = app.client();
    let mut tokens = client.token_pair("user@example.com", PASSWORD).await;
    for _ in 0..3 {
        tokens = client.refresh(&tokens.refresh).await.assert_status(200).tokens();
    }
    let older = "UPDATE sessions SET generation = 1 WHERE kind = 'token'";
    app.database.execute(older, older).await;
    let next = client.refresh(&tokens.refresh).await.assert_status(200).tokens();
    client.refresh(&next.refresh).await.assert_status(200);
}

#[tokio::test]
async fn a_phone_may_rest_for_weeks_but_not_beyond_thirty_days() {
    let app = TestApp::new().await;
    app.signed_up("user@example.com").await;
    let client = app.client();
    let tokens = client.token_pair("user@example.com", PASSWORD).await;
    app.clock.advance(TimeDelta::days(29));
    let tokens = client.refresh(&tokens.refresh).await.assert_status(200).tokens();
    app.clock.advance(TimeDelta::days(1));
    client.refresh(&tokens.refresh).await.assert_status(401);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tabs_that_refresh_at_two_instances_all_stay_signed_in() {
    let app = TestApp::new().await;
    let other = app.second_instance().await;
    app.signed_up("user@example.com").await;
    let mut tokens = app.client().token_pair("user@example.com", PASSWORD).await;
    for _ in 0..10 {
        let tabs: Vec<_> = (0..20)
            .map(|number| {
                let tab = if number % 2 == 0 { app.client() } else { other.clone() };
                let token = tokens.refresh.clone();
                tokio::spawn(async move { tab.refresh(&token).await.assert_status(200).tokens() })
            })
            .collect();
        let mut successors = Vec::new();
        for tab in tabs {
            let pair = tab.await.unwrap();
            app.client().get_as("/api/me/", &pair.access).await.assert_status(200);
            successors.push(pair.refresh);
        }
        successors.dedup();
        assert_eq!(successors.len(), 1, "both instances give the same successor");
        tokens.refresh = successors.remove(0);
        app.clock.advance(TimeDelta::minutes(1));
    }
}
