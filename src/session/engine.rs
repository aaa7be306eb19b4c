//! Runs one client against one store: who performs requests, and who watches the clock.
//!
//! The core asks for one thing at a time. Where the store cannot hang, the thread that posted an event performs what follows from
//! it, so that an uncontended acquire costs no thread switch. Where it can, workers do, and a caller's patience is its own
//! business. The keeper is the one thread that sleeps until the core's next deadline. The hazard: a lock held across a share call
//! that takes minutes; nothing here performs anything while it holds the state.

use super::memory::MemoryFile;
use crate::clock::{Clock, Ticks};
use crate::lease::wire::{Action, Event, Op, Report, RequestId};
use crate::lease::{Belief, Client, Status};
use crate::platform::alarm::Alarm;
use crate::platform::files::ignore_umask;
use crate::store::{Store, StoreError};
use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

/// How many threads may hang in share calls at once. The core never has more unanswered requests than that.
const MOST_WORKERS: usize = 8;
/// How long a worker without work stays.
const WORKER_IDLES: Duration = Duration::from_secs(20);
/// How many reports are kept for callers that read them a little later.
const MOST_REPORTS: usize = 256;

/// Hears every report, with the state locked; returns whether it wants more.
type Listener = Box<dyn FnMut(&Report) -> bool + Send>;

/// The client, its store, and the threads that run them.
pub(super) struct Engine {
    pub(super) store: Arc<dyn Store>,
    pub(super) clock: Arc<dyn Clock>,
    state: Mutex<State>,
    /// Something was reported.
    changed: Condvar,
    /// There is a request to perform.
    work: Condvar,
    /// Wakes the keeper; there is none without one. A thousand databases that are only looked at cost no descriptors.
    alarm: OnceLock<Alarm>,
    memory: Option<MemoryFile>,
}

pub(super) struct State {
    pub(super) client: Client,
    outbox: VecDeque<(RequestId, Op)>,
    idle_workers: usize,
    workers: usize,
    keeper: bool,
    /// What the keeper sleeps until.
    armed: Option<Ticks>,
    pub(super) reports: VecDeque<Report>,
    /// The number of the first report that is still kept.
    pub(super) first_report: u64,
    listeners: Vec<Listener>,
    /// How many callers wait for a report; waking nobody is a system call, too.
    waiting: usize,
    /// The last failure, with its path and what the system said.
    pub(super) failure: Option<Arc<StoreError>>,
    /// Nobody uses this engine any more.
    pub(super) closing: bool,
    /// Somebody interrupted the caller that waits.
    pub(super) cancelled: bool,
}

impl State {
    pub(super) fn next_report(&self) -> u64 {
        self.first_report + self.reports.len() as u64
    }
}

impl Engine {
    pub(super) fn new(store: Arc<dyn Store>, clock: Arc<dyn Clock>, client: Client, memory: Option<MemoryFile>) -> Arc<Self> {
        let state = State {
            client,
            outbox: VecDeque::new(),
            idle_workers: 0,
            workers: 0,
            keeper: false,
            armed: None,
            reports: VecDeque::new(),
            first_report: 0,
            listeners: Vec::new(),
            waiting: 0,
            failure: None,
            closing: false,
            cancelled: false,
        };
        let (changed, work) = (Condvar::new(), Condvar::new());
        Arc::new(Self { store, clock, state: Mutex::new(state), changed, work, alarm: OnceLock::new(), memory })
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells the core what happened, and performs what follows from it where that cannot hang.
    pub(super) fn post(self: &Arc<Self>, event: Event) {
        let mut state = self.lock();
        self.handle(&mut state, event);
        drop(state);
        self.help();
    }

    /// Posts an event and waits for one of two kinds of reports; returns whether it was the first kind.
    pub(super) fn after(
        self: &Arc<Self>,
        event: Event,
        patience: Duration,
        good: fn(&Report) -> bool,
        bad: fn(&Report) -> bool,
    ) -> bool {
        let mut seen = self.lock().next_report();
        self.post(event);
        self.heard(&mut seen, patience, good, bad) == Some(true)
    }

    /// Waits for a report of one of two kinds, from the number `seen` on. `None` when neither came in time.
    pub(super) fn heard(
        &self,
        seen: &mut u64,
        patience: Duration,
        good: fn(&Report) -> bool,
        bad: fn(&Report) -> bool,
    ) -> Option<bool> {
        let until = self.clock.now().ticks + patience;
        let mut state = self.lock();
        loop {
            for report in super::new_reports(&state, seen) {
                if good(report) {
                    return Some(true);
                }
                if bad(report) {
                    return Some(false);
                }
            }
            let now = self.clock.now().ticks;
            if now >= until {
                return None;
            }
            state = self.wait(state, until.since(now));
        }
    }

    /// Waits until something is reported, at most that long.
    pub(super) fn wait<'a>(&self, mut state: MutexGuard<'a, State>, at_most: Duration) -> MutexGuard<'a, State> {
        state.waiting += 1;
        let mut state = self.changed.wait_timeout(state, at_most).unwrap_or_else(PoisonError::into_inner).0;
        state.waiting -= 1;
        state
    }

    /// Wakes every caller that waits.
    pub(super) fn wake(&self) {
        self.changed.notify_all();
    }

    /// Tells everything that is reported from now on, as long as true is returned.
    pub(super) fn listen(&self, listener: Listener) {
        self.lock().listeners.push(listener);
    }

    pub(super) fn status(&self) -> Status {
        let now = self.clock.now();
        self.lock().client.status(now)
    }

    pub(super) fn belief(&self) -> Belief {
        let now = self.clock.now();
        self.lock().client.belief(now.ticks)
    }

    /// Starts the thread that watches the clock, if it is not there yet.
    pub(super) fn start_keeper(self: &Arc<Self>) -> std::io::Result<()> {
        let mut state = self.lock();
        if !state.keeper {
            if self.alarm.get().is_none() {
                // Nobody else sets it: the state is locked.
                let _ = self.alarm.set(Alarm::new()?);
            }
            let engine = Arc::clone(self);
            std::thread::Builder::new().name("sharelock-keeper".into()).spawn(move || engine.keep())?;
            state.keeper = true;
        }
        Ok(())
    }

    /// Lets the threads end once nothing is going on.
    pub(super) fn close(&self) {
        self.lock().closing = true;
        self.work.notify_all();
        self.ring();
    }

    /// A guard is gone. If it outlived its session, nothing needs the threads any more.
    pub(super) fn let_go(&self) {
        if self.lock().closing {
            self.close();
        }
    }

    /// Writes down what this machine should remember.
    pub(super) fn remember(&self) {
        if let Some(memory) = &self.memory {
            let seen = self.lock().client.memory().clone();
            memory.save(&seen);
        }
    }

    fn ring(&self) {
        if let Some(alarm) = self.alarm.get() {
            alarm.ring();
        }
    }

    fn handle(self: &Arc<Self>, state: &mut State, event: Event) {
        state.client.handle(self.clock.now(), event);
        let mut reported = false;
        while let Some(action) = state.client.poll() {
            match action {
                Action::Request(id, op) => state.outbox.push_back((id, op)),
                Action::Report(report) => {
                    reported = true;
                    state.listeners.retain_mut(|listener| listener(&report));
                    if state.reports.len() == MOST_REPORTS {
                        state.reports.pop_front();
                        state.first_report += 1;
                    }
                    state.reports.push_back(report);
                }
            }
        }
        if reported && state.waiting > 0 {
            self.changed.notify_all();
        }
        if self.store.capabilities().may_hang && !state.outbox.is_empty() {
            self.summon_worker(state);
        }
        // An alarm that rings early is harmless, so it is moved only when it would be late.
        let due = state.client.deadline();
        if state.keeper && due.is_some_and(|due| state.armed.is_none_or(|armed| due < armed)) {
            state.armed = due;
            self.ring();
        }
    }

    /// Performs requests on the calling thread until there are none, where the store cannot hang.
    fn help(self: &Arc<Self>) {
        if self.store.capabilities().may_hang {
            return;
        }
        let mut state = self.lock();
        while let Some((id, op)) = state.outbox.pop_front() {
            drop(state);
            let result = self.store.perform(&op);
            state = self.lock();
            self.answer(&mut state, id, result);
        }
    }

    fn answer(self: &Arc<Self>, state: &mut State, id: RequestId, result: Result<crate::lease::wire::Reply, StoreError>) {
        let result = result.map_err(|error| {
            let failure = error.failure;
            state.failure = Some(Arc::new(error));
            failure
        });
        self.handle(state, Event::Answer(id, result));
    }

    fn summon_worker(self: &Arc<Self>, state: &mut State) {
        if state.idle_workers > 0 {
            self.work.notify_one();
        } else if state.workers < MOST_WORKERS {
            let engine = Arc::clone(self);
            let spawned = std::thread::Builder::new().name("sharelock-worker".into()).spawn(move || engine.work());
            // Without a thread the request waits for one of the others, or times out; the core copes with both.
            if spawned.is_ok() {
                state.workers += 1;
            }
        }
    }

    fn work(self: &Arc<Self>) {
        ignore_umask();
        let mut state = self.lock();
        loop {
            if let Some((id, op)) = state.outbox.pop_front() {
                drop(state);
                let result = self.store.perform(&op);
                state = self.lock();
                self.answer(&mut state, id, result);
                continue;
            }
            if state.closing {
                break;
            }
            state.idle_workers += 1;
            let (returned, timed_out) = self.work.wait_timeout(state, WORKER_IDLES).unwrap_or_else(PoisonError::into_inner);
            state = returned;
            state.idle_workers -= 1;
            if timed_out.timed_out() && state.outbox.is_empty() {
                break;
            }
        }
        state.workers -= 1;
    }

    fn keep(self: &Arc<Self>) {
        let Some(alarm) = self.alarm.get() else { return };
        loop {
            let until = {
                let mut state = self.lock();
                if state.closing && state.client.is_idle() {
                    state.keeper = false;
                    return;
                }
                // An alarm that is set already stays: whoever gives back and takes again moves nothing, and wakes nobody.
                let now = self.clock.now().ticks;
                let set = state.armed.filter(|armed| *armed > now);
                state.armed = [set, state.client.deadline()].into_iter().flatten().min();
                state.armed
            };
            alarm.wait_until(until.map(Ticks::as_nanos));
            if until.is_some_and(|until| self.clock.now().ticks >= until) {
                self.post(Event::Tick);
            }
        }
    }
}
