//! Something to click on that starts a program, in the way of each desktop.
//!
//! Hazard: somebody's file of the same name; what is there is never written over.

#[cfg(target_os = "linux")]
#[path = "linux.rs"]
mod system;
#[cfg(not(any(target_os = "linux", windows)))]
#[path = "none.rs"]
mod system;
#[cfg(windows)]
#[path = "windows.rs"]
mod system;

use std::io;
use std::path::{Path, PathBuf};

/// Whether the desktop asks once before it starts a new one.
pub const DESKTOP_ASKS: bool = cfg!(target_os = "linux");

/// What is to be started.
#[derive(Debug, Clone, Copy)]
pub struct Shortcut<'a> {
    /// What people read below the icon; a part of a file's name, without separators.
    pub title: &'a str,
    /// The program.
    pub program: &'a Path,
    /// Its arguments.
    pub arguments: &'a [&'a str],
}

/// Makes it in a folder, or on the user's desktop, and returns the file.
///
/// # Errors
/// [`io::ErrorKind::Unsupported`] where this is not known of the system, [`io::ErrorKind::AlreadyExists`] where there is such a file,
/// [`io::ErrorKind::NotFound`] where there is no such folder, and whatever else the system says.
pub fn make(shortcut: Shortcut<'_>, folder: Option<&Path>) -> io::Result<PathBuf> {
    system::make(shortcut, folder)
}
