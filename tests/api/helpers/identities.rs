//! Doubles of providers, and browsers that walk to them and back.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use neptun_auth::app::Setup;
use neptun_auth::app::providers::{ClientSecret, Endpoints, ProviderSetup, ProvidersSetup};
use neptun_auth::model::client::origin::{AllowedOrigins, Origin};
use poem::Body;
use poem::http::Method;
use ring::digest::{SHA256, digest};
use ring::hmac;
use ring::rand::SystemRandom;
use ring::signature::{Ed25519KeyPair, KeyPair};
use serde_json::{Value, json};
use url::Url;

use super::web::{Received, WebServer, local_servers, reply};
use super::{Answer, Client, TestApp};

const CLIENT: &str = "the-client";
const SECRET: &str = "the-client's secret";

/// The settings of a service without providers, at `http://localhost:8080`.
pub fn no_providers() -> ProvidersSetup {
    let public_url = Url::parse("http://localhost:8080").unwrap();
    let app = vec![Origin::parse("https://app.example.com").unwrap()];
    ProvidersSetup {
        providers: Vec::new(),
        origins: AllowedOrigins::new(&public_url, Vec::new()).with_return_origins(app),
        public_url,
        after_log_in: "/dashboard".to_owned(),
        log_in_page: "/log-in".to_owned(),
    }
}

fn provider(id: &str, endpoints: Endpoints, trust_email: bool) -> ProviderSetup {
    ProviderSetup {
        id: id.parse().unwrap(),
        name: id.to_uppercase(),
        client_id: CLIENT.to_owned(),
        client_secret: Some(ClientSecret(SECRET.to_owned())),
        scopes: vec!["openid".to_owned(), "email".to_owned()],
        endpoints,
        trust_email,
    }
}

/// How the double signs an id token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sign {
    WithItsKey,
    WithAnotherKey,
    /// HS256, with the public key as the secret.
    WithThePublicKey,
    WithTheClientSecret,
    /// With its key, and one bit of the signature is flipped.
    Broken,
    Not,
}

/// What the double says. Objects are laid over what is right; null removes a member.
#[derive(Debug, Clone)]
pub struct Said {
    pub claims: Value,
    pub header: Value,
    pub sign: Sign,
    pub key: Value,
    pub discovery: Value,
    pub token: Value,
    pub userinfo: Value,
    /// Parameters of the callback.
    pub callback: Value,
    /// The status of every answer.
    pub status: u16,
    /// Seconds since 1970.
    pub now: i64,
}

impl Default for Said {
    fn default() -> Self {
        Self {
            claims: json!({}),
            header: json!({}),
            sign: Sign::WithItsKey,
            key: json!({}),
            discovery: json!({}),
            token: json!({}),
            userinfo: json!({}),
            callback: json!({}),
            status: 200,
            now: 20_000 * 86_400,
        }
    }
}

impl Said {
    /// Says that the account `subject` has this address.
    pub fn account(subject: &str, email: &str, is_verified: bool) -> Self {
        Self {
            claims: json!({ "sub": subject, "email": email, "email_verified": is_verified }),
            ..Self::default()
        }
    }
}

fn laid_over(mut base: Value, over: &Value) -> Value {
    for (name, value) in over.as_object().unwrap() {
        if value.is_null() {
            base.as_object_mut().unwrap().remove(name);
        } else {
            base[name] = value.clone();
        }
    }
    base
}

/// An issuer of OpenID Connect that says what a test wants.
pub struct OidcDouble {
    pub server: WebServer,
    pub said: Arc<Mutex<Said>>,
}

impl OidcDouble {
    pub fn start() -> Self {
        let said = Arc::new(Mutex::new(Said::default()));
        let (spoken, keys) = (Arc::clone(&said), Arc::new([key_pair(), key_pair()]));
        let server = WebServer::http(move |request| {
            let said = spoken.lock().unwrap().clone();
            let body = answer(request, &said, &keys);
            let status = if body.is_null() { 404 } else { said.status };
            reply(status, &[("content-type", "application/json")], &body.to_string())
        });
        Self { server, said }
    }

    /// The issuer, as the double writes it.
    pub fn issuer(&self) -> String {
        self.server.url.as_str().trim_end_matches('/').to_owned()
    }

    pub fn says(&self, said: Said) {
        *self.said.lock().unwrap() = said;
    }

    /// Number of requests for `path`.
    pub fn asked_for(&self, path: &str) -> usize {
        self.server
            .received()
            .iter()
            .filter(|request| request.target == path)
            .count()
    }

    /// An app with this provider as `sso`, which is trusted with addresses, as `google` and as `untrusted`.
    pub async fn app(&self) -> TestApp {
        self.app_with(|_| {}).await
    }

    pub async fn app_with(&self, change: impl FnOnce(&mut Setup)) -> TestApp {
        TestApp::with_setup(|setup| {
            self.configure(setup);
            change(setup);
        })
        .await
    }

    /// Makes the double known to another instance, as [`Self::app`] does.
    pub fn configure(&self, setup: &mut Setup) {
        let issuer = |is_google| Endpoints::Issuer {
            issuer: self.issuer(),
            is_google,
        };
        setup.outbound = local_servers();
        setup.providers.providers = vec![
            provider("google", issuer(true), true),
            provider("sso", issuer(false), true),
            provider("untrusted", issuer(false), false),
        ];
    }

    /// What the double's log-in page does when the person says yes: the path of the callback.
    pub fn callback(&self, location: &str) -> String {
        callback(location, &self.said.lock().unwrap().callback)
    }
}

fn key_pair() -> Ed25519KeyPair {
    let document = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
    Ed25519KeyPair::from_pkcs8(document.as_ref()).unwrap()
}

fn answer(request: &Received, said: &Said, keys: &[Ed25519KeyPair; 2]) -> Value {
    let issuer = format!("http://{}", request.header("host").unwrap());
    match request.target.as_str() {
        "/.well-known/openid-configuration" => laid_over(
            json!({
                "issuer": issuer,
                "authorization_endpoint": format!("{issuer}/authorize?tenant=1"),
                "token_endpoint": format!("{issuer}/token"),
                "jwks_uri": format!("{issuer}/jwks"),
                "userinfo_endpoint": format!("{issuer}/userinfo"),
            }),
            &said.discovery,
        ),
        "/jwks" => {
            let x = BASE64.encode(keys[0].public_key());
            let key = json!({ "kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig", "kid": "k1", "x": x });
            json!({ "keys": [{ "kty": "new" }, laid_over(key, &said.key)] })
        }
        "/token" => token(request, said, keys, &issuer),
        "/userinfo" => laid_over(json!({ "sub": "subject-1" }), &said.userinfo),
        _ => Value::Null,
    }
}

/// Redeems a code, which is the nonce and the challenge of the start.
fn token(request: &Received, said: &Said, keys: &[Ed25519KeyPair; 2], issuer: &str) -> Value {
    let form: HashMap<_, _> = url::form_urlencoded::parse(request.body.as_bytes())
        .into_owned()
        .collect();
    let (nonce, challenge) = form["code"].split_once('.').unwrap();
    assert_eq!(
        BASE64.encode(digest(&SHA256, form["code_verifier"].as_bytes())),
        challenge
    );
    assert_eq!(form["grant_type"], "authorization_code");
    assert!(form["redirect_uri"].starts_with("http://localhost:8080/auth/"));
    let basic = request.header("authorization").unwrap().strip_prefix("Basic ").unwrap();
    let basic = base64::prelude::BASE64_STANDARD.decode(basic).unwrap();
    assert_eq!(basic, b"the-client:the-client%27s+secret");
    let claims = json!({
        "iss": issuer, "sub": "subject-1", "aud": CLIENT, "nonce": nonce,
        "iat": said.now, "exp": said.now + 300, "email": "jane@example.com", "email_verified": true,
    });
    let id_token = signed(said, keys, &laid_over(claims, &said.claims));
    laid_over(
        json!({ "access_token": "access-canary", "token_type": "Bearer", "id_token": id_token }),
        &said.token,
    )
}

fn signed(said: &Said, keys: &[Ed25519KeyPair; 2], claims: &Value) -> String {
    let header = laid_over(json!({ "alg": "EdDSA", "kid": "k1", "typ": "JWT" }), &said.header);
    let input = format!(
        "{}.{}",
        BASE64.encode(header.to_string()),
        BASE64.encode(claims.to_string())
    );
    let hs256 = |key: &[u8]| {
        let key = hmac::Key::new(hmac::HMAC_SHA256, key);
        hmac::sign(&key, input.as_bytes()).as_ref().to_vec()
    };
    let signature = match said.sign {
        Sign::WithItsKey => keys[0].sign(input.as_bytes()).as_ref().to_vec(),
        Sign::WithAnotherKey => keys[1].sign(input.as_bytes()).as_ref().to_vec(),
        Sign::WithThePublicKey => hs256(keys[0].public_key().as_ref()),
        Sign::WithTheClientSecret => hs256(SECRET.as_bytes()),
        Sign::Broken => {
            let mut signature = keys[0].sign(input.as_bytes()).as_ref().to_vec();
            signature[10] ^= 1;
            signature
        }
        Sign::Not => Vec::new(),
    };
    format!("{input}.{}", BASE64.encode(signature))
}

/// The path of the callback after the start at `location`, with the parameters as `changed`.
fn callback(location: &str, changed: &Value) -> String {
    let location = Url::parse(location).unwrap();
    let asked: HashMap<_, _> = location.query_pairs().into_owned().collect();
    assert_eq!(asked["code_challenge_method"], "S256");
    let nonce = asked.get("nonce").map(String::as_str).unwrap_or_default();
    let code = format!("{nonce}.{}", asked["code_challenge"]);
    let parameters = laid_over(json!({ "code": code, "state": asked["state"] }), changed);
    let mut url = Url::parse(&asked["redirect_uri"]).unwrap();
    for (name, value) in parameters.as_object().unwrap() {
        url.query_pairs_mut().append_pair(name, value.as_str().unwrap());
    }
    format!("{}?{}", url.path(), url.query().unwrap())
}

/// GitHub: its three endpoints, and an account with these addresses.
pub struct GitHubDouble {
    server: WebServer,
    pub addresses: Arc<Mutex<Value>>,
}

impl GitHubDouble {
    pub fn start() -> Self {
        let addresses = Arc::new(Mutex::new(json!([
            { "email": "other@example.com", "primary": false, "verified": true },
            { "email": "jane@example.com", "primary": true, "verified": true },
        ])));
        let spoken = Arc::clone(&addresses);
        let server = WebServer::http(move |request| {
            let body = match request.target.as_str() {
                "/login/oauth/access_token" if request.body.contains("code=refused") => {
                    json!({ "error": "bad_verification_code" })
                }
                "/login/oauth/access_token" => {
                    assert!(request.body.contains("client_secret=the-client%27s+secret"));
                    assert_eq!(request.header("accept"), Some("application/json"));
                    json!({ "access_token": "access-canary", "token_type": "bearer" })
                }
                "/api/user" => json!({ "id": 583_231, "login": "jane", "email": "public@example.com" }),
                "/api/user/emails?per_page=100" => spoken.lock().unwrap().clone(),
                target => panic!("{target}"),
            };
            reply(200, &[("content-type", "application/json")], &body.to_string())
        });
        Self { server, addresses }
    }

    pub async fn app(&self) -> TestApp {
        let url = |path: &str| self.server.url.join(path).unwrap();
        let endpoints = Endpoints::GitHub {
            authorize: Box::new(url("/login/oauth/authorize")),
            token: Box::new(url("/login/oauth/access_token")),
            api: Box::new(url("/api")),
        };
        TestApp::with_setup(|setup| {
            setup.outbound = local_servers();
            setup.providers.providers = vec![provider("github", endpoints, true)];
        })
        .await
    }

    pub fn callback(&self, location: &str) -> String {
        assert!(location.starts_with(self.server.url.as_str()), "{location}");
        callback(location, &json!({}))
    }
}

impl Client {
    /// Opens `/auth/{provider}`; returns the address that the browser is sent to.
    pub async fn set_out(&self, path: &str) -> String {
        location(&self.get(path).await)
    }

    /// Logs in with `provider` at `double`; returns the page that the browser ends on.
    pub async fn log_in_at(&self, provider: &str, double: &OidcDouble) -> String {
        let at_provider = self.set_out(&format!("/auth/{provider}")).await;
        self.set_out(&double.callback(&at_provider)).await
    }

    /// Asks for the address at which an identity of `provider` is linked.
    pub async fn link(&self, provider: &str) -> Answer {
        self.send(
            Method::POST,
            &format!("/api/auth/identities/{provider}"),
            &[],
            Body::empty(),
        )
        .await
    }

    /// Links an identity of `provider` at `double`; returns the page that the browser ends on.
    pub async fn link_at(&self, provider: &str, double: &OidcDouble) -> String {
        let url = self.link(provider).await.ok().json()["url"]
            .as_str()
            .unwrap()
            .to_owned();
        self.set_out(&double.callback(&url)).await
    }

    /// Gives the session a fresh proof by a code that is mailed to the account's `address`.
    pub async fn prove_by_mail(&self, app: &TestApp, address: &str) {
        self.post("/api/auth/reauthenticate/code", &json!({})).await.ok();
        let code = app.code_to(address).await;
        self.reauthenticate(&json!({ "mail_code": code })).await.ok();
    }

    /// The account's identities.
    pub async fn identities(&self) -> Vec<Value> {
        let identities = self.get("/api/auth/identities").await.ok().json();
        identities.as_array().unwrap().clone()
    }
}

/// Where an answer sends the browser.
#[track_caller]
pub fn location(answer: &Answer) -> String {
    answer.assert_status(303);
    answer.header("location").unwrap().to_owned()
}
