//! Processes through `/proc`.
//!
//! Hazard: with `hidepid=2` a foreign process has no `/proc/<pid>` at all, which looks like "ended". Before anything is called
//! gone, `kill(pid, 0)` is asked as well: it answers `ESRCH` only when no such process exists.

use super::{ProcessFacts, Sight};
use crate::platform::read_kernel_file;
use std::collections::{HashMap, HashSet};
use std::io::ErrorKind;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::time::Duration;

/// What `/proc/<pid>/stat` tells that is needed here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stat {
    ended: bool,
    parent: u32,
    start: u64,
}

pub(super) fn look(pid: u32) -> Sight {
    match read_kernel_file(&format!("/proc/{pid}/stat")) {
        Ok(text) => match parse_stat(&text) {
            Some(stat) if stat.ended => Sight::None,
            Some(stat) => Sight::Started(stat.start),
            None => Sight::Hidden,
        },
        // ESRCH: it ended between opening and reading.
        Err(error) if error.kind() == ErrorKind::NotFound || error.raw_os_error() == Some(libc::ESRCH) => ask_by_signal(pid),
        Err(_) => Sight::Hidden,
    }
}

fn ask_by_signal(pid: u32) -> Sight {
    // Zero and negative numbers mean groups; the kernel gives out no pid above 2^22.
    let Some(pid) = libc::pid_t::try_from(pid).ok().filter(|pid| *pid > 0) else { return Sight::None };
    // SAFETY: signal 0 delivers nothing; the call only checks that the process exists.
    let result = unsafe { libc::kill(pid, 0) };
    if result != 0 && std::io::Error::last_os_error().raw_os_error() == Some(libc::ESRCH) { Sight::None } else { Sight::Hidden }
}

/// Reads the fields of `proc_pid_stat(5)`; the name in parentheses may itself hold spaces and parentheses.
fn parse_stat(text: &[u8]) -> Option<Stat> {
    let name_end = text.iter().rposition(|byte| *byte == b')')?;
    let rest = std::str::from_utf8(text.get(name_end + 1..)?).ok()?;
    let mut fields = rest.split_ascii_whitespace();
    let state = fields.next()?; // field 3
    let parent = fields.next()?.parse().ok()?; // field 4
    let threads: u64 = fields.nth(15)?.parse().ok()?; // field 20
    let start = fields.nth(1)?.parse().ok()?; // field 22
    // A process whose first thread has returned is shown as a zombie while its other threads go on working.
    let ended = matches!(state, "X" | "x") || (state == "Z" && threads <= 1);
    Some(Stat { ended, parent, start })
}

/// Numbers of all processes that this user may see; `None` without `/proc`.
fn pids() -> Option<impl Iterator<Item = u32>> {
    let entries = std::fs::read_dir("/proc").ok()?;
    Some(entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok()))
}

/// Waits for the end of the process that has this number, if it is still the one that is meant once it can be waited for.
pub(super) fn wait(pid: u32, patience: Duration, is_meant: impl Fn() -> bool) -> Option<bool> {
    let pid = libc::pid_t::try_from(pid).ok()?;
    // SAFETY: plain numbers go in, and a descriptor or -1 comes out.
    let opened = unsafe { libc::syscall(libc::SYS_pidfd_open, pid, 0) };
    let raw = i32::try_from(opened).ok().filter(|raw| *raw >= 0)?;
    // SAFETY: it was opened just now, and nobody else has it.
    let process = unsafe { OwnedFd::from_raw_fd(raw) };
    if !is_meant() {
        return None;
    }
    let mut place = libc::pollfd { fd: process.as_raw_fd(), events: libc::POLLIN, revents: 0 };
    let patience = i32::try_from(patience.as_millis()).unwrap_or(i32::MAX);
    // SAFETY: one place, which outlives the call.
    Some(unsafe { libc::poll(&raw mut place, 1, patience) } > 0)
}

pub(super) fn marked(variable: &str, value: &str) -> Option<Vec<ProcessFacts>> {
    let wanted = format!("{variable}={value}");
    let mut found = Vec::new();
    for pid in pids()? {
        let Ok(environment) = read_kernel_file(&format!("/proc/{pid}/environ")) else { continue };
        if environment.split(|byte| *byte == 0).any(|entry| entry == wanted.as_bytes())
            && let Sight::Started(start) = look(pid)
        {
            found.push(ProcessFacts { pid, start });
        }
    }
    found.sort_unstable();
    Some(found)
}

pub(super) fn executable_name(pid: u32) -> Option<String> {
    if let Ok(path) = std::fs::read_link(format!("/proc/{pid}/exe")) {
        let name = path.file_name()?.to_string_lossy().into_owned();
        // The kernel marks a program whose file was replaced or removed since it started.
        return Some(name.strip_suffix(" (deleted)").map_or(name.clone(), str::to_owned));
    }
    let name = std::fs::read_to_string(format!("/proc/{pid}/comm")).ok()?;
    Some(name.trim_end_matches('\n').to_owned()).filter(|name| !name.is_empty())
}

/// Returns the live processes below `root`, at any depth, without `root` itself.
///
/// One walk over `/proc` is no snapshot: a process that forks meanwhile may be missed, so callers that need all repeat it.
pub(crate) fn descendants(root: u32) -> Vec<ProcessFacts> {
    let mut children: HashMap<u32, Vec<(u32, Stat)>> = HashMap::new();
    for pid in pids().into_iter().flatten() {
        if let Some(stat) = read_kernel_file(&format!("/proc/{pid}/stat")).ok().and_then(|text| parse_stat(&text)) {
            children.entry(stat.parent).or_default().push((pid, stat));
        }
    }
    let mut found = Vec::new();
    let mut seen = HashSet::from([root]);
    let mut left = vec![root];
    while let Some(parent) = left.pop() {
        for (pid, stat) in children.get(&parent).into_iter().flatten() {
            if seen.insert(*pid) {
                left.push(*pid);
                if !stat.ended {
                    found.push(ProcessFacts { pid: *pid, start: stat.start });
                }
            }
        }
    }
    found.sort_unstable();
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_parentheses_and_spaces_is_passed_over() {
        let text = b"77 (a) b (c)) S 12 1 1 0 -1 4194304 98 0 0 0 0 0 0 0 20 0 3 0 167325 3133440 362";
        assert_eq!(parse_stat(text), Some(Stat { ended: false, parent: 12, start: 167_325 }));
    }

    #[test]
    fn a_zombie_has_ended_unless_other_threads_work_on() {
        let zombie = b"77 (sh) Z 12 1 1 0 -1 4194304 98 0 0 0 0 0 0 0 20 0 1 0 167325 0 0";
        assert!(parse_stat(zombie).unwrap().ended);
        let leaderless = b"77 (sh) Z 12 1 1 0 -1 4194304 98 0 0 0 0 0 0 0 20 0 2 0 167325 0 0";
        assert!(!parse_stat(leaderless).unwrap().ended);
        assert_eq!(parse_stat(b"77 (sh) Z 12"), None);
        assert_eq!(parse_stat(b""), None);
    }

    #[test]
    fn descendants_are_found_below_this_process() {
        let child = crate::platform::test_process::Child::start("wait");
        let found = descendants(std::process::id());
        assert!(found.iter().any(|process| process.pid == child.pid()));
        assert!(!found.iter().any(|process| process.pid == std::process::id()));
    }

    #[test]
    fn what_proc_does_not_show_is_gone_only_when_the_kernel_says_so() {
        assert_eq!(ask_by_signal(std::process::id()), Sight::Hidden);
        assert_eq!(ask_by_signal(1), Sight::Hidden);
        assert_eq!(ask_by_signal(4_194_305), Sight::None);
        assert_eq!(ask_by_signal(0), Sight::None);
    }
}
