//! The tags of the OpenAPI document. The chapters of `api` and `flows` follow them.

use poem_openapi::Tags;

#[derive(Tags)]
pub enum Tag {
    /// Create an account, log in and out, change or delete your account.
    Account,
    /// Confirm your address, replace a forgotten password, move your account back to its former address.
    Recovery,
    /// Check the session that your request presents; list and revoke the sessions of your account.
    Sessions,
    /// Set up an authenticator app, finish a log-in with it, prove again that it is you.
    Factors,
    /// Log in with GitHub, Google and other providers; list, link and remove such identities.
    Identities,
    /// Use the same accounts with pairs of JWTs, in the style of Django REST and simplejwt.
    Tokens,
    /// Log in with passkeys, add and remove them.
    Passkeys,
    /// Read what happened to your account, and follow your session.
    Events,
    /// For operators: find, create, change and delete accounts, and end sessions. Takes an admin key.
    Admin,
    /// Probes for load balancers and operators.
    Health,
}
