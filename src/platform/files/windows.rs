//! Windows: share modes, reparse points and file information.
//!
//! Every handle shares reading, writing and deleting, so that no colleague is ever locked out by a look.

use super::{Access, EntryFacts, EntryKind, FileIdentity, Trouble, not_regular, regular};
use crate::platform::wide::path_to_wide;
use std::fs::{File, OpenOptions};
use std::io;
use std::os::windows::fs::{FileExt, MetadataExt, OpenOptionsExt};
use std::os::windows::io::AsRawHandle;
use std::path::Path;
use std::time::{Duration, UNIX_EPOCH};
use windows_sys::Win32::Foundation as code;
use windows_sys::Win32::Storage::FileSystem::{
    BY_HANDLE_FILE_INFORMATION, FILE_ATTRIBUTE_DIRECTORY, FILE_ATTRIBUTE_HIDDEN, FILE_ATTRIBUTE_REPARSE_POINT,
    FILE_FLAG_BACKUP_SEMANTICS, FILE_FLAG_OPEN_REPARSE_POINT, FILE_SHARE_DELETE, FILE_SHARE_READ, FILE_SHARE_WRITE,
    FILE_TYPE_DISK, GetFileInformationByHandle, GetFileType, SetFileAttributesW,
};

/// Errors of servers that are away; told apart from missing names in tests.
#[cfg(test)]
pub(super) const UNREACHABLE: &[i32] = &[
    code::ERROR_BAD_NETPATH.cast_signed(),
    code::ERROR_BAD_NET_NAME.cast_signed(),
    code::ERROR_NETNAME_DELETED.cast_signed(),
    code::ERROR_UNEXP_NET_ERR.cast_signed(),
    code::ERROR_SEM_TIMEOUT.cast_signed(),
    code::ERROR_NOT_READY.cast_signed(),
];

/// File times count in steps of 100 ns from 1601.
const TICKS: u64 = 10_000_000;
const FROM_1601_TO_1970: u64 = 11_644_473_600 * TICKS;
const SHARE_ALL: u32 = FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE;

pub(super) fn open_existing_read(path: &Path) -> io::Result<File> {
    open(path, OpenOptions::new().read(true))
}

pub(super) fn open_existing_write(path: &Path) -> io::Result<File> {
    open(path, OpenOptions::new().write(true))
}

pub(super) fn create_exclusive(path: &Path) -> io::Result<File> {
    open(path, OpenOptions::new().read(true).write(true).create_new(true))
}

fn open(path: &Path, options: &mut OpenOptions) -> io::Result<File> {
    options.share_mode(SHARE_ALL).custom_flags(FILE_FLAG_OPEN_REPARSE_POINT).open(path)
}

/// What lies in a user's profile is closed to other users by what it inherits.
pub(super) const fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    options
}

pub(super) fn read_start(file: &File, buffer: &mut [u8]) -> io::Result<usize> {
    regular(file)?;
    file.seek_read(buffer, 0)
}

pub(super) fn list(folder: &Path) -> io::Result<std::fs::ReadDir> {
    std::fs::read_dir(folder)
}

pub(super) fn remove(path: &Path) -> io::Result<()> {
    std::fs::remove_file(path)
}

pub(super) fn make_folder(path: &Path) -> io::Result<()> {
    std::fs::create_dir(path)
}

pub(super) fn write_all_at(file: &File, mut bytes: &[u8], mut offset: u64) -> io::Result<()> {
    while !bytes.is_empty() {
        match file.seek_write(bytes, offset) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(written) => {
                bytes = bytes.get(written..).unwrap_or_default();
                offset = offset.saturating_add(u64::try_from(written).unwrap_or(0));
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

#[expect(clippy::unnecessary_wraps, reason = "the same on every system")]
pub(super) fn share_access_like(_entry: &Path, _folder: Access) -> io::Result<()> {
    Ok(())
}

pub(super) fn create_shared(path: &Path, _folder: Access) -> io::Result<File> {
    create_exclusive(path)
}

pub(super) fn ignore_umask() {}

pub(super) fn hide(path: &Path) -> io::Result<()> {
    let attributes = path.symlink_metadata()?.file_attributes() | FILE_ATTRIBUTE_HIDDEN;
    let path = path_to_wide(path);
    // SAFETY: the path ends with a zero and outlives the call.
    let done = unsafe { SetFileAttributesW(path.as_ptr(), attributes) };
    if done == 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

pub(super) fn entry_facts(path: &Path) -> io::Result<EntryFacts> {
    // No access at all is enough for a look, disturbs nobody's share mode, and works on folders with backup semantics.
    let file = OpenOptions::new()
        .access_mode(0)
        .share_mode(SHARE_ALL)
        .custom_flags(FILE_FLAG_OPEN_REPARSE_POINT | FILE_FLAG_BACKUP_SEMANTICS)
        .open(path)?;
    open_facts(&file)
}

pub(super) fn open_facts(file: &File) -> io::Result<EntryFacts> {
    // SAFETY: the handle is open while `file` is borrowed.
    let kind = unsafe { GetFileType(file.as_raw_handle()) };
    if kind != FILE_TYPE_DISK {
        // Consoles, pipes, and device names such as `con` that hide in any folder.
        return Err(not_regular("a pipe, socket or device"));
    }
    // SAFETY: the structure is plain numbers, for which all zeroes is a valid value.
    let mut facts: BY_HANDLE_FILE_INFORMATION = unsafe { std::mem::zeroed() };
    // SAFETY: the handle is open while `file` is borrowed, and `facts` outlives the call.
    if unsafe { GetFileInformationByHandle(file.as_raw_handle(), &raw mut facts) } == 0 {
        return Err(io::Error::last_os_error());
    }
    let kind = if facts.dwFileAttributes & FILE_ATTRIBUTE_REPARSE_POINT != 0 {
        EntryKind::Link
    } else if facts.dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY != 0 {
        EntryKind::Directory
    } else {
        EntryKind::File
    };
    let file = (u64::from(facts.nFileIndexHigh) << 32) | u64::from(facts.nFileIndexLow);
    let identity = FileIdentity { volume: u64::from(facts.dwVolumeSerialNumber), file };
    let length = (u64::from(facts.nFileSizeHigh) << 32) | u64::from(facts.nFileSizeLow);
    let written = (u64::from(facts.ftLastWriteTime.dwHighDateTime) << 32) | u64::from(facts.ftLastWriteTime.dwLowDateTime);
    let modified = written
        .checked_sub(FROM_1601_TO_1970)
        .and_then(|ticks| UNIX_EPOCH.checked_add(Duration::new(ticks / TICKS, u32::try_from(ticks % TICKS).unwrap_or(0) * 100)));
    Ok(EntryFacts { kind, links: u64::from(facts.nNumberOfLinks), identity, length, modified, access: Access::default() })
}

pub(super) fn classify(number: i32) -> Option<Trouble> {
    Some(match number.cast_unsigned() {
        code::ERROR_FILE_NOT_FOUND | code::ERROR_PATH_NOT_FOUND => Trouble::Missing,
        code::ERROR_FILE_EXISTS | code::ERROR_ALREADY_EXISTS => Trouble::Exists,
        // The last one passes: a slow removal has the name for a moment.
        code::ERROR_ACCESS_DENIED
        | code::ERROR_NETWORK_ACCESS_DENIED
        | code::ERROR_PRIVILEGE_NOT_HELD
        | code::ERROR_DELETE_PENDING => Trouble::Denied,
        code::ERROR_SHARING_VIOLATION | code::ERROR_LOCK_VIOLATION => Trouble::Locked,
        code::ERROR_DISK_FULL | code::ERROR_HANDLE_DISK_FULL | code::ERROR_DISK_QUOTA_EXCEEDED => Trouble::Full,
        code::ERROR_WRITE_PROTECT => Trouble::ReadOnly,
        code::ERROR_FILENAME_EXCED_RANGE | code::ERROR_BUFFER_OVERFLOW => Trouble::NameTooLong,
        code::ERROR_INVALID_FUNCTION | code::ERROR_NOT_SUPPORTED | code::ERROR_CALL_NOT_IMPLEMENTED => Trouble::Unsupported,
        // The standard library calls these two "not found"; they mean that the server or the share is away.
        code::ERROR_BAD_NETPATH | code::ERROR_BAD_NET_NAME => Trouble::Other,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::files;
    use crate::platform::test_process::Folder;

    #[test]
    fn a_file_that_is_open_can_still_be_opened_by_everybody() {
        let folder = Folder::new("files-share");
        let path = folder.file("one");
        let _held = files::create_exclusive(&path).unwrap();
        let _reader = files::open_existing_read(&path).unwrap();
        files::open_existing_write(&path).unwrap();
    }

    #[test]
    fn the_store_is_hidden() {
        let folder = Folder::new("files-attribute");
        files::hide(folder.path()).unwrap();
        assert_ne!(folder.path().metadata().unwrap().file_attributes() & FILE_ATTRIBUTE_HIDDEN, 0);
    }

    #[test]
    fn trouble_is_told_by_number() {
        let of = |number: u32| files::classify(&io::Error::from_raw_os_error(number.cast_signed()));
        assert_eq!(of(code::ERROR_DISK_FULL), Trouble::Full);
        assert_eq!(of(code::ERROR_SHARING_VIOLATION), Trouble::Locked);
        assert_eq!(of(code::ERROR_DELETE_PENDING), Trouble::Denied);
        assert_eq!(of(code::ERROR_WRITE_PROTECT), Trouble::ReadOnly);
    }
}
