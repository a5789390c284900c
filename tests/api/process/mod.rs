//! The real binary: what only a process of its own can show.

mod completions;
mod connections;
mod crash;
mod database_file;
mod disk;
mod doctor;
mod ephemeral;
mod hashing;
mod http2;
mod layers;
mod limits;
mod log_readers;
mod logs;
mod metrics;
mod overload;
mod pages;
mod providers;
mod proxies;
mod settings;
mod shares;
mod shutdown;
mod streams;
mod two;
