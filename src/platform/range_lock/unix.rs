//! Unix: `fcntl`. Linux has locks that belong to the open file (OFD, 3.15); macOS has those of the process alone, because its own
//! OFD calls are private and not promised.

use super::{Answer, OFFSET};
use std::ffi::c_int;
use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;

#[cfg(target_os = "linux")]
mod calls {
    pub(super) use libc::flock64 as Request;
    pub(super) const TRY: libc::c_int = libc::F_OFD_SETLK;
    pub(super) const WAIT: libc::c_int = libc::F_OFD_SETLKW;
}

#[cfg(not(target_os = "linux"))]
mod calls {
    pub(super) use libc::flock as Request;
    pub(super) const TRY: libc::c_int = libc::F_SETLK;
    pub(super) const WAIT: libc::c_int = libc::F_SETLKW;
}

/// Numbers that mean "no such locks here": `ENOLCK` also comes from NFS servers without a lock service, `EINVAL` from old kernels.
pub(super) const UNSUPPORTED: &[i32] = &[libc::ENOLCK, libc::ENOSYS, libc::EOPNOTSUPP, libc::ENOTSUP, libc::EINVAL];

pub(super) fn exclusive(file: &File) -> io::Result<Answer> {
    answer(request(file, calls::TRY, c_int::from(libc::F_WRLCK)))
}

pub(super) fn shared(file: &File) -> io::Result<Answer> {
    answer(request(file, calls::TRY, c_int::from(libc::F_RDLCK)))
}

pub(super) fn shared_waiting(file: &File) -> io::Result<()> {
    request(file, calls::WAIT, c_int::from(libc::F_RDLCK))
}

pub(super) fn unlock(file: &File) -> io::Result<()> {
    request(file, calls::TRY, c_int::from(libc::F_UNLCK))
}

/// SMB on Linux says `EACCES` where local file systems say `EAGAIN`; POSIX allows both.
fn answer(result: io::Result<()>) -> io::Result<Answer> {
    match result {
        Ok(()) => Ok(Answer::Done),
        Err(error) if matches!(error.raw_os_error(), Some(libc::EAGAIN | libc::EACCES)) => Ok(Answer::Busy),
        Err(error) => Err(error),
    }
}

fn request(file: &File, command: c_int, kind: c_int) -> io::Result<()> {
    let narrow = |number: c_int| libc::c_short::try_from(number).map_err(io::Error::other);
    let request = calls::Request {
        l_type: narrow(kind)?,
        l_whence: narrow(libc::SEEK_SET)?,
        l_start: OFFSET,
        l_len: 1,
        l_pid: 0, // must be zero for OFD locks
    };
    loop {
        // SAFETY: the descriptor is open while `file` is borrowed, and the request outlives the call.
        let result = unsafe { libc::fcntl(file.as_raw_fd(), command, &raw const request) };
        if result == 0 {
            return Ok(());
        }
        let error = io::Error::last_os_error();
        // A signal must not look like a freed lock.
        if error.kind() != io::ErrorKind::Interrupted {
            return Err(error);
        }
    }
}
