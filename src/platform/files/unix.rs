//! Unix: opening flags, group and mode.

use super::{Access, EntryFacts, EntryKind, FileIdentity, Trouble, not_regular, regular};
use std::fs::{File, Metadata, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt, FileTypeExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

#[path = "no_links.rs"]
mod no_links;

/// Errors of servers that are away; told apart from missing names in tests.
#[cfg(test)]
pub(super) const UNREACHABLE: &[i32] =
    &[libc::ESTALE, libc::EIO, libc::ETIMEDOUT, libc::EHOSTDOWN, libc::EHOSTUNREACH, libc::ENOTCONN, libc::ENODEV];

pub(super) fn open_existing_read(path: &Path) -> io::Result<File> {
    open(path, libc::O_RDONLY)
}

pub(super) fn open_existing_write(path: &Path) -> io::Result<File> {
    open(path, libc::O_WRONLY)
}

pub(super) fn create_exclusive(path: &Path) -> io::Result<File> {
    create(path, 0o666)
}

pub(super) fn create_shared(path: &Path, folder: Access) -> io::Result<File> {
    // Whether the group will be the folder's is certain only where the folder hands it on.
    let file = create(path, shared_mode(folder.mode, false, folder.mode & 0o2000 != 0))?;
    let _decided_by_the_server = share_file_access(&file, folder);
    Ok(file)
}

fn create(path: &Path, mode: libc::c_uint) -> io::Result<File> {
    // O_EXCL follows no last link by itself, and there is nothing yet that could block.
    no_links::open(path, libc::O_RDWR | libc::O_CREAT | libc::O_EXCL, mode).map_err(|error| refuse_link(path, error))
}

/// Only Linux has umasks of single threads.
pub(super) fn ignore_umask() {
    #[cfg(target_os = "linux")]
    no_links::ignore_umask();
}

pub(super) fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    options.mode(0o600)
}

pub(super) fn list(folder: &Path) -> io::Result<std::fs::ReadDir> {
    // What is listed are names alone, and nothing is believed of them: a link that appears in between gains nobody anything.
    no_links::check_folder(folder).map_err(|error| refuse_link(folder, error))?;
    std::fs::read_dir(folder)
}

pub(super) fn remove(path: &Path) -> io::Result<()> {
    no_links::remove(path).map_err(|error| refuse_link(path, error))
}

pub(super) fn make_folder(path: &Path) -> io::Result<()> {
    no_links::make_folder(path).map_err(|error| refuse_link(path, error))
}

fn open(path: &Path, access: libc::c_int) -> io::Result<File> {
    match no_links::open(path, access | libc::O_NONBLOCK | libc::O_NOCTTY, 0) {
        // Sockets, and pipes that nobody reads.
        Err(error) if error.raw_os_error() == Some(libc::ENXIO) => Err(not_regular("a pipe, socket or device")),
        // Somebody has a file lease (a local Samba or NFS server's delegation) that is being recalled: that takes patience, which
        // O_NONBLOCK refuses. Only a regular file can have one.
        Err(error) if error.kind() == io::ErrorKind::WouldBlock && path.symlink_metadata().is_ok_and(|facts| facts.is_file()) => {
            no_links::open(path, access | libc::O_NOCTTY, 0)
        }
        other => other,
    }
    .map_err(|error| refuse_link(path, error))
}

/// Says of a link whether it is in the place of the file, or of a folder above it.
fn refuse_link(path: &Path, error: io::Error) -> io::Error {
    if error.raw_os_error() != Some(libc::ELOOP) {
        return error;
    }
    if path.symlink_metadata().is_ok_and(|facts| facts.file_type().is_symlink()) {
        return not_regular("a link");
    }
    io::Error::new(io::ErrorKind::NotADirectory, "a link is in the place of a folder of this path")
}

pub(super) fn read_start(file: &File, buffer: &mut [u8]) -> io::Result<usize> {
    // At an offset, because that is refused by pipes, sockets, terminals and folders: no other call is needed to know them.
    match file.read_at(buffer, 0) {
        // Devices say nothing, or as much as they are asked for.
        Ok(length) if length == 0 || length == buffer.len() => regular(file).map(|_| length),
        Ok(length) => Ok(length),
        Err(error) if error.raw_os_error() == Some(libc::EISDIR) => Err(not_regular("a folder")),
        Err(error) if error.raw_os_error() == Some(libc::ESPIPE) => Err(not_regular("a pipe, socket or device")),
        Err(error) => Err(error),
    }
}

pub(super) fn write_all_at(file: &File, bytes: &[u8], offset: u64) -> io::Result<()> {
    file.write_all_at(bytes, offset)
}

pub(super) fn share_access_like(entry: &Path, folder: Access) -> io::Result<()> {
    // Opened, so that nobody can put a link in its place between the calls; read-only, so that the access differs from the holder's.
    share_file_access(&open(entry, libc::O_RDONLY)?, folder)
}

fn share_file_access(file: &File, folder: Access) -> io::Result<()> {
    let mut given = file.metadata()?;
    if given.gid() != folder.group {
        tolerate(std::os::unix::fs::fchown(file, None, Some(folder.group)))?;
        given = file.metadata()?;
    }
    let mode = shared_mode(folder.mode, given.is_dir(), given.gid() == folder.group);
    if given.mode() & 0o7777 != mode {
        tolerate(file.set_permissions(std::fs::Permissions::from_mode(mode)))?;
    }
    Ok(())
}

/// Returns the mode of a new entry in a folder of mode `model`.
fn shared_mode(model: u32, directory: bool, same_group: bool) -> u32 {
    // Whoever made it can use it, even where the folder belongs to somebody else and gives its owner less.
    let (own, wanted) = if directory { (0o700, 0o2777) } else { (0o600, 0o666) };
    let mode = (model & wanted) | own;
    if same_group {
        return mode;
    }
    // In a foreign group everybody is "others", and so must its members be.
    let others = mode & 0o007;
    (mode & !0o2070) | (others << 3)
}

/// Passes over what a mount does not permit or know: access is then the server's business.
fn tolerate(result: io::Result<()>) -> io::Result<()> {
    match result {
        Err(error)
            if matches!(
                error.raw_os_error(),
                Some(libc::EPERM | libc::EACCES | libc::EROFS | libc::ENOSYS | libc::EOPNOTSUPP | libc::EINVAL)
            ) =>
        {
            Ok(())
        }
        other => other,
    }
}

#[expect(clippy::unnecessary_wraps, reason = "the same on every system")]
pub(super) fn hide(_path: &Path) -> io::Result<()> {
    Ok(())
}

pub(super) fn entry_facts(path: &Path) -> io::Result<EntryFacts> {
    path.symlink_metadata().map(|facts| entry(&facts))
}

pub(super) fn open_facts(file: &File) -> io::Result<EntryFacts> {
    file.metadata().map(|facts| entry(&facts))
}

fn entry(facts: &Metadata) -> EntryFacts {
    let kind = facts.file_type();
    let kind = if kind.is_file() {
        EntryKind::File
    } else if kind.is_dir() {
        EntryKind::Directory
    } else if kind.is_symlink() {
        EntryKind::Link
    } else {
        debug_assert!(kind.is_fifo() || kind.is_socket() || kind.is_block_device() || kind.is_char_device());
        EntryKind::Special
    };
    EntryFacts {
        kind,
        links: facts.nlink(),
        identity: FileIdentity { volume: facts.dev(), file: facts.ino() },
        length: facts.len(),
        modified: facts.modified().ok(),
        access: Access { mode: facts.mode(), group: facts.gid() },
    }
}

pub(super) fn classify(code: i32) -> Option<Trouble> {
    Some(match code {
        libc::ENOENT => Trouble::Missing,
        libc::EEXIST => Trouble::Exists,
        libc::EACCES | libc::EPERM => Trouble::Denied,
        // How the Linux SMB client tells of another program's share mode and of mandatory locks.
        libc::EBUSY | libc::ETXTBSY | libc::EAGAIN => Trouble::Locked,
        libc::ENOSPC | libc::EDQUOT => Trouble::Full,
        libc::EROFS => Trouble::ReadOnly,
        libc::ENAMETOOLONG => Trouble::NameTooLong,
        libc::ENOSYS | libc::EOPNOTSUPP => Trouble::Unsupported,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::files;
    use crate::platform::test_process::Folder;
    use std::process::Command;

    fn access(folder: &Path) -> Access {
        files::entry_facts(folder).unwrap().access
    }

    #[test]
    fn reading_refuses_what_is_no_file() {
        let folder = Folder::new("files-odd");
        let read = |path: &Path, room: usize| files::read_start(&files::open_to_read(path).unwrap(), &mut vec![0; room]);
        let pipe = folder.file("pipe");
        assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        for odd in [pipe.as_path(), folder.path(), Path::new("/dev/null"), Path::new("/dev/zero")] {
            assert_eq!(read(odd, 9).unwrap_err().kind(), io::ErrorKind::InvalidInput, "{}", odd.display());
        }
        let path = folder.file("one");
        files::write_at(&files::create_exclusive(&path).unwrap(), 0, b"12345").unwrap();
        assert_eq!([3, 5, 9].map(|room| read(&path, room).unwrap()), [3, 5, 5]);
    }

    #[test]
    fn a_pipe_neither_hangs_nor_passes() {
        let folder = Folder::new("files-fifo");
        let path = folder.file("pipe");
        assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
        assert_eq!(files::open_existing_read(&path).unwrap_err().kind(), io::ErrorKind::InvalidInput);
        assert_eq!(files::open_existing_write(&path).unwrap_err().kind(), io::ErrorKind::InvalidInput);
        assert_eq!(files::classify(&files::create_exclusive(&path).unwrap_err()), Trouble::Exists);
        assert_eq!(files::entry_facts(&path).unwrap().kind, EntryKind::Special);
        assert!(files::read_whole(&path, 10).is_err());
    }

    #[test]
    fn a_link_is_not_followed_even_when_it_leads_nowhere() {
        let folder = Folder::new("files-symlink");
        let (target, link, dangling) = (folder.file("target"), folder.file("link"), folder.file("dangling"));
        drop(files::create_exclusive(&target).unwrap());
        std::os::unix::fs::symlink(&target, &link).unwrap();
        std::os::unix::fs::symlink(folder.file("nowhere"), &dangling).unwrap();
        for path in [&link, &dangling] {
            assert_eq!(files::open_existing_read(path).unwrap_err().kind(), io::ErrorKind::InvalidInput);
            assert_eq!(files::open_existing_write(path).unwrap_err().kind(), io::ErrorKind::InvalidInput);
            assert_eq!(files::classify(&files::create_exclusive(path).unwrap_err()), Trouble::Exists);
            assert!(files::share_access_like(path, access(folder.path())).is_err());
            assert_eq!(files::entry_facts(path).unwrap().kind, EntryKind::Link);
        }
        assert!(!folder.file("nowhere").exists());
    }

    #[test]
    fn sockets_are_refused() {
        let folder = Folder::new("files-socket");
        let path = folder.file("s");
        let _socket = std::os::unix::net::UnixListener::bind(&path).unwrap();
        assert_eq!(files::open_existing_read(&path).unwrap_err().kind(), io::ErrorKind::InvalidInput);
    }

    #[test]
    fn modes_follow_the_folder_and_not_the_umask() {
        let folder = Folder::new("files-mode");
        let shared = folder.file("shared");
        std::fs::create_dir(&shared).unwrap();
        std::fs::set_permissions(&shared, std::fs::Permissions::from_mode(0o2770)).unwrap();
        let (file, inner) = (shared.join("one"), shared.join("inner"));
        drop(files::create_exclusive(&file).unwrap());
        std::fs::create_dir(&inner).unwrap();
        files::share_access_like(&file, access(&shared)).unwrap();
        files::share_access_like(&inner, access(&shared)).unwrap();
        assert_eq!(file.metadata().unwrap().mode() & 0o7777, 0o660);
        assert_eq!(inner.metadata().unwrap().mode() & 0o7777, 0o2770);
        assert_eq!(file.metadata().unwrap().gid(), shared.metadata().unwrap().gid());
    }

    #[test]
    fn the_group_of_the_folder_is_given_where_permitted() {
        let folder = Folder::new("files-group");
        let shared = folder.file("shared");
        std::fs::create_dir(&shared).unwrap();
        if std::os::unix::fs::chown(&shared, None, Some(54_321)).is_err() {
            println!("skipped: only root may give a folder to any group");
            return;
        }
        let file = shared.join("one");
        drop(files::create_exclusive(&file).unwrap());
        files::share_access_like(&file, access(&shared)).unwrap();
        assert_eq!(file.metadata().unwrap().gid(), 54_321);
    }

    #[test]
    fn a_wrong_group_gets_no_more_than_others() {
        assert_eq!(shared_mode(0o2775, true, true), 0o2775);
        assert_eq!(shared_mode(0o2775, true, false), 0o755);
        assert_eq!(shared_mode(0o2770, false, false), 0o600);
        assert_eq!(shared_mode(0o777, false, false), 0o666);
        assert_eq!(shared_mode(0o1777, true, true), 0o777);
        assert_eq!(shared_mode(0o070, false, true), 0o660);
    }

    #[test]
    fn trouble_is_told_by_number() {
        let of = |code| files::classify(&io::Error::from_raw_os_error(code));
        assert_eq!(of(libc::ENOSPC), Trouble::Full);
        assert_eq!(of(libc::EDQUOT), Trouble::Full);
        assert_eq!(of(libc::EROFS), Trouble::ReadOnly);
        assert_eq!(of(libc::EPERM), Trouble::Denied);
        assert_eq!(of(libc::ENOTSUP), Trouble::Unsupported);
        assert_eq!(of(libc::EBUSY), Trouble::Locked);
        assert_eq!(of(libc::EWOULDBLOCK), Trouble::Locked);
        assert_eq!(files::classify(&io::Error::new(io::ErrorKind::Unsupported, "wrapped")), Trouble::Unsupported);
    }
}
