//! What a lease, a board, a notice and a ticket say, as values. Their bytes are the business of `codec`.
//!
//! Everything in here that came from the share was written by somebody else, perhaps hostile: strings are already bounded and
//! stripped when they reach these types (`codec` does that), numbers are within their limits.

use super::timing::Promise;
use super::wire::Basis;
use crate::clock::WallTime;
use std::sync::Arc;
use std::time::Duration;

/// The number of a lease in the ledger, from 1. Twelve digits at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, serde::Serialize, serde::Deserialize)]
pub struct Number(pub u64);

impl Number {
    /// The highest number: what a file name of twelve digits can say.
    pub const MAX: Self = Self(999_999_999_999);

    /// Returns the number after this one.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0 + 1)
    }

    /// Returns the number before this one, or nothing before the first.
    #[must_use]
    pub const fn previous(self) -> Option<Self> {
        if self.0 > 1 { Some(Self(self.0 - 1)) } else { None }
    }
}

impl std::fmt::Display for Number {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// 128 random bits that make one claim different from every other, also from another claim of the same number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, serde::Serialize, serde::Deserialize)]
pub struct Nonce(pub u128);

impl std::fmt::Display for Nonce {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

/// The fencing token: strictly growing from lease to lease, also where file numbers had to begin again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, serde::Serialize, serde::Deserialize)]
pub struct Token(pub u64);

impl Token {
    /// The highest token: 2^53 - 1, the largest integer that every JSON reader keeps exact.
    pub const MAX: Self = Self((1 << 53) - 1);
}

impl std::fmt::Display for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// Identifies one lease for good: its number and the nonce of the claim that made it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
pub struct LeaseId {
    /// The file number.
    pub number: Number,
    /// The claim's nonce.
    pub nonce: Nonce,
}

/// Where a lease is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum State {
    /// Claimed, and not given back so far.
    Live,
    /// Given back by its holder, who had believed in it.
    Ended,
    /// Withdrawn: the claim never became a hold.
    Void,
}

/// The part of a record that changes: written in place as 64 bytes, which no file system was seen to tear.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Head {
    /// Where the lease is in its life.
    pub state: State,
    /// Grows with every write and never repeats, so that "unchanged" can be told from "changed and changed back".
    pub counter: u32,
    /// When the holder wrote this, by its wall clock; for people.
    pub at: WallTime,
}

/// Who holds, as shown to people. Every string is bounded and free of control characters.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Holder {
    /// Log-in name.
    pub user: String,
    /// Full name where the system knows it, else empty.
    pub name: String,
    /// Host name.
    pub machine: String,
    /// Session on that machine (remote desktop number, seat), else empty.
    pub session: String,
    /// Process that holds.
    pub pid: u32,
    /// Program that is guarded, else the holding program.
    pub app: String,
    /// What the holder wanted to say.
    pub note: String,
}

impl Holder {
    /// Returns whether both are the same person at the same session of the same machine: what is one's is the other's.
    #[must_use]
    pub fn is_same_session(&self, other: &Self) -> bool {
        self.user == other.user && self.machine == other.machine && self.session == other.session
    }
}

/// One process, told apart from a later one with the same number by its start time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct ProcessId {
    /// Process number within its pid namespace.
    pub pid: u32,
    /// Start time in the unit of the operating system (Linux: clock ticks since boot; Windows: 100 ns since 1601).
    pub start: u64,
}

/// What a process on the same machine needs to know to judge whether a holder is dead. Equal ids are necessary, not sufficient.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Host {
    /// The installation's id (`/etc/machine-id`, `MachineGuid`, `IOPlatformUUID`), hashed.
    pub machine: String,
    /// Changes with every start of the kernel.
    pub boot: String,
    /// The pid namespace, where the system has such things, else empty.
    pub pids: String,
    /// The user the process runs as, as the system numbers it.
    pub owner: String,
}

impl Host {
    /// Returns whether processes of the one are processes of the other: what is known of both is the same, and it is enough.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        let known = !self.machine.is_empty() && !self.boot.is_empty();
        known && (&self.machine, &self.boot, &self.pids) == (&other.machine, &other.boot, &other.pids)
    }
}

/// The part of a record that stays: who, since when, with which promises. Only `guards` is ever rewritten.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Body {
    /// Which lease this is.
    pub id: LeaseId,
    /// Its fencing token.
    pub token: Token,
    /// Who holds.
    pub holder: Holder,
    /// Where.
    pub host: Host,
    /// The holding process.
    pub process: ProcessId,
    /// The programs that write under this lease; none may be alive before anybody is let in on evidence of death.
    pub guards: Vec<ProcessId>,
    /// What those programs carry in their environment; `None` where it is this lease's own nonce. A lease that came after the one
    /// under which they were started names that one's.
    pub mark: Option<Nonce>,
    /// When it was claimed, by the holder's wall clock; for people.
    pub acquired: WallTime,
    /// What the claim was based on; for the history. `None` where a record does not say it, or says what this version does not know.
    pub basis: Option<Basis>,
    /// What the holder promised.
    pub promise: Promise,
    /// The database's path as the holder typed it (its last component); for people.
    pub database: String,
}

impl Body {
    /// Returns what the programs under this lease carry in their environment.
    #[must_use]
    pub fn mark(&self) -> Nonce {
        self.mark.unwrap_or(self.id.nonce)
    }
}

/// How many guarded processes a record names; more are summed up by their parents.
pub const MOST_GUARDS: usize = 8;

/// A lease file as read.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Found {
    /// There is no such file.
    Missing,
    /// There is a file, but it cannot be read as a record (empty, torn, garbled, locked whole): somebody not known yet.
    /// The fingerprint tells unchanged bytes from changed ones.
    Blank {
        /// A hash of the bytes.
        fingerprint: u64,
    },
    /// A record of a later version of the program. It is shown and honoured, and this program must not take over from it.
    Newer {
        /// The version needed to read it.
        min_reader: u32,
        /// Who, as far as it could be read.
        holder: Arc<Holder>,
        /// A hash of the bytes.
        fingerprint: u64,
    },
    /// A record.
    Record {
        /// What changes.
        head: Head,
        /// What stays.
        body: Arc<Body>,
        /// Which file the path led to, where the store can tell (0 elsewhere): a copy that was put in its place is another one.
        file: u64,
    },
}

impl Found {
    /// Returns the same, read from this file of the store.
    #[must_use]
    pub fn in_file(self, file: u64) -> Self {
        match self {
            Self::Record { head, body, .. } => Self::Record { head, body, file },
            Self::Missing | Self::Blank { .. } | Self::Newer { .. } => self,
        }
    }
}

/// The board: one small record that always exists and is only ever written in place. A signal, never the authority.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Board {
    /// The tail, as the last writer saw it.
    pub id: LeaseId,
    /// Its token.
    pub token: Token,
    /// Its state.
    pub state: State,
    /// Its holder's long time-out, for those who find the lease itself missing.
    pub long: Duration,
}

/// How many things one order can name; there are never more in the way at once.
pub const MOST_REVOKED: usize = 4;

/// An order to give up (`force-release`). One lies beside the board; a new one replaces it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Revoke {
    /// Who is to give up.
    pub subjects: Vec<Revoked>,
    /// Who ordered it: user, name and machine.
    pub by: Holder,
    /// Why, in their words.
    pub reason: String,
    /// When, by their wall clock; for people.
    pub at: WallTime,
    /// Nobody waits for the holder: whoever ordered this was told that two people may now write.
    pub now: bool,
}

/// A question to the holder of a lease, in the ticket of somebody who waits: can it be given back?
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Ask {
    /// The lease, by its nonce alone: it is over with that lease.
    pub lease: Nonce,
    /// When it was asked, by the asker's wall clock to the millisecond: what tells it from others.
    pub at: WallTime,
}

/// What a holder's side says to an [`Ask`]. *Given back* is not among it: that is seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AskReply {
    /// It was shown to the holder.
    Seen,
    /// Not now.
    No,
    /// In about so many minutes.
    Later(u8),
    /// The holder is about to give it back.
    Releasing,
}

/// How many questions one ticket can answer at a time.
pub const MOST_REPLIES: usize = 10;

/// What stood in the way of whoever ordered a [`Revoke`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Revoked {
    /// The lease's number; 0 for a notice of somebody who does not speak the protocol.
    pub number: u64,
    /// Its nonce; 0 where it is not known.
    pub nonce: u128,
    /// A hash of the bytes that could not be read as a lease of ours; 0 where they could.
    pub fingerprint: u64,
}

/// The notice beside the database (`wems.db.lock`) as read.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum NoticeSeen {
    /// There is none.
    Missing,
    /// One of ours: it names a lease.
    Ours {
        /// Which lease.
        id: LeaseId,
        /// Its token.
        token: Token,
        /// What its holder promised.
        promise: Promise,
        /// A hash of the bytes.
        fingerprint: u64,
        /// What it says for people; told where the lease itself is missing.
        said: Option<Arc<Said>>,
    },
    /// Not ours, or not readable as ours: a holder that does not speak this protocol.
    Foreign {
        /// A hash of the bytes, and of whatever else identifies what lies there.
        fingerprint: u64,
        /// What the content says for people, where it can be read and says anything.
        said: Option<Arc<Said>>,
        /// Another program has the file for itself at this moment. That is a sign of life, however old its bytes are.
        locked: bool,
    },
}

/// What a notice says for people. Nothing is ever decided by it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Said {
    /// Who.
    pub holder: Holder,
    /// Since when, by their wall clock.
    pub acquired: Option<WallTime>,
    /// When they last wrote it, by their wall clock.
    pub heartbeat: Option<WallTime>,
}

/// What is known about a holder's life beyond its heartbeat. Evidence shortens a wait; only [`Fate::Gone`] of every process ends it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Evidence {
    /// The holder's processes.
    pub fate: Fate,
    /// The range lock of the lease file.
    pub lock: RangeLock,
    /// How long ago the lease was written, by the file server's own clock, where the file system shows that (NFS, local).
    pub age: Option<Duration>,
}

impl Evidence {
    /// Nothing is known.
    pub const NONE: Self = Self { fate: Fate::Unknown, lock: RangeLock::Unknown, age: None };
}

/// What this machine knows about a holder's processes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Fate {
    /// The holder and every program it guards are certainly gone: same machine, same boot, same pid namespace, and we may see them.
    Gone,
    /// The holder itself is gone, but a program that it guards certainly lives on: nobody may be let in before that has ended.
    Orphaned,
    /// The holder itself is gone; whether a program that it guards lives on cannot be seen.
    HolderGone,
    /// The holder is alive.
    Alive,
    /// Another machine, another namespace, or not ours to see.
    Unknown,
}

/// What asking for a shared lock on the holder's byte told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RangeLock {
    /// Somebody has it.
    Held,
    /// Nobody has it.
    Free,
    /// It cannot be asked here (no locks, or local ones only).
    Unknown,
}
