//! Unix: opening, making and removing by path with no link anywhere on the way.
//!
//! The hazard: whoever may write on the share can put a link in the place of a folder of ours at any moment, also between a check and
//! the use of what was checked. So the kernel itself refuses links while it walks: `openat2` on Linux, one component after the other
//! where that is missing (before 5.6, and in old containers), `O_NOFOLLOW_ANY` on macOS.

use std::ffi::{CStr, CString, OsStr};
use std::fs::File;
use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// Opens a folder for nothing but what is in it.
#[cfg(target_os = "linux")]
const FOLDER: libc::c_int = libc::O_PATH | libc::O_DIRECTORY;
#[cfg(not(target_os = "linux"))]
const FOLDER: libc::c_int = libc::O_RDONLY | libc::O_DIRECTORY;

/// Opens a path with these flags; the mode counts where a file is made.
pub(super) fn open(path: &Path, flags: libc::c_int, mode: libc::c_uint) -> io::Result<File> {
    again(|| system(path, flags | libc::O_NOFOLLOW | libc::O_CLOEXEC, mode)).map(File::from)
}

/// Removes a name.
pub(super) fn remove(path: &Path) -> io::Result<()> {
    let (folder, name) = split(path)?;
    // SAFETY: the descriptor is open while `folder` lives, and the name ends with a zero.
    checked(|| unsafe { libc::unlinkat(folder.as_raw_fd(), name.as_ptr(), 0) }).map(drop)
}

/// Makes a folder.
pub(super) fn make_folder(path: &Path) -> io::Result<()> {
    let (folder, name) = split(path)?;
    // SAFETY: the descriptor is open while `folder` lives, and the name ends with a zero.
    checked(|| unsafe { libc::mkdirat(folder.as_raw_fd(), name.as_ptr(), 0o777) }).map(drop)
}

/// Makes sure that a folder is one, and is reached without a link.
pub(super) fn check_folder(path: &Path) -> io::Result<()> {
    open(path, FOLDER, 0).map(drop)
}

/// Takes this thread out of what all threads of a process share of this kind (umask, working folder, root), and lets it have a umask of
/// its own, which takes nothing away. Where that is refused (containers), all stays as it was.
#[cfg(target_os = "linux")]
pub(super) fn ignore_umask() {
    // SAFETY: the call takes a number alone, and changes nothing but what this thread shares with others.
    if unsafe { libc::unshare(libc::CLONE_FS) } == 0 {
        // SAFETY: as above; the umask is this thread's own now.
        unsafe { libc::umask(0) };
    }
}

/// Opens the folder of a path, and returns its last component with it.
fn split(path: &Path) -> io::Result<(File, CString)> {
    let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else { return Err(io::ErrorKind::InvalidInput.into()) };
    Ok((open(folder, FOLDER, 0)?, text(name)?))
}

fn text(name: &OsStr) -> io::Result<CString> {
    Ok(CString::new(name.as_bytes())?)
}

#[cfg(target_os = "linux")]
fn system(path: &Path, flags: libc::c_int, mode: libc::c_uint) -> io::Result<OwnedFd> {
    match at_once(&text(path.as_os_str())?, flags, mode) {
        // The kernel is too old, or a container's filter does not know the call; where it is a real refusal it comes again.
        Err(error) if matches!(error.raw_os_error(), Some(libc::ENOSYS | libc::EPERM)) => walk(path, flags, mode),
        other => other,
    }
}

#[cfg(not(target_os = "linux"))]
fn system(path: &Path, flags: libc::c_int, mode: libc::c_uint) -> io::Result<OwnedFd> {
    at(libc::AT_FDCWD, &text(path.as_os_str())?, flags | libc::O_NOFOLLOW_ANY, mode)
}

/// Lets the kernel walk.
#[cfg(target_os = "linux")]
fn at_once(path: &CStr, flags: libc::c_int, mode: libc::c_uint) -> io::Result<OwnedFd> {
    // SAFETY: the structure is plain numbers, for which all zeroes is a valid value.
    let mut how: libc::open_how = unsafe { std::mem::zeroed() };
    how.flags = u64::from(flags.cast_unsigned());
    // Any other mode than 0 is refused where nothing is made.
    how.mode = if flags & libc::O_CREAT == 0 { 0 } else { u64::from(mode) };
    how.resolve = libc::RESOLVE_NO_SYMLINKS;
    let size = size_of::<libc::open_how>();
    // SAFETY: the path ends with a zero, and both it and the structure of that size outlive the call.
    let opened = checked(|| unsafe { libc::syscall(libc::SYS_openat2, libc::AT_FDCWD, path.as_ptr(), &raw const how, size) })?;
    let opened = RawFd::try_from(opened).map_err(io::Error::other)?;
    // SAFETY: the kernel has just made this descriptor, and nobody else knows it.
    Ok(unsafe { OwnedFd::from_raw_fd(opened) })
}

/// Walks by itself: every folder is opened from the one before, and a link is none.
#[cfg(target_os = "linux")]
fn walk(path: &Path, flags: libc::c_int, mode: libc::c_uint) -> io::Result<OwnedFd> {
    let start = if path.is_absolute() { c"/" } else { c"." };
    let mut folder = at(libc::AT_FDCWD, start, FOLDER | libc::O_CLOEXEC, 0)?;
    let mut components = path.components().filter(|part| !matches!(part, std::path::Component::RootDir)).peekable();
    while let Some(part) = components.next() {
        let name = text(part.as_os_str())?;
        if components.peek().is_none() {
            return at(folder.as_raw_fd(), &name, flags, mode);
        }
        folder = at(folder.as_raw_fd(), &name, FOLDER | libc::O_NOFOLLOW | libc::O_CLOEXEC, 0)?;
    }
    Ok(folder)
}

fn at(folder: RawFd, name: &CStr, flags: libc::c_int, mode: libc::c_uint) -> io::Result<OwnedFd> {
    // SAFETY: the name ends with a zero; the mode is passed as the variable argument that the call reads.
    let opened = checked(|| unsafe { libc::openat(folder, name.as_ptr(), flags, mode) })?;
    // SAFETY: the kernel has just made this descriptor, and nobody else knows it.
    Ok(unsafe { OwnedFd::from_raw_fd(opened) })
}

fn checked<N: Copy + Into<i64>>(call: impl FnOnce() -> N) -> io::Result<N> {
    let result = call();
    if result.into() < 0 { Err(io::Error::last_os_error()) } else { Ok(result) }
}

/// Signals interrupt what may take long on a network.
fn again<T>(mut call: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    loop {
        match call() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            other => return other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::test_process::Folder;
    use std::os::unix::fs::symlink;

    /// A folder with `real/one`, and `link` leading to `real`.
    fn linked(name: &str) -> Folder {
        let folder = Folder::new(name);
        std::fs::create_dir(folder.file("real")).unwrap();
        std::fs::write(folder.file("real/one"), b"x").unwrap();
        symlink("real", folder.file("link")).unwrap();
        folder
    }

    #[test]
    fn no_component_may_be_a_link() {
        let folder = linked("no-links");
        open(&folder.file("real/one"), libc::O_RDONLY, 0).unwrap();
        assert!(open(&folder.file("link/one"), libc::O_RDONLY, 0).is_err());
        assert!(open(&folder.file("link/two"), libc::O_RDWR | libc::O_CREAT | libc::O_EXCL, 0o600).is_err());
        assert!(remove(&folder.file("link/one")).is_err());
        assert!(make_folder(&folder.file("link/two")).is_err());
        assert!(check_folder(&folder.file("link")).is_err());
        check_folder(&folder.file("real")).unwrap();
        make_folder(&folder.file("real/two")).unwrap();
        remove(&folder.file("real/one")).unwrap();
        let left: Vec<_> = std::fs::read_dir(folder.file("real")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(left, ["two"]);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn walking_by_hand_comes_to_the_same() {
        let folder = linked("no-links-walk");
        let read = |path: &str| walk(&folder.file(path), libc::O_RDONLY | libc::O_NOFOLLOW | libc::O_CLOEXEC, 0);
        read("real/one").unwrap();
        for (path, at_once) in [("link/one", true), ("link", true), ("nowhere/one", true), ("real/one", false)] {
            let kernel = open(&folder.file(path), libc::O_RDONLY, 0).is_err();
            assert_eq!((read(path).is_err(), kernel), (at_once, at_once), "{path}");
        }
        let made = libc::O_RDWR | libc::O_CREAT | libc::O_EXCL | libc::O_CLOEXEC;
        walk(&folder.file("real/two"), made, 0o600).unwrap();
        assert_eq!(walk(&folder.file("real/two"), made, 0o600).unwrap_err().raw_os_error(), Some(libc::EEXIST));
        assert!(walk(&folder.file("link/three"), made, 0o600).is_err());
    }
}
