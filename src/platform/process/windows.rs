//! Processes through handles.
//!
//! Hazards: a process that has ended stays openable while anybody holds a handle of it, so being openable is no sign of life; and
//! the system refuses other users' processes with "access denied", which is "hidden", never "gone".

use super::{ProcessFacts, Sight};
use crate::platform::wide::{Owned, from_wide};
use std::time::Duration;
use windows_sys::Win32::Foundation::{ERROR_INVALID_PARAMETER, FILETIME, HANDLE, WAIT_OBJECT_0, WAIT_TIMEOUT};
use windows_sys::Win32::System::Threading::{
    GetProcessTimes, OpenProcess, PROCESS_NAME_WIN32, PROCESS_QUERY_LIMITED_INFORMATION, PROCESS_SYNCHRONIZE,
    QueryFullProcessImageNameW, WaitForSingleObject,
};

pub(super) fn look(pid: u32) -> Sight {
    match open(pid) {
        Ok(process) => match start_of_handle(process.raw()) {
            Some(start) if still_runs(process.raw()) => Sight::Started(start),
            Some(_) => Sight::None,
            None => Sight::Hidden,
        },
        Err(error) if error.raw_os_error() == i32::try_from(ERROR_INVALID_PARAMETER).ok() => Sight::None,
        Err(_) => Sight::Hidden,
    }
}

fn open(pid: u32) -> std::io::Result<Owned> {
    // SAFETY: plain numbers go in, and a handle or null comes out, which `Owned` checks.
    let handle = unsafe { OpenProcess(PROCESS_QUERY_LIMITED_INFORMATION | PROCESS_SYNCHRONIZE, 0, pid) };
    Owned::new(handle)
}

/// Returns when the process behind a handle was created, in units of 100 ns since 1601.
pub(crate) fn start_of_handle(process: HANDLE) -> Option<u64> {
    let zero = FILETIME { dwLowDateTime: 0, dwHighDateTime: 0 };
    let (mut created, mut exited, mut kernel, mut user) = (zero, zero, zero, zero);
    // SAFETY: the handle is open, and the four places outlive the call.
    let done = unsafe { GetProcessTimes(process, &raw mut created, &raw mut exited, &raw mut kernel, &raw mut user) };
    (done != 0).then(|| (u64::from(created.dwHighDateTime) << 32) | u64::from(created.dwLowDateTime))
}

fn still_runs(process: HANDLE) -> bool {
    // SAFETY: the handle is open with the right to wait; a time-out of zero does not block.
    let result = unsafe { WaitForSingleObject(process, 0) };
    result == WAIT_TIMEOUT
}

/// Waits for the end of the process that has this number, if it is still the one that is meant once it can be waited for.
pub(super) fn wait(pid: u32, patience: Duration, is_meant: impl Fn() -> bool) -> Option<bool> {
    let process = open(pid).ok()?;
    let patience = u32::try_from(patience.as_millis()).unwrap_or(u32::MAX - 1);
    if !is_meant() {
        return None;
    }
    // SAFETY: the handle is open with the right to wait.
    Some(unsafe { WaitForSingleObject(process.raw(), patience) } == WAIT_OBJECT_0)
}

pub(super) fn marked(_variable: &str, _value: &str) -> Option<Vec<ProcessFacts>> {
    None
}

pub(super) fn executable_name(pid: u32) -> Option<String> {
    let process = open(pid).ok()?;
    let mut path = vec![0_u16; 32_768];
    let mut length = u32::try_from(path.len()).ok()?;
    // SAFETY: the buffer is as long as `length` says, and both outlive the call.
    let done = unsafe { QueryFullProcessImageNameW(process.raw(), PROCESS_NAME_WIN32, path.as_mut_ptr(), &raw mut length) };
    if done == 0 {
        return None;
    }
    let path = from_wide(path.get(..usize::try_from(length).ok()?)?);
    path.rsplit('\\').next().map(str::to_owned).filter(|name| !name.is_empty())
}
