//! The pages for people: what they are made of and where they lead.

mod admin;
mod assets;
mod links;
mod served;
