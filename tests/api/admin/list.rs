//! `GET /api/admin/users`.

use serde_json::json;
use uuid::Uuid;

use super::{Operator, id_of};
use crate::helpers::{TestApp, TestUser};

/// The addresses of all pages.
async fn pages(operator: &Operator, query: &str, limit: usize) -> Vec<String> {
    let (mut addresses, mut before) = (Vec::new(), String::new());
    loop {
        let page = operator
            .get(&format!("/users?query={query}&limit={limit}{before}"))
            .await
            .ok()
            .json();
        let users = page["users"].as_array().unwrap();
        assert!(users.len() <= limit);
        addresses.extend(users.iter().map(|user| user["email"].as_str().unwrap().to_owned()));
        let Some(next) = page["next"].as_str() else {
            return addresses;
        };
        before = format!("&before={next}");
    }
}

/// Creates accounts with these user names; an empty one stands for none.
async fn create(operator: &Operator, accounts: &[(&str, &str)]) {
    for (email, username) in accounts {
        let username = (!username.is_empty()).then_some(username);
        operator
            .post("/users", &json!({"email": email, "username": username}))
            .await
            .assert_status(201);
    }
}

#[tokio::test]
async fn all_accounts_are_listed_page_by_page_the_newest_first() {
    let app = TestApp::new().await;
    let operator = app.operator().await;
    assert_eq!(pages(&operator, "", 2).await, [""; 0]);
    let mut expected = Vec::new();
    for name in ["a", "b", "c", "d", "e"] {
        expected.insert(0, format!("{name}@example.com"));
        create(&operator, &[(&expected[0], "")]).await;
    }
    for limit in [1, 2, 4, 5, 6] {
        assert_eq!(pages(&operator, "", limit).await, expected, "{limit}");
    }
}

#[tokio::test]
async fn an_account_is_found_by_address_name_and_id_whole_or_as_a_prefix() {
    let app = TestApp::new().await;
    let operator = app.operator().await;
    create(
        &operator,
        &[
            ("Zoe@example.com", "alice.z"),
            ("alice@example.com", "alice@example.com"),
            ("ALICIA@example.com", "cia"),
            ("bob@example.com", "alibaba"),
            ("alfred@example.com", ""),
            ("Jörg@bücher.example", ""),
        ],
    )
    .await;
    let found = async |query: &str| pages(&operator, query, 2).await;
    assert_eq!(
        found("ali").await,
        [
            "alice@example.com",
            "ALICIA@example.com",
            "bob@example.com",
            "Zoe@example.com"
        ]
    );
    assert_eq!(found("Alice@Example.COM").await, ["alice@example.com"]);
    assert_eq!(found("zoe@").await, ["Zoe@example.com"]);
    assert_eq!(found("CIA").await, ["ALICIA@example.com"]);
    assert_eq!(found("j%C3%96rg@B%C3%BCCHER.example").await, ["Jörg@bücher.example"]);
    assert_eq!(found("%25").await, [""; 0]);
    assert_eq!(found("ali_e").await, [""; 0], "no character stands for others");
    let bob = operator.get("/users?query=bob").await.ok().json()["users"][0].clone();
    let id = bob["id"].as_str().unwrap();
    assert_eq!(
        operator.get(&format!("/users?query={id}")).await.ok().json()["users"],
        json!([bob])
    );
    assert_eq!(operator.get(&format!("/users/{id}")).await.ok().json(), bob);
    // All of them were created within a minute.
    assert_eq!(found(&id[..8].to_uppercase()).await.len(), 6);
}

#[tokio::test]
async fn a_list_goes_on_when_the_accounts_of_its_pages_are_deleted() {
    let app = TestApp::new().await;
    let operator = app.operator().await;
    let accounts = [
        ("aa@example.com", ""),
        ("ab@example.com", "ab@example.com"),
        ("x@example.com", "ac"),
        ("y@example.com", "ad"),
        ("z@example.com", "ae"),
    ];
    for query in ["", "a"] {
        create(&operator, &accounts).await;
        let (mut found, mut before) = (0, String::new());
        loop {
            let path = format!("/users?query={query}&limit=1{before}");
            let page = operator.get(&path).await.ok().json();
            for user in page["users"].as_array().unwrap() {
                let path = format!("/users/{}", user["id"].as_str().unwrap());
                operator.delete(&path).await.assert_status(204);
                found += 1;
            }
            let Some(next) = page["next"].as_str() else { break };
            before = format!("&before={next}");
        }
        assert_eq!(
            (found, app.count("SELECT COUNT(*) FROM users").await),
            (5, 0),
            "{query}"
        );
    }
}

#[tokio::test]
async fn a_page_looks_at_a_bounded_number_of_user_names() {
    let app = TestApp::new().await;
    let operator = app.operator().await;
    create(&operator, &[("z@example.com", "uz")]).await;
    app.database
        .execute(
            "INSERT INTO users (id, email, email_canonical, username, username_canonical, first_name, last_name, \
             created_at, last_log_in_at) WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n \
             WHERE n < 900) SELECT randomblob(16), 'u' || n || '@example.com', 'u' || n || '@example.com', \
             'u' || n || '@example.com', 'u' || n || '@example.com', '', '', created_at, created_at FROM users, n",
            "INSERT INTO users (id, email, email_canonical, username, username_canonical, first_name, last_name, \
             created_at, last_log_in_at) SELECT gen_random_uuid(), 'u' || n || '@example.com', \
             'u' || n || '@example.com', 'u' || n || '@example.com', 'u' || n || '@example.com', '', '', now(), now() \
             FROM generate_series(1, 900) n",
        )
        .await;
    let found = pages(&operator, "u", 200).await;
    assert_eq!((found.len(), found.last().unwrap().as_str()), (901, "z@example.com"));
}

#[tokio::test]
async fn an_address_that_an_earlier_version_stored_in_another_form_is_found() {
    let app = TestApp::new().await;
    let operator = app.operator().await;
    create(&operator, &[("kır@example.com", "")]).await;
    app.execute("UPDATE users SET email_canonical = 'kir@example.com'")
        .await;
    assert_eq!(pages(&operator, "k%C4%B1r@example.com", 2).await, ["kır@example.com"]);
}

#[tokio::test]
async fn a_parameter_that_is_not_acceptable_is_named() {
    let app = TestApp::new().await;
    let operator = app.operator().await;
    for (query, issues) in [
        ("limit=0".to_owned(), ["limit: invalid_type"]),
        ("limit=201".to_owned(), ["limit: invalid_type"]),
        ("before=1".to_owned(), ["before: invalid_type"]),
        // A place is no account: it has to hold after the account is deleted.
        (format!("before={}", Uuid::now_v7()), ["before: invalid_type"]),
        ("before=bjc&query=a".to_owned(), ["before: invalid_type"]),
        (format!("query={}", "x".repeat(255)), ["query: invalid_type"]),
        ("query=a%00".to_owned(), ["query: invalid_type"]),
    ] {
        assert_eq!(
            operator.get(&format!("/users?{query}")).await.issues(),
            issues,
            "{query}"
        );
    }
    operator.get("/users?limit=200&query=%20").await.ok();
    operator.get("/users/1").await.fails(404, "not_found");
    operator
        .get(&format!("/users/{}", Uuid::now_v7()))
        .await
        .fails(404, "not_found");
}

/// In `src/store/users/listed.rs` SQLite is asked for its plans. PostgreSQL counts what it reads without an index.
#[tokio::test]
#[ignore = "needs TEST_DATABASE_URL"]
async fn no_page_of_a_list_reads_the_whole_table() {
    let app = TestApp::new().await;
    let operator = app.operator().await;
    let TestUser { browser, .. } = app.user("alice").await;
    let id = id_of(&browser).await;
    app.execute(
        "INSERT INTO users (id, email, email_canonical, username, username_canonical, first_name, last_name, \
         created_at, last_log_in_at) SELECT gen_random_uuid(), 'u' || n || '@example.com', 'u' || n || '@example.com', \
         'n' || n, 'n' || n, '', '', now(), now() FROM generate_series(1, 20000) n",
    )
    .await;
    app.execute("ANALYZE users").await;
    let scans = "SELECT COALESCE(SUM(seq_scan), 0)::bigint FROM pg_stat_user_tables WHERE relid = 'users'::regclass";
    // What a connection has counted is published at the latest when it ends.
    app.app.close().await;
    let before = settled(&app, scans).await;
    let (client, second) = app.second_app().await;
    let operator = Operator { client, ..operator };
    let mut path = "/users?limit=50".to_owned();
    for _ in 0..3 {
        let page = operator.get(&path).await.ok().json();
        path = format!("/users?limit=50&before={}", page["next"].as_str().unwrap());
    }
    for query in [
        "alice@example.com",
        "u1",
        "u19999@example.com",
        "n1",
        "n19999",
        &id,
        &id[..13],
    ] {
        assert!(
            !operator.get(&format!("/users?query={query}")).await.ok().json()["users"]
                .as_array()
                .unwrap()
                .is_empty()
        );
    }
    second.close().await;
    assert_eq!(settled(&app, scans).await, before, "some query read the whole table");
    let indexed = "SELECT COALESCE(SUM(idx_scan), 0)::bigint FROM pg_stat_user_tables WHERE relid = 'users'::regclass";
    assert!(app.count(indexed).await > 0, "nothing was counted");
}

/// The number once the service's connections have ended.
async fn settled(app: &TestApp, sql: &'static str) -> i64 {
    let open = "SELECT COUNT(*) FROM pg_stat_activity \
        WHERE application_name = current_setting('application_name') AND pid <> pg_backend_pid()";
    while app.count(open).await > 0 {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    app.count(sql).await
}
