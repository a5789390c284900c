//! What doctor finds in the database: its schema, what is sealed in it, and where its webhooks lead.

use std::borrow::Cow;

use anyhow::Context;
use futures_util::future::join_all;
use uuid::Uuid;

use super::{disk, passkeys};
use crate::app::outbound::Outbound;
use crate::app::own_key;
use crate::app::second_factors::SecondFactors;
use crate::app::tokens;
use crate::app::webhooks::Webhooks;
use crate::model::doctor::Finding;
use crate::model::id::UserId;
use crate::model::passkey::relying_party::RpId;
use crate::model::secret_key::SecretKey;
use crate::store::{DatabaseSetup, Db, Look, signing_keys, totp, webhooks};

/// Authenticator apps that are looked at. A wrong key opens none of them.
const MOST_APPS: u32 = 1000;

/// The settings that what is stored is compared with.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    pub key: Option<&'a SecretKey>,
    pub outbound: &'a Outbound,
    /// `None` if the service has no passkeys.
    pub rp_id: Option<&'a RpId>,
}

/// Reads the database at `setup`, which may be in use.
pub async fn findings(setup: &DatabaseSetup, wanted: Wanted<'_>) -> Vec<Finding> {
    let seen = Db::look(setup, async |look: &mut Look| {
        let mut findings = vec![schema(look)];
        findings.extend(look.file.as_deref().map(disk::findings).unwrap_or_default());
        // Of an earlier schema nothing else is known.
        if look.schema.missing == 0 {
            let rows = rows(look, wanted).await;
            findings.extend(rows.unwrap_or_else(|error| vec![unreadable(&error)]));
        }
        findings
    });
    match seen.await {
        Ok(Some(findings)) => findings,
        Ok(None) => {
            let says = "there is no database file yet; the first start creates it";
            vec![Finding::ok("database", says)]
        }
        Err(error) => vec![unreadable(&error)],
    }
}

fn unreadable(error: &anyhow::Error) -> Finding {
    Finding::fail("database", format!("{error:#}")).about("DATABASE_URL")
}

fn schema(look: &Look) -> Finding {
    let finding = match look.schema.missing {
        0 => Finding::ok("database", "the database can be read, and has every migration"),
        _ if look.schema.is_new => Finding::ok("database", "the database is empty; the first start makes its tables"),
        missing => {
            let says = format!("the database lacks {missing} migrations; the next start applies them");
            Finding::warn("database", says).about("DATABASE_URL")
        }
    };
    finding.with(look.system.as_str())
}

async fn rows(look: &mut Look, wanted: Wanted<'_>) -> anyhow::Result<Vec<Finding>> {
    let mut findings: Vec<_> = sealed(look, wanted.key).await?.into_iter().collect();
    findings.extend(addresses(look, wanted.outbound).await?);
    findings.extend(passkeys::finding(look, wanted.rp_id).await?);
    Ok(findings)
}

/// Whether the secret key opens what the database has sealed; `None` if there is nothing.
async fn sealed(look: &mut Look, key: Option<&SecretKey>) -> anyhow::Result<Option<Finding>> {
    let keys = signing_keys::all(look.read.conn()).await?;
    if keys.is_empty() {
        return Ok(None);
    }
    let id = "secret-key";
    let key = match (key, &look.file) {
        (Some(key), _) => Cow::Borrowed(key),
        (None, Some(file)) => match own_key::of_file(file, None) {
            Ok(key) => Cow::Owned(key),
            Err(error) => return Ok(Some(Finding::fail(id, format!("{error:#}")).about("SECRET_KEY"))),
        },
        (None, None) => return Ok(None),
    };
    let sealer = tokens::sealer(&key)?;
    let closed_keys = keys
        .iter()
        .filter(|stored| !tokens::signing_keys::SigningKeys::opens(&sealer, stored));
    let (hooks, opener) = (webhooks::all(look.read.conn()).await?, Webhooks::new(&key)?);
    let closed_hooks = hooks.iter().filter(|webhook| opener.reseal(webhook).is_err());
    let apps = totp::page_of_sealed(look.read.conn(), UserId(Uuid::nil()), MOST_APPS).await?;
    let factors = SecondFactors::new(&key)?;
    let closed_apps = apps
        .iter()
        .filter(|(user, sealed)| !factors.is_sealed_for(*user, sealed));
    let closed = [
        (closed_keys.count(), keys.len(), "signing keys"),
        (closed_hooks.count(), hooks.len(), "webhooks"),
        (closed_apps.count(), apps.len(), "authenticator apps"),
    ];
    let closed = closed.iter().filter(|(closed, _, _)| *closed > 0);
    let closed: Vec<_> = closed
        .map(|(closed, all, what)| format!("{closed} of {all} {what}"))
        .collect();
    Ok(Some(if closed.is_empty() {
        Finding::ok(id, "the secret key opens what the database has sealed")
    } else {
        let says = format!(
            "the secret key does not open {}: set the one that sealed them, or name it by PREVIOUS_SECRET_KEY until \
             `neptun-auth keys reseal` has run",
            closed.join(", ")
        );
        Finding::fail(id, says).about("SECRET_KEY")
    }))
}

/// The webhooks whose hosts may not be called, or can't be found. Of their URLs only the host is shown.
async fn addresses(look: &mut Look, outbound: &Outbound) -> anyhow::Result<Vec<Finding>> {
    let all = webhooks::all(look.read.conn()).await?;
    let active = all.iter().filter(|webhook| webhook.disabled_at.is_none());
    let checks = active.map(|webhook| async move {
        let checked = outbound.check_address(&webhook.url).await;
        let error = checked
            .with_context(|| format!("the webhook {} is not called", webhook.id))
            .err()?;
        Some(Finding::warn("webhook.address", format!("{error:#}")).about("OUTBOUND_NETWORKS"))
    });
    Ok(join_all(checks).await.into_iter().flatten().collect())
}
