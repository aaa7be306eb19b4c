//! The agent: what runs in the background, watches the configured databases, holds leases for its user and shows all that.

pub mod page;
pub mod shown;
pub mod ui;
