//! `sharelock watch`: the state of some databases, and then one line for every change.
//!
//! A survey looks; what is told anew here is what people would call a change. The hazard is a reader that is gone: whoever reads the
//! lines decided to watch, so when nobody reads any more it ends.

use super::exit::Exit;
use super::language::language;
use super::open::{now, options, shown_target, targets};
use super::seen::{Essence, Seen};
use super::terminal::say;
use crate::config::{Config, Target};
use crate::i18n::{About, Talk, printable};
use crate::platform::signals::Signals;
use crate::session::{Sight, Survey};
use chrono::{Local, TimeZone};
use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::sync::mpsc;

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
    match begin(databases, arguments.json, sender) {
        Ok(survey) => {
            // Ends with a signal, or with the survey when nobody reads its lines any more.
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

fn begin(databases: Vec<Target>, json: bool, end: mpsc::Sender<()>) -> io::Result<Survey> {
    let ended = end.clone();
    Signals::install_with(move |_| ended.send(()).is_ok())?;
    let databases: BTreeMap<u32, Target> = (0..).zip(databases).collect();
    let mut lines = Lines { databases: databases.clone(), told: BTreeMap::new(), json };
    let survey = Survey::begin(move |key, sight| {
        let told = lines.tell(key, sight);
        if !told {
            let _the_main_thread_ended_first = end.send(());
        }
        told
    })?;
    for (key, target) in databases {
        survey.add(key, target.path.clone(), options(&target));
    }
    Ok(survey)
}

/// What is printed.
struct Lines {
    databases: BTreeMap<u32, Target>,
    told: BTreeMap<u32, Essence>,
    json: bool,
}

impl Lines {
    /// Tells what is seen, if it is new. False when nobody listens any more.
    fn tell(&mut self, key: u32, sight: Sight) -> bool {
        let Some(target) = self.databases.get(&key) else { return true };
        let seen = match sight {
            Sight::Seen(database, seen) => Seen::tell(&database, *seen).labelled(target),
            Sight::NotOpened(error) => Seen::not_opened(target, &error),
        };
        if self.told.get(&key) == Some(&seen.essence) {
            return true;
        }
        self.told.insert(key, seen.essence.clone());
        let moment = now().wall;
        let time = Local.timestamp_millis_opt(moment.0).single().map(|at| at.format("%H:%M:%S  ").to_string());
        seen.give(self.json, &time.unwrap_or_default())
    }
}
