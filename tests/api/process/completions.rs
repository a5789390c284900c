//! What completes commands in a shell, and the manual.

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

use neptun_auth::cli;
use tempfile::TempDir;

use super::pages::printed;

/// The words of every command, such as `["users", "create"]`.
fn commands() -> Vec<Vec<String>> {
    fn walk(command: &clap::Command, path: &[String], all: &mut Vec<Vec<String>>) {
        for below in command.get_subcommands().filter(|below| below.get_name() != "help") {
            let path = [path, &[below.get_name().to_owned()]].concat();
            all.push(path.clone());
            walk(below, &path, all);
        }
    }
    let mut all = Vec::new();
    walk(&cli::command(), &[], &mut all);
    assert!(all.len() > 30, "only {all:?}");
    all
}

/// Commands whose output is no answer that a program would read as JSON, and why.
const WITHOUT_JSON: [(&str, &str); 7] = [
    ("serve", "runs until it is ended, and has LOG_FORMAT"),
    ("health", "answers with its exit status"),
    ("openapi", "writes files"),
    ("man", "writes files"),
    ("settings", "prints a page of the documentation"),
    ("completions", "prints a script"),
    ("users deleted", "prints the list that `restore --deletions` reads"),
];

#[test]
fn every_command_answers_with_json_if_it_is_asked_to() {
    fn walk(command: &clap::Command, path: &str, without: &mut Vec<String>) {
        let below: Vec<_> = command
            .get_subcommands()
            .filter(|below| below.get_name() != "help")
            .collect();
        if below.is_empty() && !command.get_arguments().any(|argument| argument.get_id() == "json") {
            without.push(path.trim().to_owned());
        }
        for below in below {
            walk(below, &format!("{path} {}", below.get_name()), without);
        }
    }
    let mut without = Vec::new();
    walk(&cli::command(), "", &mut without);
    without.sort();
    let mut expected = WITHOUT_JSON.map(|(command, _)| command);
    expected.sort_unstable();
    assert_eq!(without, expected, "these lack --json, or need no exception any more");
}

#[test]
fn the_script_of_each_shell_names_every_command() {
    for shell in ["bash", "zsh", "fish"] {
        let script = printed(&["completions", shell]);
        for command in commands() {
            let name = command.last().unwrap();
            assert!(script.contains(name.as_str()), "{shell} lacks {command:?}");
        }
        assert!(script.contains("password-file"), "{shell} lacks options");
        assert!(
            script.len() < 200_000,
            "{shell} reads {} bytes at its start",
            script.len()
        );
    }
}

#[test]
fn bash_completes_each_command() {
    let folder = TempDir::new().unwrap();
    let script = folder.path().join("neptun-auth.bash");
    fs::write(&script, printed(&["completions", "bash"])).unwrap();
    for command in commands() {
        let (last, before) = command.split_last().unwrap();
        let words = [&["neptun-auth".to_owned()], before, &[last[..2].to_owned()]].concat();
        let complete = "source \"$0\"; COMP_WORDS=(\"$@\"); COMP_CWORD=$(($# - 1)); \
            _neptun__auth neptun-auth \"${COMP_WORDS[COMP_CWORD]}\" \"${COMP_WORDS[COMP_CWORD - 1]}\"; \
            printf '%s\\n' \"${COMPREPLY[@]}\"";
        let output = Command::new("bash")
            .args(["-c", complete])
            .arg(&script)
            .args(&words)
            .output()
            .unwrap();
        let offered = String::from_utf8(output.stdout).unwrap();
        assert!(offered.lines().any(|line| line == last), "{words:?}: {offered}");
    }
}

#[test]
fn the_manual_has_a_page_for_each_command() {
    let folder = TempDir::new().unwrap();
    assert_eq!(printed(&["man", folder.path().to_str().unwrap()]), "");
    let pages = fs::read_dir(folder.path()).unwrap();
    let pages: BTreeSet<_> = pages
        .map(|page| page.unwrap().file_name().into_string().unwrap())
        .collect();
    let wanted = commands()
        .into_iter()
        .map(|command| format!("neptun-auth-{}.1", command.join("-")));
    assert_eq!(pages, wanted.chain(["neptun-auth.1".to_owned()]).collect());
    for command in commands() {
        let (name, above) = command.split_last().unwrap();
        let above = [&["neptun-auth".to_owned()], above].concat().join("-");
        let page = fs::read_to_string(folder.path().join(format!("{above}.1"))).unwrap();
        let named = format!("{above}-{name}(1)").replace('-', "\\-");
        assert!(page.contains(&named), "{above}.1 does not name {named}");
    }
}
