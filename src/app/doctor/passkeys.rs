//! Passkeys that were registered for another domain than these settings name.

use crate::model::doctor::Finding;
use crate::model::passkey::relying_party::RpId;
use crate::store::{Look, passkeys};

/// Passkeys that are looked at. Reading these many takes a fraction of a second.
const MOST_PASSKEYS: u32 = 100_000;

/// Compares the RP IDs of the newest passkeys with `rp_id`; `None` if no passkey's is known.
pub async fn finding(look: &mut Look, rp_id: Option<&RpId>) -> anyhow::Result<Option<Finding>> {
    let counts = passkeys::count_by_rp_id(look.read.conn(), MOST_PASSKEYS).await?;
    Ok(compare(&counts, rp_id))
}

fn compare(counts: &[(String, i64)], rp_id: Option<&RpId>) -> Option<Finding> {
    let id = "passkey.rp-id";
    let (present, other): (Vec<_>, Vec<_>) = counts
        .iter()
        .partition(|(theirs, _)| rp_id.is_some_and(|own| own.as_str() == theirs));
    let own = rp_id.map_or("", RpId::as_str);
    let Some((first, _)) = other.first() else {
        let says = format!("every passkey belongs to `{own}`, as far as that is known");
        return (!present.is_empty()).then(|| Finding::ok(id, says).of("RP_ID", own));
    };
    let registered: Vec<_> = other.iter().map(|(theirs, count)| registered(*count, theirs)).collect();
    let useless = match rp_id {
        Some(own) => format!("do not work under `{}`", own.as_str()),
        None => "do not work, because PUBLIC_URL has an address for which browsers make no passkeys".to_owned(),
    };
    let says = format!(
        "{} and {useless}: set it to `{first}` again and name pages on other domains in RP_RELATED_ORIGINS, or ask the \
         owners to log in another way and add new ones",
        registered.join(", ")
    );
    // Passkeys that were added since the change do work.
    let level = if present.is_empty() {
        Finding::fail
    } else {
        Finding::warn
    };
    Some(level(id, says).of("RP_ID", own))
}

fn registered(count: i64, rp_id: &str) -> String {
    let passkeys = if count == 1 { "passkey was" } else { "passkeys were" };
    format!("{count} {passkeys} registered for `{rp_id}`")
}
