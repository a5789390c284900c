//! Passwords that were stolen from other services.

use std::fs;
use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use neptun_auth::app::breached::BreachedSetup;
use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::helpers::web::{WebServer, local_servers, reply};
use crate::helpers::{ALICE, Client, PASSWORD, TestApp, setup};

const BREACHED: &str = "stolen but not common";
/// Longer than any look-up on this machine takes.
const LONG: Duration = Duration::from_mins(2);

fn sha_1(password: &str) -> String {
    let hash = digest(&SHA1_FOR_LEGACY_USE_ONLY, password.as_bytes());
    let digits = hash.as_ref().iter().map(|byte| format!("{byte:02X}"));
    digits.collect::<Vec<_>>().concat()
}

/// A file with many hashes and those of `passwords`, in a folder of its own.
struct List(TempDir);

impl List {
    fn of(passwords: &[&str]) -> Self {
        let list = Self(TempDir::new().unwrap());
        list.replace(passwords);
        list
    }

    fn path(&self) -> PathBuf {
        self.0.path().join("breached.txt")
    }

    /// Puts another file in the place of the present one, at once, as `mv` does.
    fn replace(&self, passwords: &[&str]) {
        let others: Vec<_> = (0..1000).map(|number| format!("other password {number}")).collect();
        let all = others.iter().map(String::as_str).chain(passwords.iter().copied());
        let mut lines: Vec<_> = all.map(|password| format!("{}:3\r\n", sha_1(password))).collect();
        lines.sort();
        let next = self.0.path().join("next.txt");
        fs::write(&next, lines.concat()).unwrap();
        fs::rename(next, self.path()).unwrap();
    }

    async fn app(&self) -> TestApp {
        TestApp::with_setup(|setup| {
            setup.breached.file = Some(self.path());
            setup.mail.recovery_url = Some("https://app.example.com/reset".parse().unwrap());
        })
        .await
    }
}

async fn app_with_server(server: &WebServer, timeout: Duration) -> TestApp {
    TestApp::with_setup(|setup| {
        setup.outbound = local_servers();
        setup.breached = BreachedSetup {
            file: None,
            url: Some(server.url.join("/range").unwrap()),
            timeout,
        };
    })
    .await
}

#[tokio::test]
async fn no_operation_takes_a_breached_password_as_a_new_one() {
    let list = List::of(&[BREACHED]);
    let app = list.app().await;
    let client = app.client();
    assert_eq!(client.sign_up(ALICE, BREACHED).await.issues(), ["password: breached"]);
    let with_tokens = json!({ "username": "jane", "email": "jane@example.com", "password": BREACHED });
    let answer = client.post("/api/sign-up/", &with_tokens).await;
    assert_eq!(
        answer
            .assert_status(400)
            .json()
            .as_object()
            .unwrap()
            .keys()
            .collect::<Vec<_>>(),
        ["password"]
    );
    assert!(!answer.body.contains(BREACHED));
    assert_eq!(app.database.users().await, 0);

    let alice = app.user("alice").await;
    assert_eq!(
        alice.change_password(PASSWORD, BREACHED).await.issues(),
        ["new_password: breached"]
    );
    let change = json!({ "password": BREACHED, "current_password": PASSWORD });
    assert_eq!(alice.update(&change).await.issues(), ["password: breached"]);
    client.ask_for_reset(ALICE).await.ok();
    let mail = app.mail_to(ALICE).await;
    let (code, key) = (mail.code(), mail.recovery_key().unwrap());
    assert_eq!(
        client.reset_password(ALICE, &code, BREACHED).await.issues(),
        ["new_password: breached"]
    );
    assert_eq!(
        client.reset_password_by_otp(ALICE, &code, BREACHED).await.issues(),
        ["new_password: breached"]
    );
    assert_eq!(
        client.reset_password_with_key(&key, BREACHED).await.issues(),
        ["new_password: breached"]
    );
    // The code was not used up.
    client.reset_password(ALICE, &code, "another good password").await.ok();
    client.log_in(ALICE, "another good password").await.ok();
}

#[tokio::test]
async fn without_a_list_nothing_is_looked_up() {
    let app = TestApp::new().await;
    let client = app.client();
    client.sign_up(ALICE, BREACHED).await.ok();
    client.log_in(ALICE, BREACHED).await.ok();
    let user = client.session().await["user"].take();
    assert_eq!(user.get("password_breached"), None);
}

/// What `GET /api/auth/session` shows, once the look-up after a log-in is through.
async fn noted_by(client: &Client) -> Value {
    loop {
        let mut user = client.session().await["user"].take();
        if !user["password_breached"].is_null() {
            return user["password_breached"].take();
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

async fn notices(app: &TestApp) -> usize {
    let mails = app.mails().await;
    mails
        .iter()
        .filter(|mail| mail.subject == "Your password is known to attackers")
        .count()
}

#[tokio::test]
async fn a_log_in_with_a_breached_password_succeeds_and_its_owner_is_told_once() {
    let list = List::of(&[]);
    let app = list.app().await;
    app.client().sign_up(ALICE, BREACHED).await.ok();
    // The service is running.
    list.replace(&[BREACHED]);

    let alice = app.client();
    alice.log_in(ALICE, BREACHED).await.ok();
    assert_eq!(noted_by(&alice).await, true);
    let nuxt = alice.get("/api/_auth/session").await.ok().json();
    assert_eq!(nuxt["user"]["password_breached"], true);
    assert_eq!(notices(&app).await, 1);
    let again = app.client();
    again.log_in(ALICE, BREACHED).await.ok();
    assert_eq!(noted_by(&again).await, true);

    again.change_password(BREACHED, "another good password").await.ok();
    let user = again.session().await["user"].take();
    assert_eq!(user.get("password_breached"), None);
    let later = app.client();
    later.log_in(ALICE, "another good password").await.ok();
    assert_eq!(later.session().await["user"].get("password_breached"), None);
    assert_eq!(notices(&app).await, 1);
}

#[tokio::test]
async fn a_log_in_that_sends_both_factors_tells_of_a_breached_password_too() {
    let list = List::of(&[]);
    let app = list.app().await;
    let alice = app.user("alice").await;
    let authenticator = alice.enrol(&app).await;
    list.replace(&[PASSWORD]);
    let client = app.client();
    let code = authenticator.next_code();
    client.log_in_for_tokens_with(ALICE, PASSWORD, &code).await.ok();
    assert_eq!(noted_by(&alice).await, true);
    assert_eq!(notices(&app).await, 1);
}

/// The password is the same, so its owner must not be told again.
#[tokio::test]
async fn a_stronger_hash_of_a_breached_password_keeps_the_note() {
    const WEAK: &str = "pbkdf2_sha256$20000$eEExs5yuKCrRWH5Ph4FJtn$+cjpADU0DtzUjab1KXzciv57zyS5tuoP/bKJxTk9A2A=";
    const KEPT: &str = "SELECT COUNT(*) FROM users \
        WHERE password_breached_at IS NOT NULL AND password_hash LIKE '$argon2id$%'";
    let app = TestApp::new().await;
    let alice = app.user("alice").await;
    let authenticator = alice.enrol(&app).await;
    app.execute("UPDATE users SET password_breached_at = created_at").await;
    let password = "correct horse";
    app.database.set_password_hash(WEAK).await;
    app.log_in(ALICE, password).await.fails(401, "second_factor_required");
    assert_eq!(app.count(KEPT).await, 1);

    app.database.set_password_hash(WEAK).await;
    let client = app.client();
    let wrong = authenticator.wrong_code();
    let refused = client.log_in_for_tokens_with(ALICE, password, &wrong).await;
    refused.assert_status(400);
    assert_eq!(app.count(KEPT).await, 1);

    app.database.set_password_hash(WEAK).await;
    let right = authenticator.next_code();
    client.log_in_for_tokens_with(ALICE, password, &right).await.ok();
    assert_eq!(app.count(KEPT).await, 1);
}

#[tokio::test]
async fn a_file_that_is_gone_or_spoilt_while_the_service_runs_is_not_in_the_way() {
    let list = List::of(&[BREACHED]);
    let app = list.app().await;
    fs::write(list.path(), "no hashes at all\n").unwrap();
    app.client().sign_up("one@example.com", BREACHED).await.ok();
    fs::remove_file(list.path()).unwrap();
    app.client().sign_up("two@example.com", BREACHED).await.ok();
    app.client().log_in("two@example.com", BREACHED).await.ok();
}

#[tokio::test]
async fn a_server_sees_five_characters_of_the_hash_and_padding_is_no_hit() {
    let (hash, padding) = (sha_1(BREACHED), sha_1("only padding"));
    let answer = format!("{}:0\r\n{}:42\r\n{}:7\r\n", &padding[5..], &hash[5..], "0".repeat(35));
    let server = WebServer::https(move |_| reply(200, &[], &answer));
    let app = app_with_server(&server, LONG).await;
    let client = app.client();
    assert_eq!(client.sign_up(ALICE, BREACHED).await.issues(), ["password: breached"]);
    client.sign_up(ALICE, "only padding").await.ok();
    // The policy comes first.
    assert_eq!(
        client.sign_up(ALICE, "password1").await.issues(),
        ["password: too_common"]
    );

    let received = server.received();
    let targets: Vec<_> = received.iter().map(|request| request.target.clone()).collect();
    assert_eq!(
        targets,
        [format!("/range/{}", &hash[..5]), format!("/range/{}", &padding[..5])]
    );
    for request in &received {
        assert_eq!(request.header("add-padding"), Some("true"));
        assert_eq!((request.method.as_str(), request.body.as_str()), ("GET", ""));
        assert!(!format!("{request:?}").contains(&hash[..10]));
    }
}

#[tokio::test]
async fn a_server_that_fails_is_not_in_the_way() {
    let hash = sha_1(BREACHED);
    let broken = WebServer::http(move |_| reply(500, &[], &format!("{}:42", &hash[5..])));
    let silent = WebServer::http(|_| {
        loop {
            thread::park();
        }
    });
    for (server, timeout) in [(broken, LONG), (silent, Duration::from_millis(100))] {
        let app = app_with_server(&server, timeout).await;
        app.client().sign_up(ALICE, BREACHED).await.ok();
        app.client().log_in(ALICE, BREACHED).await.ok();
        assert!(!server.received().is_empty());
    }
}

#[tokio::test]
async fn a_log_in_does_not_wait_for_a_server() {
    let list = List::of(&[]);
    let app = list.app().await;
    app.client().sign_up(ALICE, PASSWORD).await.ok();
    let silent = WebServer::http(|_| {
        loop {
            thread::park();
        }
    });
    let mut setup = setup(&app.database.url, app.clock.clone());
    setup.outbound = local_servers();
    setup.breached.url = Some(silent.url.clone());
    // The server never answers, and the time-out of the look-up is longer than the test may take.
    let client = app.instance(setup).await;
    client.log_in(ALICE, PASSWORD).await.ok();
}
