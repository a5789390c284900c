//! Names that are nearly those of settings.

use std::env;

use clap::{Arg, Command};

/// One sentence for each variable that has our prefix and is no setting.
#[must_use]
pub fn unknown_variables(command: &Command) -> Vec<String> {
    let settings = command.get_arguments().filter_map(Arg::get_env);
    let known: Vec<_> = settings.map(|name| name.to_string_lossy().into_owned()).collect();
    let names = env::vars_os().map(|(name, _)| name.to_string_lossy().into_owned());
    let unknown = names.filter(|name| name.starts_with(PREFIX) && !known.contains(name) && !is_of_the_platform(name));
    unknown
        .map(|name| {
            let instead = nearest(&name, known.iter().map(String::as_str));
            let instead = instead
                .map(|near| format!("; did you mean {near}?"))
                .unwrap_or_default();
            format!("there is no setting {name}, so the variable does nothing{instead}")
        })
        .collect()
}

const PREFIX: &str = "NEPTUN_AUTH_";

/// Kubernetes and Docker tell each container of the addresses of a service that is called `neptun-auth`.
fn is_of_the_platform(name: &str) -> bool {
    ["SERVICE_", "PORT_", "ENV_"]
        .iter()
        .any(|part| name[PREFIX.len()..].starts_with(part))
        || env::var_os(name).is_some_and(|value| value.to_string_lossy().starts_with("tcp://"))
}

/// The known name that is most like a wrong one, if any is alike.
#[must_use]
pub fn nearest<'n>(wrong: &str, known: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    let likeness = |name: &&str| strsim::normalized_damerau_levenshtein(wrong, name);
    let near = known.max_by(|one, other| likeness(one).total_cmp(&likeness(other)));
    near.filter(|name| likeness(name) > 0.6)
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
    }
}
