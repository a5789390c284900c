//! Reads the source under `src` for the rules of the house.

use std::fs;
use std::path::{Path, PathBuf};

/// One file of the source.
pub struct Source {
    /// The path below `src`, without the ending: `flows/account/log_in`.
    pub place: String,
    /// Everything in the file.
    pub text: String,
    /// Its lines without comments and without unit tests, which may use what they like.
    pub lines: Vec<String>,
}

impl Source {
    /// The first folder, or the file where there is none: `flows`.
    pub fn room(&self) -> &str {
        self.place.split('/').next().unwrap()
    }

    /// The module that this file is: `["flows", "account", "log_in"]`.
    pub fn module(&self) -> Vec<String> {
        let place = self.place.strip_suffix("/mod").unwrap_or(&self.place);
        place.split('/').map(str::to_owned).collect()
    }

    /// The text of its comments, marks removed.
    pub fn comments(&self) -> String {
        let comment = |line: &str| {
            let line = line.trim_start();
            line.strip_prefix("//")
                .map(|text| text.trim_start_matches(['/', '!']).to_owned())
        };
        self.text.lines().filter_map(comment).collect::<Vec<_>>().join("\n")
    }

    /// Every path that this file names beneath `crate::`, written in full: `["flows", "steps", "notify", "Owner"]`.
    pub fn imports(&self) -> Vec<Vec<String>> {
        // Imports may be spread over several lines.
        let code: String = self.lines.concat().split_whitespace().collect();
        let mut paths = Vec::new();
        for rest in code.split("crate::").skip(1) {
            paths.extend(expand(&[], rest));
        }
        let module = self.module();
        // What lies in a file beneath `mod.rs` has that folder above it, and so has every file in it.
        for rest in code.split("super::").skip(1) {
            paths.extend(expand(&module[..module.len() - 1], rest));
        }
        paths
    }
}

/// The paths that begin at `text`: one, or one for each item in its braces.
fn expand(prefix: &[String], text: &str) -> Vec<Vec<String>> {
    if let Some(list) = text.strip_prefix('{') {
        return items(list).into_iter().flat_map(|item| expand(prefix, item)).collect();
    }
    let end = text
        .find(|character: char| !character.is_alphanumeric() && character != '_')
        .unwrap_or(text.len());
    let (name, rest) = text.split_at(end);
    if name.is_empty() || name == "self" {
        return vec![prefix.to_vec()];
    }
    let path = [prefix, &[name.to_owned()]].concat();
    match rest.strip_prefix("::") {
        Some(rest) => expand(&path, rest),
        None => vec![path],
    }
}

/// The items of a list in braces, of which the first brace is already gone.
fn items(list: &str) -> Vec<&str> {
    let (mut items, mut depth, mut start) = (Vec::new(), 0, 0);
    for (at, character) in list.char_indices() {
        match character {
            '{' => depth += 1,
            '}' if depth > 0 => depth -= 1,
            ',' | '}' if depth == 0 => {
                items.push(&list[start..at]);
                start = at + 1;
                if character == '}' {
                    break;
                }
            }
            _ => {}
        }
    }
    items.retain(|item| !item.is_empty());
    items
}

/// The path of a file of the project.
pub fn project(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// Every file under `src`.
pub fn sources() -> Vec<Source> {
    let root = project("src");
    let files = files("src");
    assert!(files.len() > 40, "the sources were not found");
    files.iter().map(|path| source(&root, path)).collect()
}

fn source(root: &Path, path: &Path) -> Source {
    let place = path.strip_prefix(root).unwrap().with_extension("");
    let text = fs::read_to_string(path).unwrap();
    let is_code = |line: &&str| !line.trim_start().starts_with("//");
    let code = if path.ends_with("tests.rs") {
        ""
    } else {
        text.split("#[cfg(test)]\nmod tests").next().unwrap()
    };
    Source {
        place: place.to_str().unwrap().to_owned(),
        lines: code.lines().filter(is_code).map(str::to_owned).collect(),
        text,
    }
}

/// Every file of Rust in a folder of the project.
pub fn files(folder: &str) -> Vec<PathBuf> {
    let mut files = Vec::new();
    collect(&project(folder), &mut files);
    files
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            files.push(path);
        }
    }
    files.sort();
}
