//! macOS: descendants by looking, several times a second.
//!
//! There is no subreaper: an orphan is given to launchd, and its ancestry is lost. So members are remembered once seen, as children of
//! members or as orphans in our process group that are younger than the program. **Limit:** a descendant that leaves the process
//! group and is orphaned between two looks is not waited for.

use super::gate::{Gate, Waited, keep_exit_codes, waited};
use super::{Program, Push, SpawnError};
use crate::platform::process::{self, Life, ProcessFacts, macos::pids, macos::short_facts};
use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

const LOOK: Duration = Duration::from_millis(200);
const ROUNDS: u32 = 25;

#[derive(Debug)]
pub(super) struct Waiting(Gate);

impl Waiting {
    pub(super) fn new(program: &Program) -> Result<Self, SpawnError> {
        keep_exit_codes();
        Gate::new(program).map(Self)
    }

    pub(super) fn facts(&self) -> ProcessFacts {
        self.0.facts()
    }

    pub(super) fn go(self) -> Result<Family, SpawnError> {
        self.0.go().map(|child| Family { child, code: Mutex::new(None), seen: Mutex::new(HashSet::from([child])) })
    }
}

#[derive(Debug)]
pub(super) struct Family {
    child: ProcessFacts,
    code: Mutex<Option<i32>>,
    seen: Mutex<HashSet<ProcessFacts>>,
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
            // While it lives its children can be told by their parent.
            let _ = self.descendants();
            match waited(libc::pid_t::try_from(self.child.pid).unwrap_or(0), libc::WNOHANG) {
                Waited::Ended(pid, ended) if pid == self.child.pid => *code = Some(ended),
                Waited::Ended(..) | Waited::NotYet => pause(),
                Waited::NoChildren => *code = Some(255),
            }
        }
    }

    pub(super) fn wait_descendants(&self) {
        let _ = self.wait_child();
        while !self.descendants().is_empty() {
            pause();
        }
    }

    pub(super) fn descendants(&self) -> Vec<ProcessFacts> {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        // SAFETY: takes no argument and cannot fail.
        let group = u32::try_from(unsafe { libc::getpgrp() }).unwrap_or(0);
        let me = std::process::id();
        let all: Vec<(ProcessFacts, u32, u32)> = pids()
            .into_iter()
            .filter(|pid| *pid != me && *pid != 0)
            .filter_map(|pid| {
                let info = short_facts(pid).ok()?;
                let start = info.pbi_start_tvsec.saturating_mul(1_000_000).saturating_add(info.pbi_start_tvusec);
                Some((ProcessFacts { pid, start }, info.pbi_ppid, info.pbi_pgid))
            })
            .collect();
        loop {
            let before = seen.len();
            for (facts, parent, its_group) in &all {
                let child_of_member = seen.iter().any(|member| member.pid == *parent && member.start <= facts.start);
                let orphan = *parent == 1 && *its_group == group && facts.start >= self.child.start;
                if child_of_member || orphan {
                    seen.insert(*facts);
                }
            }
            if seen.len() == before {
                break;
            }
        }
        seen.retain(|member| process::fate(member.pid, member.start) != Life::Gone);
        let mut members: Vec<ProcessFacts> = seen.iter().copied().collect();
        members.sort_unstable();
        members
    }

    pub(super) fn push(&self, push: Push) -> Vec<ProcessFacts> {
        match push {
            Push::Gentle => {
                let mut members = self.descendants();
                members.retain(|member| send(*member, libc::SIGTERM).is_err() | send(*member, libc::SIGCONT).is_err());
                members.retain(|member| process::fate(member.pid, member.start) != Life::Gone);
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

fn send(member: ProcessFacts, signal: libc::c_int) -> std::io::Result<()> {
    if process::fate(member.pid, member.start) == Life::Gone {
        return Err(std::io::Error::from_raw_os_error(libc::ESRCH));
    }
    crate::platform::signals::forward(member.pid, signal)
}

#[expect(clippy::disallowed_methods, reason = "the system tells nobody but the parent that a process has ended")]
fn pause() {
    std::thread::sleep(LOOK);
}
