//! A server that speaks the range protocol of Have I Been Pwned. It sees the first five of the hash's forty characters,
//! which hundreds of listed passwords share, and answers with all of them.

use std::time::Duration;

use anyhow::ensure;
use url::Url;

use super::Hash;
use crate::app::outbound::{Call, Outbound};

/// Requests at the same time.
const MAX_IN_FLIGHT: usize = 32;
/// The largest answer; those of Have I Been Pwned have about 80 KiB.
const MAX_ANSWER: usize = 1024 * 1024;
/// Characters of the hash that the server sees.
const PREFIX: usize = 5;

#[derive(Debug)]
pub struct Ranges {
    url: Url,
    timeout: Duration,
    outbound: Outbound,
}

impl Ranges {
    pub fn new(url: &Url, timeout: Duration, outbound: &Outbound) -> Self {
        let mut url = url.clone();
        if !url.path().ends_with('/') {
            let path = format!("{}/", url.path());
            url.set_path(&path);
        }
        Self {
            url,
            timeout,
            outbound: outbound.lane(MAX_IN_FLIGHT),
        }
    }

    /// Whether the server's list has the hash. Nothing of this is logged.
    pub async fn contains(&self, hash: &Hash) -> anyhow::Result<bool> {
        let (prefix, suffix) = hash.split_at(PREFIX);
        let url = self.url.join(str::from_utf8(prefix)?)?;
        // Padding hides from a reader of the connection how many hashes the answer has.
        let call = Call::get(&url).header("add-padding", "true");
        let answer = self
            .outbound
            .send(call.within(self.timeout).at_most(MAX_ANSWER))
            .await?;
        ensure!(answer.status == 200, "the answer has the status {}", answer.status);
        Ok(answer
            .body
            .split(|byte| *byte == b'\n')
            .any(|line| is_hit(line, suffix)))
    }
}

/// Whether a line of the answer names the hash. Those with a count of zero are padding.
fn is_hit(line: &[u8], suffix: &[u8]) -> bool {
    let Some((found, count)) = line.split_at_checked(suffix.len()) else {
        return false;
    };
    let count = count.trim_ascii().strip_prefix(b":").unwrap_or_default();
    found.eq_ignore_ascii_case(suffix) && count.iter().any(|digit| (b'1'..=b'9').contains(digit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_hits_with_its_suffix_and_a_count_above_zero() {
        for (line, hits) in [
            ("00ABC:1\r", true),
            ("00ABC:10", true),
            ("00abc:3", true),
            ("00ABC:0\r", false),
            ("00ABC:000", false),
            ("00ABC", false),
            ("00ABD:1", false),
            ("00AB", false),
            ("", false),
        ] {
            assert_eq!(is_hit(line.as_bytes(), b"00ABC"), hits, "{line}");
        }
    }
}
