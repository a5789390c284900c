//! Names that are nearly those of settings.

use std::env;

use clap::{Arg, Command};
use zeroize::Zeroizing;

use crate::model::spelling::did_you_mean;

/// One sentence for each variable that has our prefix and is no setting.
#[must_use]
pub fn unknown_variables(command: &Command) -> Vec<String> {
    let settings = command.get_arguments().filter_map(Arg::get_env);
    let known: Vec<_> = settings.map(|name| name.to_string_lossy().into_owned()).collect();
    let names = env::vars_os().map(|(name, _)| name.to_string_lossy().into_owned());
    let unknown = names.filter(|name| name.starts_with(PREFIX) && !known.contains(name) && !is_of_others(name));
    unknown
        .map(|name| {
            let instead = did_you_mean(&name, known.iter().map(String::as_str));
            format!("there is no setting {name}, so the variable does nothing{instead}")
        })
        .collect()
}

const PREFIX: &str = "NEPTUN_AUTH_";

/// The key with which commands call a running instance. It is no setting: a service has no use for it.
pub const ADMIN_KEY: &str = "NEPTUN_AUTH_ADMIN_KEY";

/// The key in that variable; empty without one.
#[must_use]
pub fn admin_key() -> Zeroizing<String> {
    let key = env::var_os(ADMIN_KEY).unwrap_or_default();
    Zeroizing::new(key.into_string().unwrap_or_default())
}

/// Kubernetes and Docker tell each container of the addresses of a service that is called `neptun-auth`.
fn is_of_others(name: &str) -> bool {
    name == ADMIN_KEY
        || ["SERVICE_", "PORT_", "ENV_"]
            .iter()
            .any(|part| name[PREFIX.len()..].starts_with(part))
        || env::var_os(name).is_some_and(|value| value.to_string_lossy().starts_with("tcp://"))
}
