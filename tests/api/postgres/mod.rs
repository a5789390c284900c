//! What only PostgreSQL can do. `cargo test` lists these tests as ignored; `TEST_DATABASE_URL` and
//! `cargo test -- --include-ignored` run them.

mod backups;
mod conflicts;
mod copy;
mod events;
mod failover;
mod locks;
mod migrations;
mod notifications;
mod outages;
mod start;
mod storage;

/// Without this test, a run on PostgreSQL could leave the tests of this folder out and still look complete.
#[test]
fn a_run_on_postgresql_includes_the_tests_that_need_it() {
    let is_postgres = std::env::var_os("TEST_DATABASE_URL").is_some();
    let includes_them = std::env::args().any(|argument| argument == "--include-ignored");
    assert!(
        !is_postgres || includes_them,
        "run `cargo test -- --include-ignored` on PostgreSQL"
    );
}
