//! Which programs of this computer have a file open.
//!
//! For people, before something is given back: it names whoever can be seen, and finding nobody proves nothing. Other users' programs
//! are hidden from an ordinary user, and programs on other computers from everybody. The file itself is never opened, and a share that
//! hangs is not asked: the system's own lists are read.

use std::path::Path;

#[cfg(target_os = "linux")]
#[path = "linux.rs"]
mod system;
#[cfg(target_os = "macos")]
#[path = "macos.rs"]
mod system;
#[cfg(windows)]
#[path = "windows.rs"]
mod system;
#[cfg(not(any(target_os = "linux", target_os = "macos", windows)))]
mod system {
    pub(super) fn programs(_file: &std::path::Path) -> Vec<super::Program> {
        Vec::new()
    }
}

/// A program that has a file open.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Program {
    /// Its name, as its system calls it.
    pub name: String,
    /// Its process.
    pub pid: u32,
}

/// Returns the programs that have a file open, this process aside; each once.
#[must_use]
pub fn programs(file: &Path) -> Vec<Program> {
    let mut programs = system::programs(file);
    programs.retain(|program| program.pid != std::process::id());
    programs.sort_unstable();
    programs.dedup();
    programs
}

#[cfg(test)]
pub(crate) mod tests {
    #[cfg(not(windows))]
    use super::programs;
    #[cfg(not(windows))]
    use crate::platform::test_process::Child;
    use crate::platform::test_process::{argument, say, wait_for_end_of_input};

    /// Played by a second process, which keeps a file open until its input ends.
    pub(crate) fn play() {
        let file = std::fs::File::open(argument()).unwrap();
        say("open");
        wait_for_end_of_input();
        drop(file);
    }

    // Wine has Windows' function, which names nobody there.
    #[cfg(not(windows))]
    #[test]
    fn a_program_that_has_it_open_is_named_until_it_ends() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().canonicalize().unwrap().join("wems.db");
        std::fs::write(&file, "data").unwrap();
        let own = std::fs::File::open(&file).unwrap();
        assert_eq!(programs(&file), []);
        let child = Child::start_on("open", &file);
        assert_eq!(child.line(), "open");
        let seen = programs(&file);
        drop(own);
        let pids: Vec<u32> = seen.iter().map(|program| program.pid).collect();
        assert_eq!(pids, [child.pid()], "{seen:?}");
        assert!(!seen[0].name.is_empty());
        drop(child);
        assert_eq!(programs(&file), []);
    }
}
