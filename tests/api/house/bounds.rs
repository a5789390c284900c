//! The page of bounds: each bound names a test that reaches it, or the file that holds its tests.

use std::fs;

use super::source::{files, project};

#[test]
fn every_bound_on_the_page_names_a_test_that_exists() {
    let page = fs::read_to_string(project("docs/decisions/0011-everything-has-a-bound.md")).unwrap();
    let code: Vec<_> = ["src", "tests"]
        .iter()
        .flat_map(|folder| files(folder))
        .map(|file| fs::read_to_string(file).unwrap())
        .collect();
    let mut checked = 0;
    for row in page
        .lines()
        .filter(|line| line.starts_with("| ") && !line.starts_with("| what"))
    {
        let last = row.trim_end_matches(" |").rsplit(" | ").next().unwrap();
        let name = last.split('`').nth(1).unwrap_or_else(|| panic!("{row} names no test"));
        let is_there = if last.starts_with("see ") {
            fs::read_to_string(project(name)).is_ok_and(|text| text.contains("#[test]") || text.contains("test]"))
        } else {
            code.iter().any(|text| text.contains(&format!("fn {name}(")))
        };
        assert!(is_there, "{row} names {name}, which is not there");
        checked += 1;
    }
    assert!(checked > 25, "only {checked} bounds were found");
}
