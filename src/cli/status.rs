//! `sharelock status`: who has it, without touching anything.
//!
//! Nothing is written to the share. The hazard is a share that hangs: every database is looked at on a thread of its own, with a
//! time-out, and what could not be seen is *unreachable*, never *free*.

use super::describe;
use super::exit::Exit;
use super::open::{LANGUAGE, NotOpened, Opened, Purpose, failure_word, in_time, lossy, now, open_session, shown};
use super::terminal::{colours, give, say, tinted};
use crate::clock::{Moment, WallTime};
use crate::i18n::{About, Sentence, plain_json, printable};
use crate::lease::record::Holder;
use crate::lease::timing::Timing;
use crate::lease::wire::Failure;
use crate::lease::{State, Status};
use crate::session::{PATIENCE, Snapshot};
use chrono::{Local, SecondsFormat, TimeZone};
use serde::Serialize;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How many databases are looked at at once.
const AT_ONCE: usize = 16;
/// How long one database may take altogether: opening, looking, and reading the queue.
const LONGEST: Duration = Duration::from_secs(2 * PATIENCE.as_secs() + 2);

/// What was typed.
#[derive(Debug, clap::Args)]
pub(super) struct StatusArguments {
    /// The databases to look at
    #[arg(value_name = "DB", required = true)]
    databases: Vec<PathBuf>,
    /// Print one JSON object per line and database
    #[arg(long)]
    json: bool,
}

/// One line of `--json`. Fields are never removed, renamed or reused.
#[derive(Debug, Serialize)]
struct Line {
    schema: u32,
    database: String,
    state: &'static str,
    token: Option<u64>,
    store: Option<String>,
    holder: Option<HolderLine>,
    last_seen_s: Option<f64>,
    observed_s: Option<f64>,
    takeable_in_s: Option<f64>,
    waiting: Option<Vec<WaiterLine>>,
    error: Option<ErrorLine>,
}

#[derive(Debug, Serialize)]
struct HolderLine {
    user: Option<String>,
    name: Option<String>,
    machine: Option<String>,
    pid: Option<u32>,
    app: Option<String>,
    note: Option<String>,
    acquired: Option<String>,
    #[serde(rename = "self")]
    own: bool,
}

#[derive(Debug, Serialize)]
struct WaiterLine {
    user: Option<String>,
    name: Option<String>,
    machine: Option<String>,
    pid: Option<u32>,
    app: Option<String>,
    note: Option<String>,
    since: Option<String>,
}

#[derive(Debug, Serialize)]
struct ErrorLine {
    code: &'static str,
    text: String,
}

/// What is known about one database, ready to be told.
#[derive(Debug)]
struct Seen {
    state: State,
    exit: Exit,
    sentence: String,
    line: Line,
}

/// Looks at the databases and tells.
pub(super) fn status(arguments: &StatusArguments, timing: Timing) -> Exit {
    let mut worst = Exit::Done;
    for some in arguments.databases.chunks(AT_ONCE) {
        let looks: Vec<_> = some
            .iter()
            .map(|database| {
                let path = database.clone();
                std::thread::spawn(move || in_time(LONGEST, move || look(&path, timing)))
            })
            .collect();
        for (database, look) in some.iter().zip(looks) {
            let seen = match look.join() {
                Ok(Ok(Some(seen))) => seen,
                Ok(Ok(None)) | Err(_) => not_opened(database, &NotOpened::Silent),
                Ok(Err(error)) => not_opened(database, &NotOpened::System(error)),
            };
            worst = worse(worst, seen.exit);
            let told = if arguments.json {
                serde_json::to_string(&seen.line).is_ok_and(|line| give(plain_json(&line)))
            } else {
                give(tinted(&seen.sentence, describe::tone(seen.state), colours(&std::io::stdout())))
            };
            if !told {
                return worst;
            }
        }
    }
    worst
}

/// What keeps a lease from being made has the code that it has with every other verb.
const fn exit(state: State, failure: Option<Failure>) -> Exit {
    match (state, failure) {
        (State::Free | State::Mine, _) => Exit::Done,
        (State::Held | State::Stale, _) => Exit::Held,
        (State::Unreachable, Some(failure)) => Exit::of(failure),
        (State::Unreachable, None) => Exit::Unreachable,
        (State::Denied, _) => Exit::Denied,
    }
}

/// Returns the worse of two: 77 > 69 > 73 > 75 > 0.
fn worse(one: Exit, other: Exit) -> Exit {
    let rank = |exit| {
        [Exit::Done, Exit::Held, Exit::CannotCreate, Exit::Unreachable, Exit::Denied].iter().position(|known| *known == exit)
    };
    if rank(other) > rank(one) { other } else { one }
}

fn look(path: &Path, timing: Timing) -> Seen {
    let opened = match open_session(path, timing, Purpose::default()) {
        Ok(opened) => opened,
        Err(error) => return not_opened(path, &error),
    };
    let mut seen = opened.session.look(PATIENCE);
    let synchronised = opened.session.capabilities().synchronised_by.clone();
    if synchronised.is_some() {
        // Where nobody decides who was first, nothing that was read says anything about anybody else.
        seen.status.state = State::Unreachable;
        seen.status.failure = Some(Failure::Unusable);
    }
    tell(&opened, seen, synchronised)
}

fn tell(opened: &Opened, seen: Snapshot, synchronised: Option<String>) -> Seen {
    let Snapshot { status, waiting, failure } = seen;
    let known = !matches!(status.state, State::Unreachable | State::Denied);
    let error = if known {
        None
    } else if let Some(program) = synchronised {
        let text = format!("{program} synchronises this folder; no lease can be kept there");
        Some(ErrorLine { code: "synchronised", text })
    } else {
        let why = status.failure.or(failure.as_ref().map(|error| error.failure)).unwrap_or(Failure::Unreachable);
        let text =
            failure.map_or_else(|| "the shared folder did not answer in time".to_owned(), |error| printable(&error.to_string()));
        Some(ErrorLine { code: failure_word(why), text })
    };
    let reason = error.as_ref().map(|error| error.text.clone()).unwrap_or_default();
    let moment = now();
    let sentence = describe::sentence(&status, &opened.me, reason, moment);
    let waiting = known.then(|| waiting.iter().map(|waiter| waiter_line(&waiter.holder, waiter.since)).collect());
    Seen {
        state: status.state,
        exit: exit(status.state, status.failure),
        sentence: About(&opened.shown, &sentence, LANGUAGE).to_string(),
        line: Line {
            schema: 1,
            database: lossy(&opened.location.database),
            state: word(status.state),
            token: status.token.map(|token| token.0).filter(|_| known),
            store: Some(lossy(&opened.location.store)),
            holder: holder_line(&status, moment).filter(|_| known),
            last_seen_s: status.last_seen.map(seconds),
            observed_s: status.observed.map(seconds),
            takeable_in_s: status.takeable_in.map(seconds),
            waiting,
            error,
        },
    }
}

fn not_opened(path: &Path, error: &NotOpened) -> Seen {
    let denied = error.failure() == Some(Failure::Denied);
    let state = if denied { State::Denied } else { State::Unreachable };
    let detail = error.detail();
    let reason = detail.clone();
    let sentence = match error.failure() {
        Some(Failure::Denied) => Sentence::Denied { reason },
        Some(Failure::Unusable) => Sentence::Unusable { reason },
        Some(Failure::Unreachable | Failure::Full | Failure::ReadOnly | Failure::Gone | Failure::NoFolder) | None => {
            Sentence::Unreachable { reason }
        }
    };
    let text = if detail.is_empty() { "the shared folder did not answer in time".to_owned() } else { detail };
    Seen {
        state,
        exit: exit(state, error.failure()),
        sentence: About(&shown(path), &sentence, LANGUAGE).to_string(),
        line: Line {
            schema: 1,
            database: path.to_string_lossy().into_owned(),
            state: word(state),
            token: None,
            store: None,
            holder: None,
            last_seen_s: None,
            observed_s: None,
            takeable_in_s: None,
            waiting: None,
            error: Some(ErrorLine { code: error.word(), text }),
        },
    }
}

const fn word(state: State) -> &'static str {
    match state {
        State::Free => "free",
        State::Mine => "mine",
        State::Held => "held",
        State::Stale => "stale",
        State::Unreachable => "unreachable",
        State::Denied => "denied",
    }
}

fn holder_line(status: &Status, moment: Moment) -> Option<HolderLine> {
    let held = matches!(status.state, State::Mine | State::Held | State::Stale);
    let holder = status.holder.as_deref().filter(|_| held)?;
    let WaiterLine { user, name, machine, pid, app, note, since: _ } = waiter_line(holder, moment.wall);
    let acquired = status.acquired.and_then(rfc3339);
    Some(HolderLine { user, name, machine, pid, app, note, acquired, own: status.own_user })
}

fn waiter_line(holder: &Holder, since: WallTime) -> WaiterLine {
    let known = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    WaiterLine {
        user: known(&holder.user),
        name: known(&holder.name),
        machine: known(&holder.machine),
        pid: Some(holder.pid).filter(|pid| *pid != 0),
        app: known(&holder.app),
        note: known(&holder.note),
        since: rfc3339(since),
    }
}

/// Returns a time as RFC 3339 with this computer's offset.
pub(super) fn rfc3339(time: WallTime) -> Option<String> {
    Local.timestamp_millis_opt(time.0).single().map(|time| time.to_rfc3339_opts(SecondsFormat::Millis, false))
}

fn seconds(span: Duration) -> f64 {
    (span.as_secs_f64() * 1000.0).round() / 1000.0
}

/// Says that the durations in the environment cannot be used.
pub(super) fn refuse(error: &crate::lease::timing::TimingError) -> Exit {
    say(printable(&error.to_string()));
    Exit::Configuration
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_state_decides() {
        let all = [Exit::Done, Exit::Held, Exit::CannotCreate, Exit::Unreachable, Exit::Denied];
        for (a, one) in all.iter().enumerate() {
            for (b, other) in all.iter().enumerate() {
                assert_eq!(worse(*one, *other), all[a.max(b)]);
            }
        }
    }

    #[test]
    fn seconds_have_three_decimals() {
        assert!((seconds(Duration::from_micros(1_234_567)) - 1.235).abs() < 1e-9);
    }
}
