//! The form in which typed text is compared.

use unicode_normalization::UnicodeNormalization;

/// Normalises to NFC and folds case. Upper-casing before lower-casing folds what lower-casing alone keeps apart (`ς`
/// and `σ`, `ß` and `SS`).
#[must_use]
pub fn fold_case(text: &str) -> String {
    text.nfc()
        .flat_map(char::to_uppercase)
        .flat_map(char::to_lowercase)
        .nfc()
        .collect()
}
