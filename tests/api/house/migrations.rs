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

/// The last migration that makes the writers of PostgreSQL wait while it makes an index.
const LAST_BLOCKING: u32 = 42;

#[test]
fn each_new_index_of_postgresql_is_made_concurrently_in_a_file_of_its_own() {
    let mut checked = 0;
    for file in fs::read_dir(project("migrations/postgres")).unwrap() {
        let path = file.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let number: u32 = name.split('_').next().unwrap().parse().unwrap();
        let text = fs::read_to_string(&path).unwrap();
        let is_new_table = |index: &str| {
            let table = index
                .split(" ON ")
                .nth(1)
                .and_then(|rest| rest.split_whitespace().next());
            table.is_some_and(|table| text.contains(&format!("CREATE TABLE {table} ")))
        };
        for line in text
            .lines()
            .filter(|line| line.starts_with("CREATE ") && line.contains(" INDEX "))
        {
            if number <= LAST_BLOCKING || is_new_table(line) {
                continue;
            }
            let statements = text.lines().filter(|line| line.ends_with(';')).count();
            assert!(
                line.contains(" INDEX CONCURRENTLY ") && text.starts_with("-- no-transaction\n") && statements == 1,
                "{name}: an index of a table that may be large is made by one CREATE INDEX CONCURRENTLY, in a file that \
                 begins with `-- no-transaction`"
            );
            checked += 1;
        }
    }
    assert!(checked >= 2, "{checked}");
}
