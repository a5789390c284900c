//! The forms that exports have, and files that are not what they should be.

use std::io::Write;

use tempfile::NamedTempFile;

use super::*;

/// The line and the address of each row, or why it is refused.
fn rows(text: &[u8], is_wrapped: bool) -> anyhow::Result<Vec<(u64, String)>> {
    let mut file = NamedTempFile::new().unwrap();
    file.write_all(text).unwrap();
    let mut file = ImportFile::open(file.path(), is_wrapped)?;
    let mut rows = Vec::new();
    while let Some(FileRow { line, row }) = file.next_row()? {
        let shown = match row {
            Ok(row) => row
                .get("email")
                .map_or("none", |email| email.as_str().unwrap())
                .to_owned(),
            Err(refusal) => refusal.to_string(),
        };
        rows.push((line, shown));
    }
    assert_eq!(file.thousandths(), 1000);
    Ok(rows)
}

fn expected(rows: &[(u64, &str)]) -> Vec<(u64, String)> {
    rows.iter().map(|(line, text)| (*line, (*text).to_owned())).collect()
}

#[test]
fn lines_of_json_are_rows_and_a_broken_one_is_refused_alone() {
    let text = "\u{feff}{\"email\":\"a\"}\r\n\n{\"email\":\n[1]\n{\"email\":\"b\"}";
    let found = rows(text.as_bytes(), false).unwrap();
    let all = [(1, "a"), (3, "malformed"), (4, "malformed"), (5, "b")];
    assert_eq!(found, expected(&all));
    assert_eq!(rows(b"", false).unwrap(), []);
    let cut = rows(b"{\"email\":\"a\"}\n{\"em", false).unwrap();
    assert_eq!(cut, expected(&[(1, "a"), (2, "malformed")]));
}

#[test]
fn objects_of_an_array_are_rows() {
    let text = br#" [ {"email": "a]}", "more": {"x": [1, {"y": "\\\""}]}},
        {"email": "b"} ,
        5, {"email": "c" ]"#;
    let found = rows(text, false).unwrap();
    assert_eq!(found[..2], expected(&[(1, "a]}"), (2, "b")]));
    assert_eq!(found[2..], expected(&[(3, "malformed")]));
}

#[test]
fn the_users_of_an_object_are_rows_and_nothing_else_in_it() {
    let text = br#"{"realm": "users", "groups": [{"email": "no"}], "nested": {"users": [{"email": "no"}]},
        "users": [{"email": "a", "users": [{"email": "no"}]}, {"email": "b"}],
        "clients": [{"email": "no"}]}"#;
    assert_eq!(rows(text, true).unwrap(), expected(&[(2, "a"), (2, "b")]));
}

#[test]
fn csv_has_its_names_in_the_first_line() {
    let text = b"id,email,name\n1,a,\"x, \"\"y\"\"\nz\"\n2,b\n3,c,z,more\n4,\xff,x\n5,d,z\n";
    let found = rows(text, false).unwrap();
    let all = [(2, "a"), (4, "b"), (5, "malformed"), (6, "malformed"), (7, "d")];
    assert_eq!(found, expected(&all));
    let error = rows(b"id,name\n1,x\n", false).unwrap_err();
    assert!(format!("{error:#}").contains("e-mail"), "{error:#}");
}

#[test]
fn a_row_that_is_too_long_is_refused_and_not_held_in_memory() {
    let long = "x".repeat(MAX_ROW);
    let lines = format!("{{\"email\":\"{long}\"}}\n{{\"email\":\"b\"}}\n");
    assert_eq!(
        rows(lines.as_bytes(), false).unwrap(),
        expected(&[(1, "too_long"), (2, "b")])
    );
    let array = format!("[{{\"email\":\"{long}\"}},\n{{\"email\":\"b\"}}]");
    assert_eq!(
        rows(array.as_bytes(), false).unwrap(),
        expected(&[(1, "too_long"), (2, "b")])
    );
    let open_quote = format!("email\na\n\"b\n{}", "c\n".repeat(2 * MAX_ROW));
    let error = rows(open_quote.as_bytes(), false).unwrap_err();
    assert!(format!("{error:#}").contains("quote"), "{error:#}");
}
