//! Five rooms in a row: what may import what, and where each library lives.

use std::fs;

use super::source::{project, sources};

/// What each room may import of ours. `telemetry` is the floor under all of them.
fn may_import(room: &str) -> &'static [&'static str] {
    match room {
        "model" => &["model"],
        "store" => &["model", "store", "telemetry"],
        "app" => &["model", "store", "app", "telemetry"],
        "flows" => &["model", "store", "app", "flows", "telemetry"],
        "api" => &["model", "app", "flows", "api", "telemetry"],
        "telemetry" => &["telemetry"],
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
        "config" => &["model", "app", "api", "config", "server", "telemetry"],
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
    ("metrics_process::", &["telemetry"]),
    ("flate2::", &["app/collector"]),
    ("opentelemetry::", &["telemetry/traces"]),
    ("opentelemetry_sdk::", &["telemetry/traces"]),
    ("tracing_opentelemetry::", &["telemetry/traces"]),
    ("hyper::", &["server", "app/outbound"]),
    ("hyper_util::", &["server", "app/outbound"]),
    ("rustls::", &["app/outbound"]),
    ("hyper_rustls::", &["app/outbound"]),
    ("minicbor::", &["model/passkey", "app/passkeys/check/tests"]),
    ("hugealloc::", &["app"]),
    ("rustix::", &["app"]),
    ("tikv_jemallocator::", &["main"]),
    ("ring::", &["app"]),
    ("std::env::var", &["config"]),
    ("env::var", &["config"]),
    ("std::process::Command", &[]),
    // These panic when the reader is gone and wait when it stalls.
    ("println!", &[]),
    ("print!", &[]),
    ("eprintln!", &[]),
    ("eprint!", &[]),
    // The names of unfinished indexes come from the database, which quotes them.
    ("AssertSqlSafe", &["store/engine/migrations"]),
];

#[test]
fn rooms_import_only_to_their_left() {
    let mut checked = 0;
    for source in sources() {
        assert!(
            !source.lines.concat().contains("super::super::"),
            "{} reaches past its own folder; write crate:: instead",
            source.place
        );
        for path in source.imports() {
            let imported = &path[0];
            assert!(
                may_import(source.room()).contains(&imported.as_str()),
                "{} imports {imported}",
                source.place
            );
            checked += 1;
        }
    }
    assert!(checked > 200, "only {checked} imports were found");
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
fn every_file_under_src_is_in_a_room() {
    let rooms = [
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
    for entry in fs::read_dir(project("src")).unwrap() {
        let name = entry.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned();
        assert!(rooms.contains(&name.as_str()), "src/{name} is no room");
    }
}

#[test]
fn every_folder_has_a_mod_file_and_no_file_beside_it() {
    for source in sources() {
        let Some((folder, _)) = source.place.rsplit_once('/') else {
            continue;
        };
        assert!(
            project("src").join(folder).join("mod.rs").exists(),
            "src/{folder} lacks a mod.rs"
        );
        assert!(
            !project("src").join(format!("{folder}.rs")).exists(),
            "src/{folder}.rs belongs into src/{folder}/mod.rs"
        );
    }
}

/// A file that no `mod` names is neither compiled nor tested.
#[test]
fn every_file_is_named_by_the_module_above_it() {
    let all = sources();
    for source in &all {
        let module = source.module();
        let (name, above) = module.split_last().unwrap();
        if above.is_empty() && matches!(name.as_str(), "lib" | "main") {
            continue;
        }
        let above = if above.is_empty() {
            "lib".to_owned()
        } else {
            format!("{}/mod", above.join("/"))
        };
        let above = all.iter().find(|other| other.place == above);
        let declaration = format!("mod {name};");
        assert!(
            above.is_some_and(|above| above.text.lines().any(|line| line.trim().ends_with(&declaration))),
            "no mod names src/{}",
            source.place
        );
    }
    assert!(all.len() > 200, "only {} files were found", all.len());
}

#[test]
fn migrations_are_twins_and_every_store_file_is_a_table() {
    let list = |kind: &str| -> Vec<String> {
        let files = fs::read_dir(project("migrations").join(kind)).unwrap();
        let mut names: Vec<_> = files
            .map(|file| file.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    };
    assert_eq!(list("sqlite"), list("postgres"), "migrations are twins");
    let tables: Vec<String> = list("sqlite")
        .iter()
        .map(|name| {
            let name = &name[5..name.len() - 4];
            let ends = ["_additive", "_breaking"];
            ends.iter()
                .find_map(|end| name.strip_suffix(end))
                .unwrap_or(name)
                .to_owned()
        })
        .collect();
    for source in sources().iter().filter(|source| source.room() == "store") {
        let module = source.module();
        // A table whose file would be too long has a folder.
        let Some(name) = module.get(1) else { continue };
        let is_frame = matches!(name.as_str(), "engine" | "error");
        assert!(is_frame || tables.contains(name), "src/{} is no table", source.place);
    }
}
