//! Which known name a misspelt one stands for.

/// Names that differ more than this are not suggested.
const LEAST_LIKENESS: f64 = 0.6;

/// The known name that is most like a wrong one, if any is alike.
#[must_use]
pub fn nearest<'n>(wrong: &str, known: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    let likeness = |name: &&str| strsim::normalized_damerau_levenshtein(wrong, name);
    let near = known.max_by(|one, other| likeness(one).total_cmp(&likeness(other)));
    near.filter(|name| likeness(name) > LEAST_LIKENESS)
}

/// The suggestion of [`nearest`] as the end of a sentence; empty without one.
#[must_use]
pub fn did_you_mean<'n>(wrong: &str, known: impl Iterator<Item = &'n str>) -> String {
    let near = nearest(wrong, known);
    near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_suggested_and_none_that_is_nothing_like_it() {
        let known = ["cookie_name", "cookie_domain", "listen"];
        assert_eq!(nearest("cookie_nane", known.into_iter()), Some("cookie_name"));
        assert_eq!(nearest("listn", known.into_iter()), Some("listen"));
        assert_eq!(nearest("database", known.into_iter()), None);
        assert_eq!(did_you_mean("listn", known.into_iter()), "; did you mean `listen`?");
        assert_eq!(did_you_mean("database", known.into_iter()), "");
    }
}
