//! One program's dealings with one database: open it, wait for the lease, hold it, give it back.
//!
//! A [`Session`] drives the pure core against a store. What it promises and what it does not is in the crate's documentation.

mod engine;
mod memory;

use crate::clock::{Clock, SystemClock, Ticks};
use crate::lease::record::{LeaseId, Nonce, ProcessId, Token};
use crate::lease::rules::Rules;
use crate::lease::timing::Timing;
use crate::lease::wire::{Event, Failure, Report};
use crate::lease::{Belief, Client, Identity, Memory, State, Status};
use crate::store::{Capabilities, Store, StoreError, Waiter};
use crate::watch::Watcher;
use engine::Engine;
use memory::MemoryFile;
pub use memory::parse_memory;
use std::path::{Path, PathBuf};
use std::sync::{Arc, mpsc};
use std::time::Duration;

/// How long a share may leave a question unanswered before people are told that it cannot be reached.
pub const PATIENCE: Duration = Duration::from_secs(10);
/// How long giving back may take before the lease is left to lapse.
pub const RELEASE_PATIENCE: Duration = Duration::from_secs(5);
/// Nobody is listed as waiting who gets the lease within this time.
const QUEUE_AFTER: Duration = Duration::from_secs(1);

/// How often somebody who waits looks whether a holder on the same machine still lives.
const LOOK_FOR_DEATH: Duration = Duration::from_secs(1);
/// How long a wait that is over still lets a claim finish that is on its way.
const RACE: Duration = Duration::from_secs(2);

/// How long to wait for a lease that somebody else has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wait {
    /// Not at all.
    Never,
    /// At most this long.
    For(Duration),
    /// Until it is free or the wait is cancelled.
    Forever,
}

/// Why the lease could not be had.
#[derive(Debug, thiserror::Error)]
pub enum AcquireError {
    /// Somebody else has it, and the wait is over.
    #[error("somebody else is using it")]
    Taken(Box<Status>),
    /// This session holds or waits for it already.
    #[error("this session already holds the lease or waits for it")]
    Busy,
    /// The record is of a later version of the program.
    #[error("it is held by a newer version of Sharelock; update this one")]
    Newer(Box<Status>),
    /// The wait was cancelled.
    #[error("the wait was cancelled")]
    Cancelled,
    /// The share failed, or did not answer. This does not mean that the database is free.
    #[error("{}", .1.as_ref().map_or_else(|| "the shared folder does not answer".to_owned(), ToString::to_string))]
    Failed(Failure, Option<Arc<StoreError>>),
    /// A thread or descriptor could not be had.
    #[error("this computer is out of threads or file descriptors: {0}")]
    System(#[from] std::io::Error),
}

/// Why a lease could not be given back in order. It lapses by itself.
#[derive(Debug, thiserror::Error)]
pub enum ReleaseError {
    /// The end mark could not be written in time.
    #[error("the shared folder does not answer; the lease lapses by itself in {0:?}")]
    Unanswered(Duration),
    /// The lease was not held any more.
    #[error("the lease had been lost before it was released")]
    Lost,
}

/// Everything about one database at one moment.
#[derive(Debug)]
pub struct Snapshot {
    /// The state, and who has it.
    pub status: Status,
    /// Who waits.
    pub waiting: Vec<Waiter>,
    /// The last failure of the store, where the state is unreachable or denied.
    pub failure: Option<Arc<StoreError>>,
}

/// What a session is opened with.
pub struct SessionOptions {
    /// The durations.
    pub timing: Timing,
    /// Who this is, for the record.
    pub identity: Identity,
    /// Where observations and tokens are remembered between runs; `None` forgets them.
    pub memory: Option<PathBuf>,
    /// What tells apart different shares that are mounted at the same path at different times.
    pub place: String,
    /// The store's folder, where changes can be watched for.
    pub folder: Option<PathBuf>,
}

/// One program's dealings with one database.
pub struct Session {
    engine: Arc<Engine>,
    memory: Option<MemoryFile>,
    folder: Option<PathBuf>,
    machine: String,
}

impl Session {
    /// Opens a session on a store with the clocks of this machine.
    ///
    /// # Errors
    /// When the system gives no random numbers or descriptors.
    pub fn open(store: Arc<dyn Store>, options: SessionOptions) -> std::io::Result<Self> {
        Self::with_clock(store, options, Arc::new(SystemClock))
    }

    /// Opens a session that lives by another clock.
    ///
    /// # Errors
    /// As [`Session::open`].
    pub fn with_clock(store: Arc<dyn Store>, options: SessionOptions, clock: Arc<dyn Clock>) -> std::io::Result<Self> {
        let mut seed = [0_u8; 16];
        getrandom::fill(&mut seed).map_err(std::io::Error::other)?;
        let memory = options.memory.map(|folder| {
            let store = options.folder.clone().unwrap_or_default();
            MemoryFile::new(&folder, &store, options.place, options.identity.host.boot.clone())
        });
        let remembered = memory.as_ref().map_or_else(Memory::default, MemoryFile::load);
        let caches_reads = store.capabilities().caches_reads;
        let seed = u128::from_ne_bytes(seed);
        let machine = options.identity.holder.machine.clone();
        let client = Client::new(options.identity, options.timing, Rules::default(), seed, caches_reads, remembered);
        Ok(Self { engine: Engine::new(store, clock, client)?, memory, folder: options.folder, machine })
    }

    /// Returns what the store can do.
    #[must_use]
    pub fn capabilities(&self) -> &Capabilities {
        self.engine.store.capabilities()
    }

    /// Returns a channel of everything that happens from now on, in order.
    #[must_use]
    pub fn subscribe(&self) -> mpsc::Receiver<Report> {
        self.engine.subscribe()
    }

    /// Returns a handle that ends a wait from another thread.
    #[must_use]
    pub fn canceller(&self) -> Canceller {
        Canceller(Arc::clone(&self.engine))
    }

    /// Looks once and returns what there is to see. Never takes longer than `patience`.
    #[must_use]
    pub fn look(&self, patience: Duration) -> Snapshot {
        let engine = &self.engine;
        let until = engine.clock.now().ticks + patience;
        let mut seen = engine.lock().next_report();
        let mut answered = matches!(engine.belief(), Belief::Holding(..));
        if !answered {
            if engine.store.capabilities().may_hang && engine.start_keeper().is_err() {
                return self.snapshot(false);
            }
            engine.post(Event::Look);
        }
        let mut state = engine.lock();
        while !answered {
            for report in new_reports(&state, &mut seen) {
                answered |= matches!(report, Report::Looked | Report::LookFailed(_));
            }
            let now = engine.clock.now().ticks;
            if answered || now >= until {
                break;
            }
            state = engine.wait(state, until.since(now));
        }
        drop(state);
        self.snapshot(answered)
    }

    fn snapshot(&self, answered: bool) -> Snapshot {
        let mut status = self.engine.status();
        let failure = self.engine.lock().failure.clone();
        if !answered {
            status = Status { state: State::Unreachable, failure: Some(Failure::Unreachable), ..status };
        }
        let known = !matches!(status.state, State::Unreachable | State::Denied);
        let waiting = if known { self.engine.store.waiting().unwrap_or_default() } else { Vec::new() };
        Snapshot { failure: failure.filter(|_| !known), status, waiting }
    }

    /// Takes the lease, waiting for it as long as `wait` says.
    ///
    /// `progress` is called with the present state whenever something changed, and at least every quarter of a second.
    ///
    /// # Errors
    /// [`AcquireError`]; the lease is then not held, and nothing is left behind that others must wait for (except where the share
    /// stopped answering in the middle: that lapses by itself).
    pub fn acquire(&self, wait: Wait, mut progress: Option<&mut dyn FnMut(&Status)>) -> Result<Guard<'_>, AcquireError> {
        let engine = &self.engine;
        engine.start_keeper()?;
        let began = engine.clock.now().ticks;
        let mut seen = {
            let mut state = engine.lock();
            if !state.client.is_idle() {
                return Err(AcquireError::Busy);
            }
            state.cancelled = false;
            state.next_report()
        };
        engine.post(Event::Want);
        let mut attempt = Attempt { began, answered: began, wait, watcher: None, queued: false };
        let result = loop {
            match self.attempt(&mut attempt, &mut seen) {
                Some(result) => break result,
                None => {
                    if let Some(progress) = progress.as_mut() {
                        progress(&engine.status());
                    }
                }
            }
            let now = engine.clock.now().ticks;
            let pause = attempt.pause(now, progress.is_some());
            let state = engine.lock();
            if state.next_report() == seen && !state.cancelled {
                drop(engine.wait(state, pause));
            }
        };
        if attempt.queued {
            drop(engine.store.queue(false));
        }
        match result {
            Ok((id, token)) => Ok(Guard { session: self, id, token, released: false }),
            Err(error) => {
                engine.post(Event::Release);
                self.settle(RELEASE_PATIENCE);
                self.remember();
                Err(error)
            }
        }
    }

    /// Judges what happened since the last time; `None` to go on waiting.
    fn attempt(&self, attempt: &mut Attempt, seen: &mut u64) -> Option<Result<(LeaseId, Token), AcquireError>> {
        let engine = &self.engine;
        let now = engine.clock.now();
        let state = engine.lock();
        if state.cancelled {
            return Some(Err(AcquireError::Cancelled));
        }
        let mut looked = false;
        for report in new_reports(&state, seen) {
            match report {
                Report::Acquired(id, token) => return Some(Ok((*id, *token))),
                Report::Looked => {
                    looked = true;
                    attempt.answered = now.ticks;
                }
                Report::ClaimFailed(failure) => return Some(Err(AcquireError::Failed(*failure, state.failure.clone()))),
                Report::LookFailed(failure) => {
                    let hopeless = *failure != Failure::Unreachable || attempt.wait == Wait::Never;
                    if hopeless {
                        return Some(Err(AcquireError::Failed(*failure, state.failure.clone())));
                    }
                }
                Report::ClaimSent(..)
                | Report::ClaimLost(_)
                | Report::ClaimUnanswered(_)
                | Report::LateCreate(_)
                | Report::Withdrawn(..)
                | Report::NoticeReplaced(_)
                | Report::Renewed(..)
                | Report::Guarded(_)
                | Report::RenewalFailed(_)
                | Report::Expiring(_)
                | Report::Unsure(..)
                | Report::Recovered(..)
                | Report::Lost(..)
                | Report::Released(_)
                | Report::ReleaseUnanswered(_)
                | Report::NoticeHealed(_)
                | Report::CleanedUp(_)
                | Report::WentBack(_)
                | Report::ForeignNotice
                | Report::Remember => {}
            }
        }
        let status = state.client.status(now);
        drop(state);
        if status.newer {
            return Some(Err(AcquireError::Newer(Box::new(status))));
        }
        let waited = now.ticks.since(attempt.began);
        let held = matches!(status.state, State::Held | State::Stale | State::Mine);
        let over = match attempt.wait {
            Wait::Never => looked && held && status.takeable_in != Some(Duration::ZERO),
            Wait::For(limit) => waited >= limit,
            Wait::Forever => false,
        };
        if over && held {
            return Some(Err(AcquireError::Taken(Box::new(status))));
        }
        if over && status.state == State::Free && waited < attempt.limit() + RACE {
            // A claim is on its way; another moment tells how it ends.
            return None;
        }
        let silent = now.ticks.since(attempt.answered) >= PATIENCE && attempt.wait == Wait::Never;
        if over || silent {
            return Some(Err(AcquireError::Failed(Failure::Unreachable, engine.lock().failure.clone())));
        }
        if held {
            self.wait_in_line(attempt, waited);
            if self.dies_unseen(&status) && now.ticks.since(attempt.answered) >= LOOK_FOR_DEATH {
                // Counted from now also if the look takes longer.
                attempt.answered = now.ticks;
                engine.post(Event::Hint);
            }
        }
        None
    }

    /// Watches for a change, and after a while shows up as waiting.
    fn wait_in_line(&self, attempt: &mut Attempt, waited: Duration) {
        if attempt.watcher.is_none() {
            attempt.watcher = Some(self.watch());
            // What changed between the last look and the beginning of the watch would never be told.
            self.engine.post(Event::Hint);
        }
        if !attempt.queued && waited >= QUEUE_AFTER && !self.capabilities().may_hang {
            attempt.queued = self.engine.store.queue(true).is_ok();
        }
    }

    /// Returns whether the holder may be on this machine: its death changes nothing on the share, so nothing would tell of it.
    fn dies_unseen(&self, status: &Status) -> bool {
        let holder = status.holder.as_ref();
        !self.capabilities().may_hang && holder.is_some_and(|holder| holder.machine == self.machine)
    }

    /// Watches the store; every change makes the core look.
    fn watch(&self) -> Watcher {
        let engine = Arc::clone(&self.engine);
        let store = Arc::clone(&self.engine.store);
        Watcher::start(store, self.folder.as_deref(), Box::new(move || engine.post(Event::Hint)))
    }

    /// Waits until nothing is going on any more.
    fn settle(&self, patience: Duration) {
        let engine = &self.engine;
        let until = engine.clock.now().ticks + patience;
        let mut state = engine.lock();
        while !state.client.is_idle() {
            let now = engine.clock.now().ticks;
            if now >= until {
                break;
            }
            // Going idle need not report anything, so this looks again soon even when nothing is told.
            state = engine.wait(state, until.since(now).min(Duration::from_millis(20)));
        }
    }

    fn remember(&self) {
        if let Some(memory) = &self.memory {
            memory.save(self.engine.lock().client.memory());
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.remember();
        self.engine.close();
    }
}

/// One call of [`Session::acquire`].
struct Attempt {
    began: Ticks,
    /// When the share last answered a whole look.
    answered: Ticks,
    wait: Wait,
    watcher: Option<Watcher>,
    queued: bool,
}

impl Attempt {
    /// Returns how long this may take altogether.
    const fn limit(&self) -> Duration {
        match self.wait {
            Wait::Never => PATIENCE,
            Wait::For(limit) => limit,
            Wait::Forever => Duration::from_secs(u32::MAX as u64),
        }
    }

    /// Returns how long nothing needs to be judged again, unless something is reported.
    fn pause(&self, now: Ticks, progress: bool) -> Duration {
        let waited = now.since(self.began);
        let limit = self.limit().saturating_sub(waited).max(Duration::from_millis(5));
        let death = if self.watcher.is_some() { LOOK_FOR_DEATH } else { limit };
        let queue = if self.queued || self.watcher.is_none() { death } else { QUEUE_AFTER.saturating_sub(waited) };
        let show = if progress { Duration::from_millis(250) } else { limit };
        limit.min(show).min(queue.max(Duration::from_millis(1)))
    }
}

/// Ends a wait from another thread.
#[derive(Clone)]
pub struct Canceller(Arc<Engine>);

impl Canceller {
    /// Makes the [`Session::acquire`] that is waiting now return [`AcquireError::Cancelled`].
    pub fn cancel(&self) {
        self.0.lock().cancelled = true;
        self.0.wake();
    }
}

/// A held lease. Dropping it gives the lease back as well as it can; [`Guard::release`] says whether that worked.
#[must_use = "the lease is given back as soon as this is dropped"]
pub struct Guard<'session> {
    session: &'session Session,
    id: LeaseId,
    token: Token,
    released: bool,
}

impl Guard<'_> {
    /// Returns the fencing token: larger than that of every lease before.
    #[must_use]
    pub fn token(&self) -> Token {
        match self.session.engine.belief() {
            Belief::Holding(_, token) => token,
            Belief::None | Belief::Unsure(_) => self.token,
        }
    }

    /// Returns the nonce by which this lease is recognised.
    #[must_use]
    pub fn nonce(&self) -> Nonce {
        self.id.nonce
    }

    /// Returns what is believed at this instant, by the clock alone.
    #[must_use]
    pub fn belief(&self) -> Belief {
        self.session.engine.belief()
    }

    /// Reads the ledger again and renews; returns whether the lease is held afterwards. Takes no longer than `patience`.
    ///
    /// A computer that was paused from outside cannot know it; whoever is about to do something that must not happen twice asks
    /// here first, and hands the token on to whatever can check it.
    #[must_use]
    pub fn is_valid(&self, patience: Duration) -> bool {
        let renewed = |report: &Report| matches!(report, Report::Renewed(..));
        let over = |report: &Report| matches!(report, Report::RenewalFailed(_) | Report::Lost(..) | Report::Unsure(..));
        self.after(Event::Verify, patience, renewed, over) && matches!(self.belief(), Belief::Holding(..))
    }

    /// Writes into the record which programs work under this lease, and waits until that is on the share.
    ///
    /// Returns whether it is; without it, a death of this process would let others in while those programs still write.
    #[must_use]
    pub fn guard(&self, programs: Vec<ProcessId>, patience: Duration) -> bool {
        let written = |report: &Report| matches!(report, Report::Guarded(_));
        let over = |report: &Report| matches!(report, Report::Lost(..) | Report::Unsure(..));
        self.after(Event::Guards(programs), patience, written, over)
    }

    /// Posts an event and waits for one of two kinds of reports; returns whether it was the first kind.
    fn after(&self, event: Event, patience: Duration, good: fn(&Report) -> bool, bad: fn(&Report) -> bool) -> bool {
        let engine = &self.session.engine;
        let until = engine.clock.now().ticks + patience;
        let mut seen = engine.lock().next_report();
        engine.post(event);
        let mut state = engine.lock();
        loop {
            for report in new_reports(&state, &mut seen) {
                if good(report) {
                    return true;
                }
                if bad(report) {
                    return false;
                }
            }
            let now = engine.clock.now().ticks;
            if now >= until {
                return false;
            }
            state = engine.wait(state, until.since(now));
        }
    }

    /// Gives the lease back.
    ///
    /// # Errors
    /// [`ReleaseError`] when it had been lost, or when the end mark could not be written in time: it then lapses by itself.
    pub fn release(mut self) -> Result<(), ReleaseError> {
        self.give_back(RELEASE_PATIENCE)
    }

    fn give_back(&mut self, patience: Duration) -> Result<(), ReleaseError> {
        self.released = true;
        let held = !matches!(self.belief(), Belief::None);
        let ended = |report: &Report| matches!(report, Report::Released(_));
        let over = |report: &Report| matches!(report, Report::Lost(..) | Report::ReleaseUnanswered(_));
        let released = held && self.after(Event::Release, patience, ended, over);
        if released {
            return Ok(());
        }
        self.session.engine.post(Event::Release);
        if held {
            let long = self.session.engine.lock().client.timing().long;
            Err(ReleaseError::Unanswered(long))
        } else {
            Err(ReleaseError::Lost)
        }
    }
}

impl Drop for Guard<'_> {
    fn drop(&mut self) {
        if !self.released {
            drop(self.give_back(RELEASE_PATIENCE));
        }
        self.session.remember();
    }
}

/// Returns the reports that the caller has not seen yet.
fn new_reports<'a>(state: &'a engine::State, seen: &mut u64) -> impl Iterator<Item = &'a Report> + use<'a> {
    let skip = usize::try_from(seen.saturating_sub(state.first_report)).unwrap_or(usize::MAX);
    *seen = state.next_report();
    state.reports.iter().skip(skip)
}

/// Where observations are remembered unless told otherwise: the user's state folder.
#[must_use]
pub fn default_memory() -> Option<PathBuf> {
    let folders = directories::ProjectDirs::from("", "", "sharelock")?;
    Some(folders.state_dir().unwrap_or_else(|| folders.data_local_dir()).join("seen"))
}

/// Returns what tells apart two folders that appear at the same path at different times.
#[must_use]
pub fn place_of(folder: &Path) -> String {
    let Ok(facts) = crate::platform::files::entry_facts(folder) else { return String::new() };
    format!("{:x}-{:x}", facts.identity.volume, facts.identity.file)
}
