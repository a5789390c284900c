//! The parameters of lists and filters.

use chrono::{DateTime, Utc};
use poem_openapi::registry::MetaSchema;
use serde_json::json;

use crate::api::error::{ApiError, Issue};
use crate::api::paging::{parameter, wrong};
use crate::model::admin::search::Search;
use crate::model::session::SessionKind;
use crate::model::session::ended::SessionFilter;
use crate::model::user::email::Email;

parameter!(
    /// What to look for in the list of accounts.
    Query,
    MetaSchema {
        max_length: Some(Email::MAX_BYTES),
        ..MetaSchema::new("string")
    }
);
parameter!(
    /// A time.
    Moment,
    MetaSchema::new_with_format("string", "date-time")
);
parameter!(
    /// The transport of sessions.
    Kind,
    MetaSchema {
        enum_items: vec![json!("cookie"), json!("token")],
        ..MetaSchema::new("string")
    }
);
parameter!(
    /// A flag.
    Flag,
    MetaSchema::new("boolean")
);

impl Query {
    /// What to look for; `None` for an empty text.
    pub fn read(this: Option<&Self>) -> Result<Option<Search>, ApiError> {
        let text = this.map(|Self(text)| text.trim()).filter(|text| !text.is_empty());
        let search = text.map(Search::parse).transpose();
        search.map_err(|error| {
            let issue = wrong("query", format!("{error}"));
            ApiError::validation(vec![issue])
        })
    }
}

/// Which sessions to end, and whether to count them only.
#[derive(Debug)]
pub struct SessionSelection {
    pub filter: SessionFilter,
    pub is_dry_run: bool,
}

impl SessionSelection {
    /// # Errors
    /// An issue for each parameter that is not acceptable.
    pub fn read(before: Option<Moment>, kind: Option<Kind>, dry_run: Option<Flag>) -> Result<Self, ApiError> {
        let before = before.and_then(|Moment(text)| text.parse::<DateTime<Utc>>().ok());
        let before = before.ok_or_else(|| wrong("before", "Send a time, as in 2026-01-31T12:00:00Z"));
        let kind = kind.map(|Kind(text)| match text.as_str() {
            "cookie" => Ok(SessionKind::Cookie),
            "token" => Ok(SessionKind::Token),
            _ => Err(wrong("kind", "Send cookie or token")),
        });
        let dry_run = dry_run.map(|Flag(text)| text.parse().map_err(|_| wrong("dry_run", "Send true or false")));
        match (before, kind.transpose(), dry_run.transpose()) {
            (Ok(before), Ok(kind), Ok(dry_run)) => Ok(Self {
                filter: SessionFilter { before, kind },
                is_dry_run: dry_run.unwrap_or_default(),
            }),
            (before, kind, dry_run) => {
                let issues = [before.err(), kind.err(), dry_run.err()];
                Err(ApiError::validation(
                    issues.into_iter().flatten().collect::<Vec<Issue>>(),
                ))
            }
        }
    }
}
