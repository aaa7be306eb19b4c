//! Running the program that a lease is held for, and knowing when it and everything it started are gone.
//!
//! Guards against three ways of letting two people write: a program that runs before its pid stands on the share (so it is held at a
//! gate until [`Prepared::go`]); a launcher that ends while the real program lives on (so descendants are waited for); and a program
//! that survives the wish to stop it (so [`Push::Force`] reaches all of them).
//!
//! The program shares standard input and output, the terminal's foreground group and thereby Ctrl-C with this process. It gets an empty
//! signal mask and default dispositions, but a signal that was ignored when this process was started stays ignored, so that
//! `nohup` works through it.
//!
//! Limits: what asks a service to start something for it (`systemd-run`, D-Bus, COM, a browser that is already open) has no descendants
//! here. On macOS orphans that leave the process group are found only if they were seen before (see `macos.rs`).
//! **One guard at a time per process**, and no other child processes: on Linux all children that end are collected here.

use super::process::ProcessFacts;
use std::ffi::OsString;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};

#[cfg(unix)]
mod gate;

#[cfg(target_os = "linux")]
#[path = "linux.rs"]
mod system;
#[cfg(target_os = "macos")]
#[path = "macos.rs"]
mod system;
#[cfg(windows)]
#[path = "windows.rs"]
mod system;

/// The fencing token, for programs that can check it.
pub const TOKEN: &str = "SHARELOCK_TOKEN";
/// The store, by which a nested run recognises the database.
pub const STORE: &str = "SHARELOCK_STORE";
/// The database with all links resolved.
pub const DATABASE: &str = "SHARELOCK_DATABASE";
/// The mark by which programs that work under a lease are found, also after their guard has gone: they and all their descendants carry it,
/// unless they drop it.
pub const MARK: &str = "SHARELOCK_NONCE";
/// All that a program is told in its environment.
pub const VARIABLES: [&str; 4] = [TOKEN, STORE, DATABASE, MARK];

/// What to run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Program {
    /// A path, or a name that is looked for in `PATH`.
    pub program: OsString,
    /// What it is given, without its own name.
    pub arguments: Vec<OsString>,
    /// Variables to set beside those of this process.
    pub environment: Vec<(OsString, OsString)>,
}

/// Why a program could not be started.
#[derive(Debug, thiserror::Error)]
pub enum SpawnError {
    /// There is no such program.
    #[error("{}: command not found; check the name, or give the full path", program.display())]
    NotFound {
        /// As it was given.
        program: OsString,
        /// What the system said.
        source: io::Error,
    },
    /// It is there and cannot be executed.
    #[error("{}: cannot be executed: {source}; check its permissions and that it is a program for this system", program.display())]
    NotExecutable {
        /// As it was given.
        program: OsString,
        /// What the system said.
        source: io::Error,
    },
    /// The system could not make a process, or not keep watch over it.
    #[error("{}: cannot be started: {doing}: {source}; the system may be short of memory or processes", program.display())]
    Failed {
        /// As it was given.
        program: OsString,
        /// What was tried.
        doing: &'static str,
        /// What the system said.
        source: io::Error,
    },
}

impl SpawnError {
    /// Returns the exit code that a shell gives: 127 not found, 126 anything else.
    #[must_use]
    pub const fn exit_code(&self) -> i32 {
        match self {
            Self::NotFound { .. } => 127,
            Self::NotExecutable { .. } | Self::Failed { .. } => 126,
        }
    }

    fn failed(program: &Program, doing: &'static str, source: io::Error) -> Self {
        Self::Failed { program: program.program.clone(), doing, source }
    }
}

/// How hard to ask for the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Push {
    /// `SIGTERM` (Unix), closing windows and Ctrl-Break where no stranger shares the console (Windows): programs may save their work.
    Gentle,
    /// `SIGKILL`, or the end of the job: nothing is asked.
    Force,
}

/// Says that this process guards something already.
static TAKEN: AtomicBool = AtomicBool::new(false);

/// The right to guard, given back when dropped.
#[derive(Debug)]
struct Turn;

impl Turn {
    fn take() -> io::Result<Self> {
        if TAKEN.swap(true, Ordering::AcqRel) {
            return Err(io::Error::new(io::ErrorKind::ResourceBusy, "this process already guards a program"));
        }
        Ok(Self)
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        TAKEN.store(false, Ordering::Release);
    }
}

/// A process that exists and waits at the gate: the program in it has not begun. Dropping it ends the process.
#[derive(Debug)]
#[must_use = "dropping it ends the process that waits"]
pub struct Prepared {
    waiting: system::Waiting,
    turn: Turn,
}

/// A program that runs.
///
/// Dropping it leaves the program running. One thread waits; any other may ask or push meanwhile.
#[derive(Debug)]
pub struct Guarded {
    family: system::Family,
    _turn: Turn,
}

/// Makes the process for a program, held before its first instruction.
///
/// # Errors
/// [`SpawnError`]; on Unix some reasons show only at [`Prepared::go`].
pub fn prepare(program: &Program) -> Result<Prepared, SpawnError> {
    let turn = Turn::take().map_err(|source| SpawnError::failed(program, "guarding it", source))?;
    system::Waiting::new(program).map(|waiting| Prepared { waiting, turn })
}

impl Prepared {
    /// Returns the process; it stays the same when the program begins.
    #[must_use]
    pub fn facts(&self) -> ProcessFacts {
        self.waiting.facts()
    }

    /// Lets the program begin. Returns when it has; that may take as long as the share on which its file lies.
    ///
    /// # Errors
    /// [`SpawnError`]; the process is gone then.
    pub fn go(self) -> Result<Guarded, SpawnError> {
        let Self { waiting, turn } = self;
        waiting.go().map(|family| Guarded { family, _turn: turn })
    }
}

impl Guarded {
    /// Returns the program's own process.
    #[must_use]
    pub fn facts(&self) -> ProcessFacts {
        self.family.facts()
    }

    /// Waits until the program itself has ended; one that is stopped has not. Returns its exit code, or 128 + the signal that ended it; 255
    /// when somebody else collected it.
    #[must_use]
    pub fn wait_child(&self) -> i32 {
        self.family.wait_child()
    }

    /// Returns the live processes of the program: itself and all that descend from it.
    #[must_use]
    pub fn descendants(&self) -> Vec<ProcessFacts> {
        self.family.descendants()
    }

    /// Waits until the program and all that descend from it have ended.
    pub fn wait_descendants(&self) {
        self.family.wait_descendants();
    }

    /// Asks the program and all its descendants to end, or makes them.
    ///
    /// Returns those that could not be reached (another user's, e.g. behind `sudo`) or that did not end within 5 s of force.
    #[must_use = "these still run"]
    pub fn signal_all(&self, push: Push) -> Vec<ProcessFacts> {
        self.family.push(push)
    }
}

#[cfg(test)]
pub(crate) mod tests;
