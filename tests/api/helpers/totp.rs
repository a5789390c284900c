//! An authenticator app.

use chrono::TimeDelta;
use data_encoding::BASE32_NOPAD;
use neptun_auth::app::clock::Clock;
use ring::hmac;
use serde_json::{Value, json};

use super::{Answer, Client, PASSWORD, TestApp, TestUser};

/// An app that is set up for an account, and the account's recovery codes.
pub struct Authenticator {
    secret: Vec<u8>,
    clock: Clock,
    pub recovery_codes: Vec<String>,
}

impl Authenticator {
    pub fn new(secret: &str, clock: Clock) -> Self {
        Self {
            secret: BASE32_NOPAD.decode(secret.as_bytes()).unwrap(),
            clock,
            recovery_codes: Vec::new(),
        }
    }

    /// The code that the app shows now.
    pub fn code(&self) -> String {
        self.code_of_step(self.clock.now().timestamp() / 30)
    }

    /// Waits until the app shows another code.
    pub fn next_code(&self) -> String {
        self.clock.advance(TimeDelta::seconds(30));
        self.code()
    }

    /// A code that is wrong now and for the next minutes.
    pub fn wrong_code(&self) -> String {
        let step = self.clock.now().timestamp() / 30;
        let right: Vec<_> = (step - 30..step + 30).map(|step| self.code_of_step(step)).collect();
        let mut codes = (0..).map(|number| format!("{number:06}"));
        codes.find(|code| !right.contains(code)).unwrap()
    }

    pub fn code_of_step(&self, step: i64) -> String {
        let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &self.secret);
        let mac = hmac::sign(&key, &step.to_be_bytes());
        let mac = mac.as_ref();
        let offset = usize::from(mac[19] & 15);
        let number = u32::from_be_bytes(mac[offset..offset + 4].try_into().unwrap()) & 0x7fff_ffff;
        format!("{:06}", number % 1_000_000)
    }
}

impl Client {
    pub async fn start_totp(&self) -> Answer {
        self.post("/api/auth/totp", &json!({})).await
    }

    pub async fn confirm_totp(&self, code: &str) -> Answer {
        self.post("/api/auth/totp/confirm", &json!({ "code": code })).await
    }

    pub async fn remove_totp(&self) -> Answer {
        self.delete("/api/auth/totp").await
    }

    pub async fn renew_recovery_codes(&self) -> Answer {
        self.post("/api/auth/recovery-codes", &json!({})).await
    }

    pub async fn factors(&self) -> Value {
        self.get("/api/auth/factors").await.ok().json()
    }

    /// Finishes a log-in with a code of the app.
    pub async fn finish_log_in(&self, code: &str) -> Answer {
        self.post("/api/auth/login/second-factor", &json!({ "code": code }))
            .await
    }

    pub async fn finish_log_in_with_recovery_code(&self, code: &str) -> Answer {
        let body = json!({ "recovery_code": code });
        self.post("/api/auth/login/second-factor", &body).await
    }

    pub async fn reauthenticate(&self, proof: &Value) -> Answer {
        self.post("/api/auth/reauthenticate", proof).await
    }

    /// Logs in at the token API with both factors.
    pub async fn log_in_for_tokens_with(&self, email: &str, password: &str, otp: &str) -> Answer {
        let body = json!({ "email": email, "password": password, "otp": otp });
        self.post("/api/token/", &body).await
    }
}

impl TestUser {
    /// Sets up an authenticator app. Its first code is used then.
    pub async fn enrol(&self, app: &TestApp) -> Authenticator {
        let started = self.start_totp().await.ok().json();
        let authenticator = Authenticator::new(started["secret"].as_str().unwrap(), app.clock.clone());
        let confirmed = self.confirm_totp(&authenticator.code()).await.ok().json();
        let codes = confirmed["recovery_codes"].as_array().unwrap();
        Authenticator {
            recovery_codes: codes.iter().map(|code| code.as_str().unwrap().to_owned()).collect(),
            ..authenticator
        }
    }

    /// A browser without any cookie that has sent the right password.
    pub async fn half_log_in(&self) -> Client {
        let client = self.browser.another();
        client
            .log_in(&self.email, PASSWORD)
            .await
            .fails(401, "second_factor_required");
        client
    }
}
