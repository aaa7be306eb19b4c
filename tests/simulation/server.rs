//! The file server: names, files, what is flushed, what caches may still show, and who has which byte locked.
//!
//! Values, not bytes: a lease file holds an `Arc<Body>` and a `Head`. Everything that can be read keeps its recent past, so that a
//! cache can answer with what was true a while ago. Every operation is a sequence of steps ([`Stage`]), each of which is one
//! request on the wire; whatever happens between two steps happens between them here too.

mod upheaval;

use crate::rng::SEC;
use sharelock::clock::WallTime;
use sharelock::lease::record::{Board, Body, Found, Head, LeaseId, NoticeSeen, Number, Revoke, Revoked, State};
use sharelock::lease::wire::{Failure, Op, Over, Reply};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

/// How long the past is kept for caches.
const KEPT: u64 = 150 * SEC;

/// A value and its recent past.
#[derive(Debug, Clone)]
pub(crate) struct Past<T> {
    versions: VecDeque<(u64, T)>,
}

impl<T: Clone> Past<T> {
    pub(crate) fn new(at: u64, value: T) -> Self {
        Self { versions: VecDeque::from([(at, value)]) }
    }

    pub(crate) fn now(&self) -> &T {
        &self.versions[self.versions.len() - 1].1
    }

    /// Since when it has been as it is.
    pub(crate) fn since(&self) -> u64 {
        self.versions[self.versions.len() - 1].0
    }

    /// What was there at `at`, or the oldest that is known.
    pub(crate) fn at(&self, at: u64) -> &T {
        let index = self.versions.iter().rposition(|(since, _)| *since <= at).unwrap_or(0);
        &self.versions[index].1
    }

    pub(crate) fn set(&mut self, at: u64, value: T) {
        while self.versions.len() > 1 && self.versions[1].0 + KEPT < at {
            self.versions.pop_front();
        }
        self.versions.push_back((at, value));
    }
}

/// What a lease file contains.
#[derive(Debug, Clone)]
pub(crate) enum Content {
    /// Empty or half written; the number tells one such content from another.
    Torn(u64),
    /// A record.
    Record(Head, Arc<Body>),
}

impl Content {
    fn found(&self, inode: usize) -> Found {
        match self {
            Self::Torn(fingerprint) => Found::Blank { fingerprint: *fingerprint },
            Self::Record(head, body) => Found::Record { head: *head, body: Arc::clone(body), file: inode as u64 },
        }
    }
}

/// One file on the server's disk, whatever names it has.
#[derive(Debug)]
pub(crate) struct Inode {
    content: Past<Content>,
    /// What a restart of the server would leave; `None` when not even the name is on disk yet.
    flushed: Option<Content>,
    /// A restart took what was not flushed; nothing may flush it as if it were still there.
    lost: bool,
    /// When it was last written, by the server's clock (ms).
    modified: i64,
    named: bool,
    /// The lease it was created for: nobody else may write it.
    owner: LeaseId,
    /// Which process has the range lock.
    pub(crate) lock: Option<Process>,
    lock_ever: bool,
}

/// One run of one client: its seat, and how often that seat has started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Process {
    pub(crate) seat: u8,
    pub(crate) start: u32,
}

#[derive(Debug, Clone, Copy)]
struct Entry {
    inode: usize,
    born: u64,
    died: u64,
}

/// What lies at the notice's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Notice {
    None,
    /// Ours; the fingerprint is different after every write. `file` tells one file of that name from the next.
    Ours {
        id: LeaseId,
        token: sharelock::lease::record::Token,
        promise: sharelock::lease::timing::Promise,
        fingerprint: u64,
        file: u64,
    },
    /// Somebody else's, or still empty.
    Foreign {
        fingerprint: u64,
        file: u64,
    },
}

impl Notice {
    pub(crate) fn seen(self) -> NoticeSeen {
        match self {
            Self::None => NoticeSeen::Missing,
            Self::Ours { id, token, promise, fingerprint, .. } => {
                NoticeSeen::Ours { id, token, promise, fingerprint, said: None }
            }
            Self::Foreign { fingerprint, .. } => NoticeSeen::Foreign { fingerprint, said: None, locked: false },
        }
    }

    pub(crate) fn file(self) -> u64 {
        match self {
            Self::None => 0,
            Self::Ours { file, .. } | Self::Foreign { file, .. } => file,
        }
    }
}

/// How the share treats range locks in this run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Locks {
    /// Freed when their owner is gone.
    Honest,
    /// Everybody gets one: `nobrl`, `nolock`.
    AlwaysFree,
    /// A dead machine's stay: NFS 3.
    NeverFreed,
    /// They cannot be asked.
    Unknown,
}

/// A folder's leases and board, as a backup or a move takes them along.
#[derive(Debug, Clone)]
pub(crate) struct Copy {
    files: Vec<(u64, Content, LeaseId)>,
    board: Option<Board>,
}

/// The leases (number and file) and the board of a folder under another name.
type Moved = (Vec<(u64, usize)>, Option<Board>);

/// Where a composite operation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    Begin,
    /// Write into this file.
    Write(usize),
    /// The second half of a whole record.
    Finish(usize),
    /// Flush this file.
    Flush(usize),
    /// Write the notice, if it is still this file.
    WriteNotice(u64),
    /// Remove whatever has the notice's name.
    UnlinkNotice,
    /// Remove this lease by name.
    Unlink,
    /// Look whether it is gone.
    Confirm,
}

/// What a step led to.
#[derive(Debug)]
pub(crate) enum Outcome {
    Next(Stage),
    Done(Result<Reply, Failure>),
}

/// Something the server was made to do that nobody may do.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Trespass {
    /// A lease file was written by somebody who does not own it.
    Lease { owner: LeaseId, by: Process },
    /// Somebody else's notice was written over that long after its last change.
    Notice { unchanged: u64, by: Process },
    /// A renewal reached a lease that had been ended, while its client still waited for its answer: two writes in flight.
    Revival { id: LeaseId, by: Process },
}

/// The server of one run.
#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) inodes: Vec<Inode>,
    entries: BTreeMap<u64, Vec<Entry>>,
    pub(crate) board: Past<Option<Board>>,
    pub(crate) revoke: Past<Option<Arc<Revoke>>>,
    /// What nobody waits for any more, by somebody's order: the one exception to the invariants.
    pub(crate) forced: Vec<Revoked>,
    pub(crate) notice: Past<Notice>,
    /// Handles kept open, per seat: they are dropped with the process.
    handles: Vec<BTreeMap<u64, usize>>,
    fresh: u64,
    /// The server's clock minus true time (ms).
    pub(crate) clock: i64,
    pub(crate) locks: Locks,
    pub(crate) shows_age: bool,
    /// Writes through a handle whose file was removed: an error (NFS), or success into nothing (a local folder, SMB).
    pub(crate) dead_handles_work: bool,
    /// A whole record written in place may be seen half written.
    pub(crate) tears: bool,
    /// What was moved away: the same files under another folder's name.
    moved: Option<Moved>,
    copies: Vec<Copy>,
    dirty: Vec<usize>,
    pub(crate) trespass: Option<Trespass>,
    /// How often the store was removed, moved or restored.
    pub(crate) upheavals: u32,
}

impl Server {
    pub(crate) fn new(seats: usize) -> Self {
        Self {
            inodes: Vec::new(),
            entries: BTreeMap::new(),
            board: Past::new(0, None),
            revoke: Past::new(0, None),
            forced: Vec::new(),
            notice: Past::new(0, Notice::None),
            handles: vec![BTreeMap::new(); seats],
            fresh: 0,
            clock: 0,
            locks: Locks::Honest,
            shows_age: true,
            dead_handles_work: false,
            tears: true,
            moved: None,
            copies: Vec::new(),
            dirty: Vec::new(),
            trespass: None,
            upheavals: 0,
        }
    }

    pub(crate) fn fingerprint(&mut self) -> u64 {
        self.fresh += 1;
        self.fresh
    }

    fn wall(&self, now: u64) -> i64 {
        i64::try_from(now / crate::rng::MS).unwrap_or(i64::MAX).saturating_add(self.clock)
    }

    fn live(&self, number: u64) -> Option<usize> {
        self.entries.get(&number)?.last().filter(|entry| entry.died == u64::MAX).map(|entry| entry.inode)
    }

    /// The file of a number, as a cache that is fresh as of `at` shows it.
    pub(crate) fn lease_at(&self, number: u64, at: u64) -> Found {
        let Some(entries) = self.entries.get(&number) else { return Found::Missing };
        entries
            .iter()
            .rev()
            .find(|entry| entry.born <= at && at < entry.died)
            .map_or(Found::Missing, |entry| self.inodes[entry.inode].content.at(at).found(entry.inode))
    }

    /// The ledger's numbers, as a cache that is fresh as of `at` shows them.
    pub(crate) fn numbers_at(&self, at: u64) -> Vec<Number> {
        let there = |entries: &Vec<Entry>| entries.iter().any(|entry| entry.born <= at && at < entry.died);
        self.entries.iter().filter(|(_, entries)| there(entries)).map(|(number, _)| Number(*number)).collect()
    }

    /// The record at the tail, as it really is.
    pub(crate) fn tail(&self) -> Option<(u64, Found)> {
        let (number, _) = self.entries.iter().rev().find(|(number, _)| self.live(**number).is_some())?;
        Some((*number, self.lease_at(*number, u64::MAX - 1)))
    }

    fn insert(&mut self, now: u64, number: u64, content: Content, owner: LeaseId, on_disk: bool) -> usize {
        let inode = self.inodes.len();
        self.inodes.push(Inode {
            flushed: on_disk.then(|| content.clone()),
            lost: false,
            content: Past::new(now, content),
            modified: self.wall(now),
            named: true,
            owner,
            lock: None,
            lock_ever: false,
        });
        let entries = self.entries.entry(number).or_default();
        entries.retain(|entry| entry.died.saturating_add(KEPT) > now);
        entries.push(Entry { inode, born: now, died: u64::MAX });
        inode
    }

    fn unlink(&mut self, now: u64, number: u64) {
        if let Some(entry) = self.entries.get_mut(&number).and_then(|entries| entries.last_mut())
            && entry.died == u64::MAX
        {
            entry.died = now;
            self.inodes[entry.inode].named = false;
        }
        if now.is_multiple_of(64) {
            self.entries.retain(|_, entries| entries.iter().any(|entry| entry.died.saturating_add(KEPT) > now));
        }
    }

    fn write(&mut self, now: u64, inode: usize, content: Content, by: Process, writer: LeaseId) {
        let wall = self.wall(now);
        let file = &mut self.inodes[inode];
        if file.owner != writer {
            self.trespass = Some(Trespass::Lease { owner: file.owner, by });
        }
        if let (Content::Record(before, _), Content::Record(after, body)) = (file.content.now(), &content)
            && (before.state, after.state) == (State::Ended, State::Live)
        {
            self.trespass = Some(Trespass::Revival { id: body.id, by });
        }
        file.content.set(now, content);
        file.modified = wall;
        file.lost = false;
        if !self.dirty.contains(&inode) {
            self.dirty.push(inode);
        }
    }

    fn handle(&self, by: Process, number: Number) -> Result<usize, Failure> {
        let inode = *self.handles[usize::from(by.seat)].get(&number.0).ok_or(Failure::Gone)?;
        if self.inodes[inode].named || self.dead_handles_work { Ok(inode) } else { Err(Failure::Gone) }
    }

    /// Performs the next step of an operation that no cache may answer.
    pub(crate) fn step(&mut self, now: u64, by: Process, op: &Op, stage: Stage, alive: bool) -> Outcome {
        match stage {
            Stage::Begin => self.begin(now, by, op, alive),
            Stage::Write(inode) => self.write_step(now, by, op, inode),
            Stage::Finish(inode) => {
                if let Op::WriteRecord(body, head) = op {
                    self.write(now, inode, Content::Record(*head, Arc::clone(body)), by, body.id);
                }
                Outcome::Next(Stage::Flush(inode))
            }
            Stage::Flush(inode) => {
                let file = &mut self.inodes[inode];
                if file.lost {
                    // NFS sends the writes again when the server's verifier has changed, SMB loses the handle: never a success.
                    return Outcome::Done(Err(Failure::Unreachable));
                }
                file.flushed = Some(file.content.now().clone());
                self.dirty.retain(|dirty| *dirty != inode);
                Outcome::Done(Ok(Reply::Done))
            }
            Stage::WriteNotice(file) => {
                if let Op::CreateNotice(body, _) | Op::WriteNotice(body, _, _) = op
                    && self.notice.now().file() == file
                {
                    // Silent for long enough when it was compared; a move in the instant between is a stated limit.
                    if let (Op::WriteNotice(_, _, Over::Fingerprint(seen)), Notice::Foreign { fingerprint, .. }) =
                        (op, self.notice.now())
                        && seen == fingerprint
                        && !self.forced.contains(&Revoked { number: 0, nonce: 0, fingerprint: *seen })
                    {
                        self.trespass = Some(Trespass::Notice { unchanged: now - self.notice.since(), by });
                    }
                    let fingerprint = self.fingerprint();
                    let promise = body.promise;
                    self.notice.set(now, Notice::Ours { id: body.id, token: body.token, promise, fingerprint, file });
                }
                Outcome::Done(Ok(Reply::Done))
            }
            Stage::UnlinkNotice => {
                self.notice.set(now, Notice::None);
                Outcome::Done(Ok(Reply::Done))
            }
            Stage::Unlink => {
                if let Op::CleanUp { number, .. } = op {
                    self.unlink(now, number.0);
                }
                Outcome::Next(Stage::Confirm)
            }
            Stage::Confirm => Outcome::Done(Ok(Reply::Removed(true))),
        }
    }

    fn begin(&mut self, now: u64, by: Process, op: &Op, alive: bool) -> Outcome {
        let done = |reply| Outcome::Done(Ok(reply));
        match op {
            Op::Ping | Op::Touch => done(Reply::Done),
            Op::ReadBoard => done(Reply::Board(*self.board.now(), self.revoke.now().clone())),
            Op::List => done(Reply::Numbers(self.numbers_at(u64::MAX - 1))),
            Op::ReadLease(number) => done(Reply::Lease(self.lease_at(number.0, u64::MAX - 1))),
            Op::ReadNotice => done(Reply::Notice(self.notice.now().seen())),
            Op::Probe(_) => Outcome::Done(Err(Failure::Unusable)),
            Op::Create(body, _) => {
                if self.live(body.id.number.0).is_some() {
                    return done(Reply::Exists);
                }
                let empty = Content::Torn(self.fingerprint());
                let inode = self.insert(now, body.id.number.0, empty, body.id, false);
                self.dirty.push(inode);
                if alive {
                    self.handles[usize::from(by.seat)].insert(body.id.number.0, inode);
                }
                Outcome::Next(Stage::Write(inode))
            }
            Op::WriteHead(number, _) => match self.handle(by, *number) {
                Ok(inode) => self.write_step(now, by, op, inode),
                Err(failure) => Outcome::Done(Err(failure)),
            },
            Op::WriteRecord(body, _) => match self.handle(by, body.id.number) {
                Ok(inode) => self.write_step(now, by, op, inode),
                Err(failure) => Outcome::Done(Err(failure)),
            },
            Op::Void(id, _) => match self.live(id.number.0) {
                Some(inode) if matches!(self.inodes[inode].content.now(), Content::Record(_, body) if body.id == *id) => {
                    Outcome::Next(Stage::Write(inode))
                }
                Some(_) | None => done(Reply::Done),
            },
            Op::Lock(number) => {
                if let Ok(inode) = self.handle(by, *number) {
                    let file = &mut self.inodes[inode];
                    if alive && file.lock.is_none() {
                        file.lock = Some(by);
                        file.lock_ever = true;
                    }
                }
                done(Reply::Done)
            }
            Op::Close(number) => {
                if let Some(inode) = self.handles[usize::from(by.seat)].remove(&number.0)
                    && self.inodes[inode].lock == Some(by)
                {
                    self.inodes[inode].lock = None;
                }
                done(Reply::Done)
            }
            Op::CreateNotice(..) => {
                if *self.notice.now() != Notice::None {
                    return done(Reply::Exists);
                }
                let (fingerprint, file) = (self.fingerprint(), self.fingerprint());
                self.notice.set(now, Notice::Foreign { fingerprint, file });
                Outcome::Next(Stage::WriteNotice(file))
            }
            Op::WriteNotice(body, _, over) => {
                let there = *self.notice.now();
                let mine = match (over, there) {
                    (Over::Mine, Notice::Ours { id, .. }) => id == body.id,
                    (Over::Fingerprint(wanted), Notice::Ours { fingerprint, .. } | Notice::Foreign { fingerprint, .. }) => {
                        *wanted == fingerprint
                    }
                    (Over::Mine, Notice::None | Notice::Foreign { .. }) | (Over::Fingerprint(_), Notice::None) => false,
                };
                if mine { Outcome::Next(Stage::WriteNotice(there.file())) } else { done(Reply::Notice(there.seen())) }
            }
            Op::RemoveNotice(id) => match *self.notice.now() {
                Notice::Ours { id: there, .. } if there == *id => Outcome::Next(Stage::UnlinkNotice),
                Notice::Ours { .. } | Notice::Foreign { .. } | Notice::None => done(Reply::Done),
            },
            Op::WriteBoard(board) => {
                self.board.set(now, Some(*board));
                done(Reply::Done)
            }
            Op::WriteRevoke(revoke) => {
                if revoke.now {
                    self.forced.extend(&revoke.subjects);
                }
                self.revoke.set(now, Some(Arc::clone(revoke)));
                done(Reply::Done)
            }
            Op::CleanUp { number, own, keep } => self.begin_clean_up(*number, *own, *keep),
        }
    }

    fn begin_clean_up(&self, number: Number, own: Number, keep: Duration) -> Outcome {
        let Some(inode) = self.live(number.0) else { return Outcome::Done(Ok(Reply::Removed(true))) };
        let Some(own) = self.live(own.0) else { return Outcome::Done(Err(Failure::Gone)) };
        let age = self.inodes[own].modified.saturating_sub(self.inodes[inode].modified);
        let old = u128::try_from(age).is_ok_and(|age| age >= keep.as_millis());
        if old { Outcome::Next(Stage::Unlink) } else { Outcome::Done(Ok(Reply::Removed(false))) }
    }

    fn write_step(&mut self, now: u64, by: Process, op: &Op, inode: usize) -> Outcome {
        match op {
            Op::Create(body, at) => {
                let head = Head { state: State::Live, counter: 0, at: *at };
                self.write(now, inode, Content::Record(head, Arc::clone(body)), by, body.id);
            }
            Op::WriteHead(_, head) => {
                if let Content::Record(_, body) = self.inodes[inode].content.now().clone() {
                    let writer = body.id;
                    self.write(now, inode, Content::Record(*head, body), by, writer);
                }
            }
            Op::WriteRecord(body, head) => {
                if self.tears {
                    let torn = Content::Torn(self.fingerprint());
                    self.write(now, inode, torn, by, body.id);
                    return Outcome::Next(Stage::Finish(inode));
                }
                self.write(now, inode, Content::Record(*head, Arc::clone(body)), by, body.id);
            }
            Op::Void(id, at) => self.void(now, inode, *id, *at, by),
            Op::Touch
            | Op::ReadBoard
            | Op::Ping
            | Op::List
            | Op::ReadLease(_)
            | Op::ReadNotice
            | Op::Probe(_)
            | Op::Lock(_)
            | Op::Close(_)
            | Op::CreateNotice(..)
            | Op::WriteNotice(..)
            | Op::RemoveNotice(_)
            | Op::WriteBoard(_)
            | Op::WriteRevoke(_)
            | Op::CleanUp { .. } => {}
        }
        Outcome::Next(Stage::Flush(inode))
    }

    fn void(&mut self, now: u64, inode: usize, id: LeaseId, at: WallTime, by: Process) {
        if let Content::Record(head, body) = self.inodes[inode].content.now().clone() {
            let head = Head { state: State::Void, counter: head.counter.wrapping_add(1), at };
            self.write(now, inode, Content::Record(head, body), by, id);
        }
    }

    /// The age of a lease by the server's clock, and whether its byte is locked.
    pub(crate) fn life(&self, now: u64, id: LeaseId) -> (Option<Duration>, sharelock::lease::record::RangeLock) {
        use sharelock::lease::record::RangeLock;
        let file = self.live(id.number.0).map(|inode| &self.inodes[inode]);
        let age = file.filter(|_| self.shows_age).map(|file| {
            let age = self.wall(now).saturating_sub(file.modified);
            Duration::from_millis(u64::try_from(age).unwrap_or(0))
        });
        let lock = match (self.locks, file) {
            (Locks::Unknown, _) => RangeLock::Unknown,
            (Locks::Honest, Some(file)) if file.lock.is_some() => RangeLock::Held,
            (Locks::NeverFreed, Some(file)) if file.lock_ever => RangeLock::Held,
            (Locks::AlwaysFree | Locks::Honest | Locks::NeverFreed, _) => RangeLock::Free,
        };
        (age, lock)
    }

    /// Forgets the range locks of a process, or of a machine's processes.
    pub(crate) fn free_locks(&mut self, whose: impl Fn(Process) -> bool) {
        let recent = self.inodes.len().saturating_sub(64);
        for file in &mut self.inodes[recent..] {
            if file.lock.is_some_and(&whose) {
                file.lock = None;
            }
        }
    }

    /// Closes the handles of a process that is gone.
    pub(crate) fn close_all(&mut self, seat: u8) {
        self.handles[usize::from(seat)].clear();
    }
}
