//! `POST /api/auth/logout` and `DELETE /api/_auth/session`.

use std::time::Duration;

use serde_json::json;
use tokio::time::timeout;

use crate::helpers::TestApp;

#[tokio::test]
async fn ends_the_session_for_every_copy_of_its_cookie() {
    let app = TestApp::new().await;
    let alice = app.user("alice").await;
    let stolen = alice.copy();
    let answer = alice.log_out().await;
    assert_eq!(answer.ok().json(), json!(true));
    assert_eq!(alice.cookie(), None);
    assert!(!stolen.is_signed_in().await);
    assert_eq!(app.database.sessions().await, 0);
}

#[tokio::test]
async fn tells_when_there_was_nothing_to_end_and_removes_the_cookie_anyway() {
    let app = TestApp::new().await;
    let alice = app.user("alice").await;
    let again = alice.copy();
    alice.log_out().await;
    for signed_out in [again, app.client()] {
        let answer = signed_out.log_out().await;
        assert_eq!(answer.ok().json(), json!(false));
        assert!(answer.set_cookie().unwrap().contains("Max-Age=0"));
    }
}

#[tokio::test]
async fn a_made_up_cookie_never_waits_for_the_writer() {
    let app = TestApp::new().await;
    let stranger = app.client();
    stranger.set_cookie(Some("neptun-session=abcdefghijklmnopqrstuv".to_owned()));
    let held = app.database.hold_writes().await;
    let answer = timeout(Duration::from_secs(20), stranger.log_out()).await;
    drop(held);
    assert_eq!(answer.unwrap().ok().json(), json!(false));
}

#[tokio::test]
async fn a_get_request_does_not_log_out() {
    let app = TestApp::new().await;
    let alice = app.user("alice").await;
    let answer = alice.get("/api/auth/logout").await;
    answer.fails(405, "method_not_allowed");
    assert_eq!(answer.header("allow"), Some("POST"));
    assert!(alice.is_signed_in().await);
}

#[tokio::test]
async fn nuxt_auth_utils_logs_out_by_deleting_its_session() {
    let app = TestApp::new().await;
    let alice = app.user("alice").await;
    let stolen = alice.copy();
    let answer = alice.delete("/api/_auth/session").await;
    assert_eq!(answer.ok().json(), json!({ "loggedOut": true }));
    assert_eq!(alice.cookie(), None);
    assert!(!stolen.is_signed_in().await);
    assert_eq!(
        alice.delete("/api/_auth/session").await.json(),
        json!({ "loggedOut": true })
    );
}
