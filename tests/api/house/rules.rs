//! The rules of the house, proven on the source itself.

use std::fs;
use std::path::{Path, PathBuf};

/// What each room may import of ours. `telemetry` is the floor under all of them.
fn may_import(room: &str) -> &'static [&'static str] {
    match room {
        "model" => &["model"],
        "store" => &["model", "store"],
        "app" => &["model", "store", "app", "telemetry"],
        "flows" => &["model", "store", "app", "flows", "telemetry"],
        "api" => &["model", "app", "flows", "api", "telemetry"],
        "telemetry" => &[],
        "worker" | "server" => &["model", "app", "flows", "server", "telemetry"],
        "cli" => &[
            "model",
            "app",
            "flows",
            "api",
            "cli",
            "config",
            "server",
            "telemetry",
            "worker",
        ],
        "config" => &["model", "app", "api", "config", "telemetry"],
        "lib" | "main" => &[
            "api",
            "app",
            "cli",
            "config",
            "flows",
            "model",
            "server",
            "store",
            "telemetry",
            "worker",
        ],
        room => panic!("{room} is no room"),
    }
}

/// The one home of each library: the first parts of the paths that may name it.
const HOMES: &[(&str, &[&str])] = &[
    ("sqlx::", &["store"]),
    ("argon2::", &["app"]),
    ("lettre::", &["app"]),
    ("minijinja::", &["app"]),
    ("poem::", &["api", "server", "cli/serve", "config"]),
    ("poem_openapi::", &["api"]),
    (
        "clap::",
        &["cli", "config", "main", "telemetry", "model/session_cookie"],
    ),
    ("metrics::", &["telemetry"]),
    ("hyper::", &["server"]),
    ("hugealloc::", &["app"]),
    ("rustix::", &["app"]),
    ("tikv_jemallocator::", &["main"]),
    ("ring::", &["app"]),
    ("std::env::var", &[]),
    ("std::process::Command", &[]),
    ("AssertSqlSafe", &[]),
];

pub struct Source {
    /// The path below `src`, without the ending.
    pub place: String,
    pub lines: Vec<String>,
}

pub fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    collect(&root, &mut files);
    assert!(files.len() > 40, "the sources were not found");
    let source = |path: &PathBuf| {
        let place = path
            .strip_prefix(&root)
            .unwrap()
            .with_extension("")
            .to_str()
            .unwrap()
            .to_owned();
        let text = fs::read_to_string(path).unwrap();
        let is_code = |line: &&str| !line.trim_start().starts_with("//");
        // Unit tests stand last in a file, or in one of their own, and may use what they like.
        let code = if path.ends_with("tests.rs") {
            ""
        } else {
            text.split("#[cfg(test)]\nmod tests").next().unwrap()
        };
        Source {
            place,
            lines: code.lines().filter(is_code).map(str::to_owned).collect(),
        }
    };
    files.iter().map(source).collect()
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
}

#[test]
fn rooms_import_only_to_their_left() {
    let mut checked = 0;
    for source in sources() {
        let room = source.place.split('/').next().unwrap();
        // Imports may be spread over several lines.
        let code: String = source.lines.concat().split_whitespace().collect();
        assert!(
            !code.contains("super::super::"),
            "{} reaches past its own room",
            source.place
        );
        for imported in code.split("crate::").skip(1) {
            for name in first_names(imported) {
                assert!(may_import(room).contains(&name), "{} imports {name}", source.place);
                checked += 1;
            }
        }
    }
    assert!(checked > 200, "only {checked} imports were found");
}

/// The modules that a path after `crate::` begins with: one, or those at the first level of braces.
fn first_names(imported: &str) -> Vec<&str> {
    let name = |text: &str| text.find(|character: char| !character.is_alphanumeric() && character != '_');
    let Some(list) = imported.strip_prefix('{') else {
        return vec![&imported[..name(imported).unwrap()]];
    };
    let (mut names, mut depth, mut start) = (Vec::new(), 0, 0);
    for (at, character) in list.char_indices() {
        match character {
            '{' => depth += 1,
            '}' if depth > 0 => depth -= 1,
            ',' | '}' if depth == 0 => {
                let item = &list[start..at];
                names.push(&item[..name(item).unwrap_or(item.len())]);
                start = at + 1;
                if character == '}' {
                    break;
                }
            }
            _ => {}
        }
    }
    names.retain(|name| !name.is_empty());
    names
}

#[test]
fn each_library_has_one_home() {
    for source in sources() {
        for (library, homes) in HOMES {
            // Macros of `sqlx` that derive on `model` newtypes are attributes, not uses.
            let uses = source.lines.iter().filter(|line| !line.trim_start().starts_with("#["));
            let uses: Vec<_> = uses.filter(|line| starts_path(line, library)).collect();
            let is_home = homes.iter().any(|home| source.place.starts_with(home));
            assert!(uses.is_empty() || is_home, "{} uses {library} {uses:?}", source.place);
        }
    }
}

/// Whether `line` names `library` and not something that merely ends like it (`poem_openapi::`, `tower_sessions::`).
fn starts_path(line: &str, library: &str) -> bool {
    line.match_indices(library).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        before.is_none_or(|character| !character.is_alphanumeric() && !matches!(character, '_' | ':'))
    })
}

#[test]
fn every_file_is_in_the_room_that_its_name_says() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let known = [
        "api",
        "app",
        "cli",
        "config",
        "flows",
        "lib",
        "main",
        "model",
        "server",
        "store",
        "telemetry",
        "worker",
    ];
    for entry in fs::read_dir(folder).unwrap() {
        let name = entry.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned();
        assert!(known.contains(&name.as_str()), "src/{name} is no room");
    }
    let migrations = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations");
    let list = |kind: &str| -> Vec<String> {
        let files = fs::read_dir(migrations.join(kind)).unwrap();
        let mut names: Vec<_> = files
            .map(|file| file.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    };
    assert_eq!(list("sqlite"), list("postgres"), "migrations are twins");
    let tables: Vec<String> = list("sqlite")
        .iter()
        .map(|name| name[5..name.len() - 4].to_owned())
        .collect();
    for source in sources() {
        let Some(name) = source.place.strip_prefix("store/") else {
            continue;
        };
        let is_frame = matches!(
            name,
            "mod"
                | "connect"
                | "error"
                | "freshness"
                | "group_commit"
                | "group_commit/tests"
                | "lifo_pool"
                | "lifo_pool/tests"
                | "watch"
                | "watch/tests"
        );
        // A table lookup file would be too long has a folder too.
        let table = name.split('/').next().unwrap();
        assert!(
            is_frame || tables.iter().any(|known| known == table),
            "store/{name} is no table"
        );
    }
    for source in sources()
        .iter()
        .filter(|source| source.place.starts_with("flows/") && !source.place.ends_with("mod"))
    {
        let name = source.place.strip_prefix("flows/").unwrap();
        let is_story = source
            .lines
            .iter()
            .any(|line| line.contains(&format!("async fn {name}(")));
        assert!(is_story, "flows/{name} does not contain the function of its name");
    }
}

#[test]
fn files_stay_short() {
    let mut lengths: Vec<_> = sources()
        .iter()
        .map(|source| {
            let path = Path::new(env!("CARGO_MANIFEST_DIR"))
                .join("src")
                .join(&source.place)
                .with_extension("rs");
            (fs::read_to_string(path).unwrap().lines().count(), source.place.clone())
        })
        .collect();
    lengths.sort();
    let (longest, place) = lengths.last().unwrap();
    assert!(*longest <= 300, "{place} has {longest} lines");
    assert!(
        lengths[lengths.len() / 2].0 <= 100,
        "the median file has {} lines",
        lengths[lengths.len() / 2].0
    );
}

#[test]
fn the_readme_lists_every_setting() {
    let readme = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap();
    let config = sources()
        .into_iter()
        .filter(|source| source.place.starts_with("config"));
    let mut found = 0;
    for line in config.flat_map(|source| source.lines) {
        for rest in line.split("env = \"").skip(1) {
            let name = rest.split('"').next().unwrap();
            assert!(
                readme.contains(&format!("`{name}`")),
                "the README does not mention {name}"
            );
            found += 1;
        }
    }
    assert!(found >= 20, "only {found} settings were found");
}
