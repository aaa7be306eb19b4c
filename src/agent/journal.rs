//! What of all that happens to the agent is worth a line in its log.
//!
//! Pure, and the only place that decides it: each event is compared with what was known before, so that a line says a change and nothing
//! is said twice. Lines are English, for administrators: what happened, then `name="value"` pairs by which `grep` finds them and a report
//! knows what to hide. The hazards: a log that grows while nothing happens (heartbeats and looks that see the same say nothing), and a value
//! that somebody else chose and that breaks the line (so values are cut, stripped, and without quotation marks).

use super::events::{Action, Event};
use super::line::{Field, Level, Line};
use super::model::{Entry, Hold, Model};
use super::shown::{Key, Wish};
use super::ui::Heard;
use crate::i18n::Person;
use crate::ipc::{Answer, Refusal, Request, SentAway};
use crate::lease::record::LeaseId;
use crate::lease::wire::{Doubt, Failure, Loss};
use crate::lease::{State, Status};
use crate::session::News;
use crate::session::describe::person;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// What the agent's log has said so far, as far as later lines depend on it.
#[derive(Debug, Default)]
pub struct Journal {
    known: BTreeMap<Key, Known>,
    held: Vec<String>,
    tray: Option<bool>,
    notifier: Option<bool>,
}

/// What is known of one database.
#[derive(Debug)]
struct Known {
    label: String,
    path: PathBuf,
    sight: Option<Sight>,
    /// Who would lose it to whoever takes it now.
    silent: Option<Person>,
}

/// What makes one look differ from the one before.
#[derive(Debug, PartialEq, Eq)]
struct Sight {
    state: State,
    failure: Option<Failure>,
    lease: Option<LeaseId>,
    who: Person,
    takeable: bool,
    newer: bool,
    ordered: Option<(Person, String)>,
}

impl Journal {
    /// Returns the lines about an event; `model` is as it is after it, and `actions` is what followed.
    pub fn lines(&mut self, event: &Event, actions: &[Action], model: &Model) -> Vec<Line> {
        let mut lines = self.said(event, actions, model);
        self.databases(model, &mut lines);
        match event {
            Event::News(key, news) => lines.extend(self.about(*key, |known| news_line(known, news))),
            Event::Taken(key, result) => lines.extend(self.about(*key, |known| match result {
                Ok(token) => Some(taken(known, token.0)),
                Err(refusal) => Some(not_taken(known, refusal)),
            })),
            Event::GivenBack(key, result) => lines.extend(self.about(*key, |known| Some(given_back(known, *result)))),
            Event::OpenedBy(key, programs) => {
                // Otherwise it is being given back, or was meanwhile.
                let stays = model.entry(*key).is_some_and(|entry| matches!(entry.hold, Hold::Has(_)));
                lines.extend(self.about(*key, |known| stays.then(|| still_open(known, programs))));
            }
            Event::Seen(key, seen) => lines.extend(self.seen(*key, &seen.status, &seen.reason, model)),
            Event::BorrowerGone(_)
            | Event::WorkIsOver(..)
            | Event::Named(..)
            | Event::Configured(_)
            | Event::Faulty(..)
            | Event::Heard(_)
            | Event::Asked(..)
            | Event::NotStarted(..)
            | Event::SentAway(_)
            | Event::Tick => {}
        }
        lines.extend(actions.iter().filter_map(|action| self.action(action, event)));
        self.held(model, &mut lines);
        if actions.contains(&Action::End) {
            lines.push(Line::ended());
        }
        lines
    }

    /// What the event itself says, before what follows from it.
    fn said(&mut self, event: &Event, actions: &[Action], model: &Model) -> Vec<Line> {
        match event {
            Event::Configured(config) => {
                vec![Line::info("configuration read").and(Field::Count, config.databases.len())]
            }
            Event::Faulty(problems, usable) => {
                let (level, what) = if *usable {
                    (Level::Warning, "configuration: a line is passed over")
                } else {
                    (Level::Error, "configuration refused, the one before holds")
                };
                problems.iter().map(|problem| Line::new(level, what).and(Field::Words, problem)).collect()
            }
            Event::Heard(heard) => self.heard(heard),
            Event::Asked(asker, request) => {
                let refused = actions.contains(&Action::Reply(*asker, Answer::NotHeld));
                asked(request, refused, model).into_iter().collect()
            }
            Event::NotStarted(key, why) => self.about(*key, |known| Some(not_started(known, why))).into_iter().collect(),
            Event::SentAway(SentAway::NotUnderstood) => {
                vec![Line::warning("a program was not understood; it may be of another version")]
            }
            Event::SentAway(SentAway::Full) => vec![Line::warning("a program was sent away: too many ask at once")],
            Event::WorkIsOver(key, _) => self
                .about(*key, |known| Some(known.line(Level::Info, "no program works under it any more")))
                .into_iter()
                .collect(),
            Event::Seen(..)
            | Event::News(..)
            | Event::Taken(..)
            | Event::GivenBack(..)
            | Event::OpenedBy(..)
            | Event::Named(..)
            | Event::BorrowerGone(_)
            | Event::Tick => Vec::new(),
        }
    }

    fn heard(&mut self, heard: &Heard) -> Vec<Line> {
        let line = match heard {
            Heard::Tray(here) if self.tray.replace(*here) != Some(*here) => {
                if *here {
                    Line::info("icon: shown by the panel")
                } else {
                    Line::warning("icon: no panel shows icons")
                }
            }
            Heard::Notifier(here) if self.notifier.replace(*here) != Some(*here) => {
                if *here {
                    Line::info("notifications: can be shown")
                } else {
                    Line::warning("notifications: no service shows them")
                }
            }
            Heard::Sleep => Line::info("the computer goes to sleep"),
            Heard::Wake => Line::info("the computer woke up"),
            Heard::SessionEnds => Line::info("ending: the session ends"),
            Heard::Wish(Wish::Quit) => Line::info("ending: chosen in the menu"),
            Heard::Wish(Wish::ReleaseAnyway(key)) => {
                let Some(known) = self.known.get(key) else { return Vec::new() };
                known.line(Level::Info, "to be given back whatever has it open")
            }
            Heard::Tray(_) | Heard::Notifier(_) | Heard::Wish(_) | Heard::Dismissed(_) | Heard::Shown(_) => return Vec::new(),
        };
        vec![line]
    }

    /// Which databases there are.
    fn databases(&mut self, model: &Model, lines: &mut Vec<Line>) {
        let gone: Vec<Key> = self.known.keys().filter(|key| model.entry(**key).is_none()).copied().collect();
        for known in gone.iter().filter_map(|key| self.known.remove(key)) {
            lines.push(known.line(Level::Info, "not watched any more"));
        }
        for entry in &model.entries {
            if let Some(known) = self.known.get_mut(&entry.key) {
                known.label.clone_from(&entry.config.label);
                continue;
            }
            let known = Known::of(entry);
            lines.push(known.line(Level::Info, "watched").and(Field::Path, known.path.display()));
            self.known.insert(entry.key, known);
        }
    }

    fn about(&self, key: Key, line: impl FnOnce(&Known) -> Option<Line>) -> Option<Line> {
        self.known.get(&key).and_then(line)
    }

    /// What a look has shown, if that is new.
    fn seen(&mut self, key: Key, status: &Status, reason: &str, model: &Model) -> Option<Line> {
        let hold = model.entry(key)?.hold;
        let known = self.known.get_mut(&key)?;
        let takeable = status.takeable_in == Some(Duration::ZERO) && !status.newer;
        let sight = Sight {
            state: status.state,
            failure: status.failure,
            lease: status.lease.filter(|_| matches!(status.state, State::Mine | State::Held | State::Stale)),
            who: person(status.holder.as_deref()),
            takeable: takeable && matches!(status.state, State::Held | State::Stale),
            newer: status.newer,
            ordered: status.revoked.as_ref().map(|revoke| (person(Some(&revoke.by)), revoke.reason.clone())),
        };
        if known.sight.as_ref() == Some(&sight) {
            return None;
        }
        match sight.state {
            State::Held | State::Stale => known.silent = Some(sight.who.clone()).filter(|_| sight.takeable),
            State::Free => known.silent = None,
            State::Mine | State::Unreachable | State::Denied => {}
        }
        let line = state_line(known, &sight, status, reason);
        known.sight = Some(sight);
        // What the agent has itself is told as taken and given back.
        (status.state != State::Mine || hold == Hold::No).then_some(line)
    }

    fn action(&self, action: &Action, event: &Event) -> Option<Line> {
        match action {
            Action::Take(key, wait) => self.about(*key, |known| {
                let line = known.line(Level::Info, "taking");
                Some(if wait.is_zero() { line } else { line.and(Field::Seconds, wait.as_secs()) })
            }),
            Action::StopTaking(key) => self.about(*key, |known| Some(known.line(Level::Info, "not waited for any more"))),
            // After a loss nothing is given back, only put away.
            Action::GiveBack(_) if matches!(event, Event::News(_, News::Lost(_))) => None,
            Action::GiveBack(key) => self.about(*key, |known| Some(known.line(Level::Info, "giving back"))),
            Action::Order(key) => {
                self.about(*key, |known| Some(known.line(Level::Info, "another process of this user is told to give it back")))
            }
            Action::Start(key, writes) => {
                let what = if *writes { "its program is started" } else { "the program that only reads is started" };
                self.about(*key, |known| Some(known.line(Level::Info, what)))
            }
            Action::Adopt(key, _) => {
                self.about(*key, |known| Some(known.line(Level::Warning, "taking over for a program whose run was killed")))
            }
            Action::Lend { key, .. } => self.about(*key, |known| Some(known.line(Level::Info, "lent to a program"))),
            Action::AwaitOrphans(key, _) => {
                self.about(*key, |known| Some(known.line(Level::Info, "kept until the programs that work under it have ended")))
            }
            Action::Leave(key) => {
                self.about(*key, |known| Some(known.line(Level::Info, "left to the program that works under it")))
            }
            Action::Look(_)
            | Action::Observe(..)
            | Action::Name(..)
            | Action::Unname(_)
            | Action::Tell(..)
            | Action::Watch(..)
            | Action::Unwatch(_)
            | Action::WhoHasItOpen(_)
            | Action::Queue(..)
            | Action::Reply(..)
            | Action::Window(_)
            | Action::ShowLog
            | Action::EditSettings
            | Action::End => None,
        }
    }

    /// Says what the agent has, on the last line, where that is something else now: after a crash the log tells what was held.
    fn held(&mut self, model: &Model, lines: &mut Vec<Line>) {
        let held: Vec<String> =
            model.entries.iter().filter(|entry| entry.hold.is_kept()).map(|entry| entry.config.label.clone()).collect();
        if held != self.held {
            let line = lines.pop().unwrap_or_else(|| Line::info("held now"));
            let all = if held.is_empty() { &[String::new()][..] } else { &held[..] };
            lines.push(all.iter().fold(line, |line, label| line.and(Field::Held, label)));
            self.held = held;
        }
    }
}

impl Known {
    fn of(entry: &Entry) -> Self {
        Self { label: entry.config.label.clone(), path: entry.config.path.clone(), sight: None, silent: None }
    }

    fn line(&self, level: Level, what: &'static str) -> Line {
        Line::new(level, what).and(Field::Database, &self.label)
    }
}

fn state_line(known: &Known, sight: &Sight, status: &Status, reason: &str) -> Line {
    let (level, what) = match (sight.state, &sight.ordered) {
        (State::Free, _) => (Level::Info, "free"),
        (State::Mine, None) => (Level::Info, "mine, by another process here"),
        (State::Held, None) if sight.newer => (Level::Warning, "held, with a later version of Sharelock"),
        (State::Held, None) if sight.takeable => (Level::Warning, "held by somebody who is gone; can be taken over"),
        (State::Held, None) if status.own_user => (Level::Info, "held by this user elsewhere"),
        (State::Held, None) => (Level::Info, "held"),
        (State::Stale, None) if sight.takeable => (Level::Warning, "stale; can be taken over"),
        (State::Stale, None) => (Level::Warning, "stale"),
        (State::Mine | State::Held | State::Stale, Some(_)) => (Level::Warning, "ordered to be given up"),
        (State::Unreachable, _) => (Level::Warning, "unreachable"),
        (State::Denied, _) => (Level::Warning, "denied"),
    };
    let line = known.line(level, what);
    match sight.state {
        State::Free => line,
        State::Unreachable | State::Denied => line.and(Field::Path, known.path.display()).unless_empty(Field::Error, reason),
        State::Mine | State::Held | State::Stale => {
            let line = line.person(&sight.who);
            let line = match status.token {
                Some(token) => line.and(Field::Token, token.0),
                None => line,
            };
            match &sight.ordered {
                Some((by, why)) => ordered(line, by, why),
                None => line,
            }
        }
    }
}

fn ordered(line: Line, by: &Person, why: &str) -> Line {
    line.and(Field::OrderedBy, &by.name).unless_empty(Field::OrderedFrom, &by.machine).unless_empty(Field::Words, why)
}

fn news_line(known: &Known, news: &News) -> Option<Line> {
    Some(match news {
        News::Renewed => return None,
        News::Expiring => known.line(Level::Warning, "expiring: no renewal has succeeded for long"),
        News::Unsure(Doubt::Fence) => known.line(Level::Warning, "unsure: no renewal in time"),
        News::Unsure(Doubt::ClocksParted) => known.line(Level::Warning, "unsure: the computer slept, or its clock was set"),
        News::Recovered(token) => known.line(Level::Info, "recovered").and(Field::Token, token.0),
        News::Revoked(revoke) => {
            let line = known.line(Level::Warning, "ordered to be given up");
            ordered(line, &person(Some(&revoke.by)), &revoke.reason)
        }
        News::Lost(Loss::TakenOver(by)) => {
            known.line(Level::Error, "lost: somebody has taken it over").person(&person(by.as_deref()))
        }
        News::Lost(Loss::RecordGone) => known.line(Level::Error, "lost: its record is gone"),
        News::Lost(Loss::Revoked(revoke)) => {
            ordered(known.line(Level::Error, "lost: ordered to be given up"), &person(Some(&revoke.by)), &revoke.reason)
        }
    })
}

fn taken(known: &Known, token: u64) -> Line {
    let line = match &known.silent {
        Some(who) => known.line(Level::Info, "taken over").person(who),
        None => known.line(Level::Info, "taken"),
    };
    line.and(Field::Token, token)
}

fn not_taken(known: &Known, refusal: &Refusal) -> Line {
    match refusal {
        Refusal::Taken(who) => known.line(Level::Info, "not taken: somebody has it").person(who),
        Refusal::Failed(failure, detail) => {
            known.line(Level::Warning, "not taken").and(Field::Failure, word(*failure)).unless_empty(Field::Error, detail)
        }
        Refusal::Other(detail) => known.line(Level::Warning, "not taken").and(Field::Error, detail),
    }
}

fn given_back(known: &Known, result: Result<(), Option<Duration>>) -> Line {
    match result {
        Ok(()) => known.line(Level::Info, "given back"),
        Err(Some(span)) => {
            known.line(Level::Warning, "not given back: no answer; it lapses by itself").and(Field::Seconds, span.as_secs())
        }
        Err(None) => known.line(Level::Warning, "not given back: it had been lost"),
    }
}

/// What is said of a program that could not be started, whoever tried that.
const NOT_STARTED: &str = "its program could not be started";

fn not_started(known: &Known, why: &str) -> Line {
    known.line(Level::Warning, NOT_STARTED).unless_empty(Field::Error, why)
}

fn still_open(known: &Known, programs: &[String]) -> Line {
    let line = known.line(Level::Info, "not given back: still open");
    programs.iter().fold(line, |line, program| line.and(Field::Program, program))
}

/// What a program of this user asks for, where nothing else tells of it.
fn asked(request: &Request, refused: bool, model: &Model) -> Option<Line> {
    let about = |line: Line, path: &Path| {
        let entry = model.entries.iter().find(|entry| entry.config.path == *path);
        match entry {
            Some(entry) => line.and(Field::Database, &entry.config.label),
            None => line.and(Field::Path, path.display()),
        }
    };
    match request {
        Request::Release(path, _) if refused => Some(about(Line::info("a program was refused: not held here"), path)),
        Request::Release(path, true) => Some(about(Line::info("to be given back whatever has it open"), path)),
        Request::NotStarted(path, why) if !refused => {
            Some(about(Line::warning(NOT_STARTED), path).unless_empty(Field::Error, why))
        }
        Request::Stop => Some(Line::info("ending: told by a command")),
        Request::Release(_, false)
        | Request::Watch(_)
        | Request::Take(..)
        | Request::Notify(_)
        | Request::Ask(..)
        | Request::Forget(_)
        | Request::Borrow(..)
        | Request::Programs(..)
        | Request::Follow(_)
        | Request::Return(_)
        | Request::Observe(..)
        | Request::NotStarted(..)
        | Request::Show
        | Request::Status => None,
    }
}

const fn word(failure: Failure) -> &'static str {
    match failure {
        Failure::Unreachable => "unreachable",
        Failure::Denied => "denied",
        Failure::Full => "full",
        Failure::ReadOnly => "read-only",
        Failure::Gone => "gone",
        Failure::NoFolder => "no-folder",
        Failure::Unusable => "unusable",
    }
}
