//! What differs between operating systems, and all the unsafe code there is.
//!
//! The lowest layer: plain types of its own, and no knowledge of leases, stores or sessions. `cfg(target_os)` belongs here and
//! nowhere else. Each topic is one module with one file per system, so that a promise is written once, above the three ways of
//! keeping it. Where a system cannot tell, the answer says so (`None`, `Unknown`, an empty text); it never guesses, because
//! the layers above turn "gone" and "free" into the right to write.

pub mod alarm;
mod boot_clock;
pub mod change_notify;
pub mod file_system;
pub mod files;
pub mod guard;
mod host;
pub mod permissions;
pub mod process;
pub mod range_lock;
pub mod signals;
pub mod space;
pub mod sync_program;
pub mod user;

#[cfg(windows)]
mod wide;

#[cfg(test)]
pub(crate) mod test_process;

pub use boot_clock::boot_time_nanos;
pub use host::{HostFacts, host};

#[cfg(not(any(target_os = "linux", target_os = "macos", windows)))]
compile_error!("src/platform knows Linux, macOS and Windows; another system needs its own files there");
