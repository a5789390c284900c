//! `POST /api/auth/logout` and `DELETE /api/_auth/session`.

use serde_json::json;

use crate::helpers::TestApp;

#[tokio::test]
async fn ends_the_session_for_every_copy_of_its_cookie() {
    let app = TestApp::new().await;
    let client = app.signed_up("user@example.com").await;
    let stolen = client.copy();
    let answer = client.log_out().await;
    assert_eq!(answer.assert_status(200).json(), json!(true));
    assert_eq!(client.cookie(), None);
    assert_eq!(stolen.session_status().await, 401);
    assert_eq!(app.database.sessions().await, 0);
}

#[tokio::test]
async fn tells_when_there_was_nothing_to_end_and_removes_the_cookie_anyway() {
    let app = TestApp::new().await;
    let client = app.signed_up("user@example.com").await;
    let again = client.copy();
    client.log_out().await;
    for client in [again, app.client()] {
        let answer = client.log_out().await;
        assert_eq!(answer.assert_status(200).json(), json!(false));
        assert!(answer.set_cookie().unwrap().contains("Max-Age=0"));
    }
}

#[tokio::test]
async fn is_never_done_by_get() {
    let app = TestApp::new().await;
    let client = app.signed_up("user@example.com").await;
    let answer = client.get("/api/auth/logout").await;
    answer.assert_error(405, "method_not_allowed");
    assert_eq!(answer.header("allow"), Some("POST"));
    assert_eq!(client.session_status().await, 200);
}

#[tokio::test]
async fn nuxt_auth_utils_logs_out_by_deleting_its_session() {
    let app = TestApp::new().await;
    let client = app.signed_up("user@example.com").await;
    let stolen = client.copy();
    let answer = client.delete("/api/_auth/session").await;
    assert_eq!(answer.assert_status(200).json(), json!({ "loggedOut": true }));
    assert_eq!(client.cookie(), None);
    assert_eq!(stolen.session_status().await, 401);
    assert_eq!(
        client.delete("/api/_auth/session").await.json(),
        json!({ "loggedOut": true })
    );
}
