//! What a hostile or broken provider answers, and what must come of it.

use serde_json::{Value, json};

use crate::helpers::identities::{OidcDouble, Said, Sign};

fn claims(claims: Value) -> Said {
    Said {
        claims,
        ..Said::default()
    }
}

fn header(header: Value, sign: Sign) -> Said {
    Said {
        header,
        sign,
        ..Said::default()
    }
}

fn callback(callback: Value) -> Said {
    Said {
        callback,
        ..Said::default()
    }
}

fn now(said: &Said, seconds: i64) -> Value {
    json!(said.now + seconds)
}

/// What a signed token says, and the error that the browser gets.
fn hostile_claims() -> Vec<(&'static str, Said, &'static str)> {
    let right = Said::default();
    let failed = "provider_failed";
    vec![
        (
            "another issuer",
            claims(json!({ "iss": "https://evil.example" })),
            failed,
        ),
        (
            "an issuer with a slash",
            claims(json!({ "iss": "http://localhost/" })),
            failed,
        ),
        (
            "Google's second name from others",
            claims(json!({ "iss": "accounts.google.com" })),
            failed,
        ),
        ("another audience", claims(json!({ "aud": "another-client" })), failed),
        (
            "several audiences",
            claims(json!({ "aud": ["the-client", "another-client"] })),
            failed,
        ),
        (
            "another authorized party",
            claims(json!({ "azp": "another-client" })),
            failed,
        ),
        ("another nonce", claims(json!({ "nonce": "replayed" })), failed),
        ("no nonce", claims(json!({ "nonce": null })), failed),
        ("expired", claims(json!({ "exp": now(&right, -31) })), failed),
        ("no expiry", claims(json!({ "exp": null })), failed),
        ("made in the future", claims(json!({ "iat": now(&right, 31) })), failed),
        ("not yet valid", claims(json!({ "nbf": now(&right, 31) })), failed),
        ("an empty subject", claims(json!({ "sub": "" })), failed),
        ("a long subject", claims(json!({ "sub": "a".repeat(256) })), failed),
        (
            "a null character in the subject",
            claims(json!({ "sub": "a\0b" })),
            failed,
        ),
    ]
}

/// Tokens that the provider has not signed, or not for this.
fn hostile_signatures() -> Vec<(&'static str, Said, &'static str)> {
    let right = Said::default();
    let failed = "provider_failed";
    vec![
        ("another key", header(json!({}), Sign::WithAnotherKey), failed),
        (
            "an unknown key",
            header(json!({ "kid": "k2" }), Sign::WithAnotherKey),
            failed,
        ),
        ("a broken signature", header(json!({}), Sign::Broken), failed),
        ("no signature", header(json!({}), Sign::Not), failed),
        ("algorithm none", header(json!({ "alg": "none" }), Sign::Not), failed),
        (
            "HS256 with the public key",
            header(json!({ "alg": "HS256" }), Sign::WithThePublicKey),
            failed,
        ),
        (
            "HS256 with our secret",
            header(json!({ "alg": "HS256" }), Sign::WithTheClientSecret),
            failed,
        ),
        (
            "an algorithm that is not the key's",
            header(json!({ "alg": "ES256" }), Sign::WithItsKey),
            failed,
        ),
        ("RS512", header(json!({ "alg": "RS512" }), Sign::WithItsKey), failed),
        (
            "a critical extension",
            header(json!({ "crit": ["b64"], "b64": false }), Sign::WithItsKey),
            failed,
        ),
        (
            "a key for encryption",
            Said {
                key: json!({ "use": "enc" }),
                ..right.clone()
            },
            failed,
        ),
        (
            "a key for another algorithm",
            Said {
                key: json!({ "alg": "ES256" }),
                ..right.clone()
            },
            failed,
        ),
    ]
}

/// What the other endpoints and the callback say.
fn hostile_endpoints() -> Vec<(&'static str, Said, &'static str)> {
    let right = Said::default();
    let failed = "provider_failed";
    vec![
        (
            "no id token",
            Said {
                token: json!({ "id_token": null }),
                ..right.clone()
            },
            failed,
        ),
        (
            "an id token that is none",
            Said {
                token: json!({ "id_token": "a.b.c" }),
                ..right.clone()
            },
            failed,
        ),
        (
            "a refused code",
            Said {
                status: 400,
                ..right.clone()
            },
            failed,
        ),
        (
            "a redirect in place of a token",
            Said {
                status: 302,
                ..right.clone()
            },
            failed,
        ),
        (
            "another account at the userinfo endpoint",
            Said {
                claims: json!({ "email": null }),
                userinfo: json!({ "sub": "subject-2", "email": "jane@example.com" }),
                ..right.clone()
            },
            failed,
        ),
        (
            "mixed up issuers",
            callback(json!({ "iss": "https://evil.example" })),
            failed,
        ),
        (
            "an issuer that was promised and does not come",
            Said {
                discovery: json!({ "authorization_response_iss_parameter_supported": true }),
                ..right.clone()
            },
            failed,
        ),
        (
            "an error",
            callback(json!({ "error": "server_error", "code": null })),
            failed,
        ),
        ("no code", callback(json!({ "code": null })), failed),
        (
            "a no",
            callback(json!({ "error": "access_denied", "code": null })),
            "access_denied",
        ),
        (
            "another state",
            callback(json!({ "state": "forged" })),
            "state_mismatch",
        ),
        ("no state", callback(json!({ "state": null })), "state_mismatch"),
        (
            "a long code",
            callback(json!({ "code": "a".repeat(5000) })),
            "state_mismatch",
        ),
        (
            "another issuer in the discovery document",
            Said {
                discovery: json!({ "issuer": "https://evil.example" }),
                ..right.clone()
            },
            failed,
        ),
        (
            "an endpoint without https",
            Said {
                discovery: json!({ "token_endpoint": "http://evil.example/token" }),
                ..right
            },
            failed,
        ),
    ]
}

#[tokio::test]
async fn no_hostile_answer_opens_a_session() {
    let answers = [hostile_claims(), hostile_signatures(), hostile_endpoints()].concat();
    for (name, said, expected) in answers {
        let double = OidcDouble::start();
        let app = double.app().await;
        let client = app.client();
        let starts =
            said.discovery == json!({}) || said.discovery["authorization_response_iss_parameter_supported"] == true;
        let page = if starts {
            // The start is right: only the rest is hostile.
            let discovery = said.discovery.clone();
            double.says(Said {
                discovery,
                ..Said::default()
            });
            let at_provider = client.set_out("/auth/sso").await;
            double.says(said);
            client.set_out(&double.callback(&at_provider)).await
        } else {
            double.says(said);
            client.set_out("/auth/sso").await
        };
        assert_eq!(page, format!("/log-in?error={expected}"), "{name}");
        assert!(client.cookie().is_none(), "{name}");
        assert_eq!(app.count("SELECT COUNT(*) FROM users").await, 0, "{name}");
        assert_eq!(app.database.sessions().await, 0, "{name}");
    }
}

#[tokio::test]
async fn answers_at_the_edge_of_what_is_right_are_accepted() {
    let right = Said::default();
    for said in [
        claims(json!({ "exp": now(&right, -29) })),
        claims(json!({ "iat": now(&right, 30) })),
        claims(json!({ "aud": ["the-client"], "azp": "the-client" })),
        claims(json!({ "sub": "a".repeat(255) })),
        header(json!({ "typ": null }), Sign::WithItsKey),
        header(json!({ "kid": null }), Sign::WithItsKey),
        Said {
            key: json!({ "alg": null, "use": null }),
            ..right
        },
    ] {
        let double = OidcDouble::start();
        double.says(said.clone());
        let app = double.app().await;
        assert_eq!(app.client().log_in_at("sso", &double).await, "/dashboard", "{said:?}");
    }
}

/// An answer that does not end would fill the memory; one of 64 KiB is the most that is read.
#[tokio::test]
async fn a_document_that_is_too_large_is_not_read() {
    let double = OidcDouble::start();
    double.says(Said {
        discovery: json!({ "padding": "a".repeat(70_000) }),
        ..Said::default()
    });
    let app = double.app().await;
    assert_eq!(app.client().set_out("/auth/sso").await, "/log-in?error=provider_failed");
}

#[tokio::test]
async fn unknown_key_ids_fetch_the_keys_at_most_once_a_minute() {
    let double = OidcDouble::start();
    let app = double.app().await;
    assert_eq!(app.client().log_in_at("sso", &double).await, "/dashboard");
    assert_eq!(double.asked_for("/jwks"), 1);
    double.says(header(json!({ "kid": "made-up" }), Sign::WithAnotherKey));
    for _ in 0..5 {
        app.client().log_in_at("sso", &double).await;
    }
    assert_eq!(double.asked_for("/jwks"), 1);
    app.clock.advance(chrono::TimeDelta::minutes(1));
    for _ in 0..5 {
        app.client().log_in_at("sso", &double).await;
    }
    assert_eq!(double.asked_for("/jwks"), 2);

    // The provider has a new key, under a new id.
    app.clock.advance(chrono::TimeDelta::minutes(1));
    double.says(Said {
        key: json!({ "kid": "k2" }),
        header: json!({ "kid": "k2" }),
        now: Said::default().now + 120,
        ..Said::default()
    });
    assert_eq!(app.client().log_in_at("sso", &double).await, "/dashboard");
    assert_eq!(double.asked_for("/jwks"), 3);
    assert_eq!(double.asked_for("/.well-known/openid-configuration"), 1);
}

#[tokio::test]
async fn a_provider_that_is_down_is_left_alone_for_a_moment_and_then_asked_again() {
    let double = OidcDouble::start();
    double.says(Said {
        status: 500,
        ..Said::default()
    });
    let app = double.app().await;
    for _ in 0..3 {
        assert_eq!(app.client().set_out("/auth/sso").await, "/log-in?error=provider_failed");
    }
    assert_eq!(double.asked_for("/.well-known/openid-configuration"), 1);
    double.says(Said::default());
    app.clock.advance(chrono::TimeDelta::seconds(5));
    assert_eq!(app.client().log_in_at("sso", &double).await, "/dashboard");
}
