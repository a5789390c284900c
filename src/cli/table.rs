//! Tables for people at a terminal.

use super::printable::printable;

/// The rows below their headings, each column as wide as its longest entry.
#[must_use]
pub fn table<const COLUMNS: usize>(headings: [&str; COLUMNS], rows: &[[String; COLUMNS]]) -> String {
    let rows = rows.iter().map(|row| row.each_ref().map(|entry| printable(entry)));
    let rows: Vec<_> = rows.collect();
    let width = |column: usize| {
        let entries = rows.iter().map(|row| row[column].chars().count());
        entries
            .chain([headings[column].chars().count()])
            .max()
            .unwrap_or_default()
    };
    let widths: Vec<_> = (0..COLUMNS).map(width).collect();
    let line = |entries: &mut dyn Iterator<Item = &str>| {
        let cells = entries.zip(&widths).map(|(entry, width)| format!("{entry:width$}"));
        format!("{}\n", cells.collect::<Vec<_>>().join("  ").trim_end())
    };
    let mut text = line(&mut headings.into_iter());
    for row in &rows {
        text.push_str(&line(&mut row.iter().map(String::as_str)));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_longest_entry() {
        let rows = [["Jörg".to_owned(), "1".to_owned()], ["Al".to_owned(), "200".to_owned()]];
        assert_eq!(table(["NAME", "N"], &rows), "NAME  N\nJörg  1\nAl    200\n");
        assert_eq!(table(["A", "B"], &[]), "A  B\n");
    }
}
