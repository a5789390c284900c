//! Reads the command line and does what it says.

use neptun_auth::cli::Cli;
use tikv_jemallocator::Jemalloc;

// The system's allocator keeps what 500 connections needed at once for ever, and its locks cost each request.
#[global_allocator]
static ALLOCATOR: Jemalloc = Jemalloc;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    Cli::read()?.run().await
}
