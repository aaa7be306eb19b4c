//! `sharelock watch`: the state of some databases, and then one line for every change.
//!
//! One loop owns them all, so that a thousand databases cost neither threads nor polls: local folders tell their changes, a shared
//! timer looks where a change would not be told (a holder on this computer that dies; one that gives no sign of life). The hazards:
//! a share that hangs, which is looked at by other threads; and a thousand holders that all want to be looked at every second,
//! so such looks are spread over time.

use super::exit::Exit;
use super::open::{LANGUAGE, now, options, shown_target, targets};
use super::seen::{Essence, Seen};
use super::terminal::say;
use crate::clock::Ticks;
use crate::config::{Config, Target};
use crate::i18n::{About, Talk, printable};
use crate::lease::State;
use crate::platform::signals::Signals;
use crate::session::{Database, NotOpened};
use crate::watch::Watcher;
use chrono::{Local, TimeZone};
use std::collections::{BTreeSet, VecDeque};
use std::path::PathBuf;
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

const EXAMPLES: &str = "\
Examples:
  sharelock watch wems.db
  sharelock watch                  All databases that are configured
  sharelock watch --json //server/hr/*.db | jq -r 'select(.state == \"free\").database'

A line is printed when the state, the holder or the queue changes, when a lease can be taken over, and when the folder cannot be \
seen any more; not for signs of life. Ends with 0 after Ctrl-C, or when nobody reads any more.";

/// How long the several changes of one event are gathered before it is looked.
const GATHER: Duration = Duration::from_millis(10);
/// After a change it is looked once more, that much later: what happened in a folder that had just been made may not have been told.
const SETTLE: Duration = Duration::from_secs(1);
/// How often it is looked without a reason where changes are told.
const QUIET: Duration = Duration::from_secs(60);
/// How soon it is looked again at what could not be seen.
const RETRY: Duration = Duration::from_secs(5);
/// How often it is looked whether a holder on this computer still lives, if there are few of them.
const LOOK_FOR_DEATH: Duration = Duration::from_secs(1);
/// The time between two looks of that kind, whosever they are.
const APART: Duration = Duration::from_millis(50);
/// How many threads may hang in looks at network folders.
const LOOKERS: usize = 16;

/// What was typed.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct WatchArguments {
    /// The databases to watch; without any, all that are configured
    #[arg(value_name = "DB", value_hint = clap::ValueHint::FilePath)]
    databases: Vec<PathBuf>,
    /// Print what `status --json` prints, one line per change
    #[arg(long)]
    json: bool,
}

/// What the loop hears.
enum Heard {
    /// Something may have changed there.
    Change(usize),
    /// A looker has been there.
    Looked(usize, Option<Arc<Database>>, Box<Seen>),
    /// Somebody wants this to end.
    End,
}

/// One database.
struct Watched {
    target: Target,
    database: Option<Arc<Database>>,
    /// Held to be dropped.
    watcher: Option<Watcher>,
    told: Option<Essence>,
    /// A looker is there.
    away: bool,
    /// It must be looked again when the looker is back.
    again: bool,
    due: Ticks,
    /// The holder is on this computer.
    dies_here: bool,
}

/// Watches until somebody ends that.
pub(super) fn watch(arguments: &WatchArguments, config: &Config) -> Exit {
    let databases = match targets(&arguments.databases, config) {
        Ok(databases) => databases,
        Err(exit) => return exit,
    };
    let (sender, heard) = mpsc::channel();
    let end = sender.clone();
    if let Err(error) = Signals::install_with(move |_| end.send(Heard::End).is_ok()) {
        let shown = databases.first().map_or_else(String::new, shown_target);
        say(About(&shown, &Talk::System(printable(&error.to_string())), LANGUAGE));
        return Exit::System;
    }
    let begin = now().ticks;
    let watched = databases.into_iter().map(|target| Watched {
        target,
        database: None,
        watcher: None,
        told: None,
        away: false,
        again: false,
        due: begin,
        dies_here: false,
    });
    let watched: Vec<Watched> = watched.collect();
    let timer = (0..watched.len()).map(|at| (begin, at)).collect();
    let lookers = Lookers::new(sender.clone());
    Watch { watched, timer, lookers, sender, json: arguments.json, dying: 0 }.run(&heard)
}

struct Watch {
    watched: Vec<Watched>,
    /// When to look at which.
    timer: BTreeSet<(Ticks, usize)>,
    lookers: Arc<Lookers>,
    sender: Sender<Heard>,
    json: bool,
    /// How many holders are on this computer.
    dying: u32,
}

impl Watch {
    fn run(mut self, heard: &Receiver<Heard>) -> Exit {
        loop {
            let moment = now().ticks;
            while let Some(&(due, at)) = self.timer.first().filter(|(due, _)| *due <= moment) {
                self.timer.remove(&(due, at));
                if !self.look(at) {
                    return Exit::Done;
                }
            }
            let next = self.timer.first().map_or(QUIET, |(due, _)| due.since(now().ticks));
            let listened = match heard.recv_timeout(next) {
                Ok(Heard::Change(at)) => {
                    self.soon(at);
                    true
                }
                Ok(Heard::Looked(at, database, seen)) => self.back(at, database, &seen),
                Ok(Heard::End) | Err(mpsc::RecvTimeoutError::Disconnected) => false,
                Err(mpsc::RecvTimeoutError::Timeout) => true,
            };
            if !listened {
                return Exit::Done;
            }
        }
    }

    /// Looks soon, because something may have changed.
    fn soon(&mut self, at: usize) {
        self.watched[at].again = true;
        if !self.watched[at].away {
            let due = self.watched[at].due.min(now().ticks + GATHER);
            self.look_at(at, due);
        }
    }

    fn look_at(&mut self, at: usize, due: Ticks) {
        self.timer.remove(&(self.watched[at].due, at));
        self.watched[at].due = due;
        self.timer.insert((due, at));
    }

    /// Looks, or sends somebody where looking may take long. False when nobody listens any more.
    fn look(&mut self, at: usize) -> bool {
        let one = &mut self.watched[at];
        match &one.database {
            Some(database) if !database.capabilities().may_hang => {
                let changed = std::mem::take(&mut one.again);
                let seen = Seen::look(database).labelled(&one.target);
                let told = self.tell(at, &seen);
                self.plan(at, &seen, changed);
                told
            }
            database => {
                one.away = true;
                one.again = false;
                self.lookers.send(at, one.target.clone(), database.clone());
                true
            }
        }
    }

    /// Somebody is back from a look. False when nobody listens any more.
    fn back(&mut self, at: usize, database: Option<Arc<Database>>, seen: &Seen) -> bool {
        let one = &mut self.watched[at];
        one.away = false;
        if one.database.is_none() {
            one.database = database;
        }
        let again = one.again;
        let told = self.tell(at, seen);
        self.plan(at, seen, again);
        if again {
            self.soon(at);
        }
        told
    }

    /// Tells what is seen, if it is new. False when nobody listens any more.
    fn tell(&mut self, at: usize, seen: &Seen) -> bool {
        let one = &mut self.watched[at];
        if one.told.as_ref() == Some(&seen.essence) {
            return true;
        }
        one.told = Some(seen.essence.clone());
        let moment = now().wall;
        let time = Local.timestamp_millis_opt(moment.0).single().map(|at| at.format("%H:%M:%S  ").to_string());
        seen.give(self.json, &time.unwrap_or_default())
    }

    /// Begins to listen for changes of what can be seen, anew after it could not. Returns whether it began: what changed between the look
    /// and now was not told.
    fn listen(&mut self, at: usize, known: bool) -> bool {
        let sender = self.sender.clone();
        let one = &mut self.watched[at];
        match &one.database {
            Some(database) if known && one.watcher.is_none() => {
                one.watcher = Some(database.watch(Box::new(move || drop(sender.send(Heard::Change(at))))));
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
    fn plan(&mut self, at: usize, seen: &Seen, changed: bool) {
        let known = !matches!(seen.state, State::Unreachable | State::Denied);
        let changed = self.listen(at, known) || changed;
        let one = &mut self.watched[at];
        let told_of_changes = one.database.as_ref().is_some_and(|database| database.capabilities().native_events);
        let dies_here = told_of_changes && seen.is_held_on_this_computer;
        self.dying = self.dying + u32::from(dies_here) - u32::from(one.dies_here);
        one.dies_here = dies_here;
        let poll = one.target.timing.poll;
        let mut pause = match seen.state {
            State::Free if told_of_changes => QUIET,
            State::Mine | State::Held | State::Stale if dies_here => poll.min(LOOK_FOR_DEATH.max(APART * self.dying)),
            State::Free | State::Mine | State::Held | State::Stale => poll,
            State::Unreachable | State::Denied => RETRY.min(poll),
        };
        if let Some(left) = seen.takeable_in.filter(|left| !left.is_zero()) {
            pause = pause.min(left.max(GATHER));
        }
        if changed {
            pause = pause.min(SETTLE);
        }
        self.look_at(at, now().ticks + pause);
    }
}

/// Those who open databases and look at network folders, where every call may hang.
struct Lookers {
    jobs: Mutex<Jobs>,
    work: Condvar,
    heard: Sender<Heard>,
}

#[derive(Default)]
struct Jobs {
    waiting: VecDeque<(usize, Target, Option<Arc<Database>>)>,
    idle: usize,
    threads: usize,
}

impl Lookers {
    fn new(heard: Sender<Heard>) -> Arc<Self> {
        Arc::new(Self { jobs: Mutex::default(), work: Condvar::new(), heard })
    }

    fn send(self: &Arc<Self>, at: usize, target: Target, database: Option<Arc<Database>>) {
        let mut jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner);
        jobs.waiting.push_back((at, target, database));
        if jobs.idle >= jobs.waiting.len() || jobs.threads == LOOKERS {
            self.work.notify_one();
            return;
        }
        let looker = Arc::clone(self);
        if std::thread::Builder::new().name("sharelock-look".into()).spawn(move || looker.work()).is_ok() {
            jobs.threads += 1;
        } else if jobs.threads == 0
            && let Some((at, target, _)) = jobs.waiting.pop_back()
        {
            let error = NotOpened::System(std::io::Error::from(std::io::ErrorKind::WouldBlock));
            drop(self.heard.send(Heard::Looked(at, None, Box::new(Seen::not_opened(&target, &error)))));
        }
    }

    fn work(&self) {
        let mut jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            let Some((at, target, database)) = jobs.waiting.pop_front() else {
                jobs.idle += 1;
                jobs = self.work.wait(jobs).unwrap_or_else(PoisonError::into_inner);
                jobs.idle -= 1;
                continue;
            };
            drop(jobs);
            let (database, seen) = look(&target, database);
            if self.heard.send(Heard::Looked(at, database, Box::new(seen))).is_err() {
                return;
            }
            jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner);
        }
    }
}

fn look(target: &Target, database: Option<Arc<Database>>) -> (Option<Arc<Database>>, Seen) {
    let database = match database {
        Some(database) => database,
        None => match options(target).open(&target.path) {
            Ok(database) => Arc::new(database),
            Err(error) => return (None, Seen::not_opened(target, &error)),
        },
    };
    let seen = Seen::look(&database).labelled(target);
    (Some(database), seen)
}
