//! The pages for operators, whole: `--help` and the metrics. After a change, `INSTA_UPDATE=always cargo test` writes
//! the files in `snapshots` anew; the difference is to be read before it is committed.

use std::collections::BTreeSet;
use std::process::Command;
use std::thread::sleep;
use std::time::Duration;

use insta::{assert_snapshot, with_settings};

use crate::helpers::binary::{Binary, agent, free_address, metrics};
use crate::helpers::{ALICE, PASSWORD, TestDatabase};

/// What the binary prints with these arguments and an empty environment.
pub(super) fn printed(arguments: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_neptun-auth"));
    let output = command.env_clear().args(arguments).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn help() {
    with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, {
        assert_snapshot!("help", printed(&["--help"]));
    });
}

#[test]
fn help_of_the_command_that_manages_keys() {
    let help = printed(&["help", "keys"]);
    let (commands, _) = help.split_once("Options:").unwrap();
    assert_snapshot!(commands, @"
    Manage the keys that sign access tokens, and those for the admin API

    Usage: neptun-auth keys [OPTIONS] <COMMAND>

    Commands:
      rotate  Add a signing key; it signs after ten minutes, when every cache of the public keys has fetched it
      list    List the signing keys, in the order in which they sign
      reseal  Seal everything under the new secret key; can be killed and run again
      admin   Manage the keys for the admin API
      help    Print this message or the help of the given subcommand(s)
    ");
}

/// A metrics page without values: each metric with its labels, and the bounds of a histogram in one line. The probes by
/// which [`Binary::start`] waits are left out, because their number and their answers vary.
fn without_values(page: &str) -> String {
    let mut metrics: Vec<_> = page.trim().split("\n\n").map(metric_without_values).collect();
    metrics.sort();
    metrics.join("\n\n")
}

fn metric_without_values(metric: &str) -> String {
    // Pools have other names on PostgreSQL.
    let lines = metric
        .lines()
        .map(|line| without_value_of(&without_value_of(line, "pool"), "version"));
    let metric = lines.collect::<Vec<_>>().join("\n");
    let (comments, samples): (Vec<_>, Vec<_>) = metric.lines().partition(|line| line.starts_with('#'));
    let mut series = BTreeSet::new();
    let mut bounds = Vec::new();
    for sample in samples.iter().filter(|sample| !sample.contains("getReadiness")) {
        let (name, _value) = sample.rsplit_once(' ').unwrap();
        let Some((labels, bound)) = name.split_once(",le=\"") else {
            series.insert(name.to_owned());
            continue;
        };
        bounds.push(bound.trim_end_matches("\"}"));
        if bound.starts_with("+Inf") {
            series.insert(format!("{labels},le=\"{}\"}}", bounds.join(" ")));
            bounds.clear();
        }
    }
    comments
        .into_iter()
        .map(str::to_owned)
        .chain(series)
        .collect::<Vec<_>>()
        .join("\n")
}

/// The series with `…` in place of the value of one of its labels.
fn without_value_of(series: &str, label: &str) -> String {
    let Some((before, after)) = series.split_once(&format!("{label}=\"")) else {
        return series.to_owned();
    };
    let (_, after) = after.split_once('"').unwrap();
    format!("{before}{label}=\"…\"{after}")
}

#[tokio::test]
async fn names_and_labels_of_the_metrics() {
    let database = TestDatabase::create().await;
    let private = free_address();
    let binary = Binary::start(&database.url, &[("NEPTUN_AUTH_METRICS_LISTEN", &private.to_string())]);
    let agent = agent();
    for path in ["/api/auth/sign-up", "/api/auth/login"] {
        assert_eq!(binary.post_credentials(&agent, path, ALICE, PASSWORD), Some(200));
    }
    agent.post(binary.url("/api/auth/logout")).send_empty().unwrap();
    let mut page = metrics(private);
    // The first purge, shortly after the start, adds the sessions that have expired.
    while !page.contains(r#"reason="expired""#) {
        sleep(Duration::from_millis(50));
        page = metrics(private);
    }
    with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, {
        assert_snapshot!("metrics", without_values(&page));
    });
}
