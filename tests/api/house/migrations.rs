//! Each migration says whether older releases can go on.

use std::fs;

use super::source::project;

/// The last migration from before releases read what a name ends with.
const LAST_SILENT: u32 = 17;

#[test]
fn each_migration_says_whether_older_releases_go_on() {
    let mut checked = 0;
    for file in fs::read_dir(project("migrations/postgres")).unwrap() {
        let name = file.unwrap().file_name().into_string().unwrap();
        let number: u32 = name.split('_').next().unwrap().parse().unwrap();
        let says_it = ["_additive.sql", "_breaking.sql"].iter().any(|end| name.ends_with(end));
        assert!(
            says_it || number <= LAST_SILENT,
            "{name}: end the name in _additive if releases that don't know the migration can go on, or in _breaking"
        );
        checked += usize::from(says_it);
    }
    assert!(checked >= 2, "{checked}");
}
