//! Log-in with GitHub, Google and other providers.

mod ceremony;
mod events;
mod fresh;
mod github;
mod hostile;
mod identities;
mod last_credential;
mod linking;
mod outages;
mod races;
