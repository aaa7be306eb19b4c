//! Getting the lease, and saying why not: what `run` and `hold` have in common.

use super::attention::Attention;
use super::describe;
use super::exit::Exit;
use super::open::{LANGUAGE, NotOpened, Opened, Purpose, now, open_session};
use super::terminal::say;
use super::waiting::Waiting;
use crate::i18n::{About, Talk, When, printable};
use crate::lease::Status;
use crate::lease::timing::{Timing, parse_duration};
use crate::session::{AcquireError, Guard, ReleaseError, Wait};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// What was typed about the lease.
#[derive(Debug, clap::Args)]
pub(super) struct TakeArguments {
    /// The database to take
    #[arg(value_name = "DB")]
    pub(super) database: PathBuf,
    /// Do not wait: exit with 75 when somebody else has it
    #[arg(short, long, conflicts_with = "timeout")]
    nonblock: bool,
    /// Wait at most this long: seconds, or a number with ms, s, m or h
    #[arg(short = 'w', long, value_name = "TIME", value_parser = duration)]
    timeout: Option<Duration>,
    /// A few words for those who wait
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    pub(super) note: String,
    /// Take it although a cloud program copies the folder: somebody else may get it as well
    #[arg(long)]
    accept_sync_folder: bool,
}

/// Reads a duration as people type it.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    parse_duration(text).ok_or_else(|| "write seconds, or a number with ms, s, m or h, e.g. 5m".to_owned())
}

impl TakeArguments {
    fn wait(&self) -> Wait {
        match self.timeout {
            Some(Duration::ZERO) => Wait::Never,
            Some(limit) => Wait::For(limit),
            None if self.nonblock => Wait::Never,
            None => Wait::Forever,
        }
    }
}

/// Opens the session of a database that is about to be taken.
pub(super) fn open(arguments: &TakeArguments, timing: Timing, app: String) -> Result<Opened, Exit> {
    let purpose = Purpose { app, note: arguments.note.clone() };
    let opened = open_session(&arguments.database, timing, purpose).map_err(|error| not_opened(&arguments.database, &error))?;
    if let Some(program) = &opened.session.capabilities().synchronised_by {
        let program = printable(program);
        if !arguments.accept_sync_folder {
            say(About(&opened.shown, &Talk::Synchronised(program), LANGUAGE));
            return Err(Exit::CannotCreate);
        }
        say(About(&opened.shown, &Talk::SynchronisedAccepted(program), LANGUAGE));
    }
    Ok(opened)
}

fn not_opened(path: &Path, error: &NotOpened) -> Exit {
    let shown = super::open::shown(path);
    let Some(failure) = error.failure() else {
        say(About(&shown, &Talk::System(error.detail()), LANGUAGE));
        return Exit::System;
    };
    say(About(&shown, &Talk::Failed(describe::trouble(failure), error.detail()), LANGUAGE));
    Exit::of(failure)
}

/// Waits for the lease as long as was asked for.
pub(super) fn take<'s>(arguments: &TakeArguments, opened: &'s Opened, attention: &Attention) -> Result<Guard<'s>, Exit> {
    let session = &opened.session;
    let shown = &opened.shown;
    let canceller = session.canceller();
    attention.wait(canceller.clone());
    let mut waiting = Waiting::begin(opened);
    let mut progress = |status: &Status| {
        // A signal that came a moment before the wait began is not forgotten.
        if attention.is_stopped() {
            canceller.cancel();
        }
        waiting.update(status);
    };
    let result = session.acquire(arguments.wait(), Some(&mut progress));
    let spoke = waiting.end();
    let stopped_by = attention.work();
    match result {
        Ok(guard) if stopped_by.is_none() => {
            if spoke {
                say(About(shown, &Talk::Yours(guard.token().0), LANGUAGE));
            }
            Ok(guard)
        }
        Ok(guard) => {
            // Stopped is what it is, whether or not that worked; what did not work was said.
            let _ = give_back(opened, guard);
            Err(stopped(shown, stopped_by))
        }
        Err(AcquireError::Cancelled) => Err(stopped(shown, stopped_by)),
        Err(error) => Err(refused(opened, error)),
    }
}

fn stopped(shown: &str, by: Option<i32>) -> Exit {
    say(About(shown, &Talk::StoppedWaiting, LANGUAGE));
    // Without a signal it was the end of the input: what was wanted was not had.
    by.map_or(Exit::Held, Exit::Signalled)
}

fn refused(opened: &Opened, error: AcquireError) -> Exit {
    let shown = &opened.shown;
    match error {
        AcquireError::Taken(status) | AcquireError::Newer(status) => {
            let sentence = describe::sentence(&status, &opened.me, String::new(), now());
            let state = About(shown, &sentence, LANGUAGE);
            say(format!("{state} {}", About(shown, &Talk::GaveUp, LANGUAGE)));
            Exit::Held
        }
        AcquireError::Failed(failure, detail) => {
            let detail = detail.map(|error| printable(&error.to_string())).unwrap_or_default();
            say(About(shown, &Talk::Failed(describe::trouble(failure), detail), LANGUAGE));
            Exit::of(failure)
        }
        AcquireError::System(error) => {
            say(About(shown, &Talk::System(printable(&error.to_string())), LANGUAGE));
            Exit::System
        }
        error @ (AcquireError::Busy | AcquireError::Cancelled) => {
            say(About(shown, &Talk::System(printable(&error.to_string())), LANGUAGE));
            Exit::System
        }
    }
}

/// Gives the lease back, and says so when that did not work.
pub(super) fn give_back(opened: &Opened, guard: Guard<'_>) -> Result<(), Exit> {
    let (talk, exit) = match guard.release() {
        Ok(()) => return Ok(()),
        Err(ReleaseError::Unanswered(span)) => {
            let moment = now();
            let at = (moment.wall.0).saturating_add(i64::try_from(span.as_millis()).unwrap_or(i64::MAX));
            (Talk::LapsesIn(span, Some(When { at, now: moment.wall.0 })), Exit::Unreachable)
        }
        Err(ReleaseError::Lost) => (Talk::LostAtRelease, Exit::Held),
    };
    say(About(&opened.shown, &talk, LANGUAGE));
    Err(exit)
}
