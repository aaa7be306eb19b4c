//! Where leases live. One trait, one conformance suite; what a store can do is data ([`Capabilities`]), not code paths elsewhere.

use crate::lease::codec::lost_notice;
use crate::lease::record::{Holder, Host, LeaseId, Nonce, NoticeSeen, Number, ProcessId};
use crate::lease::wire::{Failure, Op, Over, Reply};
use crate::platform::files::{Trouble, classify};
use crate::platform::process::ProcessFacts;
use std::io;
use std::path::PathBuf;

pub mod folder;
pub mod history;
pub mod in_line;
pub mod memory;
pub mod naming;

pub use folder::{FolderStore, capabilities};
pub use history::{End, History, Order, PastLease};
pub use in_line::{RENEW_TICKET, Standing, Waiter, place_of};
pub use memory::{MemoryShare, MemoryStore};
pub use naming::{Location, OpenError, locate};

/// What a store can and cannot do, found out once when it is opened.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "independent facts about a file system, not states")]
pub struct Capabilities {
    /// What kind of file system it is, in the words people know: `ext4`, `nfs4`, `smb3`, `memory`.
    pub kind: String,
    /// Reads may be answered from a cache while the server cannot be reached, so that staleness needs `Op::Touch` first.
    pub caches_reads: bool,
    /// A call may hang for minutes (any network file system): it must run on a worker, never on a caller's thread.
    pub may_hang: bool,
    /// Range locks are seen by other machines.
    pub range_locks: bool,
    /// The server wakes whoever waits for a range lock, within moments of its release.
    pub lock_wakes: bool,
    /// The server can be asked to tell of changes, and nothing better is there.
    pub change_notify: bool,
    /// Changes made by other machines raise local change events (true for local folders only).
    pub native_events: bool,
    /// The folder is synchronised between machines without one authority (cloud folders): no lease can be kept there. The text names
    /// the program.
    pub synchronised_by: Option<String>,
}

/// Why an operation on the store failed: what was tried, on which path, and what the system said.
#[derive(Debug, thiserror::Error)]
#[error("{doing} {path}: {source}", path = path.display())]
pub struct StoreError {
    /// What the core needs to know.
    pub failure: Failure,
    /// What was tried, e.g. `creating the lease`.
    pub doing: &'static str,
    /// The path concerned.
    pub path: PathBuf,
    /// What the system said.
    #[source]
    pub source: std::io::Error,
}

impl StoreError {
    /// Wraps what the system said in the core's words.
    fn new(doing: &'static str, path: impl Into<PathBuf>, source: io::Error) -> Self {
        Self { failure: failure_of(&source), doing, path: path.into(), source }
    }
}

/// Returns what an error means to the core. Whatever is not known for certain counts as a share that did not answer: then
/// nothing is concluded from it, neither that something happened nor that it did not.
fn failure_of(error: &io::Error) -> Failure {
    match classify(error) {
        Trouble::Missing => Failure::Gone,
        Trouble::Denied => Failure::Denied,
        Trouble::Full => Failure::Full,
        Trouble::ReadOnly => Failure::ReadOnly,
        Trouble::Exists | Trouble::NameTooLong | Trouble::Unsupported => Failure::Unusable,
        // A virus scanner, a backup: it passes.
        Trouble::Locked => Failure::Unreachable,
        Trouble::Other => match error.kind() {
            io::ErrorKind::NotADirectory | io::ErrorKind::IsADirectory | io::ErrorKind::InvalidInput => Failure::Unusable,
            _ => Failure::Unreachable,
        },
    }
}

/// Returns whether a notice may be written over by the holder of `mine`.
fn may_write_over(seen: &NoticeSeen, over: Over, mine: LeaseId) -> bool {
    match (over, seen) {
        (_, NoticeSeen::Missing) => false,
        (Over::Mine, seen) => is_notice_of(seen, mine),
        (Over::Fingerprint(expected), NoticeSeen::Ours { fingerprint, .. } | NoticeSeen::Foreign { fingerprint, .. }) => {
            *fingerprint == expected
        }
    }
}

/// Returns whether a notice is the one that the holder of `mine` wrote. A file server that lost power may have kept the length of a file and
/// lost its bytes: as long as the lease is held, zeros of exactly that length are what is left of its notice.
fn is_notice_of(seen: &NoticeSeen, mine: LeaseId) -> bool {
    match seen {
        NoticeSeen::Missing => false,
        NoticeSeen::Ours { id, .. } => *id == mine,
        NoticeSeen::Foreign { fingerprint, locked, .. } => !locked && *fingerprint == lost_notice(),
    }
}

impl From<ProcessFacts> for ProcessId {
    fn from(facts: ProcessFacts) -> Self {
        Self { pid: facts.pid, start: facts.start }
    }
}

impl From<ProcessId> for ProcessFacts {
    fn from(id: ProcessId) -> Self {
        Self { pid: id.pid, start: id.start }
    }
}

/// Who this client is, for its ticket, its history file, and for judging whether a holder on this machine is dead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// As shown to people.
    pub holder: Holder,
    /// Where it runs.
    pub host: Host,
    /// Random; keeps its files apart from those of every other client, also of a later one with the same process number.
    pub nonce: Nonce,
}

/// A place where the leases of one database live.
///
/// Every method may block for as long as the share takes; callers use a worker where [`Capabilities::may_hang`] says so.
pub trait Store: Send + Sync {
    /// Returns what this store can do.
    fn capabilities(&self) -> &Capabilities;

    /// Performs one operation.
    ///
    /// # Errors
    /// [`StoreError`] with the [`Failure`] that the core understands.
    fn perform(&self, op: &Op) -> Result<Reply, StoreError>;

    /// Returns who waits, oldest first, and what was replied to them; tickets not renewed for long are left out.
    ///
    /// # Errors
    /// [`StoreError`] when the queue cannot be read.
    fn waiting(&self) -> Result<Vec<Waiter>, StoreError>;

    /// Lets this client's ticket tell this, also when it does already: a ticket that is not renewed is left out in the end.
    ///
    /// # Errors
    /// [`StoreError`] when the ticket cannot be written or removed.
    fn queue(&self, standing: &Standing) -> Result<(), StoreError>;

    /// Returns the file whose range lock a lease's holder keeps; `None` where there is none.
    fn lock_file(&self, _number: Number) -> Option<PathBuf> {
        None
    }
}
