//! The few ways in which files of the store are opened, read and made.
//!
//! The hazards: a colleague's pipe, link or huge file in the place of ours, which must neither hang nor mislead us; and a file
//! that cannot be read, which must not look like one that is not there. A link in the place of a folder is refused by `platform::files`.

use super::{FolderStore, lock};
use crate::lease::codec::{LEASE_BYTES, MOST_BYTES, fingerprint};
use crate::platform::files::{self, Access, EntryFacts, EntryKind, Trouble, classify};
use crate::store::StoreError;
use crate::store::naming::STORES;
use std::fs::{File, ReadDir};
use std::io::{self, Read, Seek};
use std::path::Path;
use std::sync::atomic::Ordering;
use std::sync::mpsc;
use std::time::{Duration, UNIX_EPOCH};

/// What lies under a name.
#[derive(Debug)]
pub(super) enum Content {
    /// Nothing.
    Missing,
    /// A regular file, and its bytes.
    Bytes(Vec<u8>, File),
    /// Something whose bytes cannot be had: a folder, a link, a pipe, a file beyond [`MOST_BYTES`]. The fingerprint is of what can be
    /// seen from outside.
    Odd(u64),
    /// A file that another program has for itself, whole or in part. The fingerprint likewise.
    Locked(u64),
    /// A file that this user may not read. The fingerprint likewise.
    Closed(u64, io::ErrorKind),
}

/// Opens, reads and closes: the only way of reading that asks the server anew.
pub(super) fn look(path: &Path) -> io::Result<Content> {
    let file = match files::open_to_read(path) {
        Ok(file) => file,
        Err(error) => {
            return match (classify(&error), error.kind()) {
                (Trouble::Missing, _) => Ok(Content::Missing),
                (Trouble::Locked, _) => outside(path, |_, seen| Content::Locked(seen)),
                (Trouble::Denied, kind) => outside(path, |facts, seen| match facts.kind {
                    EntryKind::File => Content::Closed(seen, kind),
                    EntryKind::Directory | EntryKind::Link | EntryKind::Special => Content::Odd(seen),
                }),
                (_, io::ErrorKind::InvalidInput) => outside(path, |_, seen| Content::Odd(seen)),
                (_, _) => Err(error),
            };
        }
    };
    // All of ours are shorter than this, and a read of a regular file is short only at its end: one call does.
    let mut bytes = vec![0; LEASE_BYTES + 1];
    let read = files::read_start(&file, &mut bytes).and_then(|length| {
        let more = length == bytes.len();
        bytes.truncate(length);
        if more {
            bytes.clear();
            (&file).rewind()?;
            (&file).take(MOST_BYTES as u64 + 1).read_to_end(&mut bytes)?;
        }
        Ok(bytes)
    });
    match read {
        Ok(bytes) if bytes.len() <= MOST_BYTES => Ok(Content::Bytes(bytes, file)),
        Ok(_) => outside(path, |_, seen| Content::Odd(seen)),
        // Opening was allowed, so this is a mandatory lock on the bytes (SMB), not a question of permission.
        Err(error) if matches!(classify(&error), Trouble::Denied | Trouble::Locked) => {
            outside(path, |_, seen| Content::Locked(seen))
        }
        // No regular file.
        Err(error) if error.kind() == io::ErrorKind::InvalidInput => outside(path, |_, seen| Content::Odd(seen)),
        Err(error) => Err(error),
    }
}

/// Identifies what cannot be read by kind, size and time.
fn outside(path: &Path, content: impl FnOnce(&EntryFacts, u64) -> Content) -> io::Result<Content> {
    let facts = match files::entry_facts(path) {
        Ok(facts) => facts,
        Err(error) if classify(&error) == Trouble::Missing => return Ok(Content::Missing),
        Err(error) => return Err(error),
    };
    let time = facts.modified.and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    let seen = fingerprint(format!("{:?} {} {time:?}", facts.kind, facts.length).as_bytes());
    Ok(content(&facts, seen))
}

/// What an exclusive create led to.
#[derive(Debug)]
pub(super) enum Created {
    /// I made it.
    New(File),
    /// The name was taken.
    Exists,
}

/// How long what a colleague just made is waited for, in [`PAUSE`]s, once for a store: he makes it first and opens it to the others
/// then, and no system does both at once.
pub(super) const PAUSES: u32 = 40;
const PAUSE: Duration = Duration::from_millis(50);

/// Does nothing for a moment.
pub(super) fn pause(span: Duration) {
    let (_nobody_rings, alarm) = mpsc::channel::<()>();
    let _timed_out = alarm.recv_timeout(span);
}

/// Says that the system refused.
fn refused<T>(result: &io::Result<T>) -> bool {
    result.as_ref().is_err_and(|error| classify(error) == Trouble::Denied)
}

impl FolderStore {
    /// As [`look`], but what is being made at the moment is waited for.
    pub(super) fn look(&self, path: &Path) -> io::Result<Content> {
        self.once_opened(path, || look(path), |seen| refused(seen) || matches!(seen, Ok(Content::Closed(..))))
    }

    /// Tries until it is not refused, as long as something on the way is less open than the database's folder and may be about to be
    /// opened. A refusal for good is told a little later for that, once.
    pub(super) fn once_opened<T>(
        &self,
        path: &Path,
        mut attempt: impl FnMut() -> io::Result<T>,
        refused: fn(&io::Result<T>) -> bool,
    ) -> io::Result<T> {
        loop {
            let result = attempt();
            if !refused(&result) || !self.is_being_opened(path) {
                return result;
            }
            let left = self.pauses.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1));
            if left.is_err() {
                return result;
            }
            pause(PAUSE);
        }
    }

    /// Returns whether a part of the store on this path is not as open as it will be.
    fn is_being_opened(&self, path: &Path) -> bool {
        let access = self.access();
        let mut ours =
            path.ancestors().take_while(|part| part.starts_with(&self.location.folder) && *part != self.location.folder);
        ours.any(|part| files::entry_facts(part).is_ok_and(|facts| !facts.is_shared_like(access)))
    }

    /// As [`files::write_into`], but what is being made at the moment is waited for.
    pub(super) fn write_into(&self, path: &Path, offset: u64, bytes: &[u8], longest: u64) -> io::Result<File> {
        self.once_opened(path, || files::write_into(path, offset, bytes, longest), refused)
    }

    /// As [`files::list`], but what is being made at the moment is waited for.
    pub(super) fn list_folder(&self, path: &Path) -> io::Result<ReadDir> {
        self.once_opened(path, || files::list(path), refused)
    }

    /// Creates a file exclusively with the access of the database's folder. Where the store's folders are missing they are made;
    /// that they usually exist is not asked beforehand.
    ///
    /// `sub` is the folder within the store.
    pub(super) fn create_file(&self, doing: &'static str, path: &Path, sub: Option<&str>) -> Result<Created, StoreError> {
        let create = || self.once_opened(path, || files::create_shared(path, self.access()), refused);
        let created = match create() {
            Err(error) if classify(&error) == Trouble::Missing => {
                self.make_folders(doing, sub)?;
                create()
            }
            other => other,
        };
        match created {
            Ok(file) => Ok(Created::New(file)),
            Err(error) if classify(&error) == Trouble::Exists => Ok(Created::Exists),
            Err(error) => Err(StoreError::new(doing, path, error)),
        }
    }

    /// The access to the database's folder when it was last looked at, which is at nearly every look.
    fn access(&self) -> Access {
        lock(&self.folder).access
    }

    fn make_folders(&self, doing: &'static str, sub: Option<&str>) -> Result<(), StoreError> {
        self.missing(doing)?;
        let stores = self.location.folder.join(STORES);
        if self.make_folder(doing, &stores)? {
            // Without the attribute the folder is only less tidy to look at.
            let _visible = files::hide(&stores);
        }
        self.make_folder(doing, &self.location.store)?;
        if let Some(sub) = sub {
            self.make_folder(doing, &self.location.store.join(sub))?;
        }
        Ok(())
    }

    /// Makes one folder, and says whether it is new. A link in its place could lead the leases elsewhere for some of the users.
    fn make_folder(&self, doing: &'static str, path: &Path) -> Result<bool, StoreError> {
        match self.once_opened(path, || files::make_folder(path), refused) {
            Ok(()) => {
                self.share_access(path);
                Ok(true)
            }
            Err(error) if classify(&error) == Trouble::Exists => {
                let facts = files::entry_facts(path).map_err(|error| StoreError::new(doing, path, error))?;
                if facts.kind == EntryKind::Directory {
                    Ok(false)
                } else {
                    let source = io::Error::new(io::ErrorKind::NotADirectory, "this is in the place of a folder of the store");
                    Err(StoreError::new(doing, path, source))
                }
            }
            Err(error) => Err(StoreError::new(doing, path, error)),
        }
    }

    /// Lets colleagues in. Where the server decides about access by itself the call is refused, and nothing is lost by that.
    fn share_access(&self, path: &Path) {
        let _decided_by_the_server = files::share_access_like(path, self.access());
    }
}
