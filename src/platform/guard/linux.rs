//! Linux: this process becomes the one that orphans below it are given to (`PR_SET_CHILD_SUBREAPER`, 3.4), so that waiting for "no
//! children left" is waiting for all descendants.

use super::gate::{Gate, Waited, keep_exit_codes, waited};
use super::{Program, Push, SpawnError};
use crate::platform::process::{self, ProcessFacts};
use std::ffi::c_int;
use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Force is repeated this often, with this pause: descendants may have forked between the look and the kill.
const ROUNDS: u32 = 500;
const PAUSE: Duration = Duration::from_millis(10);

#[derive(Debug)]
pub(super) struct Waiting(Gate);

impl Waiting {
    pub(super) fn new(program: &Program) -> Result<Self, SpawnError> {
        keep_exit_codes();
        // SAFETY: sets a flag of this process.
        let result = unsafe { libc::prctl(libc::PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) };
        if result != 0 {
            return Err(SpawnError::failed(program, "asking for its orphans", io::Error::last_os_error()));
        }
        Gate::new(program).map(Self)
    }

    pub(super) fn facts(&self) -> ProcessFacts {
        self.0.facts()
    }

    pub(super) fn go(self) -> Result<Family, SpawnError> {
        self.0.go().map(|child| Family { child, code: Mutex::new(None) })
    }
}

#[derive(Debug)]
pub(super) struct Family {
    child: ProcessFacts,
    /// The program's exit code. Locked while waiting, so that only one thread collects.
    code: Mutex<Option<i32>>,
}

impl Family {
    pub(super) fn facts(&self) -> ProcessFacts {
        self.child
    }

    pub(super) fn wait_child(&self) -> i32 {
        let mut code = self.code.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if let Some(code) = *code {
                return code;
            }
            *code = self.collected();
        }
    }

    pub(super) fn wait_descendants(&self) {
        let _ = self.wait_child();
        let _held = self.code.lock().unwrap_or_else(PoisonError::into_inner);
        while !matches!(waited(-1, 0), Waited::NoChildren) {}
    }

    /// Collects one process, orphans too, and returns the program's exit code if it was the program.
    fn collected(&self) -> Option<i32> {
        match waited(-1, 0) {
            Waited::Ended(pid, code) if pid == self.child.pid => Some(code),
            Waited::Ended(..) | Waited::NotYet => None,
            Waited::NoChildren => Some(255),
        }
    }

    #[expect(clippy::unused_self, reason = "on other systems the family knows its members")]
    pub(super) fn descendants(&self) -> Vec<ProcessFacts> {
        process::descendants(std::process::id())
    }

    pub(super) fn push(&self, push: Push) -> Vec<ProcessFacts> {
        match push {
            Push::Gentle => {
                let mut members = self.descendants();
                // SIGCONT as well: one that is stopped would not get to hear of it.
                members.retain(|member| send(*member, libc::SIGTERM).is_err() | send(*member, libc::SIGCONT).is_err());
                members.retain(|member| process::fate(member.pid, member.start) != process::Life::Gone);
                members
            }
            Push::Force => {
                for _ in 0..ROUNDS {
                    let members = self.descendants();
                    if members.is_empty() {
                        return members;
                    }
                    for member in members {
                        // What fails is found again by the next look.
                        let _ = send(member, libc::SIGKILL);
                    }
                    pause();
                }
                self.descendants()
            }
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "the kernel tells nobody but the parent that a process has ended")]
fn pause() {
    std::thread::sleep(PAUSE);
}

/// Sends a signal to exactly this process, never to one that has got its number meanwhile.
fn send(member: ProcessFacts, signal: c_int) -> io::Result<()> {
    let pid = libc::pid_t::try_from(member.pid).map_err(io::Error::other)?;
    // SAFETY: takes two numbers; returns a descriptor or -1.
    let opened = unsafe { libc::syscall(libc::SYS_pidfd_open, pid, 0) };
    let Some(descriptor) = RawFd::try_from(opened).ok().filter(|descriptor| *descriptor >= 0) else {
        let error = io::Error::last_os_error();
        // Before Linux 5.3, or forbidden by a container: the gap between look and kill remains.
        return match error.raw_os_error() {
            Some(libc::ENOSYS | libc::EPERM) => crate::platform::signals::forward(member.pid, signal),
            _ => Err(error),
        };
    };
    // SAFETY: the descriptor was just opened and belongs to nobody else.
    let opened = unsafe { OwnedFd::from_raw_fd(descriptor) };
    if process::start_of(member.pid) != Some(member.start) {
        return Err(io::Error::from_raw_os_error(libc::ESRCH));
    }
    // SAFETY: the descriptor is open; no information is attached.
    let result =
        unsafe { libc::syscall(libc::SYS_pidfd_send_signal, opened.as_raw_fd(), signal, std::ptr::null::<libc::siginfo_t>(), 0) };
    if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}
