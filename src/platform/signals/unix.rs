//! Unix: signals blocked everywhere and taken by one thread.

use super::{Deliver, HANGUP, INTERRUPT, QUIT, Signal, TERMINATE};
use std::ffi::c_int;
use std::io;
use std::ptr::{null, null_mut};

const TAKEN: [c_int; 4] = [HANGUP, INTERRUPT, QUIT, TERMINATE];

pub(super) fn install(mut deliver: Deliver) -> io::Result<()> {
    let set = set_of(TAKEN.into_iter().filter(|number| !is_ignored(*number)));
    // SAFETY: the set outlives the call, and the previous mask is not wanted.
    let result = unsafe { libc::pthread_sigmask(libc::SIG_BLOCK, &raw const set, null_mut()) };
    if result != 0 {
        return Err(io::Error::from_raw_os_error(result));
    }
    let take = move || {
        loop {
            match next(&set) {
                Ok(signal) if deliver(signal) => {}
                Ok(signal) => die_of(signal.number),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                // Impossible for a set that could be blocked; without this thread the signals would be lost, so it says so.
                Err(error) => panic!("waiting for signals: {error}"),
            }
        }
    };
    std::thread::Builder::new().name("signals".to_owned()).spawn(take).map(drop)
}

fn is_ignored(number: c_int) -> bool {
    // SAFETY: the structure is plain numbers and an optional handler, for which all zeroes is a valid value.
    let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
    // SAFETY: only asks; `action` outlives the call.
    let known = unsafe { libc::sigaction(number, null(), &raw mut action) } == 0;
    known && action.sa_sigaction == libc::SIG_IGN
}

fn set_of(numbers: impl Iterator<Item = c_int>) -> libc::sigset_t {
    // SAFETY: a signal set is plain numbers, for which all zeroes is a valid value.
    let mut set: libc::sigset_t = unsafe { std::mem::zeroed() };
    // SAFETY: `set` outlives the call.
    unsafe { libc::sigemptyset(&raw mut set) };
    for number in numbers {
        // SAFETY: `set` outlives the call.
        unsafe { libc::sigaddset(&raw mut set, number) };
    }
    set
}

#[cfg(target_os = "linux")]
fn next(set: &libc::sigset_t) -> io::Result<Signal> {
    /// `SI_KERNEL` of sigaction(2): the terminal's driver sends with this code, programs cannot.
    const SENT_BY_KERNEL: c_int = 0x80;
    // SAFETY: the structure is plain numbers, for which all zeroes is a valid value.
    let mut facts: libc::siginfo_t = unsafe { std::mem::zeroed() };
    // SAFETY: set and place outlive the call.
    let number = unsafe { libc::sigwaitinfo(std::ptr::from_ref(set), &raw mut facts) };
    if number < 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(Signal { number, from_terminal: facts.si_code == SENT_BY_KERNEL })
}

#[cfg(not(target_os = "linux"))]
fn next(set: &libc::sigset_t) -> io::Result<Signal> {
    use std::io::IsTerminal;

    let mut number = 0;
    // SAFETY: set and place outlive the call.
    let result = unsafe { libc::sigwait(std::ptr::from_ref(set), &raw mut number) };
    if result != 0 {
        return Err(io::Error::from_raw_os_error(result));
    }
    // The sender is not told here; a person at the terminal is the likeliest one of these two.
    let from_terminal = matches!(number, INTERRUPT | QUIT) && io::stdin().is_terminal();
    Ok(Signal { number, from_terminal })
}

/// Lets a signal have its usual effect: only this thread opens its mask, so it is the one that gets it.
fn die_of(number: c_int) {
    let set = set_of(std::iter::once(number));
    // SAFETY: the set outlives the call, and the previous mask is not wanted.
    unsafe { libc::pthread_sigmask(libc::SIG_UNBLOCK, &raw const set, null_mut()) };
    // SAFETY: takes a number; the signal is of this process's own set.
    unsafe { libc::raise(number) };
}

pub(super) fn forward(pid: u32, number: i32) -> io::Result<()> {
    let pid = libc::pid_t::try_from(pid).ok().filter(|pid| *pid > 0).ok_or(io::ErrorKind::InvalidInput)?;
    // SAFETY: takes two numbers; the pid is positive, so no group is meant.
    let result = unsafe { libc::kill(pid, number) };
    if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::test_process::{ARGUMENT, Child};
    use std::os::unix::process::{CommandExt, ExitStatusExt};
    use std::process::{Command, Stdio};

    /// Starts the role with the signals blocked in all its threads, as a real `main` has it.
    #[cfg_attr(target_os = "linux", expect(clippy::useless_conversion, reason = "the number is a u32 on macOS"))]
    fn start(argument: &str, input: Stdio, terminal: bool) -> Child {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.env(ARGUMENT, argument);
        let prepare = move || {
            let set = set_of(TAKEN.into_iter());
            // SAFETY: the set outlives the call.
            unsafe { libc::sigprocmask(libc::SIG_BLOCK, &raw const set, null_mut()) };
            if terminal {
                // SAFETY: takes no argument.
                unsafe { libc::setsid() };
                // SAFETY: standard input is the terminal; takes numbers.
                unsafe { libc::ioctl(0, libc::TIOCSCTTY.into(), 0) };
            }
            Ok(())
        };
        // SAFETY: only async-signal-safe calls, and nothing is allocated.
        unsafe { command.pre_exec(prepare) };
        let child = Child::start_command(&mut command, "signals", input);
        assert_eq!(child.line(), "ready");
        child
    }

    #[test]
    fn signals_of_other_programs_are_told_as_such() {
        let child = start("listen", Stdio::piped(), false);
        for number in TAKEN {
            super::super::forward(child.pid(), number).unwrap();
            assert_eq!(child.line(), format!("{number} false"));
        }
    }

    #[test]
    fn a_signal_without_listener_has_its_usual_effect() {
        let mut child = start("deaf", Stdio::piped(), false);
        super::super::forward(child.pid(), TERMINATE).unwrap();
        assert_eq!(child.end().signal(), Some(TERMINATE));
    }

    #[test]
    fn what_was_ignored_stays_ignored() {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.env(ARGUMENT, "listen");
        let prepare = || {
            let set = set_of(TAKEN.into_iter().filter(|number| *number != HANGUP));
            // SAFETY: the set outlives the call.
            unsafe { libc::sigprocmask(libc::SIG_BLOCK, &raw const set, null_mut()) };
            // SAFETY: sets a disposition.
            unsafe { libc::signal(HANGUP, libc::SIG_IGN) };
            Ok(())
        };
        // SAFETY: only async-signal-safe calls, and nothing is allocated.
        unsafe { command.pre_exec(prepare) };
        let child = Child::start_command(&mut command, "signals", Stdio::piped());
        assert_eq!(child.line(), "ready");
        super::super::forward(child.pid(), HANGUP).unwrap();
        super::super::forward(child.pid(), INTERRUPT).unwrap();
        assert_eq!(child.line(), "2 false");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn ctrl_c_of_the_terminal_is_told_as_such() {
        use std::io::Write;
        use std::os::fd::{FromRawFd, OwnedFd};

        let (mut near, mut far) = (0, 0);
        // SAFETY: both places outlive the call; names and settings are not wanted.
        let opened = unsafe { libc::openpty(&raw mut near, &raw mut far, null_mut(), null(), null()) };
        assert_eq!(opened, 0);
        // SAFETY: just opened, and owned by nobody else.
        let mut keyboard = std::fs::File::from(unsafe { OwnedFd::from_raw_fd(near) });
        // SAFETY: just opened, and owned by nobody else.
        let terminal = unsafe { OwnedFd::from_raw_fd(far) };
        let child = start("listen", Stdio::from(terminal), true);
        keyboard.write_all(b"\x03").unwrap();
        assert_eq!(child.line(), "2 true");
        keyboard.write_all(b"\x1c").unwrap();
        assert_eq!(child.line(), "3 true");
        super::super::forward(child.pid(), INTERRUPT).unwrap();
        assert_eq!(child.line(), "2 false");
    }
}
