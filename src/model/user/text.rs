//! The form in which typed text is compared, and characters that no typed text needs.

use unicode_normalization::UnicodeNormalization;

/// Normalises to NFC and folds case as Unicode's `CaseFolding.txt` does.
#[must_use]
pub fn fold_case(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for character in text.nfc() {
        match character {
            // Its upper case is `I`, but it folds to itself: Turkish tells `ı` from `i`, and so do mail servers.
            'ı' => folded.push(character),
            // It is its own upper case, but folds like `ß`.
            'ẞ' => folded.push_str("ss"),
            // Upper-casing first folds what lower-casing keeps apart (`ς` and `σ`, `ß` and `SS`).
            _ => folded.extend(character.to_uppercase().flat_map(char::to_lowercase)),
        }
    }
    folded.nfc().collect()
}

/// The fold of earlier versions, by which the database may hold an address.
#[must_use]
pub fn fold_case_as_before(text: &str) -> String {
    text.nfc()
        .flat_map(char::to_uppercase)
        .flat_map(char::to_lowercase)
        .nfc()
        .collect()
}

/// Characters without a shape of their own, of those that count as letters or marks (Unicode's
/// `Default_Ignorable_Code_Point`): fillers, joiners, and selectors of a variant.
const INVISIBLE: &[(char, char)] = &[
    ('\u{ad}', '\u{ad}'),
    ('\u{34f}', '\u{34f}'),
    ('\u{61c}', '\u{61c}'),
    ('\u{115f}', '\u{1160}'),
    ('\u{17b4}', '\u{17b5}'),
    ('\u{180b}', '\u{180f}'),
    ('\u{200b}', '\u{200f}'),
    ('\u{202a}', '\u{202e}'),
    ('\u{2060}', '\u{206f}'),
    ('\u{3164}', '\u{3164}'),
    ('\u{fe00}', '\u{fe0f}'),
    ('\u{feff}', '\u{feff}'),
    ('\u{ffa0}', '\u{ffa0}'),
    ('\u{fff0}', '\u{fff8}'),
    ('\u{1bca0}', '\u{1bca3}'),
    ('\u{1d173}', '\u{1d17a}'),
    ('\u{e0000}', '\u{e0fff}'),
];

/// Whether a reader would see nothing of this character.
#[must_use]
pub fn is_invisible(character: char) -> bool {
    INVISIBLE
        .iter()
        .any(|(first, last)| (*first..=*last).contains(&character))
}

/// Whether the character is another form of ASCII text, such as the full-width `ａ`, the ligature `ﬁ` or a raised digit.
#[must_use]
pub fn imitates_ascii(character: char) -> bool {
    !character.is_ascii()
        && std::iter::once(character)
            .nfkc()
            .any(|decomposed| decomposed.is_ascii())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_is_folded_as_unicode_does() {
        for (one, other) in [
            ("ΣΟΦΟΣ", "σοφος"),
            ("Straße", "STRASSE"),
            ("STRAẞE", "straße"),
            ("É", "e\u{301}"),
        ] {
            assert_eq!(fold_case(one), fold_case(other), "{one}");
        }
        assert_eq!(fold_case("mıke"), "mıke");
        assert_ne!(fold_case("mıke"), fold_case("MIKE"));
        assert_eq!(fold_case("İ"), fold_case("i\u{307}"));
    }

    #[test]
    fn folding_twice_changes_nothing() {
        for character in '\0'..=char::MAX {
            let once = fold_case(&character.to_string());
            assert_eq!(fold_case(&once), once, "{character:?}");
        }
    }

    #[test]
    fn letters_that_look_like_nothing_or_like_ascii_are_recognised() {
        for character in [
            '\u{200b}',
            '\u{ad}',
            '\u{34f}',
            '\u{3164}',
            '\u{fe0f}',
            '\u{e0101}',
            '\u{feff}',
        ] {
            assert!(is_invisible(character), "{character:?}");
        }
        for character in ['ａ', 'ﬁ', '²', 'ſ', '𝐚', '\u{212a}', '．'] {
            assert!(imitates_ascii(character), "{character:?}");
        }
        for character in ['a', 'é', 'ß', 'ı', 'ç', 'ж', '漢', 'ำ', 'ｱ', '\u{301}'] {
            assert!(!is_invisible(character) && !imitates_ascii(character), "{character:?}");
        }
    }
}
