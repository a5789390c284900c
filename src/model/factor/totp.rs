//! Codes of authenticator apps (TOTP, RFC 6238): SHA-1, six digits, 30 seconds, because apps know nothing else.

use std::fmt;
use std::ops::RangeInclusive;

use chrono::{DateTime, TimeDelta, Utc};
use data_encoding::BASE32_NOPAD;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use zeroize::Zeroizing;

const DIGITS: usize = 6;
const STEP_SECONDS: i64 = 30;
/// A clock may be this many steps off, either way.
const SKEW: i64 = 1;

/// Everything but what RFC 3986 calls unreserved.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Longest issuer that a QR code shows, in characters.
const ISSUER_LENGTH: usize = 64;
/// Longest name of an authenticator app, in characters.
pub const NAME_LENGTH: usize = 64;
/// The name of an authenticator app whose owner gave none.
pub const DEFAULT_NAME: &str = "Authenticator app";
/// How long a secret waits for its first code.
pub const PENDING_LIFETIME: TimeDelta = TimeDelta::minutes(10);

/// The secret that an authenticator app shares with the service.
#[derive(Clone, PartialEq, Eq)]
pub struct TotpSecret(Zeroizing<Vec<u8>>);

impl TotpSecret {
    /// Length of new secrets in bytes: 160 bits, as RFC 4226 recommends.
    pub const LENGTH: usize = 20;
    /// Lengths of imported secrets in bytes: from the 80 bits that many services gave to the block of HMAC-SHA-1.
    const FOREIGN_LENGTH: RangeInclusive<usize> = 10..=64;

    #[must_use]
    pub fn new(bytes: Vec<u8>) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// Reads the Base32 of another system, in either case, padded or not; spaces and dashes between groups don't count.
    /// `None` for any other text, and for a secret shorter or longer than apps make them.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let letters = text
            .chars()
            .filter(|character| !character.is_whitespace() && *character != '-');
        let letters: Zeroizing<String> = Zeroizing::new(letters.collect::<String>().to_ascii_uppercase());
        let bytes = BASE32_NOPAD.decode(letters.trim_end_matches('=').as_bytes()).ok()?;
        Self::FOREIGN_LENGTH.contains(&bytes.len()).then(|| Self::new(bytes))
    }

    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The text that a person can type into an app: Base32 without padding.
    #[must_use]
    pub fn reveal(&self) -> String {
        BASE32_NOPAD.encode(&self.0)
    }

    /// The address that sets up an app. `issuer` and `account` are what the app shows; neither may contain a colon,
    /// which separates them, so colons are left out. A long `issuer` is cut.
    #[must_use]
    pub fn uri(&self, issuer: &str, account: &str) -> String {
        let encode = |text: &str| utf8_percent_encode(&text.replace(':', ""), ENCODED).to_string();
        let issuer: String = issuer.chars().take(ISSUER_LENGTH).collect();
        let (issuer, account, secret) = (encode(&issuer), encode(account), self.reveal());
        format!(
            "otpauth://totp/{issuer}:{account}?secret={secret}&issuer={issuer}&algorithm=SHA1&digits={DIGITS}\
             &period={STEP_SECONDS}"
        )
    }
}

/// A code as a person typed it, or as a secret gives it at one step.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct TotpCode(u32);

/// The text is not six digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not six digits")]
pub struct MalformedCode;

impl TotpCode {
    /// Reads exactly six ASCII digits; spaces between them don't count, because apps show two groups of three.
    ///
    /// # Errors
    /// [`MalformedCode`] for any other text.
    pub fn parse(text: &str) -> Result<Self, MalformedCode> {
        let digits: String = text.chars().filter(|character| !character.is_whitespace()).collect();
        if digits.len() != DIGITS || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(MalformedCode);
        }
        digits.parse().map(Self).map_err(|_| MalformedCode)
    }

    /// The code in an HMAC of a step's number (RFC 4226, 5.3); `None` for a MAC shorter than that of SHA-1.
    #[must_use]
    pub fn of_mac(mac: &[u8]) -> Option<Self> {
        let offset = usize::from(mac.last()? & 0x0f);
        let bytes = mac.get(offset..offset + 4)?;
        let number = u32::from_be_bytes(bytes.try_into().ok()?) & 0x7fff_ffff;
        Some(Self(number % 1_000_000))
    }

    /// Whether both are the same number: one comparison of integers, which takes the same time for all of them.
    #[must_use]
    pub fn equals(self, other: Self) -> bool {
        self.0 ^ other.0 == 0
    }

    /// The six digits, for tests and tools.
    #[must_use]
    pub fn reveal(self) -> String {
        format!("{:06}", self.0)
    }
}

/// An app that waits for its first code.
#[derive(Debug, sqlx_macros::FromRow)]
pub struct PendingTotp {
    /// The sealed secret.
    pub pending_secret: Vec<u8>,
    pub pending_at: DateTime<Utc>,
}

impl PendingTotp {
    #[must_use]
    pub fn is_alive(&self, now: DateTime<Utc>) -> bool {
        now < self.pending_at + PENDING_LIFETIME
    }
}

/// An app as the account's owner sees it.
#[derive(Debug, sqlx_macros::FromRow)]
pub struct ListedTotp {
    pub name: String,
    pub confirmed_at: DateTime<Utc>,
    pub last_used_at: Option<DateTime<Utc>>,
}

/// The steps whose codes are accepted `now`, the earliest first.
pub fn window(now: DateTime<Utc>) -> impl Iterator<Item = i64> {
    let step = now.timestamp().div_euclid(STEP_SECONDS);
    step - SKEW..=step + SKEW
}

impl fmt::Debug for TotpSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TotpSecret(…)")
    }
}

impl fmt::Debug for TotpCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TotpCode(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_six_digits_as_text_and_spaces_are_tolerated() {
        for (text, code) in [
            ("012345", "012345"),
            ("000000", "000000"),
            (" 123 456 ", "123456"),
            ("1 2 3 4 5 6", "123456"),
            ("123\u{a0}456", "123456"),
        ] {
            assert_eq!(TotpCode::parse(text).unwrap().reveal(), code, "{text}");
        }
        for text in [
            "",
            "12345",
            "1234567",
            "12345a",
            "-12345",
            "+12345",
            "1.2345",
            "١٢٣٤٥٦",
            "123-456",
            "0x1234",
        ] {
            assert_eq!(TotpCode::parse(text), Err(MalformedCode), "{text}");
        }
        assert_eq!(TotpCode::parse(&"1".repeat(10_000)), Err(MalformedCode));
    }

    /// The MAC of RFC 4226, 5.4.
    #[test]
    fn a_mac_is_truncated_as_the_standard_says() {
        let mac = [
            0x1f, 0x86, 0x98, 0x69, 0x0e, 0x02, 0xca, 0x16, 0x61, 0x85, 0x50, 0xef, 0x7f, 0x19, 0xda, 0x8e, 0x94, 0x5b,
            0x55, 0x5a,
        ];
        assert_eq!(TotpCode::of_mac(&mac).unwrap().reveal(), "872921");
        assert_eq!(TotpCode::of_mac(&[]), None);
        assert_eq!(TotpCode::of_mac(&[0xff; 4]), None);
    }

    #[test]
    fn the_window_is_one_step_either_way() {
        let at = |seconds| window(DateTime::from_timestamp(seconds, 0).unwrap()).collect::<Vec<_>>();
        assert_eq!(at(59), [0, 1, 2]);
        assert_eq!(at(60), [1, 2, 3]);
        assert_eq!(at(-1), [-2, -1, 0]);
    }

    #[test]
    fn the_label_is_percent_encoded_and_has_one_colon() {
        let secret = TotpSecret::new(b"12345678901234567890".to_vec());
        assert_eq!(
            secret.uri("My: App & Söhne", "a:b+c@example.com"),
            "otpauth://totp/My%20App%20%26%20S%C3%B6hne:ab%2Bc%40example.com\
             ?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=My%20App%20%26%20S%C3%B6hne\
             &algorithm=SHA1&digits=6&period=30"
        );
    }

    #[test]
    fn a_secret_of_another_system_is_read_however_it_is_written() {
        let secret = TotpSecret::new(b"12345678901234567890".to_vec());
        for text in [
            "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ",
            "gezd gnbv gy3t qojq gezd gnbv gy3t qojq",
            "GEZD-GNBV-GY3T-QOJQ-GEZD-GNBV-GY3T-QOJQ==",
        ] {
            assert_eq!(TotpSecret::parse(text).as_ref(), Some(&secret), "{text}");
        }
        for text in ["", "ABC", "1EZDGNBVGY3TQOJQ", "GEZDGNBVGY3TQOJ", &"A".repeat(1000)] {
            assert_eq!(TotpSecret::parse(text), None, "{text}");
        }
    }

    #[test]
    fn neither_a_secret_nor_a_code_is_printed() {
        let secret = TotpSecret::new(b"12345678901234567890".to_vec());
        let code = TotpCode::parse("123456").unwrap();
        assert_eq!(format!("{secret:?} {code:?}"), "TotpSecret(…) TotpCode(…)");
    }
}
