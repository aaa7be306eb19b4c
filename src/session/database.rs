//! A database opened by its path: who I am, where its leases live, what this machine remembers of it.
//!
//! The hazard is a share that hangs at the first look at the path: opening runs on its own thread, and gives up in time.

use super::once::{Place, Turn};
use super::{
    AcquireError, Canceller, Events, Guard, News, PATIENCE, Session, SessionOptions, Snapshot, Wait, default_memory, place_of,
};
use crate::i18n::{Reason, printable};
use crate::lease::record::{Holder, Host, Nonce, ProcessId};
use crate::lease::timing::Timing;
use crate::lease::wire::Failure;
use crate::lease::{Identity, State, Status};
use crate::platform::{self, process, user};
use crate::store::{Capabilities, FolderStore, History, Location, OpenError, Standing, Store, StoreError};
use crate::watch::{LookNow, Watcher};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, mpsc};
use std::time::Duration;

/// How to open a database.
#[derive(Debug, Clone)]
pub struct Options {
    timing: Timing,
    app: String,
    name: Option<String>,
    note: String,
    memory: Option<PathBuf>,
    patience: Duration,
    accept_sync_folder: bool,
}

impl Default for Options {
    fn default() -> Self {
        let program = std::env::current_exe().ok();
        let name = program.as_deref().and_then(Path::file_stem).map(|name| name.to_string_lossy().into_owned());
        Self {
            timing: Timing::default(),
            app: name.unwrap_or_default(),
            name: None,
            note: String::new(),
            memory: default_memory(),
            patience: PATIENCE,
            accept_sync_folder: false,
        }
    }
}

impl Options {
    /// Sets the durations; the defaults are right for offices.
    #[must_use]
    pub fn timing(self, timing: Timing) -> Self {
        Self { timing, ..self }
    }

    /// Sets the name of the program that colleagues are told; the default is this program's.
    #[must_use]
    pub fn app(self, app: impl Into<String>) -> Self {
        Self { app: app.into(), ..self }
    }

    /// Sets what the database is called in what is said here; the default is its file name. Others are not told.
    #[must_use]
    pub fn called(self, name: impl Into<String>) -> Self {
        Self { name: Some(name.into()), ..self }
    }

    /// Sets a few words for those who wait.
    #[must_use]
    pub fn note(self, note: impl Into<String>) -> Self {
        Self { note: note.into(), ..self }
    }

    /// Sets how long the share may take to answer at all; the default is ten seconds.
    #[must_use]
    pub fn patience(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }

    /// Lets a lease be taken although a program synchronises the folder between computers. Nothing that this library promises
    /// between computers holds there.
    #[must_use]
    pub fn accept_sync_folder(self, accept: bool) -> Self {
        Self { accept_sync_folder: accept, ..self }
    }

    /// Sets the folder in which is remembered what was seen; the default is in the user's state folder. Without it a program that runs
    /// only for a moment could never tell that a holder has given no sign of life for minutes.
    #[must_use]
    pub fn memory(self, folder: impl Into<PathBuf>) -> Self {
        Self { memory: Some(folder.into()), ..self }
    }

    /// Returns how often a database is looked at where nothing tells its changes.
    pub(super) const fn poll(&self) -> Duration {
        self.timing.poll
    }

    /// Opens a database, which may not exist yet. Nothing is written to the share, and nothing in the database is read.
    ///
    /// # Errors
    /// [`NotOpened`], after the patience at the latest.
    pub fn open(self, path: impl AsRef<Path>) -> Result<Database, NotOpened> {
        let path = path.as_ref().to_path_buf();
        match in_time(self.patience, move || self.open_now(&path)) {
            Ok(Some(result)) => result,
            Ok(None) => Err(NotOpened::Silent),
            Err(error) => Err(NotOpened::System(error)),
        }
    }

    fn open_now(self, path: &Path) -> Result<Database, NotOpened> {
        let process = process::me();
        let facts = platform::host();
        let (machine, boot) = (facts.machine.clone(), facts.boot.clone());
        let host = Host { machine, boot, pids: facts.pids.clone(), owner: facts.owner.clone() };
        let me = Holder {
            user: user::login(),
            name: user::full_name(),
            machine: user::machine_name(),
            session: user::session(),
            pid: process.pid,
            app: self.app,
            note: self.note,
        };
        let mut random = [0_u8; 16];
        getrandom::fill(&mut random).map_err(|error| NotOpened::System(io::Error::other(error)))?;
        let nonce = Nonce(u128::from_ne_bytes(random));
        let identity = crate::store::Identity { holder: me.clone(), host: host.clone(), nonce };
        let store = Arc::new(FolderStore::open(path, identity).map_err(NotOpened::Path)?);
        let location = store.location().clone();
        let process = ProcessId { pid: process.pid, start: process.start };
        let options = SessionOptions {
            timing: self.timing,
            identity: Identity { holder: me.clone(), host, process, database: location.shown.clone() },
            memory: self.memory,
            place: place_of(&location.folder),
            folder: Some(location.store.clone()),
        };
        let session = Session::open(Arc::clone(&store) as Arc<dyn Store>, options).map_err(NotOpened::System)?;
        let name = printable(self.name.as_ref().unwrap_or(&location.shown));
        let Self { timing, accept_sync_folder, .. } = self;
        Ok(Database { place: Place::of(&location), session, store, name, location, me, timing, accept_sync_folder })
    }
}

/// Why a database could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum NotOpened {
    /// The path cannot have a lease, or its folder cannot be looked at.
    #[error(transparent)]
    Path(OpenError),
    /// The share did not answer in time. This does not mean that the database is free.
    #[error("the shared folder did not answer in time")]
    Silent,
    /// The computer is out of something.
    #[error("this computer is out of threads, file descriptors or random numbers: {0}")]
    System(io::Error),
}

impl NotOpened {
    /// Returns the same for people, in whatever language they read.
    #[must_use]
    pub fn reason(&self) -> Reason {
        match self {
            Self::Path(error) => error.reason(),
            Self::Silent => Reason::NoAnswer,
            Self::System(error) => Reason::OutOfResources(printable(&error.to_string())),
        }
    }

    /// Returns what this says of the share; `None` when it was this computer's fault.
    #[must_use]
    pub fn failure(&self) -> Option<Failure> {
        match self {
            Self::Path(error) => Some(error.failure()),
            Self::Silent => Some(Failure::Unreachable),
            Self::System(_) => None,
        }
    }
}

/// How to take a lease: how long to wait for it, and whom to tell meanwhile. The default does not wait.
#[derive(Default)]
pub struct Acquire<'a> {
    wait: Wait,
    progress: Option<&'a mut dyn FnMut(&Status)>,
    adopts: Option<Nonce>,
}

impl<'a> Acquire<'a> {
    /// Sets how long to wait; a [`Duration`] will do.
    #[must_use]
    pub fn wait(self, wait: impl Into<Wait>) -> Self {
        Self { wait: wait.into(), ..self }
    }

    /// Answers from now on for the programs of this user, on this computer, that carry this mark: whose holder is dead, so that nobody else
    /// is let in before they end. The new lease names them.
    #[must_use]
    pub(crate) fn adopt(self, mark: Nonce) -> Self {
        Self { adopts: Some(mark), ..self }
    }

    /// Calls this with the present state whenever something changed, and at least every quarter of a second.
    #[must_use]
    pub fn progress(self, progress: &'a mut dyn FnMut(&Status)) -> Self {
        Self { progress: Some(progress), ..self }
    }
}

/// A database whose lease can be seen and taken.
///
/// Cheap: a look costs a few reads, threads exist only while a lease is wanted or held (or the folder is on a network).
pub struct Database {
    session: Session,
    store: Arc<FolderStore>,
    place: Place,
    location: Location,
    name: String,
    me: Holder,
    timing: Timing,
    accept_sync_folder: bool,
}

impl Database {
    /// Opens a database with the default [`Options`].
    ///
    /// # Errors
    /// As [`Options::open`].
    pub fn open(path: impl AsRef<Path>) -> Result<Self, NotOpened> {
        Options::default().open(path)
    }

    /// Takes the lease.
    ///
    /// One process takes a database once: while a [`Guard`] of it lives, or another thread waits for it, this returns
    /// [`AcquireError::Busy`] at once, also through another `Database` and another spelling of the path. Threads of one program take
    /// turns by means of their own.
    ///
    /// # Errors
    /// [`AcquireError`]; the lease is then not held, and nothing is left behind that others must wait for (except where the share
    /// stopped answering in the middle: that lapses by itself).
    pub fn acquire(&self, how: Acquire<'_>) -> Result<Guard, AcquireError> {
        if let Some(program) = self.capabilities().synchronised_by.as_ref().filter(|_| !self.accept_sync_folder) {
            return Err(AcquireError::Synchronised(printable(program)));
        }
        let turn = Turn::begin(&self.place, &self.session.engine).ok_or(AcquireError::Busy)?;
        Ok(self.session.acquire_for(how.adopts, how.wait, how.progress)?.with_turn(turn))
    }

    /// Waits until nobody has the database, without taking it: a hint, since somebody else may be faster. Returns the state.
    ///
    /// A lease whose holder is gone counts as nobody's once it can be taken over. On network folders that is not seen without
    /// waiting for the lease itself; [`Database::acquire`] sees it.
    ///
    /// # Errors
    /// As [`Database::acquire`].
    pub fn wait_until_free(&self, how: Acquire<'_>) -> Result<Status, AcquireError> {
        if let Some(program) = self.capabilities().synchronised_by.as_ref().filter(|_| !self.accept_sync_folder) {
            return Err(AcquireError::Synchronised(printable(program)));
        }
        self.session.wait_until_free(how.wait, how.progress)
    }

    /// Looks once, and returns who has the database and who waits. Writes nothing. Looking takes no longer
    /// than `patience`, and reading who waits neither.
    #[must_use]
    pub fn look(&self, patience: Duration) -> Snapshot {
        let mut seen = self.session.look(patience);
        if self.capabilities().synchronised_by.is_some() {
            // Where nobody decides who was first, nothing that was read says anything about anybody else.
            seen.status.state = State::Unreachable;
            seen.status.failure = Some(Failure::Unusable);
        }
        seen
    }

    /// Orders whoever stood in the way at the last look to give up, and keeps that in the history. `now` lets others in without
    /// waiting for the holder: two may then write.
    ///
    /// # Errors
    /// [`AcquireError::Failed`] when the order could not be written, or not within `patience`.
    pub(crate) fn order_release(&self, reason: &str, now: bool, patience: Duration) -> Result<(), AcquireError> {
        self.session.order_release(reason, now, patience)
    }

    /// Lets this user's ticket tell this, or tell it once more. It waits for nobody, and nothing depends on it.
    pub(crate) fn stand_in_line(&self, standing: Standing) {
        self.session.in_line.stand(standing);
    }

    /// Waits until the ticket tells what it is to, no longer than `patience`.
    pub(crate) fn settle_in_line(&self, patience: Duration) {
        self.session.in_line.settle(patience);
    }

    /// Reads who had the database, from when to when, and how it ended; takes no longer than `patience`.
    ///
    /// # Errors
    /// [`StoreError`] when the store cannot be read, or not in time.
    pub fn history(&self, patience: Duration) -> Result<History, StoreError> {
        let store = Arc::clone(&self.store);
        let late = || io::Error::new(io::ErrorKind::TimedOut, "the shared folder did not answer in time");
        let read = in_time(patience, move || store.past()).and_then(|past| past.ok_or_else(late));
        read.unwrap_or_else(|source| {
            Err(StoreError { failure: Failure::Unreachable, doing: "reading the history in", path: self.store().into(), source })
        })
    }

    /// Calls `look_now`, from any thread, when it may be worth looking. It ends when the [`Watcher`] is dropped.
    #[must_use]
    pub fn watch(&self, look_now: LookNow) -> Watcher {
        self.session.watch(look_now)
    }

    /// Returns what happens to the lease from now on, in order.
    #[must_use]
    pub fn events(&self) -> Events {
        Events(self.session.subscribe())
    }

    /// Calls `hear` with all that happens to its leases from now on, on whichever thread finds out, until it returns false.
    pub(crate) fn listen(&self, mut hear: impl FnMut(News) -> bool + Send + 'static) {
        self.session.listen(move |report| News::of(report).is_none_or(&mut hear));
    }

    /// Returns a handle that ends a wait from another thread.
    #[must_use]
    pub fn canceller(&self) -> Canceller {
        self.session.canceller()
    }

    /// Returns the database's path, absolute and with all links resolved.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.location.database
    }

    /// Returns the folder in which its leases are.
    #[must_use]
    pub fn store(&self) -> &Path {
        &self.location.store
    }

    /// Returns what the database is called ([`Options::called`]), or its name as it was typed; fit to be shown.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns who this process is to others.
    #[must_use]
    pub fn me(&self) -> &Holder {
        &self.me
    }

    /// Returns the durations.
    #[must_use]
    pub fn timing(&self) -> &Timing {
        &self.timing
    }

    /// Returns what the folder can do.
    #[must_use]
    pub fn capabilities(&self) -> &Capabilities {
        self.session.capabilities()
    }
}

/// Does something on a thread of its own and waits that long for it; `None` when it was not done in time.
pub(crate) fn in_time<T: Send + 'static>(patience: Duration, work: impl FnOnce() -> T + Send + 'static) -> io::Result<Option<T>> {
    let (sender, receiver) = mpsc::channel();
    let work = move || {
        // Nobody waits for a late result.
        drop(sender.send(work()));
    };
    std::thread::Builder::new().name("sharelock-open".into()).spawn(work)?;
    Ok(receiver.recv_timeout(patience).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_share_under_two_numbers_is_recognised_by_its_lease() {
        let folder = tempfile::tempdir().unwrap();
        let open = || Options::default().memory(folder.path()).open(folder.path().join("wems.db")).unwrap();
        let first = open();
        // As if the same folder were mounted a second time: nothing but the lease itself tells.
        let elsewhere = Location { folder: folder.path().join("elsewhere"), ..first.location.clone() };
        let second = Database { place: Place::of(&elsewhere), ..open() };
        let guard = first.acquire(Acquire::default()).unwrap();
        assert!(matches!(second.acquire(Acquire::default().wait(Duration::from_secs(20))), Err(AcquireError::Busy)));
        guard.release().unwrap();
        second.acquire(Acquire::default()).unwrap().release().unwrap();
    }
}
