//! Asking a file server to say when something changes in a folder: the one way in which Linux tells of other machines' changes.
//!
//! The kernel's own events (inotify) never fire for what another machine did; its SMB client can be asked by hand. Hazards: a wait
//! cannot be called off, so it needs a thread that may stay behind until the next change; each call tells of one change, and what
//! happens between two calls is lost, so whoever is told looks at everything again.

use std::io;
use std::path::Path;

/// Waits until something is written, made or removed in a folder (not below it), by whichever machine.
///
/// # Errors
/// [`io::ErrorKind::Unsupported`] where the file system cannot be asked; otherwise what the system said, also when the server is lost.
#[cfg(target_os = "linux")]
pub fn wait(folder: &Path) -> io::Result<()> {
    use std::os::fd::AsRawFd;

    /// `struct smb3_notify` of the kernel's `fs/smb/client/cifs_ioctl.h`, since Linux 5.6.
    #[repr(C, packed)]
    struct Request {
        completion_filter: u32,
        watch_tree: u8,
    }
    /// `_IOW(0xCF, 9, struct smb3_notify)`.
    const CIFS_IOC_NOTIFY: libc::Ioctl = (1 << 30) | ((size_of::<Request>() as libc::Ioctl) << 16) | (0xCF << 8) | 9;
    /// Names of files, their sizes, the times of their last writes.
    const FILTER: u32 = 0x1 | 0x8 | 0x10;

    let folder = std::fs::File::open(folder)?;
    let request = Request { completion_filter: FILTER, watch_tree: 0 };
    // SAFETY: the descriptor is open, the number is the one of this structure, and the structure outlives the call.
    let result = unsafe { libc::ioctl(folder.as_raw_fd(), CIFS_IOC_NOTIFY, &raw const request) };
    if result == 0 {
        return Ok(());
    }
    let error = io::Error::last_os_error();
    match error.raw_os_error() {
        // Other file systems do not know the number.
        Some(libc::ENOTTY | libc::EINVAL | libc::EOPNOTSUPP) => Err(io::Error::new(io::ErrorKind::Unsupported, error)),
        _ => Err(error),
    }
}

/// Other systems are not asked in this way.
///
/// # Errors
/// [`io::ErrorKind::Unsupported`] always.
#[cfg(not(target_os = "linux"))]
pub fn wait(_folder: &Path) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_local_folder_cannot_be_asked() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(wait(folder.path()).unwrap_err().kind(), io::ErrorKind::Unsupported);
    }
}
