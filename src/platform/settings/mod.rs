//! Where administrators keep settings for all users of a computer, and what opens a text there.
//!
//! Hazard: a user who can say where that folder is can get around what is decided in it. So the system is asked, never the environment.

#[cfg(unix)]
#[path = "unix.rs"]
mod system;
#[cfg(windows)]
#[path = "windows.rs"]
mod system;

use std::path::PathBuf;

/// Returns the folder of the administrators' settings, whether it exists or not; `None` where the system does not say.
#[must_use]
pub fn system_folder() -> Option<PathBuf> {
    system::system_folder()
}

/// Returns programs that open a text and return when it is closed, with their arguments, the best first. Not all of them are there.
#[must_use]
pub fn editors() -> &'static [&'static [&'static str]] {
    system::EDITORS
}

#[cfg(test)]
mod tests {
    #[test]
    fn there_is_a_folder_and_an_editor() {
        assert!(super::system_folder().is_some_and(|folder| folder.is_absolute()));
        assert!(super::editors().iter().all(|words| !words.is_empty()));
    }
}
