//! What differs between operating systems, and all the unsafe code there is.
//!
//! The lowest layer: plain types of its own, and no knowledge of leases, stores or sessions. `cfg(target_os)` belongs here and
//! nowhere else. Each topic is one module with one file per system, so that a promise is written once, above the three ways of
//! keeping it. Where a system cannot tell, the answer says so (`None`, `Unknown`, an empty text); it never guesses, because
//! the layers above turn "gone" and "free" into the right to write.

pub mod alarm;
pub mod apart;
#[cfg(windows)]
pub mod app_identity;
pub mod autostart;
mod boot_clock;
pub mod change_notify;
#[cfg(target_os = "linux")]
mod desktop_entry;
pub mod file_system;
pub mod files;
pub mod guard;
mod host;
pub mod local_socket;
pub mod opened_by;
pub mod permissions;
pub mod process;
pub mod range_lock;
#[cfg(windows)]
pub mod session_window;
pub mod settings;
pub mod shortcut;
pub mod signals;
pub mod space;
pub mod sync_program;
pub mod user;

#[cfg(windows)]
mod wide;

#[cfg(test)]
pub(crate) mod test_process;

pub use boot_clock::boot_time_nanos;
pub use host::{HostFacts, desktop_name, host, system_name};

/// Makes all threads of this program share one heap, where they would have one each by default (glibc): for short programs whose
/// threads allocate little, setting the others up costs more than taking turns.
pub(crate) fn share_one_heap() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    // SAFETY: takes two numbers; a setting that is refused stays as it was.
    unsafe {
        libc::mallopt(libc::M_ARENA_MAX, 1)
    };
}

/// Reads one of the kernel's own files, which do not tell their length, with as few calls as possible.
#[cfg(target_os = "linux")]
fn read_kernel_file(path: &str) -> std::io::Result<Vec<u8>> {
    use std::io::Read;
    let mut bytes = Vec::with_capacity(4096);
    // `File::read_to_end` would ask for the length, and then begin with small pieces.
    std::fs::File::open(path)?.take(u64::MAX).read_to_end(&mut bytes)?;
    Ok(bytes)
}

#[cfg(not(any(target_os = "linux", target_os = "macos", windows)))]
compile_error!("src/platform knows Linux, macOS and Windows; another system needs its own files there");
