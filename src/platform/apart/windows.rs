//! Windows: no console, not even one that flashes up, and no share in Ctrl-C.

use std::os::windows::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use windows_sys::Win32::System::Threading::{CREATE_NEW_PROCESS_GROUP, CREATE_NO_WINDOW};

pub(super) fn leave_terminal(command: &mut Command) {
    command.creation_flags(CREATE_NO_WINDOW | CREATE_NEW_PROCESS_GROUP);
}

/// A program says itself, when it is linked, whether it has a console: there are two of them.
pub(super) fn agent_without_console(own: &Path) -> Option<PathBuf> {
    Some(own.with_file_name("sharelock-agent.exe")).filter(|program| program.is_file())
}
