//! Programs that live on when this one ends: the agent, and what people start from its menu.
//!
//! The hazards: a pipe of ours that such a program inherits keeps whoever reads it waiting for ever, so it gets none; and a terminal
//! that closes would take it along, so it leaves that.

use std::io;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

#[cfg(unix)]
#[path = "unix.rs"]
mod system;
#[cfg(windows)]
#[path = "windows.rs"]
mod system;

/// Starts a program that has nothing to do with this one's terminal. Its child is returned, to be waited for by whoever lives longer.
///
/// # Errors
/// What the system said.
pub fn start(command: &mut Command) -> io::Result<Child> {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    system::leave_terminal(command);
    command.spawn()
}

/// Returns the program of the command line: this one, or the one beside the agent's own.
///
/// # Errors
/// What the system said.
pub fn command_line() -> io::Result<PathBuf> {
    let own = std::env::current_exe()?;
    let beside = own.with_file_name("sharelock").with_extension(std::env::consts::EXE_EXTENSION);
    Ok(if beside.is_file() { beside } else { own })
}
