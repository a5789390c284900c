//! An account and the browser that it is used with.

use std::ops::Deref;

use super::{Answer, Client, PASSWORD, TestApp, Tokens};

/// The address of `app.user("alice")`.
pub const ALICE: &str = "alice@example.com";

/// An account whose password is [`PASSWORD`], and a browser that is signed in to it.
pub struct TestUser {
    pub email: String,
    pub browser: Client,
}

/// What a client can do, this user's browser does.
impl Deref for TestUser {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.browser
    }
}

impl TestApp {
    /// Signs up `name@example.com` in a browser of its own.
    pub async fn user(&self, name: &str) -> TestUser {
        Self::sign_up(self.client(), name).await
    }

    /// Signs up `name@example.com` from this address.
    pub async fn user_at(&self, ip: &str, name: &str) -> TestUser {
        Self::sign_up(self.client().at(ip), name).await
    }

    /// Signs up `name@example.com` and confirms the address with the code that is mailed to it.
    pub async fn verified_user(&self, name: &str) -> TestUser {
        let user = self.user(name).await;
        user.send_email_code().await.ok();
        user.verify_email(&self.code_to(&user.email).await).await.ok();
        user
    }

    /// Logs in from a browser without any cookie.
    pub async fn log_in(&self, email: &str, password: &str) -> Answer {
        self.client().log_in(email, password).await
    }

    async fn sign_up(browser: Client, name: &str) -> TestUser {
        let email = format!("{name}@example.com");
        browser.sign_up(&email, PASSWORD).await.ok();
        TestUser { email, browser }
    }
}

impl TestUser {
    /// Logs in again in the same browser.
    pub async fn log_in(&self) -> Answer {
        self.log_in_with(PASSWORD).await
    }

    /// Logs in again in the same browser, with another password.
    pub async fn log_in_with(&self, password: &str) -> Answer {
        self.browser.log_in(&self.email, password).await
    }

    /// The same browser at another address.
    pub fn at(&self, ip: &str) -> Self {
        let browser = self.browser.clone().at(ip);
        Self {
            email: self.email.clone(),
            browser,
        }
    }

    /// Logs in in a second browser.
    pub async fn elsewhere(&self) -> Self {
        let user = Self {
            email: self.email.clone(),
            browser: self.browser.another(),
        };
        user.log_in().await.ok();
        user
    }

    /// Logs in at the token API, with a client that has no cookies.
    pub async fn tokens(&self) -> Tokens {
        self.browser.another().token_pair(&self.email, PASSWORD).await
    }
}
