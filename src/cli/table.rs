//! Tables for people at a terminal.

/// The text, with a sign in place of each character that would move the cursor, command the terminal or turn the
/// direction of writing. Strangers write names, and what is printed about an account must be ours.
#[must_use]
pub fn printable(text: &str) -> String {
    let is_harmful = |character: char| {
        let turns_direction = matches!(character, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2066}'..='\u{2069}');
        character.is_control() || turns_direction || matches!(character, '\u{2028}'..='\u{202e}')
    };
    text.replace(is_harmful, "\u{fffd}")
}

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
