//! Windows: `LockFileEx`. Locks belong to the handle.
//!
//! Hazard: the handle is one for synchronous calls, so a waiting lock holds up every other call on the same handle.

use super::{Answer, OFFSET};
use std::fs::File;
use std::io;
use std::os::windows::io::AsRawHandle;
use windows_sys::Win32::Foundation::{
    ERROR_INVALID_FUNCTION, ERROR_IO_PENDING, ERROR_LOCK_VIOLATION, ERROR_NOT_LOCKED, ERROR_NOT_SUPPORTED,
};
use windows_sys::Win32::Storage::FileSystem::{
    LOCK_FILE_FLAGS, LOCKFILE_EXCLUSIVE_LOCK, LOCKFILE_FAIL_IMMEDIATELY, LockFileEx, UnlockFileEx,
};
use windows_sys::Win32::System::IO::{OVERLAPPED, OVERLAPPED_0, OVERLAPPED_0_0};

/// Numbers that mean "no such locks here", from redirectors other than SMB.
pub(super) const UNSUPPORTED: &[i32] = &[ERROR_INVALID_FUNCTION.cast_signed(), ERROR_NOT_SUPPORTED.cast_signed()];

pub(super) fn exclusive(file: &File) -> io::Result<Answer> {
    answer(lock(file, LOCKFILE_EXCLUSIVE_LOCK | LOCKFILE_FAIL_IMMEDIATELY))
}

pub(super) fn shared(file: &File) -> io::Result<Answer> {
    answer(lock(file, LOCKFILE_FAIL_IMMEDIATELY))
}

pub(super) fn shared_waiting(file: &File) -> io::Result<()> {
    lock(file, 0)
}

pub(super) fn unlock(file: &File) -> io::Result<()> {
    let mut place = place();
    // SAFETY: the handle is open while `file` is borrowed; `place` outlives the synchronous call.
    let done = unsafe { UnlockFileEx(file.as_raw_handle(), 0, 1, 0, &raw mut place) };
    if done != 0 {
        return Ok(());
    }
    let error = io::Error::last_os_error();
    // Wine 8 says "lock violation" where Windows says "not locked".
    if matches!(code(&error), Some(ERROR_NOT_LOCKED | ERROR_LOCK_VIOLATION)) { Ok(()) } else { Err(error) }
}

fn lock(file: &File, flags: LOCK_FILE_FLAGS) -> io::Result<()> {
    let mut place = place();
    // SAFETY: the handle is open while `file` is borrowed; `place` outlives the synchronous call.
    let done = unsafe { LockFileEx(file.as_raw_handle(), flags, 0, 1, 0, &raw mut place) };
    if done != 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

fn answer(result: io::Result<()>) -> io::Result<Answer> {
    match result {
        Ok(()) => Ok(Answer::Done),
        Err(error) if matches!(code(&error), Some(ERROR_LOCK_VIOLATION | ERROR_IO_PENDING)) => Ok(Answer::Busy),
        Err(error) => Err(error),
    }
}

fn code(error: &io::Error) -> Option<u32> {
    error.raw_os_error().map(i32::cast_unsigned)
}

fn place() -> OVERLAPPED {
    let offset = OFFSET.cast_unsigned();
    let halves = OVERLAPPED_0_0 {
        Offset: u32::try_from(offset & 0xFFFF_FFFF).unwrap_or(0),
        OffsetHigh: u32::try_from(offset >> 32).unwrap_or(0),
    };
    OVERLAPPED { Internal: 0, InternalHigh: 0, Anonymous: OVERLAPPED_0 { Anonymous: halves }, hEvent: std::ptr::null_mut() }
}
