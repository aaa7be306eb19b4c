//! Processes through libproc.
//!
//! Hazard: the system hides most of another user's processes, and says so with `EPERM`; that is "hidden", never "gone".
//! Environments of others cannot be read in general, so nothing is ever [`super::marked`] here.

use super::{ProcessFacts, Sight};
use std::ffi::c_int;

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
