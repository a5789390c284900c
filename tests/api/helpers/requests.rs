//! The service's operations, by name.

use poem::Body;
use poem::http::Method;
use serde_json::{Value, json};

use super::{Answer, Client, Tokens};

impl Client {
    pub async fn sign_up(&self, email: &str, password: &str) -> Answer {
        let body = json!({ "email": email, "password": password });
        self.post("/api/auth/sign-up", &body).await
    }

    pub async fn log_in(&self, email: &str, password: &str) -> Answer {
        let body = json!({ "email": email, "password": password });
        self.post("/api/auth/login", &body).await
    }

    pub async fn log_out(&self) -> Answer {
        self.send(Method::POST, "/api/auth/logout", &[], Body::empty()).await
    }

    /// Whether `GET /api/auth/session` answers 200; any other answer than 200 and 401 is an error.
    pub async fn is_signed_in(&self) -> bool {
        let answer = self.get("/api/auth/session").await;
        match answer.status.as_u16() {
            200 => true,
            401 => false,
            status => panic!("{status}: {}", answer.body),
        }
    }

    /// The body of `GET /api/auth/session`.
    pub async fn session(&self) -> Value {
        self.get("/api/auth/session").await.ok().json()
    }

    /// The address in the body of `GET /api/auth/session`.
    pub async fn shown_email(&self) -> String {
        self.session().await["user"]["primary_email"]
            .as_str()
            .unwrap()
            .to_owned()
    }

    /// The account's sessions, the one used last first.
    pub async fn sessions(&self) -> Vec<Value> {
        let sessions = self.get("/api/auth/sessions").await.ok().json();
        sessions.as_array().unwrap().clone()
    }

    /// The public id of the session in the jar.
    pub async fn session_id(&self) -> String {
        let sessions = self.sessions().await;
        let current = sessions.iter().find(|session| session["current"] == true).unwrap();
        current["id"].as_str().unwrap().to_owned()
    }

    pub async fn end_session(&self, id: &str) -> Answer {
        self.delete(&format!("/api/auth/sessions/{id}")).await
    }

    pub async fn end_other_sessions(&self) -> Answer {
        self.delete("/api/auth/sessions").await
    }

    pub async fn change_password(&self, current: &str, new: &str) -> Answer {
        let body = json!({ "current_password": current, "new_password": new });
        self.post("/api/auth/password", &body).await
    }

    /// Changes the account as `PATCH /api/users/me` does.
    pub async fn update(&self, body: &Value) -> Answer {
        self.send_json("PATCH", "/api/users/me", body).await
    }

    pub async fn change_email(&self, email: &str) -> Answer {
        self.update(&json!({ "email": email })).await
    }

    pub async fn delete_account(&self) -> Answer {
        self.delete("/api/users/me").await
    }

    /// Everything that is stored about the account.
    pub async fn export(&self) -> Answer {
        self.get("/api/users/me/export").await
    }

    pub async fn send_email_code(&self) -> Answer {
        self.post("/api/auth/email/send-code", &json!({})).await
    }

    pub async fn verify_email(&self, code: &str) -> Answer {
        self.post("/api/auth/email/verify", &json!({ "code": code })).await
    }

    pub async fn restore_email(&self, token: &str) -> Answer {
        self.post("/api/auth/email/restore", &json!({ "token": token })).await
    }

    /// Asks for a code that resets the password.
    pub async fn ask_for_reset(&self, email: &str) -> Answer {
        let body = json!({ "action": "create", "email": email });
        self.post("/auth/otp", &body).await
    }

    /// Resets the password with a code.
    pub async fn reset_password(&self, email: &str, code: &str, new: &str) -> Answer {
        let body = json!({ "otp": code, "new_password": new });
        self.post(&format!("/{email}/reset-password"), &body).await
    }

    /// Resets the password by the other published operation.
    pub async fn reset_password_by_otp(&self, email: &str, code: &str, new: &str) -> Answer {
        let body = json!({ "action": "validate", "email": email, "otp": code, "new_password": new });
        self.post("/auth/otp", &body).await
    }

    /// Resets the password with the key of a mailed link.
    pub async fn reset_password_with_key(&self, key: &str, new: &str) -> Answer {
        let body = json!({ "key": key, "new_password": new });
        self.post("/api/auth/password/reset", &body).await
    }

    /// Asks for a code to log in with.
    pub async fn ask_for_log_in_code(&self, email: &str) -> Answer {
        self.post("/api/auth/login/code", &json!({ "email": email })).await
    }

    /// Logs in with a mailed code.
    pub async fn log_in_with_code(&self, email: &str, code: &str) -> Answer {
        let body = json!({ "email": email, "code": code });
        self.post("/api/auth/login/code/verify", &body).await
    }

    /// Logs in at the token API.
    pub async fn log_in_for_tokens(&self, email: &str, password: &str) -> Answer {
        let body = json!({ "email": email, "password": password });
        self.post("/api/token/", &body).await
    }

    pub async fn token_pair(&self, email: &str, password: &str) -> Tokens {
        self.log_in_for_tokens(email, password).await.ok().tokens()
    }

    pub async fn refresh(&self, token: &str) -> Answer {
        self.post("/api/token/refresh/", &json!({ "refresh": token })).await
    }

    /// Ends the session of a refresh token.
    pub async fn blacklist(&self, token: &str) -> Answer {
        self.post("/api/token/blacklist/", &json!({ "refresh": token })).await
    }

    /// Asks whether a token is valid.
    pub async fn verify_token(&self, token: &str) -> Answer {
        self.post("/api/token/verify/", &json!({ "token": token })).await
    }

    /// `GET` with an access token.
    pub async fn get_as(&self, path: &str, token: &str) -> Answer {
        let bearer = format!("Bearer {token}");
        self.send(Method::GET, path, &[("authorization", &bearer)], Body::empty())
            .await
    }
}
