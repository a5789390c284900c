//! `neptun-auth completions` and `man`: what shells and `man` know of the commands.

use std::fs;
use std::path::Path;

use anyhow::Context;
use clap_complete::Shell;

use super::shown_command;

/// The script that completes commands and options in `shell`.
pub fn text(shell: Shell) -> String {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut shown_command(), "neptun-auth", &mut script);
    let script = String::from_utf8_lossy(&script).into_owned();
    match shell {
        // The library spells the hyphen of the program's name in two ways, so no command would be completed: issue 6421
        // of clap.
        Shell::Bash => script.replace("neptun__subcmd__auth", "neptun__auth"),
        _ => script,
    }
}

/// Writes `neptun-auth.1` and a page for each command below it.
pub fn write_manual(folder: &Path) -> anyhow::Result<()> {
    let written = fs::create_dir_all(folder).and_then(|()| clap_mangen::generate_to(shown_command(), folder));
    written.with_context(|| format!("writing the manual to {}", folder.display()))
}
