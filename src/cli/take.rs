//! Getting the lease, and saying why not: what `run` and `hold` have in common.

use super::attention::Attention;
use super::exit::Exit;
use super::language::language;
use super::open::{now, options, reason, shown_target};
use super::terminal::say;
use super::waiting::Waiting;
use crate::config::Target;
use crate::i18n::{About, Reason, Talk, When, printable};
use crate::lease::Status;
use crate::lease::timing::parse_duration;
use crate::lease::wire::Failure;
use crate::session::describe;
use crate::session::{Acquire, AcquireError, Database, Guard, NotOpened, Options, PATIENCE, ReleaseError, Wait};
use std::path::PathBuf;
use std::time::Duration;

/// However short a wait is, a share gets this long to answer at all.
const SHORTEST: Duration = Duration::from_secs(1);
/// How long after a share was seen to be away it is tried again.
const AGAIN: Duration = Duration::from_secs(1);

/// What was typed about the lease.
#[derive(Debug, clap::Args)]
pub(super) struct TakeArguments {
    /// The database to take
    #[arg(value_name = "DB", value_hint = clap::ValueHint::FilePath)]
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
    parse_duration(text).ok_or_else(|| Reason::DurationSpelling.text(language()))
}

impl TakeArguments {
    /// Returns how to open the database.
    pub(super) fn options(&self, target: &Target) -> Options {
        let accepts = self.accept_sync_folder || target.accepts_sync_folder();
        options(target).note(self.note.as_str()).accept_sync_folder(accepts)
    }

    /// Returns how long to wait, when so much of it has passed.
    fn wait(&self, passed: Duration) -> Wait {
        match self.timeout {
            Some(Duration::ZERO) => Wait::Never,
            Some(limit) => Wait::For(limit.saturating_sub(passed).max(SHORTEST.min(limit))),
            None if self.nonblock => Wait::Never,
            None => Wait::Forever,
        }
    }
}

/// Opens a database to take it. With a limit the share may be away for as long; without one it has the usual patience to answer at all.
/// Returns how long to wait for the lease then.
pub(super) fn open_to_take(arguments: &TakeArguments, target: &Target, options: &Options) -> Result<(Database, Wait), Exit> {
    let began = now().ticks;
    let limit = arguments.timeout.filter(|limit| !limit.is_zero()).map(|limit| limit.max(SHORTEST));
    let passed = || now().ticks.since(began);
    let opened = until_answered(
        limit,
        passed,
        |patience| options.clone().patience(patience).open(&target.path),
        |pause| {
            if let Some(pause) = pause {
                super::open::pause(pause);
            } else {
                say(About(&shown_target(target), &Talk::NoAnswerYet, language()));
            }
        },
    );
    let database = opened.map_err(|error| not_opened(target, &error))?;
    Ok((database, arguments.wait(passed())))
}

/// Tries until there is an answer, within the limit. `meanwhile` pauses, and is told (`None`) that it takes longer than usual.
fn until_answered<T>(
    limit: Option<Duration>,
    passed: impl Fn() -> Duration,
    mut open: impl FnMut(Duration) -> Result<T, NotOpened>,
    mut meanwhile: impl FnMut(Option<Duration>),
) -> Result<T, NotOpened> {
    let first = open(limit.map_or(PATIENCE, |limit| limit.min(PATIENCE)));
    let Some(limit) = limit else { return first };
    let mut last = first;
    let mut told = false;
    while matches!(&last, Err(error) if error.failure() == Some(Failure::Unreachable)) {
        let left = limit.saturating_sub(passed());
        if left.is_zero() {
            break;
        }
        if !std::mem::replace(&mut told, true) {
            meanwhile(None);
        }
        meanwhile(Some(AGAIN.min(left)));
        // A try that hangs stays behind with its thread, so that the second one has all the time that is left.
        last = open(limit.saturating_sub(passed()).max(AGAIN));
    }
    last
}

/// Opens a database; says why that does not work.
pub(super) fn open(target: &Target, options: Options) -> Result<Database, Exit> {
    options.open(&target.path).map_err(|error| not_opened(target, &error))
}

fn not_opened(target: &Target, error: &NotOpened) -> Exit {
    let shown = shown_target(target);
    let Some(failure) = error.failure() else {
        say(About(&shown, &Talk::System(reason(error)), language()));
        return Exit::System;
    };
    say(About(&shown, &Talk::Failed(describe::trouble(failure), reason(error)), language()));
    Exit::of(failure)
}

/// Waits for the lease as long as was asked for.
pub(super) fn take(arguments: &TakeArguments, wait: Wait, opened: &Database, attention: &Attention) -> Result<Guard, Exit> {
    let shown = opened.name();
    if let Some(program) = opened.capabilities().synchronised_by.as_ref().filter(|_| arguments.accept_sync_folder) {
        say(About(shown, &Talk::SynchronisedAccepted(printable(program)), language()));
    }
    let Waited { result, spoke, stopped_by } =
        waited(opened, attention, |progress| opened.acquire(Acquire::default().wait(wait).progress(progress)));
    match result {
        Ok(guard) if stopped_by.is_none() => {
            if spoke {
                say(About(shown, &Talk::Yours(guard.token().0), language()));
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

/// How a wait ended.
pub(super) struct Waited<T> {
    pub(super) result: Result<T, AcquireError>,
    /// Whether anything was said meanwhile.
    pub(super) spoke: bool,
    /// The signal that asked for its end.
    pub(super) stopped_by: Option<i32>,
}

/// Waits, and meanwhile shows what for and hears signals.
pub(super) fn waited<T>(
    opened: &Database,
    attention: &Attention,
    wait: impl FnOnce(&mut dyn FnMut(&Status)) -> Result<T, AcquireError>,
) -> Waited<T> {
    let canceller = opened.canceller();
    attention.wait(canceller.clone());
    let mut waiting = Waiting::begin(opened);
    let mut progress = |status: &Status| {
        // A signal that came a moment before the wait began is not forgotten.
        if attention.is_stopped() {
            canceller.cancel();
        }
        waiting.update(status);
    };
    let result = wait(&mut progress);
    let spoke = waiting.end();
    Waited { result, spoke, stopped_by: attention.work() }
}

/// Says that the wait was ended.
pub(super) fn stopped(shown: &str, by: Option<i32>) -> Exit {
    say(About(shown, &Talk::StoppedWaiting, language()));
    // Without a signal it was the end of the input: what was wanted was not had.
    by.map_or(Exit::Held, Exit::Signalled)
}

/// Says why it could not be had.
pub(super) fn refused(opened: &Database, error: AcquireError) -> Exit {
    let shown = opened.name();
    match error {
        AcquireError::Taken(status) | AcquireError::Newer(status) => {
            let sentence = describe::sentence(&status, opened.me(), String::new(), now());
            let state = About(shown, &sentence, language());
            say(format!("{state} {}", About(shown, &Talk::GaveUp, language())));
            Exit::Held
        }
        AcquireError::Failed(failure, detail) => {
            let detail = detail.map(|error| printable(&error.to_string())).unwrap_or_default();
            say(About(shown, &Talk::Failed(describe::trouble(failure), detail), language()));
            Exit::of(failure)
        }
        AcquireError::Synchronised(program) => {
            say(About(shown, &Talk::Synchronised(program), language()));
            Exit::CannotCreate
        }
        AcquireError::System(error) => {
            say(About(shown, &Talk::System(printable(&error.to_string())), language()));
            Exit::System
        }
        AcquireError::Busy => system(shown, &Reason::Busy),
        AcquireError::Cancelled => system(shown, &Reason::Cancelled),
    }
}

fn system(shown: &str, reason: &Reason) -> Exit {
    say(About(shown, &Talk::System(reason.text(language())), language()));
    Exit::System
}

/// Gives the lease back, and says so when that did not work. A share that does not answer is tried for as long as the lease could be
/// believed in; signals end this process then, if nobody hears them any more.
pub(super) fn give_back(opened: &Database, guard: Guard) -> Result<(), Exit> {
    let mut said = false;
    let go_on = || {
        if !std::mem::replace(&mut said, true) {
            say(About(opened.name(), &Talk::StillGivingBack(opened.timing().long), language()));
        }
        true
    };
    let (talk, exit) = match guard.release_while(go_on) {
        Ok(()) => return Ok(()),
        Err(ReleaseError::Unanswered(span)) => {
            let moment = now();
            let at = (moment.wall.0).saturating_add(i64::try_from(span.as_millis()).unwrap_or(i64::MAX));
            (Talk::LapsesIn(span, Some(When { at, now: moment.wall.0 })), Exit::Unreachable)
        }
        Err(ReleaseError::Lost) => (Talk::LostAtRelease, Exit::Held),
    };
    say(About(opened.name(), &talk, language()));
    Err(exit)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::{Cell, RefCell};

    /// Opens a share that answers after so many seconds; each try takes the one number of seconds or its patience, each pause its span.
    fn opened_after(limit: Option<u64>, answers_at: u64, hangs: bool) -> (bool, u64, Vec<u64>) {
        let (clock, tries, told) = (Cell::new(Duration::ZERO), RefCell::new(Vec::new()), Cell::new(0));
        let open = |patience: Duration| {
            tries.borrow_mut().push(patience.as_secs());
            let at = Duration::from_secs(answers_at);
            if clock.get() >= at {
                return Ok(());
            }
            let until = if hangs { at.min(clock.get() + patience) } else { clock.get() };
            clock.set(until);
            if hangs && until >= at { Ok(()) } else { Err(NotOpened::Silent) }
        };
        let meanwhile = |pause: Option<Duration>| match pause {
            Some(pause) => clock.set(clock.get() + pause),
            None => told.set(told.get() + 1),
        };
        let opened = until_answered(limit.map(Duration::from_secs), || clock.get(), open, meanwhile).is_ok();
        assert!(told.get() <= 1, "said once");
        (opened, clock.get().as_secs(), tries.into_inner())
    }

    #[test]
    fn a_share_that_is_away_is_tried_until_the_wait_is_over() {
        assert_eq!(opened_after(Some(600), 300, true), (true, 300, vec![10, 589]), "two tries at most hang");
        let (opened, at, tries) = opened_after(Some(600), 300, false);
        assert_eq!((opened, at, tries.len()), (true, 300, 301));
        let (opened, at, _) = opened_after(Some(20), 300, false);
        assert_eq!((opened, at), (false, 20));
        assert_eq!(opened_after(Some(5), 300, true), (false, 5, vec![5]));
        assert_eq!(opened_after(None, 300, true), (false, 10, vec![10]), "without a limit the usual patience");
    }
}
