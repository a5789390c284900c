//! The ways in which systems write bytes as text.

use base64::Engine;
use base64::alphabet::{self, Alphabet};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

const ANY_PADDING: GeneralPurposeConfig = GeneralPurposeConfig::new()
    .with_decode_padding_mode(DecodePaddingMode::Indifferent)
    .with_decode_allow_trailing_bits(true);
const STANDARD: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, ANY_PADDING);

/// Decodes Base64 with or without padding.
pub fn base64(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode(text).ok()
}

/// Writes Base64 with padding.
pub fn to_base64(bytes: &[u8]) -> String {
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

/// Writes Base64 without padding.
pub fn to_base64_unpadded(bytes: &[u8]) -> String {
    base64::engine::general_purpose::STANDARD_NO_PAD.encode(bytes)
}

/// Decodes passlib's Base64: `.` for `+`, and no padding.
pub fn passlib_base64(text: &str) -> Option<Vec<u8>> {
    if text.contains('+') {
        return None;
    }
    base64(&text.replace('.', "+"))
}

/// Decodes the Base64 of bcrypt, and of nothing else.
pub fn bcrypt_base64(text: &str) -> Option<Vec<u8>> {
    let alphabet: &Alphabet = &alphabet::BCRYPT;
    GeneralPurpose::new(alphabet, ANY_PADDING).decode(text).ok()
}

/// Decodes hexadecimal digits of either case.
pub fn hex(text: &str) -> Option<Vec<u8>> {
    if !text.len().is_multiple_of(2) {
        return None;
    }
    let digit = |byte: u8| char::from(byte).to_digit(16);
    let bytes = text.as_bytes().chunks_exact(2).map(|pair| {
        let byte = digit(pair[0])? * 16 + digit(pair[1])?;
        u8::try_from(byte).ok()
    });
    bytes.collect()
}

/// Writes lower-case hexadecimal digits.
pub fn to_hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect::<Vec<_>>()
        .concat()
}

const CRYPT_DIGITS: &[u8; 64] = b"./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// The value of a digit of `crypt`.
pub fn crypt_digit(digit: u8) -> Option<u32> {
    let position = CRYPT_DIGITS.iter().position(|known| *known == digit)?;
    u32::try_from(position).ok()
}

/// Writes `value` as `count` digits of `crypt`, the lowest first.
pub fn push_crypt_digits(text: &mut String, mut value: u32, count: usize) {
    for _ in 0..count {
        text.push(char::from(CRYPT_DIGITS[(value & 63) as usize]));
        value >>= 6;
    }
}

/// Compares in a time that depends on the lengths only.
pub fn same(left: &[u8], right: &[u8]) -> bool {
    let differences = left
        .iter()
        .zip(right)
        .fold(0, |found, (one, other)| found | (one ^ other));
    left.len() == right.len() && std::hint::black_box(differences) == 0
}

/// A decimal number, without a sign or a leading zero that would make two texts of one number.
pub fn number(text: &str) -> Option<u32> {
    let is_plain = text.bytes().all(|byte| byte.is_ascii_digit()) && (text.len() == 1 || !text.starts_with('0'));
    is_plain.then(|| text.parse().ok()).flatten()
}
