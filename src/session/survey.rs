//! Watches any number of databases and tells what is seen there, whenever it may be worth telling.
//!
//! One loop owns them all, so that a thousand databases cost neither threads nor polls: local folders tell their changes, a shared
//! timer looks where a change would not be told (a holder on this computer that dies; one that gives no sign of life). The hazards:
//! a share that hangs, which is looked at by other threads; and a thousand holders that all want to be looked at every second,
//! so such looks are spread over time.

use super::{Database, NotOpened, Options, PATIENCE, Snapshot};
use crate::clock::{Clock, SystemClock, Ticks};
use crate::lease::State;
use crate::watch::Watcher;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::io;
use std::path::PathBuf;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

/// How long the several changes of one event are gathered before it is looked.
const GATHER: Duration = Duration::from_millis(10);
/// After a change it is looked once more, that much later: what happened in a folder that had just been made may not have been told.
const SETTLE: Duration = Duration::from_secs(1);
/// How often it is looked without a reason where changes are told: at all of them at once, so that fifty wake nobody fifty times.
const QUIET: Duration = Duration::from_secs(60);
/// How soon it is looked again at what could not be seen.
const RETRY: Duration = Duration::from_secs(5);
/// How often it is looked whether a holder on this computer still lives, if there are few of them.
const LOOK_FOR_DEATH: Duration = Duration::from_secs(1);
/// The time between two looks of that kind, whosever they are.
const APART: Duration = Duration::from_millis(50);
/// How long a holder of whom nothing is known is looked at before it is told: a notice is made first and written then.
const UNWRITTEN: Duration = Duration::from_secs(3);
/// How many threads may hang in looks at network folders.
const LOOKERS: usize = 16;

/// What was seen at one database.
pub enum Sight {
    /// It could not even be opened.
    NotOpened(NotOpened),
    /// This is its state.
    Seen(Arc<Database>, Box<Snapshot>),
}

impl Sight {
    /// Returns the state, where an answer said more than that the share is silent.
    fn state(&self) -> State {
        match self {
            Self::NotOpened(_) => State::Unreachable,
            Self::Seen(_, seen) => seen.status.state,
        }
    }

    /// Returns whether it is somebody's, and nothing says whose.
    fn has_unknown_holder(&self) -> bool {
        match self {
            Self::NotOpened(_) => false,
            Self::Seen(_, seen) => seen.status.state == State::Held && seen.status.holder.is_none(),
        }
    }

    /// Returns whether its holder's death would change nothing on the share.
    fn is_held_here(&self) -> bool {
        match self {
            Self::NotOpened(_) => false,
            Self::Seen(database, seen) => {
                seen.status.holder.as_ref().is_some_and(|holder| holder.machine == database.me().machine)
            }
        }
    }
}

/// What the loop hears.
enum Heard {
    /// One more to watch.
    Add(u32, PathBuf, Box<Options>),
    /// One less.
    Remove(u32),
    /// Something may have changed there, or somebody wishes to know.
    Change(u32, u64),
    /// A looker has been there, for all wishes up to this one.
    Looked(u32, Sight, u64),
    /// Nobody wants it any more.
    End,
}

/// One database.
struct Watched {
    path: PathBuf,
    options: Options,
    database: Option<Arc<Database>>,
    /// Held to be dropped.
    watcher: Option<Watcher>,
    /// A looker is there.
    away: bool,
    /// It must be looked again when the looker is back.
    again: bool,
    /// The last wish.
    wish: u64,
    due: Ticks,
    /// The holder is on this computer.
    dies_here: bool,
    /// Since when somebody has it of whom nothing is known.
    unwritten: Option<Ticks>,
}

/// A running survey; dropping it ends it.
pub struct Survey {
    sender: Sender<Heard>,
}

impl Survey {
    /// Begins, with nothing to watch. `tell` is called on the survey's own thread and must not wait; false ends the survey. It is told as
    /// well which wish was the last before that look began.
    ///
    /// # Errors
    /// When there is no thread to be had.
    pub fn begin(tell: impl FnMut(u32, Sight, u64) -> bool + Send + 'static) -> io::Result<Self> {
        let (sender, heard) = mpsc::channel();
        let lookers = Lookers::new(sender.clone());
        let run = Run {
            watched: BTreeMap::new(),
            timer: BTreeSet::new(),
            lookers,
            sender: sender.clone(),
            dying: 0,
            tell: Box::new(tell),
        };
        std::thread::Builder::new().name("sharelock-survey".into()).spawn(move || run.run(&heard))?;
        Ok(Self { sender })
    }

    /// Watches one more database under a number that is not in use.
    pub fn add(&self, key: u32, path: PathBuf, options: Options) {
        self.send(Heard::Add(key, path, Box::new(options)));
    }

    /// Watches it no longer. What was seen a moment ago may still be told.
    pub fn remove(&self, key: u32) {
        self.send(Heard::Remove(key));
    }

    /// Looks soon, whether or not a change was told: not the look that is under way, but one that begins later. Wishes have growing numbers.
    pub fn look(&self, key: u32, wish: u64) {
        self.send(Heard::Change(key, wish));
    }

    fn send(&self, what: Heard) {
        // A survey that ended tells nothing any more, whatever it is asked.
        drop(self.sender.send(what));
    }
}

impl Drop for Survey {
    fn drop(&mut self) {
        self.send(Heard::End);
    }
}

struct Run {
    watched: BTreeMap<u32, Watched>,
    /// When to look at which.
    timer: BTreeSet<(Ticks, u32)>,
    lookers: Arc<Lookers>,
    sender: Sender<Heard>,
    /// How many holders are on this computer.
    dying: u32,
    tell: Box<dyn FnMut(u32, Sight, u64) -> bool + Send>,
}

impl Run {
    fn run(mut self, heard: &Receiver<Heard>) {
        loop {
            let moment = now();
            while let Some(&(due, key)) = self.timer.first().filter(|(due, _)| *due <= moment) {
                self.timer.remove(&(due, key));
                if !self.look(key) {
                    return;
                }
            }
            // Nothing to watch: only a message can change that.
            let next = self.timer.first().map(|(due, _)| due.since(now()));
            let message = match next {
                Some(next) => heard.recv_timeout(next),
                None => heard.recv().map_err(|_| RecvTimeoutError::Disconnected),
            };
            let listened = match message {
                Ok(Heard::Add(key, path, options)) => {
                    self.add(key, path, *options);
                    true
                }
                Ok(Heard::Remove(key)) => {
                    self.remove(key);
                    true
                }
                Ok(Heard::Change(key, wish)) => {
                    self.soon(key, wish);
                    true
                }
                Ok(Heard::Looked(key, sight, wish)) => self.back(key, sight, wish),
                Ok(Heard::End) | Err(RecvTimeoutError::Disconnected) => false,
                Err(RecvTimeoutError::Timeout) => true,
            };
            if !listened {
                return;
            }
        }
    }

    fn add(&mut self, key: u32, path: PathBuf, options: Options) {
        self.remove(key);
        let due = now();
        let watched = Watched {
            path,
            options,
            database: None,
            watcher: None,
            away: false,
            again: false,
            wish: 0,
            due,
            dies_here: false,
            unwritten: None,
        };
        self.watched.insert(key, watched);
        self.timer.insert((due, key));
    }

    fn remove(&mut self, key: u32) {
        if let Some(gone) = self.watched.remove(&key) {
            self.timer.remove(&(gone.due, key));
            self.dying -= u32::from(gone.dies_here);
        }
    }

    /// Looks soon, because something may have changed.
    fn soon(&mut self, key: u32, wish: u64) {
        let Some(one) = self.watched.get_mut(&key) else { return };
        one.again = true;
        one.wish = one.wish.max(wish);
        if !one.away {
            let due = one.due.min(now() + GATHER);
            self.look_at(key, due);
        }
    }

    fn look_at(&mut self, key: u32, due: Ticks) {
        let Some(one) = self.watched.get_mut(&key) else { return };
        self.timer.remove(&(one.due, key));
        one.due = due;
        self.timer.insert((due, key));
    }

    /// Looks, or sends somebody where looking may take long. False when nobody listens any more.
    fn look(&mut self, key: u32) -> bool {
        let Some(one) = self.watched.get_mut(&key) else { return true };
        let wish = one.wish;
        match &one.database {
            Some(database) if !database.capabilities().may_hang => {
                let changed = std::mem::take(&mut one.again);
                let database = Arc::clone(database);
                let seen = database.look(PATIENCE);
                self.seen(key, Sight::Seen(database, Box::new(seen)), changed, wish)
            }
            database => {
                one.away = true;
                one.again = false;
                let (path, options) = (one.path.clone(), one.options.clone());
                self.lookers.send(Job { key, path, options, database: database.clone(), wish });
                true
            }
        }
    }

    /// Somebody is back from a look. False when nobody listens any more.
    fn back(&mut self, key: u32, sight: Sight, wish: u64) -> bool {
        let Some(one) = self.watched.get_mut(&key).filter(|one| one.away) else { return true };
        one.away = false;
        if let (Sight::Seen(database, _), None) = (&sight, &one.database) {
            one.database = Some(Arc::clone(database));
        }
        let again = one.again;
        let told = self.seen(key, sight, again, wish);
        if again {
            self.soon(key, 0);
        }
        told
    }

    /// Plans the next look and tells this one. False when nobody listens any more.
    fn seen(&mut self, key: u32, sight: Sight, changed: bool, wish: u64) -> bool {
        self.plan(key, &sight, changed);
        if self.may_be_unwritten(key, &sight) {
            return true;
        }
        (self.tell)(key, sight, wish)
    }

    /// Whether who has it may be known in a moment; if so, it is looked again then.
    fn may_be_unwritten(&mut self, key: u32, sight: &Sight) -> bool {
        let Some(one) = self.watched.get_mut(&key) else { return false };
        if !sight.has_unknown_holder() {
            one.unwritten = None;
            return false;
        }
        let end = *one.unwritten.get_or_insert_with(now) + UNWRITTEN;
        let due = one.due.min(end);
        let early = now() < end;
        if early {
            self.look_at(key, due);
        }
        early
    }

    /// Begins to listen for changes of what can be seen, anew after it could not. Returns whether it began: what changed between the look
    /// and now was not told.
    fn listen(&mut self, key: u32, known: bool) -> bool {
        let sender = self.sender.clone();
        let Some(one) = self.watched.get_mut(&key) else { return false };
        match &one.database {
            Some(database) if known && one.watcher.is_none() => {
                one.watcher = Some(database.watch(Box::new(move || drop(sender.send(Heard::Change(key, 0))))));
                true
            }
            Some(_) | None => {
                if !known {
                    one.watcher = None;
                }
                false
            }
        }
    }

    /// Decides when to look again.
    fn plan(&mut self, key: u32, sight: &Sight, changed: bool) {
        let state = sight.state();
        let known = !matches!(state, State::Unreachable | State::Denied);
        let changed = self.listen(key, known) || changed;
        let Some(one) = self.watched.get_mut(&key) else { return };
        let told_of_changes = one.database.as_ref().is_some_and(|database| database.capabilities().native_events);
        let dies_here = told_of_changes && sight.is_held_here();
        self.dying = self.dying + u32::from(dies_here) - u32::from(one.dies_here);
        one.dies_here = dies_here;
        let poll = one.options.poll();
        let mut pause = match state {
            State::Free if told_of_changes => until_the_next_round(now()),
            State::Mine | State::Held | State::Stale if dies_here => poll.min(LOOK_FOR_DEATH.max(APART * self.dying)),
            State::Free | State::Mine | State::Held | State::Stale => poll,
            State::Unreachable | State::Denied => RETRY.min(poll),
        };
        if let Sight::Seen(_, seen) = sight
            && let Some(left) = seen.status.takeable_in.filter(|left| !left.is_zero())
        {
            pause = pause.min(left.max(GATHER));
        }
        if changed {
            pause = pause.min(SETTLE);
        }
        self.look_at(key, now() + pause);
    }
}

fn now() -> Ticks {
    SystemClock.now().ticks
}

/// Returns how long it is to the next moment at which it is looked at everything that is quiet.
fn until_the_next_round(now: Ticks) -> Duration {
    let round = u64::try_from(QUIET.as_nanos()).unwrap_or(u64::MAX);
    Duration::from_nanos(round - now.as_nanos() % round)
}

/// One look, to be done by somebody who may hang.
struct Job {
    key: u32,
    path: PathBuf,
    options: Options,
    database: Option<Arc<Database>>,
    wish: u64,
}

/// Those who open databases and look at network folders, where every call may hang.
struct Lookers {
    jobs: Mutex<Jobs>,
    work: Condvar,
    heard: Sender<Heard>,
}

#[derive(Default)]
struct Jobs {
    waiting: VecDeque<Job>,
    idle: usize,
    threads: usize,
}

impl Lookers {
    fn new(heard: Sender<Heard>) -> Arc<Self> {
        Arc::new(Self { jobs: Mutex::default(), work: Condvar::new(), heard })
    }

    fn send(self: &Arc<Self>, job: Job) {
        let mut jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner);
        jobs.waiting.push_back(job);
        if jobs.idle >= jobs.waiting.len() || jobs.threads == LOOKERS {
            self.work.notify_one();
            return;
        }
        let looker = Arc::clone(self);
        if std::thread::Builder::new().name("sharelock-look".into()).spawn(move || looker.work()).is_ok() {
            jobs.threads += 1;
        } else if jobs.threads == 0
            && let Some(job) = jobs.waiting.pop_back()
        {
            let error = NotOpened::System(io::Error::from(io::ErrorKind::WouldBlock));
            drop(self.heard.send(Heard::Looked(job.key, Sight::NotOpened(error), job.wish)));
        }
    }

    fn work(&self) {
        let mut jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            let Some(job) = jobs.waiting.pop_front() else {
                jobs.idle += 1;
                jobs = self.work.wait(jobs).unwrap_or_else(PoisonError::into_inner);
                jobs.idle -= 1;
                continue;
            };
            drop(jobs);
            let (key, wish) = (job.key, job.wish);
            if self.heard.send(Heard::Looked(key, look(job), wish)).is_err() {
                return;
            }
            jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner);
        }
    }
}

fn look(Job { path, options, database, .. }: Job) -> Sight {
    let database = match database {
        Some(database) => database,
        None => match options.open(&path) {
            Ok(database) => Arc::new(database),
            Err(error) => return Sight::NotOpened(error),
        },
    };
    let seen = database.look(PATIENCE);
    Sight::Seen(database, Box::new(seen))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_quiet_is_looked_at_together_and_once_a_minute() {
        let second = |seconds: u64| Ticks::from_nanos(seconds * 1_000_000_000);
        let due = |seconds| second(seconds) + until_the_next_round(second(seconds));
        assert!([60, 61, 75, 119].into_iter().all(|seconds| due(seconds) == second(120)));
        assert_eq!(due(120), second(180));
    }
}
