//! `sharelock wait`: waits until it is free, and leaves it to others.
//!
//! The hazard is to be taken for a lock: by the time this returns somebody else may have it, so its help says to use `run`.

use super::attention::Attention;
use super::exit::Exit;
use super::language::language;
use super::open::{now, options, shown_target};
use super::take::{Waited, duration, open, refused, stopped, waited};
use super::terminal::{give, say};
use crate::config::Config;
use crate::i18n::{About, Talk, printable};
use crate::session::describe;
use crate::session::{Acquire, AcquireError, Wait};
use std::path::PathBuf;
use std::time::Duration;

const EXAMPLES: &str = "\
Examples:
  sharelock wait wems.db && echo \"wems.db is free\"     Tell me when it is free
  sharelock wait -w 5m wems.db                        75 when it is still held after 5 minutes

It is not taken: by the time this ends somebody else may have it. To work with it, use `sharelock run`. One whose holder is gone \
counts as free once it can be taken over; on network folders only `run` and `hold` can find that out.

Exit codes: 0 free, 75 still held after that time, 69 the shared folder cannot be reached, 77 no permission, 73 no lease can be \
kept there, 130 interrupted.";

/// What was typed.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct WaitArguments {
    /// The database to wait for
    #[arg(value_name = "DB", value_hint = clap::ValueHint::FilePath)]
    database: PathBuf,
    /// Wait at most this long: seconds, or a number with ms, s, m or h
    #[arg(short = 'w', long, value_name = "TIME", value_parser = duration)]
    timeout: Option<Duration>,
}

/// Waits until nobody has it.
pub(super) fn wait(arguments: &WaitArguments, config: &Config) -> Exit {
    attempt(arguments, config).map_or_else(|exit| exit, |()| Exit::Done)
}

fn attempt(arguments: &WaitArguments, config: &Config) -> Result<(), Exit> {
    let target = config.target(&arguments.database);
    let shown = shown_target(&target);
    let (attention, _) = Attention::install(shown.clone()).map_err(|error| {
        say(About(&shown, &Talk::System(printable(&error.to_string())), language()));
        Exit::System
    })?;
    let opened = open(&target, options(&target))?;
    let limit = arguments.timeout.map_or(Wait::Forever, Wait::from);
    let Waited { result, spoke: _, stopped_by } =
        waited(&opened, &attention, |progress| opened.wait_until_free(Acquire::default().wait(limit).progress(progress)));
    match result {
        Ok(status) => {
            let sentence = describe::sentence(&status, opened.me(), String::new(), now());
            give(About(opened.name(), &sentence, language()));
            Ok(())
        }
        Err(AcquireError::Cancelled) => Err(stopped(opened.name(), stopped_by)),
        Err(error) => Err(refused(&opened, error)),
    }
}
