//! Access tokens for other services.

use clap::Args;

use super::values::{List, all, list};
use crate::model::token::audience::{Audience, InvalidAudience};

#[derive(Debug, Args)]
#[command(next_help_heading = "Tokens")]
pub struct TokenSettings {
    /// Services that `POST /api/auth/token` makes tokens for (their `aud` claim), separated by commas [default: none]
    #[arg(long, env = "NEPTUN_AUTH_TOKEN_AUDIENCES", value_parser = audiences, global = true)]
    token_audiences: Vec<List<Audience>>,
}

fn audiences(text: &str) -> Result<List<Audience>, InvalidAudience> {
    list(text, str::parse)
}

impl TokenSettings {
    /// The services that access tokens can be asked for.
    #[must_use]
    pub fn audiences(&self) -> Vec<Audience> {
        all(&self.token_audiences)
    }
}
