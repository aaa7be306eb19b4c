//! Processes through libproc.
//!
//! Hazard: the system hides most of another user's processes, and says so with `EPERM`; that is "hidden", never "gone".
//! Environments of others cannot be read in general, so nothing is ever [`super::marked`] here.

use super::{ProcessFacts, Sight};
use std::ffi::c_int;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::time::Duration;

pub(super) fn look(pid: u32) -> Sight {
    match short_facts(pid) {
        // Zombies answer ESRCH already; the state is checked for the moment in between.
        Ok(info) if info.pbi_status == libc::SZOMB => Sight::None,
        Ok(info) => Sight::Started(info.pbi_start_tvsec.saturating_mul(1_000_000).saturating_add(info.pbi_start_tvusec)),
        Err(Some(libc::ESRCH)) => Sight::None,
        Err(_) => Sight::Hidden,
    }
}

/// Returns what the kernel tells of a process, or the error number.
pub(crate) fn short_facts(pid: u32) -> Result<libc::proc_bsdinfo, Option<c_int>> {
    let Ok(pid) = c_int::try_from(pid) else { return Err(Some(libc::ESRCH)) };
    // SAFETY: the structure is plain numbers and byte arrays, for which all zeroes is a valid value.
    let mut info: libc::proc_bsdinfo = unsafe { std::mem::zeroed() };
    let size = c_int::try_from(size_of::<libc::proc_bsdinfo>()).unwrap_or(0);
    // SAFETY: the buffer is as long as the size that is passed, and lives through the call.
    let written = unsafe { libc::proc_pidinfo(pid, libc::PROC_PIDTBSDINFO, 0, (&raw mut info).cast(), size) };
    if written == size { Ok(info) } else { Err(std::io::Error::last_os_error().raw_os_error()) }
}

/// Waits for the end of the process that has this number, if it is still the one that is meant once it can be waited for.
pub(super) fn wait(pid: u32, patience: Duration, is_meant: impl Fn() -> bool) -> Option<bool> {
    // SAFETY: nothing goes in, and a descriptor or -1 comes out.
    let raw = unsafe { libc::kqueue() };
    if raw < 0 {
        return None;
    }
    // SAFETY: it was opened just now, and nobody else has it.
    let queue = unsafe { OwnedFd::from_raw_fd(raw) };
    let ident = usize::try_from(pid).ok()?;
    let event = |flags| libc::kevent {
        ident,
        filter: libc::EVFILT_PROC,
        flags,
        fflags: libc::NOTE_EXIT,
        data: 0,
        udata: std::ptr::null_mut(),
    };
    let (change, mut told) = (event(libc::EV_ADD | libc::EV_ONESHOT), event(0));
    // SAFETY: one change goes in, no place for an event is given; both outlive the call.
    let added = unsafe { libc::kevent(queue.as_raw_fd(), &raw const change, 1, std::ptr::null_mut(), 0, std::ptr::null()) };
    if added < 0 || !is_meant() {
        return None;
    }
    let limit = libc::timespec {
        tv_sec: libc::time_t::try_from(patience.as_secs()).unwrap_or(libc::time_t::MAX),
        tv_nsec: patience.subsec_nanos().into(),
    };
    // SAFETY: there is one place for an event, which outlives the call, like the limit.
    Some(unsafe { libc::kevent(queue.as_raw_fd(), std::ptr::null(), 0, &raw mut told, 1, &raw const limit) } > 0)
}

pub(super) fn marked(_variable: &str, _value: &str) -> Option<Vec<ProcessFacts>> {
    None
}

pub(super) fn executable_name(pid: u32) -> Option<String> {
    let pid = c_int::try_from(pid).ok()?;
    let mut path = vec![0_u8; 4096]; // PROC_PIDPATHINFO_MAXSIZE of <sys/proc_info.h>
    let size = u32::try_from(path.len()).ok()?;
    // SAFETY: the buffer is as long as the size that is passed, and lives through the call.
    let length = unsafe { libc::proc_pidpath(pid, path.as_mut_ptr().cast(), size) };
    path.truncate(usize::try_from(length).ok().filter(|length| *length > 0)?);
    let path = String::from_utf8_lossy(&path).into_owned();
    path.rsplit('/').next().map(str::to_owned).filter(|name| !name.is_empty())
}

/// Returns the numbers of all processes.
pub(crate) fn pids() -> Vec<u32> {
    let mut pids = vec![0 as c_int; 16_384];
    let size = c_int::try_from(pids.len() * size_of::<c_int>()).unwrap_or(0);
    // SAFETY: the buffer is as long as the size in bytes that is passed, and lives through the call.
    let count = unsafe { libc::proc_listallpids(pids.as_mut_ptr().cast(), size) };
    pids.truncate(usize::try_from(count).unwrap_or(0));
    pids.into_iter().filter_map(|pid| u32::try_from(pid).ok()).collect()
}
