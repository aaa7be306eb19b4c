//! Unix: a session of its own.

use std::io;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

pub(super) fn leave_terminal(command: &mut Command) {
    let begin_session = || {
        // SAFETY: no memory is involved; POSIX names the call as one that may be made between fork and exec.
        let result = unsafe { libc::setsid() };
        if result == -1 { Err(io::Error::last_os_error()) } else { Ok(()) }
    };
    // SAFETY: the closure makes that one call and allocates nothing.
    unsafe { command.pre_exec(begin_session) };
}

/// Programs have no console of their own here.
pub(super) const fn agent_without_console(_own: &Path) -> Option<PathBuf> {
    None
}
