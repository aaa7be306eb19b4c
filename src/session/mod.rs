//! One program's dealings with one database: open it, wait for the lease, hold it, give it back.
//!
//! A [`Session`] drives the pure core against a store; a [`Database`] is one that was opened by its path, with all that a program needs
//! to know of itself. What it promises and what it does not is in the crate's documentation.

mod database;
pub(crate) mod describe;
mod engine;
mod guard;
mod in_line;
mod memory;
mod news;
mod once;
mod survey;
mod vigil;
mod wait;

pub(crate) use database::in_time;
pub use database::{Acquire, Database, NotOpened, Options};
pub use guard::{Guard, Programs, ReleaseError};
pub use news::{Events, News};
pub use survey::{Sight, Survey};
use vigil::Vigil;

use crate::clock::{Clock, SystemClock, Ticks};
use crate::lease::record::{LeaseId, Nonce, Token};
use crate::lease::rules::Rules;
use crate::lease::timing::Timing;
use crate::lease::wire::{Event, Failure, Report};
use crate::lease::{Belief, Client, Identity, Memory, State, Status};
use crate::store::{Capabilities, RENEW_TICKET, Store, StoreError, Waiter};
use crate::watch::{LookNow, Watcher};
use engine::Engine;
use in_line::InLine;
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
/// How long somebody who gave up still waits until he is not listed any more.
const LEAVE: Duration = Duration::from_secs(1);

/// How often somebody who waits looks whether a holder on the same machine still lives.
const LOOK_FOR_DEATH: Duration = Duration::from_secs(1);
/// How long a wait that is over still lets a claim finish that is on its way.
const RACE: Duration = Duration::from_secs(2);

/// How long to wait for a lease that somebody else has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Wait {
    /// Not at all.
    #[default]
    Never,
    /// At most this long.
    For(Duration),
    /// Until it is free or the wait is cancelled.
    Forever,
}

impl From<Duration> for Wait {
    fn from(limit: Duration) -> Self {
        if limit.is_zero() { Self::Never } else { Self::For(limit) }
    }
}

/// Why the lease could not be had.
#[derive(Debug, thiserror::Error)]
pub enum AcquireError {
    /// Somebody else has it, and the wait is over.
    #[error("somebody else is using it")]
    Taken(Box<Status>),
    /// This process holds it or waits for it already.
    #[error("this process already holds the lease or waits for it")]
    Busy,
    /// This program synchronises the folder between computers: nobody decides there who was first, so no lease can be kept.
    #[error("{0} synchronises this folder, and then nobody decides who was first; no lease can be kept there")]
    Synchronised(String),
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
    in_line: Arc<InLine>,
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
            memory::sweep_once(&folder);
            MemoryFile::new(&folder, &store, options.place, options.identity.host.boot.clone())
        });
        let remembered = memory.as_ref().map_or_else(Memory::default, MemoryFile::load);
        let caches_reads = store.capabilities().caches_reads;
        let seed = u128::from_ne_bytes(seed);
        let machine = options.identity.holder.machine.clone();
        let client = Client::new(options.identity, options.timing, Rules::default(), seed, caches_reads, remembered);
        let in_line = InLine::new(Arc::clone(&store));
        Ok(Self { engine: Engine::new(store, clock, client, memory), in_line, folder: options.folder, machine })
    }

    /// Returns what the store can do.
    #[must_use]
    pub fn capabilities(&self) -> &Capabilities {
        self.engine.store.capabilities()
    }

    /// Returns a channel of everything that happens from now on, in order.
    #[must_use]
    pub fn subscribe(&self) -> mpsc::Receiver<Report> {
        let (sender, receiver) = mpsc::channel();
        self.listen(move |report| sender.send(report.clone()).is_ok());
        receiver
    }

    /// Tells everything that happens from now on, in order, as long as `hear` returns true. It must not wait for anything.
    pub fn listen(&self, hear: impl FnMut(&Report) -> bool + Send + 'static) {
        self.engine.listen(Box::new(hear));
    }

    /// Returns a handle that ends a wait from another thread.
    #[must_use]
    pub fn canceller(&self) -> Canceller {
        Canceller(Arc::clone(&self.engine))
    }

    /// Looks once and returns what there is to see. The look takes no longer than `patience`, and reading who waits neither.
    #[must_use]
    pub fn look(&self, patience: Duration) -> Snapshot {
        let engine = &self.engine;
        let until = engine.clock.now().ticks + patience;
        let mut seen = engine.lock().next_report();
        let mut answered = matches!(engine.belief(), Belief::Holding(..));
        if !answered {
            if engine.store.capabilities().may_hang && engine.start_keeper().is_err() {
                return self.snapshot(false, patience);
            }
            engine.post(Event::Look);
        }
        let mut state = engine.lock();
        while !answered {
            for report in new_reports(&state, &mut seen) {
                // Whoever has it meanwhile need not look.
                answered |=
                    matches!(report, Report::Looked | Report::LookFailed(_) | Report::Acquired(..) | Report::Recovered(..));
            }
            let now = engine.clock.now().ticks;
            if answered || now >= until {
                break;
            }
            state = engine.wait(state, until.since(now));
        }
        drop(state);
        self.snapshot(answered, patience)
    }

    /// Returns who waits, as far as the share tells that in time.
    fn waiting(&self, patience: Duration) -> Vec<Waiter> {
        let store = Arc::clone(&self.engine.store);
        if !store.capabilities().may_hang {
            return store.waiting().unwrap_or_default();
        }
        let read = in_time(patience, move || store.waiting());
        read.ok().flatten().and_then(Result::ok).unwrap_or_default()
    }

    fn snapshot(&self, answered: bool, patience: Duration) -> Snapshot {
        let mut status = self.engine.status();
        let failure = self.engine.lock().failure.clone();
        if !answered {
            status = Status { state: State::Unreachable, failure: Some(Failure::Unreachable), ..status };
        }
        let known = !matches!(status.state, State::Unreachable | State::Denied);
        let waiting = if known { self.waiting(patience) } else { Vec::new() };
        Snapshot { failure: failure.filter(|_| !known), status, waiting }
    }

    /// Takes the lease, waiting for it as long as `wait` says.
    ///
    /// `progress` is called with the present state whenever something changed, and at least every quarter of a second.
    ///
    /// # Errors
    /// [`AcquireError`]; the lease is then not held, and nothing is left behind that others must wait for (except where the share
    /// stopped answering in the middle: that lapses by itself).
    pub fn acquire(&self, wait: Wait, progress: Option<&mut dyn FnMut(&Status)>) -> Result<Guard, AcquireError> {
        self.acquire_for(None, wait, progress)
    }

    /// Takes the lease as [`Session::acquire`] does, and answers for the programs of a dead holder that carry this mark: a lease that is not
    /// the successor of theirs is not taken.
    fn acquire_for(
        &self,
        adopts: Option<Nonce>,
        wait: Wait,
        mut progress: Option<&mut dyn FnMut(&Status)>,
    ) -> Result<Guard, AcquireError> {
        let engine = &self.engine;
        let began = engine.clock.now().ticks;
        let mut seen = {
            let mut state = engine.lock();
            // A look that is under way, of another thread's, is in nobody's way.
            if state.client.is_taking() {
                return Err(AcquireError::Busy);
            }
            state.cancelled = false;
            state.next_report()
        };
        if let Some(mark) = adopts {
            engine.post(Event::Adopt(mark));
        }
        engine.post(Event::Want);
        let mut attempt =
            Attempt { began, answered: began, wait, watcher: None, vigil: Vigil::default(), watched_over: false, queued: None };
        let result = loop {
            // Not before the first step: where the lease is had at once, the keeper wakes up for nothing but the heartbeat.
            if let Err(error) = engine.start_keeper() {
                break Err(error.into());
            }
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
        if attempt.queued.is_some() {
            self.in_line.wait(false);
        }
        match result {
            Ok((id, token)) => {
                let guard = Guard::new(Arc::clone(engine), id, token);
                if adopts.is_some_and(|mark| guard.mark() != mark) {
                    let status = engine.status();
                    drop(guard.release());
                    return Err(AcquireError::Taken(Box::new(status)));
                }
                Ok(guard)
            }
            Err(error) => {
                engine.post(Event::Release);
                self.settle(RELEASE_PATIENCE);
                self.in_line.settle(LEAVE);
                engine.remember();
                Err(error)
            }
        }
    }

    fn order_release(&self, reason: &str, now: bool, patience: Duration) -> Result<(), AcquireError> {
        let engine = &self.engine;
        let written = |report: &Report| matches!(report, Report::RevokeWritten);
        let failed = |report: &Report| matches!(report, Report::RevokeFailed(_));
        if engine.after(Event::Revoke { reason: reason.to_owned(), now }, patience, written, failed) {
            return Ok(());
        }
        let error = engine.lock().failure.clone();
        Err(AcquireError::Failed(error.as_ref().map_or(Failure::Unreachable, |error| error.failure), error))
    }

    /// Judges what happened since the last time; `None` to go on waiting.
    fn attempt(&self, attempt: &mut Attempt, seen: &mut u64) -> Option<Result<(LeaseId, Token), AcquireError>> {
        let engine = &self.engine;
        let now = engine.clock.now();
        let state = engine.lock();
        if state.cancelled {
            return Some(Err(AcquireError::Cancelled));
        }
        let (mut looked, mut slipped) = (false, false);
        for report in new_reports(&state, seen) {
            match report {
                Report::Acquired(id, token) | Report::Recovered(id, token) => {
                    // This thread may have been stopped for longer than the lease lasts.
                    let now = engine.clock.now().ticks;
                    if matches!(state.client.belief(now), Belief::Holding(held, _) if held == *id) {
                        return Some(Ok((*id, *token)));
                    }
                    slipped = true;
                }
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
                | Report::Lost(..)
                | Report::Released(_)
                | Report::ReleaseUnanswered(_)
                | Report::NoticeHealed(_)
                | Report::CleanedUp(_)
                | Report::WentBack(_)
                | Report::ForeignNotice
                | Report::Revoked(..)
                | Report::RevokeWritten
                | Report::RevokeFailed(_)
                | Report::Remember => {}
            }
        }
        let status = state.client.status(now);
        let neighbours = state.client.neighbours();
        drop(state);
        if slipped {
            engine.post(Event::Want);
            return None;
        }
        if status.newer {
            return Some(Err(AcquireError::Newer(Box::new(status))));
        }
        if once::holds(status.lease) {
            return Some(Err(AcquireError::Busy));
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
            self.wait_in_line(attempt, now.ticks);
            let watched = Arc::clone(engine);
            attempt.watched_over = attempt.vigil.keep(&neighbours, move || watched.post(Event::Hint));
            if !attempt.watched_over && self.dies_unseen(&status) && now.ticks.since(attempt.answered) >= LOOK_FOR_DEATH {
                // Counted from now also if the look takes longer.
                attempt.answered = now.ticks;
                engine.post(Event::Hint);
            }
        }
        None
    }

    /// Watches for a change, and after a while shows up as waiting.
    fn wait_in_line(&self, attempt: &mut Attempt, now: Ticks) {
        if attempt.watcher.is_none() {
            let engine = Arc::clone(&self.engine);
            attempt.watcher = Some(self.watch(Box::new(move || engine.post(Event::Hint))));
            // What changed between the last look and the beginning of the watch would never be told.
            self.engine.post(Event::Hint);
        }
        if attempt.until_told(now) == Duration::ZERO {
            // Where a share can hang, every look writes the ticket anyway.
            if attempt.queued.replace(now).is_none() || !self.capabilities().may_hang {
                self.in_line.wait(true);
            }
        }
    }

    /// Returns whether the holder may be on this machine: its death changes nothing on the share, so nothing would tell of it.
    fn dies_unseen(&self, status: &Status) -> bool {
        let holder = status.holder.as_ref();
        !self.capabilities().may_hang && holder.is_some_and(|holder| holder.machine == self.machine)
    }

    /// Watches the store.
    #[must_use]
    pub fn watch(&self, look_now: LookNow) -> Watcher {
        Watcher::start(Arc::clone(&self.engine.store), self.folder.as_deref(), look_now)
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
}

impl Drop for Session {
    fn drop(&mut self) {
        self.engine.remember();
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
    /// The system tells the holder's end.
    vigil: Vigil,
    watched_over: bool,
    /// When others were last told that it waits.
    queued: Option<Ticks>,
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
        let death = if self.watcher.is_some() && !self.watched_over { LOOK_FOR_DEATH } else { limit };
        let tell = if self.watcher.is_some() { self.until_told(now) } else { limit };
        let show = if progress { Duration::from_millis(250) } else { limit };
        limit.min(show).min(death).min(tell.max(Duration::from_millis(1)))
    }

    /// Returns how long until others are to be told, or told again, that it waits.
    const fn until_told(&self, now: Ticks) -> Duration {
        match self.queued {
            None => QUEUE_AFTER.saturating_sub(now.since(self.began)),
            Some(told) => RENEW_TICKET.saturating_sub(now.since(told)),
        }
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

/// Returns the reports that the caller has not seen yet.
fn new_reports<'a>(state: &'a engine::State, seen: &mut u64) -> impl Iterator<Item = &'a Report> + use<'a> {
    let skip = usize::try_from(seen.saturating_sub(state.first_report)).unwrap_or(usize::MAX);
    *seen = state.next_report();
    state.reports.iter().skip(skip)
}

/// Where observations are remembered unless told otherwise.
#[must_use]
pub fn default_memory() -> Option<PathBuf> {
    Some(state_folder()?.join("seen"))
}

/// Returns the user's folder for what this program keeps on this computer; none where there is no home.
#[must_use]
pub fn state_folder() -> Option<PathBuf> {
    let folders = directories::ProjectDirs::from("", "", "sharelock")?;
    Some(folders.state_dir().unwrap_or_else(|| folders.data_local_dir()).to_path_buf())
}

/// Returns what tells apart two folders that appear at the same path at different times.
#[must_use]
pub fn place_of(folder: &Path) -> String {
    let Ok(facts) = crate::platform::files::entry_facts(folder) else { return String::new() };
    format!("{:x}-{:x}", facts.identity.volume, facts.identity.file)
}
