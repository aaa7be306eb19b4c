//! Asking a file server something that no cache on this machine can answer, without writing.
//!
//! The hazard: with the cable out, NFS and SMB clients go on answering reads from their caches. How much space is free is asked of the
//! server every time (NFS `FSSTAT`/`statfs`, SMB `QUERY_FS_INFO`).

use std::io;
use std::path::Path;

/// Asks the file system of `folder` for its free space.
///
/// # Errors
/// What the system said; a hanging share hangs here.
#[cfg(unix)]
pub fn ping(folder: &Path) -> io::Result<()> {
    use std::os::unix::ffi::OsStrExt;
    let path = std::ffi::CString::new(folder.as_os_str().as_bytes())?;
    let mut space = std::mem::MaybeUninit::<libc::statvfs>::uninit();
    // SAFETY: the path ends in a zero byte, and the struct has room for the answer, which is not looked at.
    let answer = unsafe { libc::statvfs(path.as_ptr(), space.as_mut_ptr()) };
    if answer == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// Asks the file system of `folder` for its free space.
///
/// # Errors
/// What the system said; a hanging share hangs here.
#[cfg(windows)]
pub fn ping(folder: &Path) -> io::Result<()> {
    use windows_sys::Win32::Storage::FileSystem::GetDiskFreeSpaceExW;
    let path = super::wide::to_wide(folder);
    let mut free = 0_u64;
    // SAFETY: the path ends in a zero, the number has room for the answer, and the other two answers are not asked for.
    let answer = unsafe { GetDiskFreeSpaceExW(path.as_ptr(), &raw mut free, std::ptr::null_mut(), std::ptr::null_mut()) };
    if answer == 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_answers_and_a_missing_one_does_not() {
        let folder = tempfile::tempdir().unwrap();
        ping(folder.path()).unwrap();
        assert_eq!(ping(&folder.path().join("gone")).unwrap_err().kind(), io::ErrorKind::NotFound);
    }
}
