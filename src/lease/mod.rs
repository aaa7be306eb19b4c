//! The lease protocol: pure. No I/O, no clock, no threads: events and time in, actions out.
//!
//! [`Client`] is the state machine; `wire` has its events and actions, `record` the things on the share, `timing` every duration
//! with its inequality, `rules` the hazards by name. docs/PROTOCOL.md says why it is as it is.

mod claim;
mod client;
pub mod codec;
mod hold;
mod judge;
mod look;
pub mod observe;
pub mod record;
mod revoke;
pub mod rules;
mod sight;
mod status;
#[cfg(test)]
mod tests;
pub mod timing;
pub mod wire;

pub use client::{Belief, Client, Identity, Memory};
pub use status::{State, Status};
