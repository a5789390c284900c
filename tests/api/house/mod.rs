//! The rules of the house, proven on the source itself and on what is generated from it.

mod bounds;
mod chapters;
mod cycles;
mod migrations;
mod noted_changes;
mod rooms;
mod source;
mod words;
