//! Opening, reading and writing single files in a folder where anybody may have put anything.
//!
//! Guards against links, pipes and devices in the place of our files: nothing but a regular file is accepted, and no opening waits for
//! the other end of a pipe. On Unix no component of a path may be a link, so callers resolve the folder of the database first; on
//! Windows the last one may not, and [`refuse_links`] looks at the folders. Nothing here renames, and a file is made shorter only
//! after it was written over. Calls may hang for as long as the share does, and each of them costs a network share's users a round
//! trip: what one call has told is not asked again.

use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Read};
use std::path::Path;
use std::time::SystemTime;

#[cfg(unix)]
#[path = "unix.rs"]
mod system;
#[cfg(windows)]
#[path = "windows.rs"]
mod system;

/// Why a call on the share failed, in the few ways that callers treat differently.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Trouble {
    /// There is no such name. Never said of a server or share that cannot be found.
    Missing,
    /// The name is taken.
    Exists,
    /// This user may not, or the removal of what is there is not finished (Windows).
    Denied,
    /// Another program has the file, or the bytes in question, for itself.
    Locked,
    /// The disk or the quota is full.
    Full,
    /// The file system is mounted read-only.
    ReadOnly,
    /// The name is too long for this file system.
    NameTooLong,
    /// This file system cannot do it.
    Unsupported,
    /// Anything else: the server is away, the medium is broken, the thing is no regular file.
    Other,
}

/// What makes two paths the same file on one machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct FileIdentity {
    /// The device or volume.
    pub volume: u64,
    /// The file on it.
    pub file: u64,
}

/// What is known of a directory entry that was not opened for data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EntryFacts {
    /// What kind of thing it is.
    pub kind: EntryKind,
    /// How many names it has; above 1 for hard-linked files.
    pub links: u64,
    /// Which file it is.
    pub identity: FileIdentity,
    /// How many bytes it has.
    pub length: u64,
    /// When it was written last, where that can be known.
    pub modified: Option<SystemTime>,
    /// What new entries in it are given, if it is a folder.
    pub access: Access,
}

/// The access to a folder that is handed on to what is made in it: Unix mode and group. Windows hands it on by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Access {
    mode: u32,
    group: u32,
}

impl EntryFacts {
    /// Returns whether this is as open as [`share_access_like`] makes what is new in a folder of that access.
    #[must_use]
    pub fn is_shared_like(&self, folder: Access) -> bool {
        let wanted = if self.kind == EntryKind::Directory { 0o077 } else { 0o066 };
        self.access.group == folder.group && (self.access.mode ^ folder.mode) & wanted == 0
    }
}

/// What kind of thing has a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EntryKind {
    /// A regular file.
    File,
    /// A directory.
    Directory,
    /// A symbolic link or another reparse point.
    Link,
    /// A pipe, socket or device.
    Special,
}

/// Opens an existing regular file for reading alone.
///
/// # Errors
/// What the system said; [`ErrorKind::InvalidInput`] when it is no regular file.
pub fn open_existing_read(path: &Path) -> io::Result<File> {
    let file = system::open_existing_read(path)?;
    regular(&file).map(|_| file)
}

/// Opens an existing file for [`read_start`], which finds out whether it is a regular one.
///
/// # Errors
/// As [`open_existing_read`].
pub fn open_to_read(path: &Path) -> io::Result<File> {
    system::open_existing_read(path)
}

/// Reads the beginning of a file, as much of it as there is room for. The handle's own position may move.
///
/// # Errors
/// What the system said; [`ErrorKind::InvalidInput`] when it is no regular file.
pub fn read_start(file: &File, buffer: &mut [u8]) -> io::Result<usize> {
    system::read_start(file, buffer)
}

/// Opens an existing regular file for writing alone, as it is. One with several names is refused: a hard link in the place of a file of
/// ours would have us write over whatever else it names.
///
/// The access differs from that of [`create_exclusive`] and [`open_existing_read`], because Linux SMB merges handles with equal access, and
/// closing one of them drops the range lock of the other.
///
/// # Errors
/// As [`open_existing_read`].
pub fn open_existing_write(path: &Path) -> io::Result<File> {
    let file = system::open_existing_write(path)?;
    writable(&file).map(|_| file)
}

/// Writes into an existing regular file, in place, and returns it.
///
/// Its length is touched only where it was beyond `longest`: cutting it first would show an empty file to a quarter of the readers
/// (measured on NFS and SMB).
///
/// # Errors
/// As [`open_existing_write`] and [`write_at`].
pub fn write_into(path: &Path, offset: u64, bytes: &[u8], longest: u64) -> io::Result<File> {
    let file = system::open_existing_write(path)?;
    let before = writable(&file)?.length;
    write_at(&file, offset, bytes)?;
    if before > longest {
        file.set_len(longest)?;
    }
    Ok(file)
}

/// Creates a file that did not exist, for reading and writing. Exactly one of several callers wins, on all machines.
///
/// # Errors
/// What the system said; [`Trouble::Exists`] when the name is taken, by whatever it is.
pub fn create_exclusive(path: &Path) -> io::Result<File> {
    system::create_exclusive(path)
}

/// As [`create_exclusive`], with the access that the database's folder has, see [`share_access_like`]: at once on a thread that ignores
/// the umask, and a moment later on others.
///
/// # Errors
/// As [`create_exclusive`]; not when the server decides about access by itself.
pub fn create_shared(path: &Path, folder: Access) -> io::Result<File> {
    system::create_shared(path, folder)
}

/// Makes what this thread creates as open as [`create_shared`] wants it from the first moment, which spares every new file a round trip.
/// Never on a thread that somebody else's code runs on, or that starts programs.
pub fn ignore_umask() {
    system::ignore_umask();
}

/// Makes these options create files that other users cannot read: for what is kept on this computer, never on a share.
pub fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    system::private(options)
}

/// Lists a folder.
///
/// # Errors
/// What the system said; [`ErrorKind::NotADirectory`] also where the path leads over a link.
pub fn list(folder: &Path) -> io::Result<std::fs::ReadDir> {
    system::list(folder)
}

/// Removes a file or a link, never what a link leads to.
///
/// # Errors
/// As [`list`].
pub fn remove(path: &Path) -> io::Result<()> {
    system::remove(path)
}

/// Makes one folder.
///
/// # Errors
/// As [`list`]; [`Trouble::Exists`] when the name is taken, by whatever it is.
pub fn make_folder(path: &Path) -> io::Result<()> {
    system::make_folder(path)
}

/// Refuses links in the place of folders below `outer`, down to `inner`, on systems where opening a path does not refuse them by itself.
/// What is missing is no link.
///
/// # Errors
/// [`ErrorKind::NotADirectory`] for whatever is there and is no folder; what the system said otherwise.
pub fn refuse_links(outer: &Path, inner: &Path) -> io::Result<()> {
    if cfg!(unix) {
        return Ok(());
    }
    let below = inner.ancestors().take_while(|path| path.starts_with(outer) && *path != outer);
    for path in below {
        match entry_facts(path) {
            Ok(facts) if facts.kind == EntryKind::Directory => {}
            Ok(_) => return Err(io::Error::new(ErrorKind::NotADirectory, "a link is in the place of a folder of this path")),
            Err(error) if classify(&error) == Trouble::Missing => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Writes all of `bytes` at `offset`. On Windows the handle's own position moves.
///
/// # Errors
/// What the system said; then any part of the bytes may have been written.
pub fn write_at(file: &File, offset: u64, bytes: &[u8]) -> io::Result<()> {
    system::write_all_at(file, bytes, offset)
}

/// Opens, reads and closes a file: the only way of reading that asks the server anew.
///
/// # Errors
/// As [`open_existing_read`]; [`ErrorKind::InvalidData`] when there are more than `limit` bytes.
pub fn read_whole(path: &Path, limit: usize) -> io::Result<Vec<u8>> {
    let file = open_existing_read(path)?;
    let mut bytes = Vec::new();
    file.take(u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1)).read_to_end(&mut bytes)?;
    if bytes.len() > limit {
        return Err(io::Error::new(ErrorKind::InvalidData, format!("larger than {limit} bytes")));
    }
    Ok(bytes)
}

/// Gives a new file or folder of ours the access that the database's folder has, instead of what this user's habits (umask) say.
///
/// On Unix: the folder's group, and its read and write bits for owner, group and others (search bits for folders as well). Where
/// the group may not be given, its bits are not granted to a wrong group either. Windows inherits access by itself.
///
/// # Errors
/// What the system said, except that it does not permit or know such changes.
pub fn share_access_like(entry: &Path, folder: Access) -> io::Result<()> {
    system::share_access_like(entry, folder)
}

/// Hides a folder from people's everyday view (the hidden attribute on Windows; elsewhere the leading dot does it).
///
/// # Errors
/// What the system said.
pub fn hide(path: &Path) -> io::Result<()> {
    system::hide(path)
}

/// Looks at a name without following a last link and without opening the file for data.
///
/// Closing a handle would drop the POSIX locks that another library (`SQLite`) of this process holds on a database, so databases
/// are looked at in this way alone.
///
/// # Errors
/// What the system said.
pub fn entry_facts(path: &Path) -> io::Result<EntryFacts> {
    system::entry_facts(path)
}

/// Returns how many names an open file has; above 1 for hard-linked files, 0 for removed ones.
///
/// # Errors
/// What the system said.
pub fn link_count(file: &File) -> io::Result<u64> {
    system::open_facts(file).map(|facts| facts.links)
}

/// Returns which file an open one is.
///
/// # Errors
/// What the system said.
pub fn file_identity(file: &File) -> io::Result<FileIdentity> {
    system::open_facts(file).map(|facts| facts.identity)
}

/// Returns what callers need to know of an error.
#[must_use]
pub fn classify(error: &io::Error) -> Trouble {
    if let Some(trouble) = error.raw_os_error().and_then(system::classify) {
        return trouble;
    }
    match error.kind() {
        ErrorKind::NotFound if error.raw_os_error().is_none() => Trouble::Missing,
        ErrorKind::AlreadyExists => Trouble::Exists,
        ErrorKind::PermissionDenied => Trouble::Denied,
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => Trouble::Full,
        ErrorKind::ReadOnlyFilesystem => Trouble::ReadOnly,
        ErrorKind::Unsupported => Trouble::Unsupported,
        _ => Trouble::Other,
    }
}

/// Returns the facts of an open file that may be written over: a regular one with a single name.
fn writable(file: &File) -> io::Result<EntryFacts> {
    match regular(file)? {
        EntryFacts { links: 2.., .. } => Err(not_regular("a file with several names (hard links)")),
        facts => Ok(facts),
    }
}

/// Returns the facts of an open file, if it is a regular one.
fn regular(file: &File) -> io::Result<EntryFacts> {
    let facts = system::open_facts(file)?;
    match facts.kind {
        EntryKind::File => Ok(facts),
        EntryKind::Directory => Err(not_regular("a folder")),
        EntryKind::Link => Err(not_regular("a link")),
        EntryKind::Special => Err(not_regular("a pipe, socket or device")),
    }
}

/// The error for a thing that is not a regular file.
fn not_regular(what: &str) -> io::Error {
    io::Error::new(ErrorKind::InvalidInput, format!("{what} is in the place of a regular file"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::test_process::Folder;

    #[test]
    fn exclusive_creation_has_one_winner() {
        let folder = Folder::new("files-create");
        let path = folder.file("one");
        let mut file = create_exclusive(&path).unwrap();
        write_at(&file, 4, b"after").unwrap();
        write_at(&file, 0, b"four").unwrap();
        assert_eq!(classify(&create_exclusive(&path).unwrap_err()), Trouble::Exists);
        io::Seek::rewind(&mut file).unwrap();
        let mut text = String::new();
        file.read_to_string(&mut text).unwrap();
        assert_eq!(text, "fourafter");
    }

    #[test]
    fn the_three_ways_of_opening_differ_in_access() {
        let folder = Folder::new("files-access");
        let path = folder.file("one");
        drop(create_exclusive(&path).unwrap());
        let mut writer = open_existing_write(&path).unwrap();
        write_at(&writer, 0, b"x").unwrap();
        assert!(writer.read(&mut [0; 1]).is_err());
        let reader = open_existing_read(&path).unwrap();
        assert!(write_at(&reader, 0, b"y").is_err());
        assert_eq!(read_whole(&path, 1).unwrap(), b"x");
    }

    #[test]
    fn reading_is_bounded() {
        let folder = Folder::new("files-bound");
        let path = folder.file("one");
        write_at(&create_exclusive(&path).unwrap(), 0, &[7; 11]).unwrap();
        assert_eq!(read_whole(&path, 11).unwrap().len(), 11);
        assert_eq!(read_whole(&path, 10).unwrap_err().kind(), ErrorKind::InvalidData);
    }

    #[test]
    fn missing_names_are_missing_and_folders_are_refused() {
        let folder = Folder::new("files-missing");
        assert_eq!(classify(&open_existing_read(&folder.file("none")).unwrap_err()), Trouble::Missing);
        assert_eq!(classify(&open_existing_write(&folder.file("none")).unwrap_err()), Trouble::Missing);
        assert_eq!(classify(&create_exclusive(&folder.file("no/where")).unwrap_err()), Trouble::Missing);
        assert_eq!(classify(&entry_facts(&folder.file("none")).unwrap_err()), Trouble::Missing);
        assert!(open_existing_read(folder.path()).is_err());
        assert!(open_existing_write(folder.path()).is_err());
        assert!(create_exclusive(folder.path()).is_err());
        assert_eq!(entry_facts(folder.path()).unwrap().kind, EntryKind::Directory);
    }

    #[test]
    fn hard_links_are_counted_and_names_of_one_file_are_known() {
        let folder = Folder::new("files-links");
        let (path, second) = (folder.file("one"), folder.file("two"));
        let file = create_exclusive(&path).unwrap();
        assert_eq!(link_count(&file).unwrap(), 1);
        std::fs::hard_link(&path, &second).unwrap();
        let other = open_existing_read(&second).unwrap();
        assert_eq!(open_existing_write(&second).unwrap_err().kind(), ErrorKind::InvalidInput, "written to through neither name");
        assert_eq!(link_count(&other).unwrap(), 2);
        assert_eq!(file_identity(&file).unwrap(), file_identity(&other).unwrap());
        let facts = entry_facts(&second).unwrap();
        assert_eq!((facts.kind, facts.links, facts.identity), (EntryKind::File, 2, file_identity(&file).unwrap()));
        assert_ne!(entry_facts(folder.path()).unwrap().identity, facts.identity);
    }

    #[test]
    fn a_name_that_is_too_long_is_told() {
        let folder = Folder::new("files-long");
        let error = create_exclusive(&folder.file(&"n".repeat(300))).unwrap_err();
        // Windows calls names that it cannot parse invalid, without saying why; Wine 8 does not find them.
        let expected: &[Trouble] =
            if cfg!(windows) { &[Trouble::NameTooLong, Trouble::Other, Trouble::Missing] } else { &[Trouble::NameTooLong] };
        assert!(expected.contains(&classify(&error)), "{error:?}");
    }

    #[test]
    fn hiding_and_sharing_a_folder_leave_it_usable() {
        let folder = Folder::new("files-hide");
        let hidden = folder.file(".store");
        std::fs::create_dir(&hidden).unwrap();
        hide(&hidden).unwrap();
        share_access_like(&hidden, entry_facts(folder.path()).unwrap().access).unwrap();
        create_exclusive(&hidden.join("one")).unwrap();
        share_access_like(&hidden.join("one"), entry_facts(folder.path()).unwrap().access).unwrap();
        assert_eq!(read_whole(&hidden.join("one"), 1).unwrap(), b"");
    }

    #[test]
    fn an_unreachable_server_is_not_a_missing_file() {
        for code in system::UNREACHABLE {
            assert_eq!(classify(&io::Error::from_raw_os_error(*code)), Trouble::Other, "{code}");
        }
    }
}
