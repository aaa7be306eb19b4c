//! The store on a shared folder: `.sharelock/<name>/` beside the database, and the notice next to it.
//!
//! What is atomic between two machines on a network folder is exclusive creation alone, and what travels fast and whole is an
//! in-place write to a file that already exists. So nothing in here renames, truncates a lease, or removes one that somebody may
//! still look for. Nothing is written before the first claim: whoever only asks leaves no trace. Nothing here reads a clock; ages
//! are differences between two times of the same file server.

use super::in_line::{Standing, Waiter};
use super::naming::{Location, OpenError, STORES, locate};
use super::{Capabilities, Identity, Store, StoreError};
use crate::lease::codec::Codec;
use crate::lease::record::Number;
use crate::lease::wire::{Op, Reply};
use crate::platform::file_system::{FileSystem, Kind, file_system};
use crate::platform::files::{self, EntryFacts, EntryKind, Trouble};
use crate::platform::sync_program;
use std::collections::BTreeMap;
use std::fs::Metadata;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicU32;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

mod access;
mod clean_up;
mod ledger;
mod life;
mod past;
mod queue;
mod signals;

#[cfg(test)]
mod tests;

/// The leases of one database in its folder. Cheap to open: it only looks.
#[derive(Debug)]
pub struct FolderStore {
    location: Location,
    identity: Identity,
    capabilities: Capabilities,
    clock: ServerClock,
    /// The database's folder when it was last looked at: its volume, to notice a share that was disconnected (its mount point stays,
    /// and is empty), and its access, which is that of everything in the store.
    folder: Mutex<EntryFacts>,
    /// My own leases, open since they were created. Only these handles ever write to a live lease.
    held: Mutex<BTreeMap<Number, ledger::Own>>,
    codec: Mutex<Codec>,
    ticket: Mutex<Option<queue::MyTicket>>,
    history: Mutex<Option<clean_up::MyHistory>>,
    /// How often it may still be waited for a colleague who is making a part of the store.
    pauses: AtomicU32,
}

/// Which time of a file is the file server's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ServerClock {
    /// The time of the last write; good enough as evidence of a holder's silence too (measured: local, NFS).
    Modified,
    /// The time of the last write, but who sets it is not known: for clean-up alone, where a day more or less is nothing.
    Unproven,
    /// The creation; the time of the last write is the client's (measured: SMB).
    Created,
}

impl ServerClock {
    fn read(self, metadata: &Metadata) -> io::Result<SystemTime> {
        match self {
            Self::Modified | Self::Unproven => metadata.modified(),
            Self::Created => metadata.created(),
        }
    }
}

impl FolderStore {
    /// Finds the store of a database, which may not exist yet. Nothing is written.
    ///
    /// # Errors
    /// [`OpenError`] when the path cannot have a lease, or its folder cannot be looked at.
    pub fn open(path: &Path, identity: Identity) -> Result<Self, OpenError> {
        let location = locate(path)?;
        let facts =
            files::entry_facts(&location.folder).map_err(|source| OpenError::Io { path: location.folder.clone(), source })?;
        let system = file_system(&location.folder);
        let clock = match system.kind {
            Kind::Local | Kind::Tmpfs | Kind::Nfs { .. } => ServerClock::Modified,
            Kind::Smb => ServerClock::Created,
            Kind::Fuse(_) | Kind::NinePOrVirt | Kind::OtherNetwork(_) | Kind::Unknown => ServerClock::Unproven,
        };
        Ok(Self {
            capabilities: capabilities(&system, sync_program::sync_program(&location.folder)),
            location,
            identity,
            clock,
            folder: Mutex::new(facts),
            held: Mutex::default(),
            codec: Mutex::default(),
            ticket: Mutex::default(),
            history: Mutex::default(),
            pauses: AtomicU32::new(access::PAUSES),
        })
    }

    /// Returns where everything is.
    #[must_use]
    pub fn location(&self) -> &Location {
        &self.location
    }

    fn lease_path(&self, number: Number) -> PathBuf {
        self.location.store.join(ledger::file_name(number))
    }

    /// Returns my own lease, which is open.
    fn own(&self, number: Number) -> Result<ledger::Own, StoreError> {
        let kept = lock(&self.held).get(&number).cloned();
        kept.ok_or_else(|| {
            let source = io::Error::new(io::ErrorKind::NotFound, "this lease is not open here");
            StoreError::new("writing the lease", self.lease_path(number), source)
        })
    }

    /// Says why something is missing in the store: the share was disconnected, the folder is gone, or (`Ok`) there just is no such
    /// thing yet.
    fn missing(&self, doing: &'static str) -> Result<(), StoreError> {
        self.connected(doing)?;
        self.no_impostor(doing)
    }

    /// Makes sure that the database's folder is there, and on the share where it was.
    fn connected(&self, doing: &'static str) -> Result<(), StoreError> {
        let folder = &self.location.folder;
        let facts = files::entry_facts(folder).map_err(|error| self.no_folder(doing, error))?;
        let before = lock(&self.folder).identity.volume;
        // An automounter may have mounted the same share again under another device number.
        if facts.identity.volume != before && self.capabilities.kind != file_system(folder).name {
            let source = io::Error::other("the folder is on another volume than before; the network drive was disconnected");
            return Err(StoreError::new(doing, folder, source));
        }
        if facts.kind == EntryKind::Directory {
            *lock(&self.folder) = facts;
        }
        Ok(())
    }

    fn ping(&self) -> Result<Reply, StoreError> {
        crate::platform::space::space(&self.location.folder).map(|_| Reply::Done).map_err(|error| self.no_folder("asking", error))
    }

    /// Refuses a file or a link in the place of the stores' folder: behind a dangling link, and behind a file on Windows, everything
    /// looks just missing, and would be reported as free.
    fn no_impostor(&self, doing: &'static str) -> Result<(), StoreError> {
        let stores = self.location.folder.join(STORES);
        match files::entry_facts(&stores) {
            Ok(facts) if facts.kind == EntryKind::Directory => Ok(()),
            Ok(_) => {
                let source = io::Error::new(io::ErrorKind::NotADirectory, "this is in the place of the folder of the leases");
                Err(StoreError::new(doing, stores, source))
            }
            Err(error) if files::classify(&error) == Trouble::Missing => Ok(()),
            Err(error) => Err(StoreError::new(doing, stores, error)),
        }
    }

    fn no_folder(&self, doing: &'static str, error: io::Error) -> StoreError {
        let mut error = StoreError::new(doing, &self.location.folder, error);
        if error.failure == crate::lease::wire::Failure::Gone {
            error.failure = crate::lease::wire::Failure::NoFolder;
        }
        error
    }
}

impl Store for FolderStore {
    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    fn perform(&self, op: &Op) -> Result<Reply, StoreError> {
        match op {
            Op::Touch => self.touch(),
            Op::Ping => self.ping(),
            Op::ReadBoard => self.read_board(),
            Op::List => self.list(),
            Op::ReadLease(number) => self.read_lease(*number),
            Op::ReadNotice => self.read_notice().map(Reply::Notice),
            Op::Probe(body) => self.probe(body),
            Op::Create(body, at) => self.create(body, *at),
            Op::WriteHead(number, head) => self.write_head(*number, head),
            Op::WriteRecord(body, head) => self.write_record(body, head),
            Op::Void(id, at) => self.void(*id, *at),
            Op::Lock(number) => self.lock(*number),
            Op::Close(number) => Ok(self.close(*number)),
            Op::CreateNotice(body, at) => self.create_notice(body, *at),
            Op::WriteNotice(body, at, over) => self.write_notice(body, *at, *over),
            Op::RemoveNotice(id) => self.remove_notice(*id),
            Op::WriteBoard(board) => self.write_board(board),
            Op::WriteRevoke(revoke) => self.write_revoke(revoke),
            Op::CleanUp { number, own, keep } => self.clean_up(*number, *own, *keep),
        }
    }

    fn waiting(&self) -> Result<Vec<Waiter>, StoreError> {
        self.tickets()
    }

    fn queue(&self, standing: &Standing) -> Result<(), StoreError> {
        self.enqueue(standing)
    }

    fn lock_file(&self, number: Number) -> Option<PathBuf> {
        Some(self.lease_path(number))
    }
}

/// A panic of another thread leaves nothing half done behind these locks: they guard handles, not states.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Says what a file system can do. Whatever is not known to be local counts as a network.
#[must_use]
pub fn capabilities(system: &FileSystem, synchronised_by: Option<String>) -> Capabilities {
    let local = matches!(system.kind, Kind::Local | Kind::Tmpfs);
    let range_locks = match system.kind {
        Kind::Local | Kind::Tmpfs => true,
        Kind::Nfs { .. } | Kind::Smb => system.keeps_locks_local().is_none(),
        Kind::Fuse(_) | Kind::NinePOrVirt | Kind::OtherNetwork(_) | Kind::Unknown => false,
    };
    Capabilities {
        kind: system.name.clone(),
        caches_reads: !local,
        may_hang: !local,
        range_locks: range_locks && synchronised_by.is_none(),
        lock_wakes: range_locks && synchronised_by.is_none() && system.wakes_lock_waiters(),
        change_notify: !range_locks && system.kind == Kind::Smb,
        native_events: local,
        synchronised_by,
    }
}
