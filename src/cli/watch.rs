//! `sharelock watch`: the state of some databases, and then one line for every change.
//!
//! A survey looks; what is told anew here is what people would call a change. The hazard is a reader that is gone: whoever reads the
//! lines decided to watch, so when nobody reads any more it ends.

use super::exit::Exit;
use super::language::language;
use super::open::{now, shown};
use super::seen::{Essence, Seen};
use super::terminal::say;
use crate::i18n::{About, Talk, printable};
use crate::lease::timing::Timing;
use crate::platform::signals::Signals;
use crate::session::{Options, Sight, Survey};
use chrono::{Local, TimeZone};
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::mpsc;

const EXAMPLES: &str = "\
Examples:
  sharelock watch wems.db
  sharelock watch --json //server/hr/*.db | jq -r 'select(.state == \"free\").database'

A line is printed when the state, the holder or the queue changes, when a lease can be taken over, and when the folder cannot be \
seen any more; not for signs of life. Ends with 0 after Ctrl-C, or when nobody reads any more.";

/// What was typed.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct WatchArguments {
    /// The databases to watch
    #[arg(value_name = "DB", required = true, value_hint = clap::ValueHint::FilePath)]
    databases: Vec<PathBuf>,
    /// Print what `status --json` prints, one line per change
    #[arg(long)]
    json: bool,
}

/// Watches until somebody ends that.
pub(super) fn watch(arguments: &WatchArguments, timing: Timing) -> Exit {
    let (sender, end) = mpsc::channel();
    match begin(arguments, timing, sender) {
        Ok(survey) => {
            // Ends with a signal, or with the survey when nobody reads its lines any more.
            let _ended = end.recv();
            drop(survey);
            Exit::Done
        }
        Err(error) => {
            let shown = arguments.databases.first().map_or_else(String::new, |path| shown(path));
            say(About(&shown, &Talk::System(printable(&error.to_string())), language()));
            Exit::System
        }
    }
}

fn begin(arguments: &WatchArguments, timing: Timing, end: mpsc::Sender<()>) -> io::Result<Survey> {
    let ended = end.clone();
    Signals::install_with(move |_| ended.send(()).is_ok())?;
    let paths = (0..).zip(arguments.databases.iter().cloned()).collect();
    let mut lines = Lines { paths, told: BTreeMap::new(), json: arguments.json };
    let survey = Survey::begin(move |key, sight| {
        let told = lines.tell(key, sight);
        if !told {
            let _the_main_thread_ended_first = end.send(());
        }
        told
    })?;
    for (key, path) in (0..).zip(&arguments.databases) {
        survey.add(key, path.clone(), Options::default().timing(timing));
    }
    Ok(survey)
}

/// What is printed.
struct Lines {
    paths: BTreeMap<u32, PathBuf>,
    told: BTreeMap<u32, Essence>,
    json: bool,
}

impl Lines {
    /// Tells what is seen, if it is new. False when nobody listens any more.
    fn tell(&mut self, key: u32, sight: Sight) -> bool {
        let seen = match sight {
            Sight::Seen(database, seen) => Seen::tell(&database, *seen),
            Sight::NotOpened(error) => {
                let path = self.paths.get(&key).map_or_else(|| Path::new(""), PathBuf::as_path);
                Seen::not_opened(path, &error)
            }
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
