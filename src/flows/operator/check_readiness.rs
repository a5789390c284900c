//! A load balancer asks whether this instance can serve.

use tokio::time::timeout;
use uuid::Uuid;

use crate::app::App;
use crate::app::readiness::PROBE_TIMEOUT;
use crate::model::unavailable::Unavailable;
use crate::store::probes;
use crate::telemetry;

/// Succeeds when the instance is not about to stop, and the database has every migration of this binary, could be
/// written to some seconds ago, and holds what log-ins read.
///
/// # Errors
/// [`Unavailable`] otherwise.
pub async fn check_readiness(app: &App) -> anyhow::Result<()> {
    if app.draining.is_cancelled() {
        return Err(Unavailable::new("this instance is about to stop").into());
    }
    let is_migrated = look(app).await;
    telemetry::database_writable(is_migrated.is_ok());
    if is_migrated? {
        Ok(())
    } else {
        Err(Unavailable::new("the database lacks migrations of this binary; run `neptun-auth migrate`").into())
    }
}

/// Reads each time, which needs a connection to a server that takes writes, and writes now and then.
async fn look(app: &App) -> anyhow::Result<bool> {
    let is_migrated = timeout(PROBE_TIMEOUT, app.db.is_migrated()).await;
    let is_migrated = is_migrated.map_err(|elapsed| Unavailable::because("the database does not answer", elapsed))?;
    let is_migrated = is_migrated.map_err(|error| Unavailable::because("the database can't be read", error))?;
    app.readiness.of(probe(app)).await?;
    Ok(is_migrated)
}

/// Writes a row, waits until it is on the disk, and reads.
async fn probe(app: &App) -> anyhow::Result<()> {
    let now = app.clock.now();
    app.db.once().run(async |conn| probes::write(conn, now).await).await?;
    // The last digits of a UUIDv7 are random, and addresses begin with such characters too.
    let place = Uuid::now_v7().simple().to_string().split_off(28);
    let mut read = app.db.read().await?;
    Ok(probes::read(read.conn(), &place).await?)
}
