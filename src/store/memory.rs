//! A store in memory: for tests of whatever uses a store, and the reference that the folder store is compared with.
//!
//! It keeps bytes, not values, so that torn, garbled and foreign content can be put there; and a removed file lives on in the
//! handle that its owner keeps, as on a real share. What it does not have is delay, caches and loss: those are the simulation's.

use super::history::{history_line, revoke_line};
use super::in_line::{Standing, TICKET_LIFE, Waiter, line};
use super::{Capabilities, Identity, Store, StoreError, is_notice_of, may_write_over};
use crate::clock::{Clock, Ticks};
use crate::lease::codec::{
    BOARD_BYTES, HEAD_BYTES, REVOKE_BYTES, Ticket, decode_board, decode_lease, decode_notice, decode_revoke, decode_ticket,
    encode_board, encode_head, encode_lease, encode_notice, encode_revoke, encode_ticket,
};
use crate::lease::record::{Board, Evidence, Fate, Found, Head, LeaseId, Nonce, NoticeSeen, Number, RangeLock, Revoke, State};
use crate::lease::wire::{Failure, Op, Reply};
use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// A name on the share.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Name {
    /// The board.
    Board,
    /// The notice.
    Notice,
    /// A lease file.
    Lease(Number),
    /// The ticket of the client with this nonce.
    Ticket(Nonce),
}

/// A shared folder that exists in this process alone. Clones are the same folder.
#[derive(Clone)]
pub struct MemoryShare {
    clock: Arc<dyn Clock>,
    folder: Arc<Mutex<Folder>>,
}

#[derive(Debug, Default)]
struct Folder {
    files: BTreeMap<Name, Handle>,
    history: Vec<String>,
    fates: BTreeMap<LeaseId, Fate>,
    failing: Option<Failure>,
}

type Handle = Arc<Mutex<Content>>;

#[derive(Debug)]
struct Content {
    /// Which file this is: one that is made again under the same name is another.
    file: u64,
    bytes: Vec<u8>,
    written: Ticks,
    /// The client that has the range lock.
    locked_by: Option<Nonce>,
}

impl Default for Content {
    fn default() -> Self {
        static MADE: AtomicU64 = AtomicU64::new(0);
        let file = MADE.fetch_add(1, Ordering::Relaxed) + 1;
        Self { file, bytes: Vec::new(), written: Ticks::default(), locked_by: None }
    }
}

impl fmt::Debug for MemoryShare {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryShare").field("folder", &self.folder).finish_non_exhaustive()
    }
}

impl MemoryShare {
    /// Makes an empty share whose file times come from `clock`.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, folder: Arc::default() }
    }

    /// Connects another client.
    #[must_use]
    pub fn client(&self, identity: Identity) -> MemoryStore {
        let capabilities = Capabilities {
            kind: "memory".to_owned(),
            caches_reads: false,
            may_hang: false,
            range_locks: true,
            lock_wakes: false,
            change_notify: false,
            native_events: false,
            synchronised_by: None,
        };
        MemoryStore { share: self.clone(), identity, capabilities, held: Mutex::default() }
    }

    /// Puts bytes under a name, as if another program had written them, or removes the name.
    pub fn plant(&self, name: Name, bytes: Option<&[u8]>) {
        let written = self.clock.now().ticks;
        let mut folder = lock(&self.folder);
        match bytes {
            Some(bytes) => {
                let file = folder.files.entry(name).or_default();
                let mut content = lock(file);
                content.bytes = bytes.to_vec();
                content.written = written;
            }
            None => {
                folder.files.remove(&name);
            }
        }
    }

    /// Returns the bytes under a name.
    #[must_use]
    pub fn bytes(&self, name: Name) -> Option<Vec<u8>> {
        lock(&self.folder).files.get(&name).map(|file| lock(file).bytes.clone())
    }

    /// Returns every name there is.
    #[must_use]
    pub fn names(&self) -> Vec<Name> {
        lock(&self.folder).files.keys().copied().collect()
    }

    /// Returns the lines written about removed leases.
    #[must_use]
    pub fn history(&self) -> Vec<String> {
        lock(&self.folder).history.clone()
    }

    /// Makes every operation fail with this, or work again.
    pub fn fail_with(&self, failure: Option<Failure>) {
        lock(&self.folder).failing = failure;
    }

    /// Decides what is known about the processes of a holder.
    pub fn decide_fate(&self, id: LeaseId, fate: Fate) {
        lock(&self.folder).fates.insert(id, fate);
    }
}

/// One client of a [`MemoryShare`]. Dropping it drops its range locks, as the end of a process does.
#[derive(Debug)]
pub struct MemoryStore {
    share: MemoryShare,
    identity: Identity,
    capabilities: Capabilities,
    held: Mutex<BTreeMap<Number, Handle>>,
}

impl MemoryStore {
    fn me(&self) -> Nonce {
        self.identity.nonce
    }

    /// Locks the folder, unless it is to fail.
    fn folder(&self) -> Result<MutexGuard<'_, Folder>, StoreError> {
        let folder = lock(&self.share.folder);
        match folder.failing {
            None => Ok(folder),
            Some(failure) => Err(refusal(failure, "this share was told to fail")),
        }
    }

    fn write(&self, handle: &Handle, offset: usize, bytes: &[u8]) {
        let written = self.share.clock.now().ticks;
        let mut content = lock(handle);
        let end = offset + bytes.len();
        let length = content.bytes.len().max(end);
        content.bytes.resize(length, 0);
        content.bytes[offset..end].copy_from_slice(bytes);
        content.written = written;
    }

    fn create(&self, name: Name, bytes: &[u8]) -> Result<Option<Handle>, StoreError> {
        let mut folder = self.folder()?;
        if folder.files.contains_key(&name) {
            return Ok(None);
        }
        let handle = Handle::default();
        self.write(&handle, 0, bytes);
        folder.files.insert(name, Arc::clone(&handle));
        Ok(Some(handle))
    }

    fn write_board(&self, board: &Board) -> Result<(), StoreError> {
        let handle = Arc::clone(self.folder()?.files.entry(Name::Board).or_default());
        self.write(&handle, 0, &encode_board(board));
        lock(&handle).bytes.truncate(BOARD_BYTES + REVOKE_BYTES);
        Ok(())
    }

    fn write_revoke(&self, revoke: &Revoke) -> Result<(), StoreError> {
        let mut folder = self.folder()?;
        let handle = Arc::clone(folder.files.entry(Name::Board).or_default());
        self.write(&handle, BOARD_BYTES, &encode_revoke(revoke));
        folder.history.push(revoke_line(revoke));
        Ok(())
    }

    fn write_own(&self, number: Number, bytes: &[u8]) -> Result<Reply, StoreError> {
        let _reachable = self.folder()?;
        let handle = lock(&self.held).get(&number).cloned();
        let handle = handle.ok_or_else(|| refusal(Failure::Gone, "this lease is not open here"))?;
        self.write(&handle, 0, bytes);
        Ok(Reply::Done)
    }

    fn void(&self, id: LeaseId, head: impl FnOnce(u32) -> Head) -> Result<Reply, StoreError> {
        let folder = self.folder()?;
        if let Some(handle) = folder.files.get(&Name::Lease(id.number)) {
            let found = decode_lease(id.number, &lock(handle).bytes);
            if let Found::Record { head: Head { state: State::Live, counter, .. }, body, .. } = found
                && body.id == id
            {
                let bytes: [u8; HEAD_BYTES] = encode_head(&head(counter.saturating_add(1)));
                self.write(handle, 0, &bytes);
            }
        }
        drop(folder);
        Ok(self.close(id.number))
    }

    fn close(&self, number: Number) -> Reply {
        if let Some(handle) = lock(&self.held).remove(&number) {
            let mut content = lock(&handle);
            if content.locked_by == Some(self.me()) {
                content.locked_by = None;
            }
        }
        Reply::Done
    }

    fn notice(folder: &Folder) -> NoticeSeen {
        folder.files.get(&Name::Notice).map_or(NoticeSeen::Missing, |handle| decode_notice(&lock(handle).bytes))
    }

    fn probe(&self, id: LeaseId) -> Result<Reply, StoreError> {
        let folder = self.folder()?;
        let written = |name| folder.files.get(&name).map(|handle| lock(handle).written);
        let lock = folder.files.get(&Name::Lease(id.number)).map_or(RangeLock::Unknown, |handle| {
            if lock(handle).locked_by.is_some() { RangeLock::Held } else { RangeLock::Free }
        });
        let age = match (written(Name::Ticket(self.me())), written(Name::Lease(id.number))) {
            (Some(now), Some(then)) => Some(now.since(then)),
            _ => None,
        };
        Ok(Reply::Evidence(Evidence { fate: folder.fates.get(&id).copied().unwrap_or(Fate::Unknown), lock, age }))
    }

    fn write_ticket(&self, change: impl FnOnce(&mut Ticket)) -> Result<(), StoreError> {
        let mut folder = self.folder()?;
        let handle = Arc::clone(folder.files.entry(Name::Ticket(self.me())).or_default());
        let there = decode_ticket(&lock(&handle).bytes);
        let holder = self.identity.holder.clone();
        let mut ticket = there.unwrap_or(Ticket { holder, ..Ticket::default() });
        ticket.counter = ticket.counter.wrapping_add(1);
        change(&mut ticket);
        self.write(&handle, 0, &encode_ticket(&ticket));
        Ok(())
    }

    fn clean_up(&self, number: Number, own: Number, keep: Duration) -> Result<Reply, StoreError> {
        let mut folder = self.folder()?;
        let Some(handle) = folder.files.get(&Name::Lease(number)).cloned() else { return Ok(Reply::Removed(true)) };
        let mine = lock(&self.held).get(&own).cloned();
        let mine = mine.ok_or_else(|| refusal(Failure::Gone, "my own lease is not open here"))?;
        // One after the other: both may be the same file.
        let now = lock(&mine).written;
        let age = now.since(lock(&handle).written);
        if number >= own || age < keep {
            return Ok(Reply::Removed(false));
        }
        let found = decode_lease(number, &lock(&handle).bytes);
        if matches!(found, Found::Newer { .. }) {
            return Ok(Reply::Removed(false));
        }
        folder.history.push(history_line(number, &found));
        folder.files.remove(&Name::Lease(number));
        Ok(Reply::Removed(true))
    }
}

impl Store for MemoryStore {
    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    fn perform(&self, op: &Op) -> Result<Reply, StoreError> {
        match op {
            Op::Ping => self.folder().map(|_| Reply::Done),
            Op::Touch => self.write_ticket(|_| ()).map(|()| Reply::Done),
            Op::ReadBoard => {
                let folder = self.folder()?;
                let bytes = folder.files.get(&Name::Board).map(|handle| lock(handle).bytes.clone()).unwrap_or_default();
                Ok(Reply::Board(decode_board(&bytes), decode_revoke(&bytes).map(Arc::new)))
            }
            Op::List => {
                let number = |name: &Name| if let Name::Lease(number) = name { Some(*number) } else { None };
                Ok(Reply::Numbers(self.folder()?.files.keys().filter_map(number).collect()))
            }
            Op::ReadLease(number) => {
                let folder = self.folder()?;
                let handle = folder.files.get(&Name::Lease(*number));
                Ok(Reply::Lease(handle.map_or(Found::Missing, |handle| {
                    let content = lock(handle);
                    decode_lease(*number, &content.bytes).in_file(content.file)
                })))
            }
            Op::ReadNotice => Ok(Reply::Notice(Self::notice(&*self.folder()?))),
            Op::Probe(body) => self.probe(body.id),
            Op::Create(body, at) => {
                let head = Head { state: State::Live, counter: 1, at: *at };
                let Some(handle) = self.create(Name::Lease(body.id.number), &encode_lease(body, &head))? else {
                    return Ok(Reply::Exists);
                };
                lock(&self.held).insert(body.id.number, handle);
                if body.id.number == Number(1) {
                    self.create(
                        Name::Board,
                        &encode_board(&Board { id: body.id, token: body.token, state: State::Live, long: body.promise.long }),
                    )?;
                }
                Ok(Reply::Done)
            }
            Op::WriteHead(number, head) => self.write_own(*number, &encode_head(head)),
            Op::WriteRecord(body, head) => self.write_own(body.id.number, &encode_lease(body, head)),
            Op::Void(id, at) => self.void(*id, |counter| Head { state: State::Void, counter, at: *at }),
            Op::Lock(number) => {
                let handle = lock(&self.held).get(number).cloned();
                let handle = handle.ok_or_else(|| refusal(Failure::Gone, "this lease is not open here"))?;
                lock(&handle).locked_by.get_or_insert(self.me());
                Ok(Reply::Done)
            }
            Op::Close(number) => Ok(self.close(*number)),
            Op::CreateNotice(body, at) => {
                let made = self.create(Name::Notice, &encode_notice(body, *at))?;
                Ok(if made.is_some() { Reply::Done } else { Reply::Exists })
            }
            Op::WriteNotice(body, at, over) => {
                let mut folder = self.folder()?;
                let seen = Self::notice(&folder);
                if !may_write_over(&seen, *over, body.id) {
                    return Ok(Reply::Notice(seen));
                }
                let handle = folder.files.entry(Name::Notice).or_default();
                lock(handle).bytes.clear();
                self.write(handle, 0, &encode_notice(body, *at));
                Ok(Reply::Done)
            }
            Op::RemoveNotice(mine) => {
                let mut folder = self.folder()?;
                if is_notice_of(&Self::notice(&folder), *mine) {
                    folder.files.remove(&Name::Notice);
                }
                Ok(Reply::Done)
            }
            Op::WriteBoard(board) => self.write_board(board).map(|()| Reply::Done),
            Op::WriteRevoke(revoke) => self.write_revoke(revoke).map(|()| Reply::Done),
            Op::CleanUp { number, own, keep } => self.clean_up(*number, *own, *keep),
        }
    }

    fn waiting(&self) -> Result<Vec<Waiter>, StoreError> {
        let folder = self.folder()?;
        let now = self.share.clock.now().ticks;
        let mut tickets = Vec::new();
        for (name, handle) in &folder.files {
            let content = lock(handle);
            if matches!(name, Name::Ticket(_))
                && now.since(content.written) <= TICKET_LIFE
                && let Some(ticket) = decode_ticket(&content.bytes)
            {
                tickets.push(ticket);
            }
        }
        Ok(line(tickets))
    }

    fn queue(&self, standing: &Standing) -> Result<(), StoreError> {
        if *standing == Standing::Out {
            self.folder()?.files.remove(&Name::Ticket(self.me()));
            return Ok(());
        }
        let now = self.share.clock.now().wall;
        self.write_ticket(|ticket| standing.write_into(ticket, &self.identity.holder, now))
    }
}

impl Drop for MemoryStore {
    fn drop(&mut self) {
        let numbers: Vec<_> = lock(&self.held).keys().copied().collect();
        for number in numbers {
            self.close(number);
        }
    }
}

fn lock<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn refusal(failure: Failure, why: &'static str) -> StoreError {
    StoreError { failure, doing: "using", path: "memory".into(), source: io::Error::other(why) }
}
