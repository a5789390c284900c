//! Signs and verifies the values of device cookies. The database stores nothing about them.

use anyhow::Context;
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use chrono::{DateTime, TimeDelta, Utc};
use ring::hmac;
use uuid::Uuid;

use super::sealing::{derive, previous_signing_key};
use crate::model::device::Device;
use crate::model::id::UserId;
use crate::model::secret_key::SecretKey;

/// Number of bytes that are signed: the device's id, the account's id, the generation of its devices, and the time at
/// which the cookie was made, in seconds since 1970. Releases up to 0.1 wrote the time in eight bytes, which reads as
/// generation 0.
const SIGNED_BYTES: usize = 16 + 16 + 4 + 4;
/// Length of a cookie value: the signed bytes and their tag of 32 bytes, in base64url.
const VALUE_LENGTH: usize = (SIGNED_BYTES + 32) / 3 * 4;

const PURPOSE: &[u8] = b"neptun-auth 1: device cookies";

#[derive(Debug)]
pub struct DeviceCookies {
    key: hmac::Key,
    previous_key: Option<hmac::Key>,
}

impl DeviceCookies {
    pub fn new(secret: &SecretKey) -> anyhow::Result<Self> {
        let key = derive(secret, PURPOSE).context("device cookies")?;
        Ok(Self {
            key: hmac::Key::new(hmac::HMAC_SHA256, &key),
            previous_key: previous_signing_key(secret, PURPOSE)?,
        })
    }

    /// A cookie value for `device`, made `now`.
    #[must_use]
    pub fn seal(&self, device: Device, now: DateTime<Utc>) -> String {
        let mut bytes = Vec::with_capacity(SIGNED_BYTES + 32);
        bytes.extend_from_slice(device.id.as_bytes());
        bytes.extend_from_slice(device.user.0.as_bytes());
        bytes.extend_from_slice(&device.generation.to_be_bytes());
        bytes.extend_from_slice(&u32::try_from(now.timestamp()).unwrap_or_default().to_be_bytes());
        let tag = hmac::sign(&self.key, &bytes);
        bytes.extend_from_slice(tag.as_ref());
        BASE64.encode(bytes)
    }

    /// The device that a cookie value belongs to; `None` if this service did not sign it or it is older than
    /// [`Device::COOKIE_DAYS`].
    #[must_use]
    pub fn open(&self, value: &str, now: DateTime<Utc>) -> Option<Device> {
        if value.len() != VALUE_LENGTH {
            return None;
        }
        let bytes = BASE64.decode(value).ok()?;
        let (signed, tag) = bytes.split_at_checked(SIGNED_BYTES)?;
        let mut keys = [&self.key].into_iter().chain(&self.previous_key);
        keys.find(|key| hmac::verify(key, signed, tag).is_ok())?;
        let number = |bytes: &[u8]| Some(u32::from_be_bytes(bytes.try_into().ok()?));
        let made_at = DateTime::from_timestamp(number(&signed[36..])?.into(), 0)?;
        let device = Device {
            id: Uuid::from_slice(&signed[..16]).ok()?,
            user: UserId(Uuid::from_slice(&signed[16..32]).ok()?),
            generation: number(&signed[32..36])?,
        };
        (now - made_at < TimeDelta::days(Device::COOKIE_DAYS)).then_some(device)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_of_an_earlier_release_is_of_generation_0() {
        let cookies = DeviceCookies::new(&SecretKey::generate()).unwrap();
        let device = Device::new(UserId(Uuid::now_v7()), 0);
        let now = DateTime::UNIX_EPOCH + TimeDelta::days(20_000);
        let mut bytes = [device.id.as_bytes().as_slice(), device.user.0.as_bytes()].concat();
        bytes.extend_from_slice(&now.timestamp().to_be_bytes());
        let tag = hmac::sign(&cookies.key, &bytes);
        bytes.extend_from_slice(tag.as_ref());
        assert_eq!(cookies.open(&BASE64.encode(bytes), now), Some(device));
    }

    #[test]
    fn a_cookie_is_valid_for_a_year_and_changed_or_foreign_values_are_rejected() {
        let cookies = DeviceCookies::new(&SecretKey::generate()).unwrap();
        let others = DeviceCookies::new(&SecretKey::generate()).unwrap();
        let device = Device::new(UserId(Uuid::now_v7()), 7);
        let now = DateTime::UNIX_EPOCH + TimeDelta::days(20_000);
        let value = cookies.seal(device, now);
        assert_eq!(value.len(), VALUE_LENGTH);
        assert_eq!(cookies.open(&value, now), Some(device));
        assert_eq!(cookies.open(&value, now + TimeDelta::days(364)), Some(device));
        assert_eq!(cookies.open(&value, now + TimeDelta::days(365)), None);
        assert_eq!(others.open(&value, now), None);
        for at in 0..value.len() {
            let mut changed = value.clone().into_bytes();
            changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
            assert_eq!(cookies.open(std::str::from_utf8(&changed).unwrap(), now), None, "{at}");
        }
        for garbage in [
            "",
            "AAAA",
            &value[1..],
            &format!("{value}AAAA"),
            &"A".repeat(10_000),
            "é",
        ] {
            assert_eq!(cookies.open(garbage, now), None);
        }
    }
}
