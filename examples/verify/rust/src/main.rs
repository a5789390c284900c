//! Verifies an access token with the public keys of the service that issued it, and prints the account's id.
//!
//! Usage: `cargo run -- JWKS_URL ISSUER <token`

use std::env;
use std::error::Error;
use std::io;
use std::process::ExitCode;

use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use serde::Deserialize;

/// Seconds by which the clocks of two machines may differ.
const LEEWAY: u64 = 5;

#[derive(Deserialize)]
struct Claims {
    sub: String,
    token_type: String,
}

fn main() -> ExitCode {
    match run() {
        Ok(claims) => {
            println!("{}", claims.sub);
            ExitCode::SUCCESS
        }
        Err(refusal) => {
            eprintln!("refused: {refusal}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<Claims, Box<dyn Error>> {
    let arguments: Vec<_> = env::args().skip(1).collect();
    let [jwks_url, issuer] = arguments.as_slice() else {
        return Err("usage: verify JWKS_URL ISSUER <token".into());
    };
    // A long-running program keeps the keys, and fetches them again when a token names an unknown key.
    let keys = ureq::get(jwks_url).call()?.body_mut().read_json()?;
    let token = io::read_to_string(io::stdin())?;
    verify(token.trim(), &keys, issuer)
}

/// Returns the token's claims if it is an unexpired access token of this issuer.
fn verify(token: &str, keys: &JwkSet, issuer: &str) -> Result<Claims, Box<dyn Error>> {
    let kid = decode_header(token)?.kid.ok_or("the token names no key")?;
    let key = keys.find(&kid).ok_or("the token names a key that is not published")?;

    let mut rules = Validation::new(Algorithm::ES256);
    rules.set_issuer(&[issuer]);
    rules.set_required_spec_claims(&["exp", "iss", "sub"]);
    // The default leeway accepts a token for a minute after it has expired.
    rules.leeway = LEEWAY;
    let claims = decode::<Claims>(token, &DecodingKey::from_jwk(key)?, &rules)?.claims;

    if claims.token_type != "access" {
        return Err("not an access token".into());
    }
    Ok(claims)
}
