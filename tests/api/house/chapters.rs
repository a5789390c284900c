//! In `flows` stories stand on steps; in `api` each chapter stands on what all chapters share.

use super::source::sources;

/// The chapters are the tags of the OpenAPI document, and in `flows` the worker's own.
const CHAPTERS: &[&str] = &[
    "account", "admin", "event", "factor", "identity", "operator", "passkey", "recovery", "session", "token", "worker",
];

/// Imports from one chapter of `api` into another, each with its reason.
const SHARED_BETWEEN_CHAPTERS: &[(&str, &str, &str)] = &[
    ("account", "event", "the export lists events"),
    (
        "account",
        "session",
        "sign-up and log-in answer with the session; the export lists sessions",
    ),
    ("account", "factor", "the export lists factors"),
    (
        "factor",
        "session",
        "the second step of a log-in and a fresh proof answer with the session",
    ),
    ("passkey", "session", "a log-in by passkey answers with the session"),
    (
        "recovery",
        "session",
        "confirming an address answers with the renewed session",
    ),
];

#[test]
fn a_story_imports_steps_and_its_own_chapter_and_a_step_imports_steps() {
    let mut checked = 0;
    for source in sources().iter().filter(|source| source.room() == "flows") {
        let module = source.module();
        let Some(chapter) = module.get(1) else { continue };
        assert!(
            chapter == "steps" || CHAPTERS.contains(&chapter.as_str()),
            "src/{} is in no chapter",
            source.place
        );
        for path in source
            .imports()
            .iter()
            .filter(|path| path[0] == "flows" && path.len() > 1)
        {
            assert!(
                path[1] == "steps" || path[1] == *chapter,
                "src/{} imports the chapter {}",
                source.place,
                path[1]
            );
            checked += 1;
        }
    }
    assert!(checked > 30, "only {checked} imports were found");
}

#[test]
fn every_flow_is_named_after_its_function() {
    let is_flow = |place: &str| place.starts_with("flows/") && !place.ends_with("mod");
    for source in sources().iter().filter(|source| is_flow(&source.place)) {
        let name = source.place.rsplit('/').next().unwrap();
        let functions = ["(", "<"].map(|next| format!("async fn {name}{next}"));
        let is_function = |line: &String| functions.iter().any(|function| line.contains(function));
        assert!(
            source.lines.iter().any(is_function),
            "src/{} does not contain the function of its name",
            source.place
        );
    }
}

#[test]
fn a_chapter_of_the_api_imports_no_other_chapter() {
    let mut shared = Vec::new();
    for source in sources().iter().filter(|source| source.room() == "api") {
        let module = source.module();
        let Some(chapter) = module.get(1).filter(|name| CHAPTERS.contains(&name.as_str())) else {
            continue;
        };
        for path in source
            .imports()
            .iter()
            .filter(|path| path[0] == "api" && path.len() > 1)
        {
            let other = &path[1];
            if other == chapter || !CHAPTERS.contains(&other.as_str()) {
                continue;
            }
            let reason = SHARED_BETWEEN_CHAPTERS
                .iter()
                .position(|(from, to, _)| from == chapter && to == other);
            shared.push(reason.unwrap_or_else(|| panic!("src/{} imports the chapter {other}", source.place)));
        }
    }
    shared.sort_unstable();
    shared.dedup();
    assert_eq!(
        shared.len(),
        SHARED_BETWEEN_CHAPTERS.len(),
        "an exception is of no use any more"
    );
}
