//! Reads the command line and does what it says.

use neptun_auth::cli::Cli;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    Cli::read()?.run().await
}
