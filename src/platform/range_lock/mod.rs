//! A lock on one byte far behind the end of a file: the operating system's own sign that a holder lives.
//!
//! It is evidence and a wake-up call, never the right to write: servers forget such locks, keep dead ones, and some mounts pretend.
//! The byte lies at 2^62, where no data is, because Windows servers make such locks mandatory and a covered byte could not be read.
//!
//! Hazards:
//! - Probing or waiting through the **handle that holds** the lock would turn it into a shared one and then drop it: open another.
//! - On Linux SMB, `dup` and close of the holding handle, or opening the file again with the same flags, drops the lock silently.
//! - On macOS locks belong to the process, not to the handle: closing **any** handle of that file in the process drops them, and a probe
//!   in the holder's own process always says [`Probe::Free`].
//! - A wait cannot be called off: it needs a thread that may stay behind.

use std::fs::File;
use std::io::{self, ErrorKind};

#[cfg(unix)]
#[path = "unix.rs"]
mod system;
#[cfg(windows)]
#[path = "windows.rs"]
mod system;

/// The byte that is locked: 2^62 still fits the signed 64-bit offsets of every system and of SMB on Linux.
const OFFSET: i64 = 1 << 62;

/// What a look at somebody else's lock said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[must_use]
pub enum Probe {
    /// Somebody holds it.
    Held,
    /// Nobody holds it, as far as this mount tells.
    Free,
}

/// What a system call that locks said.
enum Answer {
    Done,
    Busy,
}

/// Takes the lock without waiting; false when somebody else has it. The file must be open for writing.
///
/// # Errors
/// [`ErrorKind::Unsupported`] where the file system has no range locks; otherwise what the system said.
pub fn try_exclusive(file: &File) -> io::Result<bool> {
    system::exclusive(file).map(|answer| matches!(answer, Answer::Done)).map_err(told)
}

/// Looks whether somebody holds the lock, by asking for a shared one and giving it back at once.
///
/// The file must be open for reading, by a handle of its own. Two that probe do not disturb each other.
///
/// # Errors
/// As [`try_exclusive`].
pub fn probe(file: &File) -> io::Result<Probe> {
    match system::shared(file).map_err(told)? {
        Answer::Busy => Ok(Probe::Held),
        Answer::Done => system::unlock(file).map(|()| Probe::Free).map_err(told),
    }
}

/// Waits until nobody holds the lock, for as long as it takes. The file must be open for reading, by a handle of its own.
///
/// # Errors
/// As [`try_exclusive`]; also when the server is lost while waiting.
pub fn wait(file: &File) -> io::Result<()> {
    system::shared_waiting(file).and_then(|()| system::unlock(file)).map_err(told)
}

/// Drops this handle's lock; nothing happens where it has none.
///
/// # Errors
/// As [`try_exclusive`].
pub fn unlock(file: &File) -> io::Result<()> {
    system::unlock(file).map_err(told)
}

fn told(error: io::Error) -> io::Error {
    if error.raw_os_error().is_some_and(|code| system::UNSUPPORTED.contains(&code)) {
        io::Error::new(ErrorKind::Unsupported, error)
    } else {
        error
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::platform::files;
    use crate::platform::test_process::{Child, Folder, argument, eventually, say, wait_for_end_of_input, wait_for_line};
    use std::path::Path;
    use std::sync::mpsc::channel;
    use std::time::Duration;

    /// Played by a second process: holds the lock until told, or until killed.
    pub(crate) fn hold_lock() {
        let file = files::open_existing_write(Path::new(&argument())).unwrap();
        say(try_exclusive(&file).unwrap());
        wait_for_line();
        unlock(&file).unwrap();
        say("unlocked");
        wait_for_end_of_input();
    }

    #[cfg(not(target_os = "macos"))]
    #[test]
    fn two_handles_of_one_process_exclude_each_other() {
        let folder = Folder::new("range-two");
        let path = folder.file("lease");
        let mine = files::create_exclusive(&path).unwrap();
        let other = files::open_existing_write(&path).unwrap();
        let reader = files::open_existing_read(&path).unwrap();
        assert_eq!(probe(&reader).unwrap(), Probe::Free);
        assert!(try_exclusive(&mine).unwrap());
        assert!(!try_exclusive(&other).unwrap());
        assert_eq!(probe(&reader).unwrap(), Probe::Held);
        unlock(&mine).unwrap();
        assert_eq!(probe(&reader).unwrap(), Probe::Free);
        assert!(try_exclusive(&other).unwrap());
        drop(other);
        assert_eq!(probe(&reader).unwrap(), Probe::Free);
        unlock(&mine).unwrap();
    }

    #[test]
    fn two_that_probe_do_not_block_each_other() {
        let folder = Folder::new("range-probe");
        let path = folder.file("lease");
        drop(files::create_exclusive(&path).unwrap());
        let (first, second) = (files::open_existing_read(&path).unwrap(), files::open_existing_read(&path).unwrap());
        assert!(matches!(system::shared(&first).unwrap(), Answer::Done));
        assert_eq!(probe(&second).unwrap(), Probe::Free);
        system::unlock(&first).unwrap();
    }

    #[test]
    fn the_bytes_stay_readable_under_the_lock() {
        let folder = Folder::new("range-read");
        let path = folder.file("lease");
        let mine = files::create_exclusive(&path).unwrap();
        files::write_at(&mine, 0, b"record").unwrap();
        assert!(try_exclusive(&mine).unwrap());
        assert_eq!(files::read_whole(&path, 100).unwrap(), b"record");
    }

    #[test]
    fn another_process_is_seen_and_killing_it_frees_the_lock() {
        let folder = Folder::new("range-kill");
        let path = folder.file("lease");
        drop(files::create_exclusive(&path).unwrap());
        let mut child = Child::start_on("lock", &path);
        assert_eq!(child.line(), "true");
        let reader = files::open_existing_read(&path).unwrap();
        assert_eq!(probe(&reader).unwrap(), Probe::Held);
        child.kill_without_collecting();
        assert!(eventually(|| probe(&reader).unwrap() == Probe::Free));
    }

    #[test]
    fn a_waiter_is_woken_by_the_unlock() {
        let folder = Folder::new("range-wait");
        let path = folder.file("lease");
        drop(files::create_exclusive(&path).unwrap());
        let mut child = Child::start_on("lock", &path);
        assert_eq!(child.line(), "true");
        let (sender, woken) = channel();
        let reader = files::open_existing_read(&path).unwrap();
        std::thread::spawn(move || sender.send(wait(&reader).is_ok()));
        assert!(woken.recv_timeout(Duration::from_millis(150)).is_err(), "woken while held");
        child.tell("let go");
        assert_eq!(woken.recv_timeout(Duration::from_secs(30)), Ok(true));
        assert_eq!(child.line(), "unlocked");
        // The waiter has given its own lock back.
        let mine = files::open_existing_write(&path).unwrap();
        assert!(eventually(|| try_exclusive(&mine).unwrap()));
    }

    #[test]
    fn no_range_locks_is_an_error_of_its_kind() {
        for code in system::UNSUPPORTED {
            assert_eq!(told(io::Error::from_raw_os_error(*code)).kind(), ErrorKind::Unsupported);
        }
    }
}
