//! How the pages introduce the service: a name, a colour, a logo and a link.

use std::fmt::{self, Display, Formatter};
use std::str::FromStr;

/// The brightest part of a page that text may stand on, and the darkest.
const LIGHT_PAGE: Colour = Colour([0xf4, 0xf6, 0xfa]);
const DARK_CARD: Colour = Colour([0x18, 0x20, 0x32]);
const BLACK: Colour = Colour([0, 0, 0]);
const WHITE: Colour = Colour([255, 255, 255]);

/// Least contrast of text with what is behind it (WCAG 2.2, 1.4.3).
const LEAST_CONTRAST: f64 = 4.5;
/// Number of shades between a colour and black or white.
const SHADES: u32 = 32;

/// A colour of the web, as in `#1d4ed8`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Colour([u8; 3]);

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("write a colour as in #1d4ed8")]
pub struct InvalidColour;

impl FromStr for Colour {
    type Err = InvalidColour;

    fn from_str(text: &str) -> Result<Self, InvalidColour> {
        let digits = text.trim().strip_prefix('#').ok_or(InvalidColour)?;
        if digits.len() != 6 || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(InvalidColour);
        }
        let number = u32::from_str_radix(digits, 16).map_err(|_| InvalidColour)?;
        let [_, red, green, blue] = number.to_be_bytes();
        Ok(Self([red, green, blue]))
    }
}

impl Display for Colour {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        let [red, green, blue] = self.0;
        write!(out, "#{red:02x}{green:02x}{blue:02x}")
    }
}

impl Colour {
    /// That of a service without one of its own.
    pub const NEPTUN: Self = Self([0x1d, 0x4e, 0xd8]);

    /// The nearest darker shade that can be read on a light page.
    #[must_use]
    pub fn by_day(self) -> Self {
        self.readable_on(LIGHT_PAGE, BLACK)
    }

    /// The nearest lighter shade that can be read on a dark page.
    #[must_use]
    pub fn by_night(self) -> Self {
        self.readable_on(DARK_CARD, WHITE)
    }

    fn readable_on(self, background: Self, end: Self) -> Self {
        let mut shades = (0..=SHADES).map(|share| self.mixed_with(end, share));
        let readable = shades.find(|shade| shade.contrast(background) >= LEAST_CONTRAST);
        readable.unwrap_or(end)
    }

    /// The colour `share` steps of [`SHADES`] towards another one.
    fn mixed_with(self, other: Self, share: u32) -> Self {
        let mix = |own: u8, its: u8| {
            let sum = u32::from(own) * (SHADES - share) + u32::from(its) * share;
            // The mean of two bytes is a byte.
            u8::try_from(sum / SHADES).unwrap_or(its)
        };
        let (own, its) = (self.0, other.0);
        Self([mix(own[0], its[0]), mix(own[1], its[1]), mix(own[2], its[2])])
    }

    /// The contrast ratio of WCAG 2.2: 1 for the same colour, 21 for black on white.
    fn contrast(self, other: Self) -> f64 {
        let (one, two) = (self.luminance(), other.luminance());
        (one.max(two) + 0.05) / (one.min(two) + 0.05)
    }

    fn luminance(self) -> f64 {
        let [red, green, blue] = self.0.map(|byte| {
            let share = f64::from(byte) / 255.0;
            if share <= 0.04045 {
                share / 12.92
            } else {
                ((share + 0.055) / 1.055).powf(2.4)
            }
        });
        0.0722f64.mul_add(blue, 0.2126f64.mul_add(red, 0.7152 * green))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn colour(text: &str) -> Colour {
        text.parse().unwrap()
    }

    #[test]
    fn a_colour_is_six_digits_and_nothing_else() {
        assert_eq!(colour(" #1D4ED8 ").to_string(), "#1d4ed8");
        for text in [
            "",
            "#",
            "1d4ed8",
            "#1d4ed",
            "#1d4ed8f",
            "#+d4ed8",
            "red",
            "#fff",
            "#1d4ed8;}",
        ] {
            assert_eq!(text.parse::<Colour>(), Err(InvalidColour), "{text}");
        }
    }

    #[test]
    fn every_brand_can_be_read_by_day_and_by_night() {
        assert!((BLACK.contrast(WHITE) - 21.0).abs() < 0.001);
        for text in [
            "#000000", "#ffffff", "#ffff00", "#00ff00", "#1d4ed8", "#7f7f7f", "#ff0066", "#0f1420",
        ] {
            let brand = colour(text);
            assert!(brand.by_day().contrast(LIGHT_PAGE) >= LEAST_CONTRAST, "{text}");
            assert!(brand.by_night().contrast(DARK_CARD) >= LEAST_CONTRAST, "{text}");
        }
        assert_eq!(colour("#1d4ed8").by_day(), colour("#1d4ed8"), "what can be read stays");
    }
}
