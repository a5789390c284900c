//! Readiness says no when what serving needs can't be written or read.

use crate::helpers::{PASSWORD, TestApp};

#[tokio::test]
async fn a_database_that_takes_no_writes_is_not_ready() {
    let app = TestApp::new().await;
    app.database
        .execute(
            "CREATE TRIGGER refused BEFORE INSERT ON probes BEGIN SELECT RAISE(ABORT, 'injected'); END",
            "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'injected'; END $$; \
             CREATE TRIGGER refused BEFORE INSERT ON probes FOR EACH ROW EXECUTE FUNCTION refuse()",
        )
        .await;
    let answer = app.client().get("/health/ready").await;
    answer.fails(503, "unavailable");
    assert_eq!(answer.header("retry-after"), Some("2"));
    app.client().get("/health/live").await.ok();
}

#[tokio::test]
async fn a_database_whose_accounts_can_not_be_read_is_not_ready() {
    let app = TestApp::new().await;
    app.execute("ALTER TABLE users RENAME TO hidden").await;
    app.client().get("/health/ready").await.fails(503, "unavailable");
}

#[tokio::test]
async fn many_questions_cost_one_write() {
    let app = TestApp::new().await;
    app.client().sign_up("alice@example.com", PASSWORD).await.ok();
    app.client().get("/health/ready").await.ok();
    app.database
        .execute(
            "CREATE TABLE writes (thing); CREATE TRIGGER noted AFTER UPDATE ON probes \
             BEGIN INSERT INTO writes VALUES (1); END",
            "CREATE TABLE writes (thing INT); CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS \
             $$ BEGIN INSERT INTO writes VALUES (1); RETURN NEW; END $$; \
             CREATE TRIGGER noted AFTER UPDATE ON probes FOR EACH ROW EXECUTE FUNCTION note()",
        )
        .await;
    for _ in 0..50 {
        app.client().get("/health/ready").await.ok();
    }
    assert!(app.count("SELECT COUNT(*) FROM writes").await <= 1);
}
