//! Pictures for an app's camera.

use std::fmt::Write;

use qrcodegen::{DataTooLong, QrCode, QrCodeEcc};

/// Light modules around the code; readers need four.
const BORDER: i32 = 4;

/// A QR code of `text` as `<svg>`. It has no `style`, so that a page with a strict content security policy can show it.
///
/// # Errors
/// [`DataTooLong`] for a text of more than 2,953 bytes.
pub fn svg(text: &str) -> Result<String, DataTooLong> {
    let code = QrCode::encode_text(text, QrCodeEcc::Low)?;
    let size = code.size();
    let mut path = String::new();
    for y in 0..size {
        let mut x = 0;
        while x < size {
            let dark = (x..size).take_while(|x| code.get_module(*x, y)).count();
            let run = i32::try_from(dark).unwrap_or_default();
            if run > 0 {
                // Writing into a string can't fail.
                let _ = write!(path, "M{} {}h{run}v1h-{run}z", x + BORDER, y + BORDER);
            }
            x += run + 1;
        }
    }
    let width = size + 2 * BORDER;
    Ok(format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {width}\" shape-rendering=\"crispEdges\">\
         <path fill=\"#fff\" d=\"M0 0h{width}v{width}H0z\"/><path fill=\"#000\" d=\"{path}\"/></svg>"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::factor::totp::TotpSecret;

    #[test]
    fn a_picture_is_one_svg_without_style_or_script() {
        let picture = svg("otpauth://totp/example.com:a%40b.c?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ").unwrap();
        assert!(picture.starts_with("<svg ") && picture.ends_with("</svg>"));
        for word in ["style", "script", "href", "on"] {
            assert!(
                !picture.contains(&format!(" {word}")) && !picture.contains(&format!("<{word}")),
                "{word}"
            );
        }
    }

    /// An address of 254 bytes and an issuer of 64 characters, all percent-encoded.
    #[test]
    fn the_longest_address_and_issuer_fit() {
        let secret = TotpSecret::new(vec![0; TotpSecret::LENGTH]);
        assert!(svg(&secret.uri(&"𝕏".repeat(100), &"ä".repeat(127))).is_ok());
        assert!(svg(&"x".repeat(2954)).is_err());
    }

    /// The picture shows what the encoder gave: each module is counted in one run.
    #[test]
    fn every_dark_module_is_drawn_once() {
        let text = "0123456789";
        let code = QrCode::encode_text(text, QrCodeEcc::Low).unwrap();
        let dark = (0..code.size()).flat_map(|y| (0..code.size()).map(move |x| (x, y)));
        let dark = dark.filter(|(x, y)| code.get_module(*x, *y)).count();
        let picture = svg(text).unwrap();
        let (_, path) = picture.split_once("fill=\"#000\"").unwrap();
        let runs = path.split('h').filter_map(|run| run.strip_suffix("v1"));
        let drawn: usize = runs.map(|length| length.parse::<usize>().unwrap()).sum();
        assert_eq!(drawn, dark);
    }
}
