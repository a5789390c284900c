//! Text that is safe to print. Strangers write names and what their programs call themselves; what is printed about an
//! account must be ours.

use std::fmt::Write;

use serde_json::Value;

/// Whether the character would move the cursor, command the terminal or turn the direction of writing.
fn is_harmful(character: char) -> bool {
    let turns_direction = matches!(character, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2066}'..='\u{2069}');
    character.is_control() || turns_direction || matches!(character, '\u{2028}'..='\u{202e}')
}

/// The text with a sign in place of each harmful character.
#[must_use]
pub fn printable(text: &str) -> String {
    text.replace(is_harmful, "\u{fffd}")
}

/// The same for a text of several lines, which stay lines.
#[must_use]
pub fn printable_lines(text: &str) -> String {
    text.split('\n').map(printable).collect::<Vec<_>>().join("\n")
}

/// The value as one line of JSON, each harmful character written as an escape that means the same.
#[must_use]
pub fn json_line(value: &Value) -> String {
    let mut line = String::new();
    for character in value.to_string().chars() {
        if is_harmful(character) {
            write!(line, "\\u{:04x}", u32::from(character)).expect("a string takes any text");
        } else {
            line.push(character);
        }
    }
    line.push('\n');
    line
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_line_of_json_commands_no_terminal_and_means_the_same() {
        let value = json!({ "a\u{9b}": "\u{1b}[2J \u{7f}\u{85}\n\u{202e}\u{2066}ü😀" });
        let line = json_line(&value);
        assert!(!line.trim_end().contains(is_harmful), "{line:?}");
        assert!(line.contains("ü😀"), "{line:?}");
        assert_eq!(serde_json::from_str::<Value>(&line).unwrap(), value);
        assert_eq!(printable("a\u{9b}2J\u{200f}b"), "a\u{fffd}2J\u{fffd}b");
    }
}
