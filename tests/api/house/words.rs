//! The source speaks plain English (STYLE.md): short files, short lines, and no words that hide the actor.

use std::fs;

use clap::CommandFactory;
use neptun_auth::api::spec::Document;
use neptun_auth::cli::{Cli, settings};
use serde_json::Value;

use super::source::{project, sources};

/// Words that stand where the client, the caller or the account owner should be named.
const RIDDLES: &[&str] = &["who", "whoever", "somebody", "nobody", "meanwhile"];

fn words(text: &str) -> Vec<String> {
    text.split(|character: char| !character.is_alphabetic() && character != '\'')
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect()
}

fn riddles(text: &str) -> Vec<String> {
    let is_riddle = |word: &String| RIDDLES.contains(&word.as_str());
    words(text).into_iter().filter(is_riddle).collect()
}

#[test]
fn comments_name_the_actor() {
    let (mut all, mut odd) = (0, 0);
    for source in sources() {
        let comments = source.comments();
        all += words(&comments).len();
        odd += riddles(&comments).len();
    }
    assert!(all > 10_000, "only {all} words of comments were found");
    assert!(
        odd * 1000 <= all,
        "{odd} of {all} words of comments are among {RIDDLES:?}; at most one in a thousand may be"
    );
}

#[test]
fn openapi_texts_name_the_actor() {
    let document: Value = serde_json::from_str(&Document::of_defaults().json()).unwrap();
    let mut texts = Vec::new();
    collect_texts(&document, &mut texts);
    assert!(texts.len() > 200, "only {} texts were found", texts.len());
    for text in texts {
        assert_eq!(riddles(&text), [""; 0], "{text}");
    }
}

fn collect_texts(value: &Value, texts: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                match member.as_str() {
                    Some(text) if matches!(name.as_str(), "summary" | "description" | "title" | "message") => {
                        texts.push(text.to_owned());
                    }
                    _ => collect_texts(member, texts),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| collect_texts(item, texts)),
        _ => {}
    }
}

#[test]
fn help_names_the_actor() {
    let mut command = Cli::command();
    command.build();
    let mut pages = 0;
    let mut commands = vec![command];
    while let Some(mut command) = commands.pop() {
        commands.extend(command.get_subcommands().cloned());
        let page = command.render_long_help().to_string();
        assert_eq!(riddles(&page), [""; 0], "{page}");
        pages += 1;
    }
    assert!(pages > 5, "only {pages} pages were found");
}

#[test]
fn files_stay_short() {
    let mut lengths: Vec<_> = sources()
        .into_iter()
        .map(|source| (source.text.lines().count(), source.place))
        .collect();
    lengths.sort();
    let (longest, place) = lengths.last().unwrap();
    assert!(*longest <= 300, "src/{place} has {longest} lines");
    let median = lengths[lengths.len() / 2].0;
    assert!(median <= 100, "the median file has {median} lines");
}

/// rustfmt leaves comments and strings as they are.
#[test]
fn lines_have_at_most_120_columns() {
    for source in sources() {
        for (number, line) in source.text.lines().enumerate() {
            let length = line.chars().count();
            assert!(length <= 120, "src/{}.rs:{} is too long", source.place, number + 1);
        }
    }
}

#[test]
fn the_settings_page_is_what_the_program_writes() {
    let page = fs::read_to_string(project("docs/settings.md")).unwrap();
    assert!(
        page == settings::page(),
        "docs/settings.md is out of date; write it again: cargo run -- settings > docs/settings.md"
    );
}

/// Its table shortens the names of one row, as in `…_max`.
#[test]
fn the_page_about_monitoring_names_every_metric() {
    let page = fs::read_to_string(project("docs/monitoring.md")).unwrap();
    let described = fs::read_to_string(project("tests/api/process/snapshots/metrics.snap")).unwrap();
    let names = described.lines().filter_map(|line| line.strip_prefix("# HELP "));
    let names: Vec<_> = names.filter_map(|line| line.split(' ').next()).collect();
    assert!(names.len() > 20, "{names:?}");
    let texts: Vec<_> = page.split('`').collect();
    for name in names {
        let mut texts = texts.iter();
        let is_named = texts.any(|text| {
            *text == name
                || text.strip_prefix('…').is_some_and(|end| name.ends_with(end))
                || text
                    .strip_suffix('…')
                    .is_some_and(|start| !start.is_empty() && name.starts_with(start))
        });
        assert!(is_named, "docs/monitoring.md does not say what {name} tells");
    }
}
