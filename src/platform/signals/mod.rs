//! Signals as messages: what asks this process to end, told to a channel instead of ending it.
//!
//! [`Signals::install`] must be the first thing that `main` does, before any thread exists: threads inherit the mask, and one thread
//! without it would end the process. Whoever wraps a program passes on only what did not come from the terminal, because
//! the terminal has told the program already ([`Signal::from_terminal`]); twice Ctrl-C means "now!" to many.
//!
//! Hazard: blocked signals that nobody reads make a process that only force can end. When the receiver is gone, the next signal
//! has its usual effect again.

use std::io;
use std::sync::mpsc::{Receiver, channel};

#[cfg(unix)]
#[path = "unix.rs"]
mod system;
#[cfg(windows)]
#[path = "windows.rs"]
mod system;

#[cfg(windows)]
pub(crate) use system::expect_own_break;

/// `SIGHUP`: the terminal or console is closed.
pub const HANGUP: i32 = 1;
/// `SIGINT`: Ctrl-C.
pub const INTERRUPT: i32 = 2;
/// `SIGQUIT`: Ctrl-\ on Unix, Ctrl-Break on Windows.
pub const QUIT: i32 = 3;
/// `SIGTERM`: the polite request to end; on Windows logoff and shutdown.
pub const TERMINATE: i32 = 15;

/// One request to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Signal {
    /// Unix number: [`HANGUP`], [`INTERRUPT`], [`QUIT`] or [`TERMINATE`], on every system.
    pub number: i32,
    /// The terminal (or Windows' console) sent it, so that every program in front of it has it too.
    pub from_terminal: bool,
}

/// The signals of this process.
#[derive(Debug)]
pub struct Signals {
    /// What has come, in order.
    pub events: Receiver<Signal>,
}

impl Signals {
    /// Takes over the signals, once per process, before any thread exists.
    ///
    /// Those that were ignored when this process was started (`nohup`, background jobs of scripts) stay ignored.
    ///
    /// # Errors
    /// What the system said.
    pub fn install() -> io::Result<Self> {
        let (sender, events) = channel();
        Self::install_with(move |signal| sender.send(signal).is_ok())?;
        Ok(Self { events })
    }

    /// As [`Signals::install`], for a channel of the caller's own kind: `deliver` returns false when nobody listens any more.
    ///
    /// # Errors
    /// What the system said.
    pub fn install_with(deliver: impl FnMut(Signal) -> bool + Send + 'static) -> io::Result<()> {
        system::install(Box::new(deliver))
    }
}

/// Sends a signal to one process.
///
/// # Errors
/// What the system said; [`io::ErrorKind::InvalidInput`] for numbers that mean groups; [`io::ErrorKind::Unsupported`] on Windows, where
/// the console tells every program itself.
pub fn forward(pid: u32, number: i32) -> io::Result<()> {
    system::forward(pid, number)
}

/// What takes a signal; false when nobody listens any more.
type Deliver = Box<dyn FnMut(Signal) -> bool + Send>;

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::platform::test_process::{argument, say, wait_for_end_of_input};
    use std::time::Duration;

    /// Played by a second process, which was started with the signals blocked: the test harness has threads before us.
    pub(crate) fn play() {
        let signals = Signals::install().unwrap();
        if argument() == "deaf" {
            drop(signals);
            say("ready");
            wait_for_end_of_input();
            return;
        }
        say("ready");
        while let Ok(signal) = signals.events.recv_timeout(Duration::from_secs(60)) {
            say(format!("{} {}", signal.number, signal.from_terminal));
        }
    }

    #[test]
    fn groups_are_never_signalled() {
        assert_eq!(forward(0, TERMINATE).unwrap_err().kind(), io::ErrorKind::InvalidInput);
        assert_eq!(forward(u32::MAX, TERMINATE).unwrap_err().kind(), io::ErrorKind::InvalidInput);
    }
}
