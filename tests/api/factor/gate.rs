//! One gate for every way to start or to continue a session: each way is tried on an account in each state.

use poem::Body;
use poem::http::{Method, StatusCode};
use serde_json::json;

use crate::helpers::authenticator::Passkey;
use crate::helpers::identities::{OidcDouble, Said};
use crate::helpers::{ALICE, Answer, Authenticator, Client, PASSWORD, TestApp, Tokens, setup};

/// The states of an account, in the order of the columns of [`TABLE`].
const STATES: [State; 6] = [
    State::Plain,
    State::Unverified,
    State::Disabled,
    State::WithApp,
    State::Passwordless,
    State::PasskeyOnly,
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// A verified address and a password.
    Plain,
    /// The service requires a verified address, and this one is not.
    Unverified,
    /// An operator has disabled the account; its sessions are still stored.
    Disabled,
    /// With an authenticator app, which the session of the table has set up.
    WithApp,
    /// Neither a password nor a factor.
    Passwordless,
    /// A passkey and no password. The states before have a passkey too, except for the last one.
    PasskeyOnly,
}

/// What a client gets by each way in. The last ones change the account.
#[rustfmt::skip]
const TABLE: &[(&str, [&str; 6])] = &[
    // Start a session.
    ("sign up", ["409 email_taken"; 6]),
    ("log in", ["200", "200", "403 account_disabled", "401 second_factor_required", "401 invalid_credentials",
        "401 invalid_credentials"]),
    ("log in, wrong password", ["401 invalid_credentials"; 6]),
    ("log in for tokens",
        ["200", "403 email_not_verified", "401 no_active_account", "401 second_factor_required", "401 no_active_account",
         "401 no_active_account"]),
    ("log in for tokens with a code",
        ["200", "403 email_not_verified", "401 no_active_account", "200", "401 no_active_account", "401 no_active_account"]),
    ("log in and send a code",
        ["401 not_authenticated", "401 not_authenticated", "401 not_authenticated", "200", "401 not_authenticated",
         "401 not_authenticated"]),
    ("log in and send a recovery code",
        ["401 not_authenticated", "401 not_authenticated", "401 not_authenticated", "200", "401 not_authenticated",
         "401 not_authenticated"]),
    ("log in by passkey", ["200", "200", "403 account_disabled", "200", "401 invalid_credentials", "200"]),
    // Continue the session of a cookie.
    ("read the session", ["200", "200", "401 not_authenticated", "200", "200", "200"]),
    ("read the session as Nuxt does", ["200", "200", "401", "200", "200", "200"]),
    ("check the session", ["204", "204", "401 not_authenticated", "204", "204", "204"]),
    ("forward authentication", ["204", "403 email_not_verified", "401 not_authenticated", "204", "204", "204"]),
    ("mint an access token", ["200", "403 email_not_verified", "401 not_authenticated", "200", "200", "200"]),
    // Continue the session of tokens, which the app has ended.
    ("use an access token", ["200", "200", "401 token_not_valid", "401 token_not_valid", "200", "200"]),
    ("forward authentication by token",
        ["204", "403 email_not_verified", "401 not_authenticated", "401 not_authenticated", "204", "204"]),
    ("verify the refresh token", ["200", "200", "401 token_not_valid", "401 token_not_valid", "200", "200"]),
    ("refresh", ["200", "403 email_not_verified", "401 token_not_valid", "401 token_not_valid", "200", "200"]),
    // Prove again that it is the owner.
    ("reauthenticate by password",
        ["200", "200", "401 not_authenticated", "403 reauthentication_required", "400 validation_error",
         "400 validation_error"]),
    ("reauthenticate by mailed code",
        ["403 reauthentication_required", "403 reauthentication_required", "401 not_authenticated",
         "403 reauthentication_required", "400 invalid_otp", "403 reauthentication_required"]),
    ("reauthenticate by code",
        ["400 invalid_otp", "400 invalid_otp", "401 not_authenticated", "200", "400 invalid_otp", "400 invalid_otp"]),
    // Without a session of the account it is a log-in.
    ("step up by passkey", ["200", "200", "403 account_disabled", "200", "401 invalid_credentials", "200"]),
    ("begin to add a passkey", ["200", "200", "401 not_authenticated", "200", "200", "200"]),
    // Log in with a linked identity.
    ("log in with a provider",
        ["303 /dashboard", "303 /dashboard", "303 /log-in?error=account_disabled",
         "303 /log-in?error=second_factor_required", "303 /dashboard", "303 /dashboard"]),
    ("log in with a provider and send a code",
        ["401 not_authenticated", "401 not_authenticated", "401 not_authenticated", "200", "401 not_authenticated",
         "401 not_authenticated"]),
    // Log in by mail, which proves the address.
    ("log in by mailed code",
        ["200", "200", "403 account_disabled", "401 second_factor_required", "200", "200"]),
    ("log in by mailed code and send a code",
        ["401 not_authenticated", "401 not_authenticated", "401 not_authenticated", "200", "401 not_authenticated",
         "401 not_authenticated"]),
    // Replace the password by mail, and log in with the new one.
    ("reset by code", ["200", "200", "403 account_disabled", "401 second_factor_required", "200", "200"]),
];

/// An account in one state, and a client of an instance that requires verified addresses and remembers no session.
struct Entrance {
    app: TestApp,
    client: Client,
    cookie: Option<String>,
    tokens: Tokens,
    authenticator: Authenticator,
    passkey: Passkey,
    /// The provider of the account's identity.
    double: OidcDouble,
}

impl Entrance {
    async fn of(state: State) -> Self {
        let double = OidcDouble::start();
        let app = double.app().await;
        let alice = match state {
            State::Unverified => app.user("alice").await,
            _ => app.verified_user("alice").await,
        };
        assert_eq!(alice.link_at("sso", &double).await, "/dashboard");
        let tokens = alice.tokens().await;
        let passkey = alice.add_passkey().await;
        let mut authenticator = Authenticator::new("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", app.clock.clone());
        authenticator.recovery_codes = vec!["2345-6789-ABCD".to_owned()];
        match state {
            State::Plain | State::Unverified => {}
            State::Disabled => app.execute("UPDATE users SET disabled_at = created_at").await,
            State::WithApp => authenticator = alice.enrol(&app).await,
            State::Passwordless => {
                app.execute("UPDATE users SET password_hash = NULL").await;
                app.execute("DELETE FROM passkeys").await;
            }
            State::PasskeyOnly => app.execute("UPDATE users SET password_hash = NULL").await,
        }
        let mut strict = setup(&app.database.url, app.clock.clone());
        strict.mail.require_verified_email = true;
        strict.log_in.by_code = true;
        strict.session_cache_entries = 0;
        double.configure(&mut strict);
        Self {
            client: app.instance(strict).await,
            cookie: alice.cookie(),
            app,
            tokens,
            authenticator,
            passkey,
            double,
        }
    }

    /// A browser with the cookie of the session.
    fn browser(&self) -> Client {
        let browser = self.client.another();
        browser.set_cookie(self.cookie.clone());
        browser
    }

    async fn enter(&mut self, way: &str) -> Answer {
        let (stranger, browser) = (self.client.another(), self.browser());
        let tokens = self.tokens.clone();
        match way {
            "sign up" => stranger.sign_up(ALICE, PASSWORD).await,
            "log in" => stranger.log_in(ALICE, PASSWORD).await,
            "log in, wrong password" => stranger.log_in(ALICE, "wrong password").await,
            "log in for tokens" => stranger.log_in_for_tokens(ALICE, PASSWORD).await,
            "log in for tokens with a code" => {
                let code = self.authenticator.next_code();
                stranger.log_in_for_tokens_with(ALICE, PASSWORD, &code).await
            }
            "log in and send a code" => {
                stranger.log_in(ALICE, PASSWORD).await;
                stranger.finish_log_in(&self.authenticator.next_code()).await
            }
            "log in and send a recovery code" => {
                stranger.log_in(ALICE, PASSWORD).await;
                let code = &self.authenticator.recovery_codes[0];
                stranger.finish_log_in_with_recovery_code(code).await
            }
            "log in by passkey" => stranger.log_in_by_passkey(&self.passkey).await,
            "read the session" => browser.get("/api/auth/session").await,
            "read the session as Nuxt does" => {
                let mut answer = browser.get("/api/_auth/session").await;
                if answer.ok().body == "{}" {
                    // This is how it says that there is no session.
                    answer.status = StatusCode::UNAUTHORIZED;
                }
                answer
            }
            "check the session" => browser.get("/api/auth/check").await,
            "forward authentication" => browser.get("/api/auth/verify").await,
            "mint an access token" => browser.post("/api/auth/token", &json!({})).await,
            "use an access token" => stranger.get_as("/api/me/", &tokens.access).await,
            "forward authentication by token" => stranger.get_as("/api/auth/verify", &tokens.access).await,
            "verify the refresh token" => stranger.verify_token(&tokens.refresh).await,
            "refresh" => stranger.refresh(&tokens.refresh).await,
            "reauthenticate by password" => self.reauthenticate("current_password", PASSWORD.to_owned()).await,
            "reauthenticate by mailed code" => self.reauthenticate("mail_code", "00000000".to_owned()).await,
            "reauthenticate by code" => self.reauthenticate("code", self.authenticator.next_code()).await,
            "step up by passkey" => {
                let answer = browser.log_in_by_passkey(&self.passkey).await;
                self.cookie = browser.cookie();
                answer
            }
            "begin to add a passkey" => browser.begin_passkey().await,
            "log in with a provider" => self.come_back(&stranger).await,
            "log in with a provider and send a code" => {
                self.come_back(&stranger).await;
                stranger.finish_log_in(&self.authenticator.next_code()).await
            }
            "log in by mailed code" => self.log_in_by_mail(&stranger).await,
            "log in by mailed code and send a code" => {
                self.log_in_by_mail(&stranger).await;
                stranger.finish_log_in(&self.authenticator.next_code()).await
            }
            "reset by code" => {
                self.app.mails().await;
                stranger.ask_for_reset(ALICE).await.ok();
                let code = self.app.code_to(ALICE).await;
                let new = "another password";
                stranger.reset_password(ALICE, &code, new).await;
                stranger.log_in(ALICE, new).await
            }
            way => panic!("{way} is no way"),
        }
    }

    /// Logs in with the identity; the answer to the callback.
    async fn come_back(&self, client: &Client) -> Answer {
        self.double.says(Said {
            now: self.app.clock.now().timestamp(),
            ..Said::default()
        });
        let at_provider = client.set_out("/auth/sso").await;
        client.get(&self.double.callback(&at_provider)).await
    }

    async fn log_in_by_mail(&self, client: &Client) -> Answer {
        // Notices of earlier log-ins are no mails with a code.
        self.app.mails().await;
        client.ask_for_log_in_code(ALICE).await.ok();
        client.log_in_with_code(ALICE, &self.app.code_to(ALICE).await).await
    }

    /// A fresh proof gives the session a new cookie.
    async fn reauthenticate(&mut self, proof: &str, value: String) -> Answer {
        let browser = self.browser();
        let answer = browser.reauthenticate(&json!({ proof: value })).await;
        self.cookie = browser.cookie();
        answer
    }
}

/// The status of an answer, and its code or the page that it leads to, if it has one.
fn outcome(answer: &Answer) -> String {
    let status = answer.status.as_u16();
    if let Some(page) = answer.header("location") {
        return format!("{status} {page}");
    }
    let body: serde_json::Value = serde_json::from_str(&answer.body).unwrap_or_default();
    body["code"]
        .as_str()
        .map_or_else(|| status.to_string(), |code| format!("{status} {code}"))
}

#[tokio::test]
async fn every_way_in_meets_the_gate_in_every_state_of_the_account() {
    for (column, state) in STATES.into_iter().enumerate() {
        let mut entrance = Entrance::of(state).await;
        for (way, expected) in TABLE {
            let answer = entrance.enter(way).await;
            assert_eq!(outcome(&answer), expected[column], "{way}, {state:?}: {}", answer.body);
        }
    }
}

/// A cookie that names no session, and one that names a half log-in, open nothing.
#[tokio::test]
async fn what_is_no_session_opens_nothing() {
    let mut entrance = Entrance::of(State::WithApp).await;
    let half = entrance.client.another();
    half.log_in(ALICE, PASSWORD).await;
    let unknown = format!("{}x", &half.cookie().unwrap()[..half.cookie().unwrap().len() - 1]);
    for cookie in [half.cookie(), Some(unknown)] {
        entrance.cookie = cookie;
        for way in [
            "read the session",
            "check the session",
            "forward authentication",
            "mint an access token",
            "reauthenticate by code",
        ] {
            let answer = entrance.enter(way).await;
            assert_eq!(outcome(&answer), "401 not_authenticated", "{way}");
        }
        let paths = ["/api/users/me", "/api/auth/sessions", "/api/auth/totp"];
        for path in paths {
            let answer = entrance.browser().send(Method::DELETE, path, &[], Body::empty()).await;
            assert_eq!(outcome(&answer), "401 not_authenticated", "{path}");
        }
    }
}
