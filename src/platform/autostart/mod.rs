//! Whether a program is started when its user logs in, in the way of each desktop.
//!
//! One entry, written whole each time, under one name. Hazards: a path with a space that the desktop takes for two words, so every path is
//! quoted by the system's own rule; and a switch that the user has turned off in the desktop's settings, which is told and not overruled
//! in silence: an entry that is there counts as on only when the desktop would start it.

#[cfg(target_os = "linux")]
#[path = "linux.rs"]
mod system;
#[cfg(target_os = "macos")]
#[path = "macos.rs"]
mod system;
#[cfg(windows)]
#[path = "windows.rs"]
mod system;

use std::io;
use std::path::{Path, PathBuf};

/// How it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// The program is started at the next log-in.
    On,
    /// There is no entry.
    Off,
    /// There is an entry, and the user has turned it off in the settings of the desktop.
    TurnedOff,
}

/// How it stands, and for whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Whether it has any effect.
    pub state: State,
    /// The program that is started; `None` where there is no entry, or none that can be read.
    pub program: Option<PathBuf>,
    /// Where the entry is or would be, for people.
    pub place: String,
}

impl Entry {
    /// Returns whether the program that would be started is not there.
    #[must_use]
    pub fn program_is_gone(&self) -> bool {
        self.program.as_ref().is_some_and(|program| !program.is_file())
    }
}

/// Looks.
///
/// # Errors
/// What the system said; [`io::ErrorKind::NotFound`] where the user has no place for such an entry.
pub fn look() -> io::Result<Entry> {
    system::look()
}

/// Has this program run the agent at every log-in, or the one beside it that has no console, and turns that on again where the user had turned it off.
///
/// # Errors
/// What the system said; [`io::ErrorKind::InvalidInput`] for a path that cannot be written into such an entry.
pub fn turn_on(program: &Path) -> io::Result<()> {
    system::turn_on(program)
}

/// Removes the entry; that there is none is as good.
///
/// # Errors
/// What the system said.
pub fn turn_off() -> io::Result<()> {
    system::turn_off()
}

#[cfg(unix)]
fn no_home() -> io::Error {
    io::Error::new(io::ErrorKind::NotFound, "this user has no folder for settings")
}

/// Takes the end of a file that is not there for success.
fn gone(result: io::Result<()>) -> io::Result<()> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

/// Returns a path as text, since entries are texts.
fn text(program: &Path) -> io::Result<&str> {
    let fits = program.to_str().filter(|text| program.is_absolute() && !text.contains(char::is_control));
    fits.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "the path of the program cannot be written into an entry"))
}
