//! The languages that a person reads, as their browser states them.

use serde::{Deserialize, Serialize};

/// Language tags in lower case, the preferred one first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Languages(Vec<String>);

impl Languages {
    /// More than a person reads; browsers send about five.
    const MAX_TAGS: usize = 8;
    /// Longest tag that is kept (RFC 5646, 4.4.1).
    const LONGEST_TAG: usize = 35;
    /// Longest part that is read: a tag, its weight, and white space.
    const LONGEST_RANGE: usize = 64;

    /// Reads an `Accept-Language` header (RFC 9110, 12.5.4). Parts that can't be read are left out.
    #[must_use]
    pub fn parse(header: &str) -> Self {
        let mut ranked: Vec<_> = header
            .split(',')
            .take(Self::MAX_TAGS)
            .filter(|range| range.len() <= Self::LONGEST_RANGE)
            .filter_map(|range| {
                let (tag, quality) = range.split_once(';').unwrap_or((range, "q=1"));
                let quality: f32 = quality.trim().strip_prefix("q=")?.parse().ok()?;
                let tag = tag.trim().to_ascii_lowercase();
                let is_tag = tag.len() <= Self::LONGEST_TAG
                    && tag.starts_with(|first: char| first.is_ascii_lowercase())
                    && tag.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
                (is_tag && quality > 0.0).then_some((tag, quality))
            })
            .collect();
        // The sort is stable: of two languages with the same weight, the first stays first.
        ranked.sort_by(|(_, one), (_, other)| other.total_cmp(one));
        Self(ranked.into_iter().map(|(tag, _)| tag).collect())
    }

    /// The preferred one of the `offered` languages; `None` when the person reads none of them. `de` serves `de-AT`.
    pub fn choose<'o>(&self, offered: &(impl Iterator<Item = &'o str> + Clone)) -> Option<&'o str> {
        self.0.iter().find_map(|tag| {
            let broader = tag.split('-').next().unwrap_or(tag);
            let mut exact = offered.clone().filter(|offer| offer == tag);
            exact.next().or_else(|| offered.clone().find(|offer| *offer == broader))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choose(header: &str) -> Option<&'static str> {
        Languages::parse(header).choose(&["de", "en", "pt-br"].into_iter())
    }

    #[test]
    fn the_preferred_language_on_offer_is_chosen() {
        assert_eq!(choose("de-AT,de;q=0.9,en;q=0.8"), Some("de"));
        assert_eq!(choose("fr, en;q=0.5, de;q=0.7"), Some("de"));
        assert_eq!(choose("pt-BR"), Some("pt-br"));
        assert_eq!(choose("EN"), Some("en"));
    }

    #[test]
    fn no_language_is_chosen_when_none_matches() {
        for header in [
            "",
            "fr",
            "*",
            "de;q=0",
            "en;q=x",
            ";;;,,,",
            "../../etc/passwd",
            "{{7*7}}",
            &"de".repeat(8000),
            &format!("de;q=0.{}", "9".repeat(16_000)),
        ] {
            assert_eq!(choose(header), None, "{header}");
        }
        assert_eq!(Languages::parse(&"de,".repeat(100)).0.len(), Languages::MAX_TAGS);
    }
}
