//! Why a request to a running instance failed, in sentences for the operator.

use serde::Deserialize;

use crate::app::outbound::Answer;

/// The limit of a key counts by the minute.
pub const LONGEST_WAIT: u64 = 60;

/// Why the request failed, for the operator.
pub fn refusal(address: &str, answer: &Answer) -> String {
    let body: Option<Refusal> = serde_json::from_slice(&answer.body).ok();
    let code = body.as_ref().map(|body| body.code.as_str());
    match (answer.status, code) {
        (300..=399, _) => format!("{address} redirects; name the address of the service itself"),
        (401, _) => {
            format!("{address} does not accept the admin key: it has expired, was revoked, or is for another service")
        }
        (403, Some("not_permitted")) => "the admin key does not permit this: it may read only, or the account has \
            the admin right and is changed on the database only"
            .to_owned(),
        (404, _) => format!(
            "{address} has no such account or session; if it should, does ADMIN_LISTEN serve operators at another \
             address?"
        ),
        (429, _) => format!(
            "{address} takes no more such requests now; try again in {} s",
            retry_after(answer).unwrap_or(LONGEST_WAIT)
        ),
        (500.., _) => format!(
            "{address} failed with {}{}; its log has the cause",
            answer.status,
            body.map(|body| format!(" ({})", body.message)).unwrap_or_default()
        ),
        _ => body.map_or_else(
            || format!("{address} answers with {}; does a proxy answer it?", answer.status),
            Refusal::text,
        ),
    }
}

/// How long to wait, if that is all that is in the way.
pub fn retry_after(answer: &Answer) -> Option<u64> {
    let seconds = answer.header("retry-after").filter(|_| answer.status == 429)?;
    seconds.parse().ok()
}

/// The part of an error body that is shown.
#[derive(Debug, Deserialize)]
struct Refusal {
    code: String,
    message: String,
    #[serde(default)]
    data: Option<Data>,
}

#[derive(Debug, Deserialize)]
struct Data {
    #[serde(default)]
    issues: Vec<Issue>,
}

#[derive(Debug, Deserialize)]
struct Issue {
    path: Vec<String>,
    message: String,
}

impl Refusal {
    fn text(self) -> String {
        let issues = self.data.map(|data| data.issues).unwrap_or_default();
        let issues = issues
            .iter()
            .map(|issue| format!("{}: {}", issue.path.join("."), issue.message));
        let issues: Vec<_> = issues.collect();
        if issues.is_empty() {
            self.message
        } else {
            issues.join("; ")
        }
    }
}
