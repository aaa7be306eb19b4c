//! Who is running: processes as a pid together with their start time.
//!
//! Guards against the reused pid: a number alone says nothing about who has it now, so every question here takes or gives
//! the start time as well. Guards also against believing too much: a process that cannot be seen is [`Life::Unknown`], never gone.

use std::time::Duration;

#[cfg(target_os = "linux")]
mod linux;
#[cfg(target_os = "macos")]
pub(crate) mod macos;
#[cfg(windows)]
pub(crate) mod windows;

#[cfg(target_os = "linux")]
use linux as system;
#[cfg(target_os = "macos")]
use macos as system;
#[cfg(windows)]
use windows as system;

#[cfg(target_os = "linux")]
pub(crate) use linux::descendants;

/// How often somebody is asked for who cannot be waited for.
const LOOK: Duration = Duration::from_secs(1);

/// One process of this machine: its number, and when it started in the system's own unit.
///
/// The start time only ever compares for equality, on the same machine and boot: clock ticks since boot (Linux), microseconds since
/// 1970 (macOS), 100 ns since 1601 (Windows). Zero stands for "could not be read".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
pub struct ProcessFacts {
    /// The process number.
    pub pid: u32,
    /// When it started.
    pub start: u64,
}

/// What is known of a process that was recorded earlier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Life {
    /// It is running (or stopped, or waiting: not ended).
    Alive,
    /// It has certainly ended, though another one may have its number now.
    Gone,
    /// The system does not let this user see it.
    Unknown,
}

/// What the system says about a pid, before the start time is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sight {
    /// A live process that started then.
    Started(u64),
    /// No such process, or one that has ended and only waits to be collected by its parent.
    None,
    /// Something is there, or may be; it cannot be seen.
    Hidden,
}

/// Returns this process.
#[must_use]
pub fn me() -> ProcessFacts {
    let pid = std::process::id();
    ProcessFacts { pid, start: start_of(pid).unwrap_or(0) }
}

/// Returns when the process `pid` started; `None` when there is none, when it has ended (a zombie), or when it cannot be seen.
#[must_use]
pub fn start_of(pid: u32) -> Option<u64> {
    match system::look(pid) {
        Sight::Started(start) => Some(start),
        Sight::None | Sight::Hidden => None,
    }
}

/// Returns whether the process that had `pid` and started at `start` still lives.
#[must_use]
pub fn fate(pid: u32, start: u64) -> Life {
    if pid == 0 {
        return Life::Unknown;
    }
    match system::look(pid) {
        Sight::Started(_) if start == 0 => Life::Unknown,
        Sight::Started(now) if now == start => Life::Alive,
        Sight::Started(_) | Sight::None => Life::Gone,
        Sight::Hidden => Life::Unknown,
    }
}

/// Waits until the process that had `pid` and started at `start` has ended, which need not be a child of this one; returns false when it
/// cannot be waited for, or not any longer. Sleeps meanwhile.
#[must_use]
pub fn wait(process: ProcessFacts, patience: Duration) -> bool {
    // Whatever is waited for is what has the number now; the start time is compared once that cannot change any more.
    let waited = system::wait(process.pid, patience, || fate(process.pid, process.start) == Life::Alive);
    if fate(process.pid, process.start) == Life::Gone {
        return true;
    }
    if waited.is_none() {
        // It cannot be waited for; whoever asks again and again does not spin.
        pause(patience.min(LOOK));
    }
    waited == Some(true)
}

#[expect(clippy::disallowed_methods, reason = "nothing tells the end of a process that cannot be waited for")]
fn pause(span: Duration) {
    std::thread::sleep(span);
}

/// Returns the live processes of this user whose environment at their start had exactly `variable=value`.
///
/// `None` where the system cannot tell. Processes that forbid being looked at (set-user-id programs, some password agents) are
/// not seen, nor are those that cleared their environment; a program that writes over its environment to change its title
/// hides as well. So an entry proves a process, and an empty list proves little.
#[must_use]
pub fn marked(variable: &str, value: &str) -> Option<Vec<ProcessFacts>> {
    system::marked(variable, value)
}

/// Returns the file name of the program that `pid` runs, where this user may know it.
#[must_use]
pub fn executable_name(pid: u32) -> Option<String> {
    system::executable_name(pid)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::test_process::Child;

    #[test]
    fn this_process_is_alive_and_a_reused_pid_is_gone() {
        let me = me();
        assert_ne!(me.start, 0);
        assert_eq!(fate(me.pid, me.start), Life::Alive);
        assert_eq!(fate(me.pid, me.start + 1), Life::Gone);
        assert_eq!(fate(me.pid, 0), Life::Unknown);
        assert_eq!(fate(0, me.start), Life::Unknown);
    }

    #[test]
    fn a_killed_process_is_gone_even_before_it_is_collected() {
        let mut child = Child::start("wait");
        let facts = ProcessFacts { pid: child.pid(), start: start_of(child.pid()).unwrap() };
        assert_eq!(fate(facts.pid, facts.start), Life::Alive);
        child.kill_without_collecting();
        assert!(crate::platform::test_process::eventually(|| fate(facts.pid, facts.start) == Life::Gone));
        assert_eq!(start_of(facts.pid), None);
        drop(child);
        assert_eq!(fate(facts.pid, facts.start), Life::Gone);
    }

    #[test]
    fn an_end_is_waited_for_and_a_life_is_not_taken_for_one() {
        let mut child = Child::start("wait");
        let facts = ProcessFacts { pid: child.pid(), start: start_of(child.pid()).unwrap() };
        assert!(!wait(facts, Duration::from_millis(50)));
        assert!(
            wait(ProcessFacts { start: facts.start + 1, ..facts }, Duration::from_secs(20)),
            "another process had that number"
        );
        let waiting = std::thread::spawn(move || wait(facts, Duration::from_secs(20)));
        child.kill_without_collecting();
        assert!(waiting.join().unwrap());
    }

    #[test]
    fn a_child_knows_itself_as_its_parent_does() {
        let child = Child::start("me");
        let line = child.line();
        assert_eq!(line, format!("{} {}", child.pid(), start_of(child.pid()).unwrap()));
    }

    #[test]
    fn the_executable_is_named() {
        let here = std::env::current_exe().unwrap();
        let expected = here.file_name().unwrap().to_string_lossy().into_owned();
        assert_eq!(executable_name(std::process::id()), Some(expected));
    }

    #[test]
    fn a_pid_that_cannot_be_is_gone() {
        assert_eq!(fate(u32::MAX - 7, 5), Life::Gone);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn marked_finds_exactly_the_value() {
        let value = format!("nonce-{}", std::process::id());
        let child = Child::start_with("wait", &[("SHARELOCK_TEST_MARK", &value)]);
        let other = Child::start_with("wait", &[("SHARELOCK_TEST_MARK", &format!("{value}0"))]);
        let found = marked("SHARELOCK_TEST_MARK", &value).unwrap();
        assert_eq!(found.iter().map(|process| process.pid).collect::<Vec<_>>(), [child.pid()]);
        drop(child);
        assert_eq!(marked("SHARELOCK_TEST_MARK", &value).unwrap(), []);
        drop(other);
    }
}
