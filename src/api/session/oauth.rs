//! `user.oauth` in session bodies: the provider's account that the session began with, as Neptun's front end reads it.

use poem_openapi::Object;

use crate::model::session::SignedIn;
use crate::model::session::identity::SessionProvider;

/// The account at GitHub that you logged in with.
#[derive(Debug, Object)]
pub struct GitHubIdentity {
    github_id: i64,
    #[oai(skip_serializing_if_is_none)]
    github_email: Option<String>,
}

/// The account at Google that you logged in with.
#[derive(Debug, Object)]
pub struct GoogleIdentity {
    google_id: String,
    #[oai(skip_serializing_if_is_none)]
    google_email: Option<String>,
}

/// The provider's account that you logged in with.
#[derive(Debug, Default, Object)]
pub struct SessionOauth {
    #[oai(skip_serializing_if_is_none)]
    github: Option<GitHubIdentity>,
    #[oai(skip_serializing_if_is_none)]
    google: Option<GoogleIdentity>,
}

impl SessionOauth {
    /// What the session shows; `None` if it began in another way.
    pub fn of(signed_in: &SignedIn) -> Option<Self> {
        let identity = signed_in.identity.as_ref()?;
        let mut shown = Self::default();
        match identity.provider {
            SessionProvider::GitHub => {
                shown.github = Some(GitHubIdentity {
                    github_id: identity.subject.parse().ok()?,
                    github_email: identity.email.clone(),
                });
            }
            SessionProvider::Google => {
                shown.google = Some(GoogleIdentity {
                    google_id: identity.subject.clone(),
                    google_email: identity.email.clone(),
                });
            }
        }
        Some(shown)
    }
}
