//! `sharelock watch`: the state of some databases, and then one line for every change.
//!
//! This user's agent looks, or a survey of its own where that does not; what is told anew here is what people would call a change. The
//! hazards: an agent that ends in the middle of it, or comes, after which what was told last is compared with what is seen now; and a
//! reader that is gone: whoever reads the lines decided to watch, so when nobody reads any more it ends.

use super::exit::Exit;
use super::language::language;
use super::open::{now, options, shown_target, targets};
use super::seen::{Essence, Seen};
use super::terminal::say;
use super::view;
use crate::config::{Config, Target};
use crate::i18n::{About, Talk, printable};
use crate::ipc::Sighting;
use crate::platform::signals::Signals;
use crate::session::{Sight, Survey};
use chrono::{Local, TimeZone};
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::time::Duration;

/// How many databases one conversation with the agent is about.
const AT_ONCE: usize = 64;
/// How soon it is tried again whether there is an agent that tells: one that was updated is back by then.
const AGENT_AGAIN: Duration = Duration::from_secs(10);
/// How long it may be until the next try, where none ever told.
const AGENT_SELDOM: Duration = Duration::from_secs(320);

const EXAMPLES: &str = "\
Examples:
  sharelock watch wems.db
  sharelock watch                  All databases that are configured
  sharelock watch --json //server/hr/*.db | jq -r 'select(.state == \"free\").database'

A line is printed when the state, the holder or the queue changes, when a lease can be taken over, and when the folder cannot be \
seen any more; not for signs of life. Ends with 0 after Ctrl-C, or when nobody reads any more.";

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

/// Watches until somebody ends that.
pub(super) fn watch(arguments: &WatchArguments, config: &Config) -> Exit {
    let databases = match targets(&arguments.databases, config) {
        Ok(databases) => databases,
        Err(exit) => return exit,
    };
    let shown = databases.first().map_or_else(String::new, shown_target);
    let (sender, end) = mpsc::channel();
    match begin(databases, arguments.json, &sender) {
        Ok(survey) => {
            // Ends with a signal, or when nobody reads the lines any more.
            let _ended = end.recv();
            drop(survey);
            Exit::Done
        }
        Err(error) => {
            say(About(&shown, &Talk::System(printable(&error.to_string())), language()));
            Exit::System
        }
    }
}

/// Begins to tell what the agent sees, and to look where that does not tell.
fn begin(databases: Vec<Target>, json: bool, end: &mpsc::Sender<()>) -> io::Result<Arc<Survey>> {
    let ended = end.clone();
    Signals::install_with(move |_| ended.send(()).is_ok())?;
    let databases: Vec<(u32, Target)> = (0..).zip(databases).collect();
    let lines = Arc::new(Lines {
        databases: databases.iter().cloned().collect(),
        told: Mutex::default(),
        alone: Mutex::default(),
        json,
        end: end.clone(),
    });
    let looking = Arc::clone(&lines);
    let survey = Arc::new(Survey::begin(move |key, sight, _| looking.look(key, &sight))?);
    let (lines, looks) = (Arc::clone(&lines), Arc::clone(&survey));
    std::thread::Builder::new().name("sharelock-view".into()).spawn(move || listen(&databases, &lines, &looks))?;
    Ok(survey)
}

/// Listens to the agent, and to the next one. Returns when nobody reads any more.
fn listen(databases: &[(u32, Target)], lines: &Lines, survey: &Survey) {
    let (_nobody_rings, alarm) = mpsc::channel::<()>();
    let mut pause = AGENT_AGAIN;
    loop {
        let told = AtomicBool::new(false);
        let read = std::thread::scope(|scope| {
            let talk = |some| {
                let told = &told;
                let talk = move || follow(some, lines, survey, told);
                let begun = std::thread::Builder::new().name("sharelock-view".into()).spawn_scoped(scope, talk);
                begun.inspect_err(|_| look_alone(some, lines, survey)).ok()
            };
            let talks: Vec<_> = databases.chunks(AT_ONCE).filter_map(talk).collect();
            talks.into_iter().all(|talk| talk.join().unwrap_or(false))
        });
        if !read {
            return;
        }
        if told.into_inner() {
            pause = AGENT_AGAIN;
        }
        let _timed_out = alarm.recv_timeout(pause);
        pause = (pause * 2).min(AGENT_SELDOM);
    }
}

/// Tells what the agent sees at some databases, and has them looked at as soon as it does not tell. Returns whether the lines are read.
fn follow(some: &[(u32, Target)], lines: &Lines, survey: &Survey, told: &AtomicBool) -> bool {
    let targets: Vec<Target> = some.iter().map(|(_, target)| target.clone()).collect();
    let mut read = true;
    view::follow(&targets, |place, seen| {
        let one = &some[place];
        if let Some(seen) = seen {
            told.store(true, Ordering::Relaxed);
            if lines.look_alone(one.0, false) {
                survey.remove(one.0);
            }
            read = lines.tell(one.0, &seen);
        } else {
            look_alone(std::slice::from_ref(one), lines, survey);
        }
        read
    });
    if read {
        look_alone(some, lines, survey);
    }
    read
}

/// Has these looked at by this process, as far as they are not.
fn look_alone(some: &[(u32, Target)], lines: &Lines, survey: &Survey) {
    for (key, target) in some {
        if lines.look_alone(*key, true) {
            survey.add(*key, target.path.clone(), options(target));
        }
    }
}

/// What is printed, by whoever sees something.
struct Lines {
    databases: BTreeMap<u32, Target>,
    told: Mutex<BTreeMap<u32, Essence>>,
    /// At which of them this process looks itself.
    alone: Mutex<BTreeSet<u32>>,
    json: bool,
    /// Told when nobody reads any more.
    end: mpsc::Sender<()>,
}

impl Lines {
    /// Notes whether this process looks at it itself; returns whether that is new.
    fn look_alone(&self, key: u32, alone: bool) -> bool {
        let mut all = self.alone.lock().unwrap_or_else(PoisonError::into_inner);
        if alone { all.insert(key) } else { all.remove(&key) }
    }

    /// Tells what a look of this process's own has shown. False when nobody reads any more.
    fn look(&self, key: u32, sight: &Sight) -> bool {
        // A look that was under way when the agent began to tell is older than what that tells.
        let alone = self.alone.lock().unwrap_or_else(PoisonError::into_inner).contains(&key);
        let Some(target) = self.databases.get(&key).filter(|_| alone) else { return true };
        let seen = match sight {
            Sight::Seen(database, seen) => Seen::tell(database.name(), &Sighting::of(database, seen)).labelled(target),
            Sight::NotOpened(error) => Seen::not_opened(target, error),
        };
        self.tell(key, &seen)
    }

    /// Tells what is seen, if it is new. False when nobody reads any more.
    fn tell(&self, key: u32, seen: &Seen) -> bool {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        if told.get(&key) == Some(&seen.essence) {
            return true;
        }
        told.insert(key, seen.essence.clone());
        let moment = now().wall;
        let time = Local.timestamp_millis_opt(moment.0).single().map(|at| at.format("%H:%M:%S  ").to_string());
        let read = seen.give(self.json, &time.unwrap_or_default());
        if !read {
            let _the_main_thread_ended_first = self.end.send(());
        }
        read
    }
}
