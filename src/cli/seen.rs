//! What is known about one database, ready to be told: the sentence, and the object of `--json`.
//!
//! `status` and `watch` tell the same things in the same words. The hazard is to call free what could not be seen.

use super::exit::Exit;
use super::language::language;
use super::open::{failure_word, lossy, now, reason, shown_target, word as error_word};
use super::terminal::{colours, give, tinted, tone};
use crate::clock::WallTime;
use crate::config::Target;
use crate::doctor::waits_by;
use crate::i18n;
use crate::i18n::agent::In;
use crate::i18n::asking::Asking;
use crate::i18n::status::noticed;
use crate::i18n::{About, Language, Order, Reason, Sentence, Talk, plain_json, printable};
use crate::ipc::Sighting;
use crate::lease::record::{Ask, AskReply, Holder, LeaseId};
use crate::lease::wire::Failure;
use crate::lease::{State, Status};
use crate::session::describe;
use crate::session::{Database, NotOpened, PATIENCE};
use crate::store::{Waiter, place_of};
use crate::watch::Means;
use serde::Serialize;
use std::time::Duration;

/// One line of `--json`. Fields are never removed, renamed or reused.
#[derive(Debug, Serialize)]
struct Line {
    schema: u32,
    database: String,
    label: Option<String>,
    state: &'static str,
    token: Option<u64>,
    store: Option<String>,
    holder: Option<HolderLine>,
    last_seen_s: Option<f64>,
    observed_s: Option<f64>,
    takeable_in_s: Option<f64>,
    waiting: Option<Vec<WaiterLine>>,
    /// This user's place among them, from 1.
    place: Option<usize>,
    error: Option<ErrorLine>,
    /// Only where it is asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    wait: Option<&'static str>,
}

/// Somebody, as every line of `--json` names people; what is not known is null.
#[derive(Debug, Serialize)]
pub(super) struct PersonLine {
    pub(super) user: Option<String>,
    pub(super) name: Option<String>,
    pub(super) machine: Option<String>,
    pub(super) pid: Option<u32>,
    pub(super) app: Option<String>,
    pub(super) note: Option<String>,
}

impl PersonLine {
    pub(super) fn of(holder: &Holder) -> Self {
        let known = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        Self {
            user: known(&holder.user),
            name: known(&holder.name),
            machine: known(&holder.machine),
            pid: Some(holder.pid).filter(|pid| *pid != 0),
            app: known(&holder.app),
            note: known(&holder.note),
        }
    }
}

#[derive(Debug, Serialize)]
struct HolderLine {
    #[serde(flatten)]
    who: PersonLine,
    acquired: Option<String>,
    #[serde(rename = "self")]
    own: bool,
}

#[derive(Debug, Serialize)]
struct WaiterLine {
    #[serde(flatten)]
    who: PersonLine,
    since: Option<String>,
    #[serde(rename = "self")]
    own: bool,
    /// What is asked of the present holder.
    asks: Option<AskLine>,
}

#[derive(Debug, Serialize)]
struct AskLine {
    at: Option<String>,
    /// `seen`, `release`, `later` or `no`; null where nothing tells that it was seen.
    reply: Option<&'static str>,
    minutes: Option<u8>,
}

#[derive(Debug, Serialize)]
struct ErrorLine {
    code: &'static str,
    text: String,
}

/// What is known about one database, ready to be told.
#[derive(Debug)]
pub(super) struct Seen {
    state: State,
    /// Why it could not be seen.
    failure: Option<Failure>,
    /// What makes it different from what was told before.
    pub(super) essence: Essence,
    pub(super) sentence: String,
    /// How a change would be noticed; empty where that is not asked for.
    noticed: String,
    line: Line,
}

/// What people are told of anew when it changes. A holder's signs of life are not part of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Essence {
    state: State,
    lease: Option<LeaseId>,
    holder: Option<Person>,
    takeable: bool,
    waiting: Vec<(Person, WallTime)>,
    /// What they ask, and are replied.
    asks: Vec<(WallTime, Option<AskReply>)>,
    error: Option<&'static str>,
}

/// User, machine, process.
type Person = (String, String, u32);

fn person(holder: &Holder) -> Person {
    (holder.user.clone(), holder.machine.clone(), holder.pid)
}

impl Seen {
    /// Looks at a database.
    pub(super) fn look(database: &Database) -> Self {
        let seen = Sighting::of(database, &database.look(PATIENCE));
        Self::tell(database.name(), &seen)
    }

    /// Tells what a look has shown, this process's own or the agent's.
    pub(super) fn tell(name: &str, seen: &Sighting) -> Self {
        let (status, waiting, me) = (seen.status(), seen.waiters(), Holder::from(seen.me.clone()));
        let (failure, synchronised) = (&seen.failure, seen.synchronised_by.as_ref());
        let known = !matches!(status.state, State::Unreachable | State::Denied);
        let (code, reason) = if known {
            (None, None)
        } else if let Some(program) = synchronised {
            (Some("synchronised"), Some(Reason::Synchronised(program.clone())))
        } else {
            let why = status.failure.or(failure.as_ref().map(|(failure, _)| *failure)).unwrap_or(Failure::Unreachable);
            (Some(failure_word(why)), failure.is_none().then_some(Reason::NoAnswer))
        };
        // What only the system can say is the same in all languages.
        let said = failure.as_ref().map(|(_, said)| printable(said)).unwrap_or_default();
        let text = |language| reason.as_ref().map_or_else(|| said.clone(), |reason| reason.text(language));
        let error = code.map(|code| ErrorLine { code, text: text(Language::English) });
        let failure_seen = failure.as_ref().map(|(failure, _)| *failure);
        let reason = if known { String::new() } else { text(language()) };
        let moment = now();
        let sentence = describe::sentence(&status, &me, reason, moment);
        let mut sentence = About(name, &sentence, language()).to_string();
        if !waiting.is_empty() {
            let people = waiting.iter().map(|waiter| describe::person(Some(&waiter.holder))).collect();
            sentence = format!("{sentence} {}", About(name, &Talk::InLine(people), language()));
        }
        for said in said_in_line(&status, &waiting, &me, moment.wall) {
            sentence = format!("{sentence} {}", In(&said, language()));
        }
        if let Some(revoke) = &status.revoked {
            let ordered = Talk::Order(Order::By(describe::person(Some(&revoke.by)), printable(&revoke.reason)));
            sentence = format!("{sentence} {}", About(name, &ordered, language()));
        }
        Self {
            state: status.state,
            failure: status.failure.or(failure_seen),
            essence: essence(&status, &waiting, error.as_ref().map(|error| error.code)),
            sentence,
            noticed: String::new(),
            line: Line {
                schema: 1,
                database: lossy(&seen.database),
                label: None,
                state: word(status.state),
                token: status.token.map(|token| token.0).filter(|_| known),
                store: Some(lossy(&seen.store)),
                holder: holder_line(&status).filter(|_| known),
                last_seen_s: status.last_seen.map(seconds),
                observed_s: status.observed.map(seconds),
                takeable_in_s: status.takeable_in.map(seconds),
                waiting: known.then(|| waiting.iter().map(|waiter| waiter_line(waiter, &status, &me)).collect()),
                place: place_of(&me, &waiting),
                error,
                wait: None,
            },
        }
    }

    /// Names the label of a configured database.
    pub(super) fn labelled(mut self, target: &Target) -> Self {
        self.line.label = target.configured.as_ref().map(|configured| configured.label.clone());
        self
    }

    /// Tells as well how a change would be noticed.
    pub(super) fn noticed_by(mut self, means: Means) -> Self {
        self.noticed = noticed(waits_by(means), language());
        self.line.wait = Some(match means {
            Means::Events => "events",
            Means::RangeLock => "range_lock",
            Means::ChangeNotify => "change_notify",
            Means::Board => "board",
        });
        self
    }

    /// What could not even be opened.
    pub(super) fn not_opened(target: &Target, error: &NotOpened) -> Self {
        let denied = error.failure() == Some(Failure::Denied);
        let state = if denied { State::Denied } else { State::Unreachable };
        let reason = reason(error);
        let sentence = match error.failure() {
            Some(Failure::Denied) => Sentence::Denied { reason },
            Some(Failure::Unusable) => Sentence::Unusable { reason },
            Some(Failure::Unreachable | Failure::Full | Failure::ReadOnly | Failure::Gone | Failure::NoFolder) | None => {
                Sentence::Unreachable { reason }
            }
        };
        let text = error.reason().text(Language::English);
        Self {
            state,
            failure: error.failure(),
            essence: Essence {
                state,
                lease: None,
                holder: None,
                takeable: false,
                waiting: Vec::new(),
                asks: Vec::new(),
                error: Some(error_word(error)),
            },
            sentence: About(&shown_target(target), &sentence, language()).to_string(),
            noticed: String::new(),
            line: Line {
                schema: 1,
                database: lossy(&target.path),
                label: None,
                state: word(state),
                token: None,
                store: None,
                holder: None,
                last_seen_s: None,
                observed_s: None,
                takeable_in_s: None,
                waiting: None,
                place: None,
                error: Some(ErrorLine { code: error_word(error), text }),
                wait: None,
            },
        }
        .labelled(target)
    }

    /// Returns its state.
    pub(super) const fn state(&self) -> State {
        self.state
    }

    /// Returns how a verb ends that only looks. What keeps a lease from being made has the code that it has with every other verb.
    pub(super) const fn exit(&self) -> Exit {
        match (self.state, self.failure) {
            (State::Free | State::Mine, _) => Exit::Done,
            (State::Held | State::Stale, _) => Exit::Held,
            (State::Unreachable, Some(failure)) => Exit::of(failure),
            (State::Unreachable, None) => Exit::Unreachable,
            (State::Denied, _) => Exit::Denied,
        }
    }

    /// Prints it; false when nobody reads any more.
    pub(super) fn give(&self, json: bool, prefix: &str) -> bool {
        if json {
            return serde_json::to_string(&self.line).is_ok_and(|line| give(plain_json(&line)));
        }
        let told = give(format!("{prefix}{}", tinted(&self.sentence, tone(self.state), colours(&std::io::stdout()))));
        told && (self.noticed.is_empty() || give(&self.noticed))
    }
}

fn essence(status: &Status, waiting: &[Waiter], error: Option<&'static str>) -> Essence {
    let held = matches!(status.state, State::Mine | State::Held | State::Stale);
    Essence {
        state: status.state,
        lease: status.lease.filter(|_| held),
        holder: status.holder.as_deref().filter(|_| held).map(person),
        takeable: held && status.takeable_in == Some(Duration::ZERO),
        waiting: waiting.iter().map(|waiter| (person(&waiter.holder), waiter.since)).collect(),
        asks: waiting.iter().filter_map(|waiter| asks(waiter, status).map(|ask| (ask.at, waiter.reply))).collect(),
        error,
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

fn holder_line(status: &Status) -> Option<HolderLine> {
    let held = matches!(status.state, State::Mine | State::Held | State::Stale);
    let holder = status.holder.as_deref().filter(|_| held)?;
    let acquired = status.acquired.and_then(rfc3339);
    Some(HolderLine { who: PersonLine::of(holder), acquired, own: status.own_user })
}

/// Returns what somebody asks of the present holder, and not of one who had it before.
fn asks(waiter: &Waiter, status: &Status) -> Option<Ask> {
    let held = matches!(status.state, State::Mine | State::Held | State::Stale);
    waiter.ask.filter(|ask| held && status.lease.is_some_and(|lease| lease.nonce == ask.lease))
}

/// Returns what is said of the line to `me`: my place, what I asked and was replied, what I am asked.
fn said_in_line(status: &Status, waiting: &[Waiter], me: &Holder, now: WallTime) -> Vec<Asking> {
    let place = describe::place(me, waiting);
    let asked = waiting.iter().filter_map(|waiter| asks(waiter, status).map(|ask| (waiter, ask)));
    let asked = asked.filter_map(|(waiter, ask)| match status.state {
        State::Mine => Some(Asking::Asker(describe::person(Some(&waiter.holder)), printable(&waiter.holder.note))),
        State::Held | State::Stale if waiter.is(me) => {
            Some(describe::asked(describe::person(status.holder.as_deref()), ask.at, waiter.reply, None, now))
        }
        State::Held | State::Stale | State::Free | State::Unreachable | State::Denied => None,
    });
    place.into_iter().chain(asked).collect()
}

fn waiter_line(waiter: &Waiter, status: &Status, me: &Holder) -> WaiterLine {
    let reply = |reply| match reply {
        AskReply::Seen => ("seen", None),
        AskReply::No => ("no", None),
        AskReply::Later(minutes) => ("later", Some(minutes)),
        AskReply::Releasing => ("release", None),
    };
    let asks = asks(waiter, status).map(|ask| {
        let (reply, minutes) = waiter.reply.map(reply).unzip();
        AskLine { at: rfc3339(ask.at), reply, minutes: minutes.flatten() }
    });
    WaiterLine { who: PersonLine::of(&waiter.holder), since: rfc3339(waiter.since), own: waiter.is(me), asks }
}

/// Returns a time as RFC 3339 with this computer's offset.
pub(super) fn rfc3339(time: WallTime) -> Option<String> {
    i18n::rfc3339(time.0)
}

fn seconds(span: Duration) -> f64 {
    (span.as_secs_f64() * 1000.0).round() / 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_have_three_decimals() {
        assert!((seconds(Duration::from_micros(1_234_567)) - 1.235).abs() < 1e-9);
    }
}
