//! What holds for every request: bodies, errors, headers, origins, time-outs, the document.

mod bodies;
mod declarations;
mod document;
mod errors;
mod headers;
mod origins;
mod paths;
mod timeouts;
