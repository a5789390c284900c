//! Reads the command line and does what it says.

use std::process::ExitCode;

use neptun_auth::cli::Cli;
use tikv_jemallocator::Jemalloc;

// The system's allocator never gives back the memory of a burst of connections, and its locks cost each request.
#[global_allocator]
static ALLOCATOR: Jemalloc = Jemalloc;

#[tokio::main]
async fn main() -> ExitCode {
    let outcome = match Cli::read() {
        Ok(cli) => Box::pin(cli.run()).await,
        Err(error) => Ok(neptun_auth::cli::misuse(&error)),
    };
    neptun_auth::cli::end(outcome)
}
