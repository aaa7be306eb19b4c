//! How much room a file server has left: a fact for people, and a question that no cache on this machine can answer.
//!
//! The hazard: with the cable out, NFS and SMB clients go on answering reads from their caches. How much space is free is asked of the
//! server every time (NFS `FSSTAT`/`statfs`, SMB `QUERY_FS_INFO`), and asking writes nothing.

use std::io;
use std::path::Path;

/// The room on the file system of a folder, for this user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Space {
    /// Free bytes.
    pub free: u64,
    /// All bytes; 0 where the system does not tell.
    pub total: u64,
    /// How many more files can be made; `None` where there is no such limit or it is not told.
    pub free_files: Option<u64>,
}

/// Asks the file system of `folder` for its free space.
///
/// # Errors
/// What the system said; a hanging share hangs here.
#[cfg(unix)]
pub fn space(folder: &Path) -> io::Result<Space> {
    use std::os::unix::ffi::OsStrExt;
    let path = std::ffi::CString::new(folder.as_os_str().as_bytes())?;
    // SAFETY: the structure is plain numbers, for which all zeroes is a valid value.
    let mut facts: libc::statvfs = unsafe { std::mem::zeroed() };
    // SAFETY: the path ends in a zero byte, and both places outlive the call.
    let answer = unsafe { libc::statvfs(path.as_ptr(), &raw mut facts) };
    if answer != 0 {
        return Err(io::Error::last_os_error());
    }
    // The widths differ between systems; macOS counts in 32 bits.
    let number = |value: i128| u64::try_from(value).unwrap_or(u64::MAX);
    let unit = i128::from(facts.f_frsize);
    let free_files = (facts.f_files != 0).then(|| number(i128::from(facts.f_favail)));
    Ok(Space { free: number(i128::from(facts.f_bavail) * unit), total: number(i128::from(facts.f_blocks) * unit), free_files })
}

/// Asks the file system of `folder` for its free space, within this user's quota.
///
/// # Errors
/// What the system said; a hanging share hangs here.
#[cfg(windows)]
pub fn space(folder: &Path) -> io::Result<Space> {
    use windows_sys::Win32::Storage::FileSystem::GetDiskFreeSpaceExW;
    let path = super::wide::path_to_wide(folder);
    let (mut free, mut total) = (0_u64, 0_u64);
    // SAFETY: the path ends in a zero, the numbers have room for the answers, and the third answer is not asked for.
    let answer = unsafe { GetDiskFreeSpaceExW(path.as_ptr(), &raw mut free, &raw mut total, std::ptr::null_mut()) };
    if answer == 0 { Err(io::Error::last_os_error()) } else { Ok(Space { free, total, free_files: None }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_answers_and_a_missing_one_does_not() {
        let folder = tempfile::tempdir().unwrap();
        let room = space(folder.path()).unwrap();
        assert!(room.total >= room.free && room.total > 0, "{room:?}");
        assert_eq!(space(&folder.path().join("gone")).unwrap_err().kind(), io::ErrorKind::NotFound);
    }
}
