//! The chapters of the OpenAPI document. `api` and `flows` have a folder for each of them.

use poem_openapi::Tags;

#[derive(Tags)]
pub enum Tag {
    /// Make an account, log in, log out.
    Account,
    /// Confirm an address, set a forgotten password, bring an account back.
    Recovery,
    /// The session that a request comes with.
    Session,
    /// All sessions of the account.
    Sessions,
    /// The same accounts with pairs of JWTs, in the manner of Django REST and simplejwt.
    Tokens,
    /// For load balancers and operators.
    Health,
}
