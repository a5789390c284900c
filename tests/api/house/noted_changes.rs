//! No store function forgets to note whose remembered sessions it changes: proven on the source itself.

use super::source::sources;

/// Store functions that write to `users` or `sessions` and change nothing that a remembered session shows, with the reason.
const CHANGE_NOTHING_REMEMBERED: &[(&str, &str)] = &[
    ("users::lock", "writes what was there"),
    (
        "users::refresh_stored_form",
        "no session shows the form that is compared",
    ),
    ("users/state::give_admin_right", "no session shows the right"),
    ("users/state::take_admin_right", "no session shows the right"),
    ("users::change_password", "no session shows the hash"),
    ("users::strengthen_hash", "no session shows the hash"),
    (
        "users::begin_device_generation",
        "no session shows the account's devices",
    ),
    (
        "users::begin_device_generations",
        "no session shows the account's devices",
    ),
    (
        "sessions/ending::end_all",
        "the process that calls it remembers no session",
    ),
    (
        "users::set_pending_email",
        "no session shows the address that is wanted",
    ),
    (
        "sessions/log_in::record_log_in",
        "no session shows the hash or the last log-in",
    ),
    (
        "sessions/log_in::insert_recording_log_in",
        "no session shows the last log-in",
    ),
    ("sessions::lock", "writes what was there"),
    ("sessions::rotate", "sessions of tokens are not remembered"),
    (
        "sessions/expiry::renew",
        "only prolongs, and its flow remembers the renewed session",
    ),
    ("users/profile::change_profile", "no session shows the profile"),
    ("sessions::save_data", "a visitor's data is not remembered"),
    (
        "sessions::count_guess_of_visitor",
        "a visitor's session is not remembered",
    ),
    (
        "sessions/expiry::postpone_purge",
        "no session shows when the purge looks at it",
    ),
    ("sessions/expiry::purge", "what has expired is not recalled"),
];

#[test]
fn who_changes_what_is_remembered_of_a_session_notes_it() {
    let writes = ["DELETE FROM ", "UPDATE ", "TRUNCATE "];
    let (mut noting, mut excused) = (0, 0);
    for source in sources() {
        let Some(table) = source.place.strip_prefix("store/") else {
            continue;
        };
        let table = table.strip_suffix("/mod").unwrap_or(table);
        // SQL that functions share stands in macros.
        let code = source.lines.join("\n").replace("macro_rules! ", "async fn ");
        for function in code.split("async fn ").skip(1) {
            let is_write = writes.iter().any(|write| {
                ["users", "sessions"]
                    .iter()
                    .any(|written| function.contains(&format!("{write}{written}")))
            });
            let name = format!("{table}::{}", function.split(['(', ' ']).next().unwrap());
            let is_excused = CHANGE_NOTHING_REMEMBERED.iter().any(|(known, _)| *known == name);
            let notes = function.contains("tx.note_change_of(");
            assert!(
                !is_write || notes || is_excused,
                "{name} has to note whom it changed: tx.note_change_of(user)"
            );
            noting += usize::from(is_write && notes);
            excused += usize::from(is_write && is_excused);
        }
    }
    assert!(
        noting >= 5 && excused == CHANGE_NOTHING_REMEMBERED.len(),
        "{noting} {excused}"
    );
}
