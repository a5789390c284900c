//! Names that are nearly those of settings.

use std::env;

use clap::{Arg, Command};

use crate::model::spelling::did_you_mean;

/// One sentence for each variable that has our prefix and is no setting.
#[must_use]
pub fn unknown_variables(command: &Command) -> Vec<String> {
    let settings = command.get_arguments().filter_map(Arg::get_env);
    let known: Vec<_> = settings.map(|name| name.to_string_lossy().into_owned()).collect();
    let names = env::vars_os().map(|(name, _)| name.to_string_lossy().into_owned());
    let unknown = names.filter(|name| name.starts_with(PREFIX) && !known.contains(name) && !is_of_the_platform(name));
    unknown
        .map(|name| {
            let instead = did_you_mean(&name, known.iter().map(String::as_str));
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
