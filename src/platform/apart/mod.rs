//! Programs that live on when this one ends: the agent, and what people start from its menu.
//!
//! The hazards: a pipe of ours that such a program inherits keeps whoever reads it waiting for ever, so it gets none; and a terminal
//! that closes would take it along, so it leaves that.

use crate::platform::guard::VARIABLES;
use std::io;
use std::path::{Path, PathBuf};
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
    leave_terminal(command);
    command.spawn()
}

/// Keeps a program away from this one's terminal; on Windows, from a console of its own as well, which would flash up where this one
/// has none. What is piped stays piped.
pub fn leave_terminal(command: &mut Command) {
    system::leave_terminal(command);
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

/// Returns what people start by a click: this program, or the one beside it that has no console. That one runs the agent unless it is given
/// `run --gui` and what follows that.
///
/// # Errors
/// What the system said when it was asked which program this is.
pub fn without_console() -> io::Result<PathBuf> {
    let own = std::env::current_exe()?;
    Ok(system::agent_without_console(&own).unwrap_or(own))
}

/// Returns what runs the agent: this program, or the one beside it that has no console.
///
/// # Errors
/// What the system said when it was asked which program this is.
pub fn agent() -> io::Result<Command> {
    Ok(agent_beside(&std::env::current_exe()?))
}

pub(super) fn agent_beside(own: &Path) -> Command {
    let mut command = plain_agent_beside(own);
    // An agent that is started from within a `run` is none of its programs.
    for name in VARIABLES {
        command.env_remove(name);
    }
    command
}

fn plain_agent_beside(own: &Path) -> Command {
    if let Some(program) = system::agent_without_console(own) {
        return Command::new(program);
    }
    let mut command = Command::new(own);
    command.args(["agent", "run"]);
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agent_is_this_program_unless_a_better_one_lies_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let own = folder.path().join("sharelock.exe");
        let spelled = |command: &Command| {
            [command.get_program()].into_iter().chain(command.get_args()).collect::<Vec<_>>().join(" ".as_ref())
        };
        let alone = agent_beside(&own);
        assert_eq!(alone.get_program(), own.as_os_str());
        assert_eq!(alone.get_args().collect::<Vec<_>>(), ["agent", "run"]);
        let agent = folder.path().join("sharelock-agent.exe");
        std::fs::write(&agent, "").unwrap();
        let expected = if cfg!(windows) { agent.into_os_string() } else { spelled(&alone) };
        assert_eq!(spelled(&agent_beside(&own)), expected);
    }
}
