//! A lease beside a shared file.

pub mod cli;
pub mod clock;
pub mod doctor;
pub mod i18n;
pub mod lease;
pub mod platform;
pub mod session;
pub mod store;
pub mod watch;
