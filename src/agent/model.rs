//! The agent's state, and what follows from what happens: events in, actions out.
//!
//! Pure: no clock, no share, no desktop. One thread owns it. What is shown is not decided here but derived from it (`view.rs`), so that
//! nothing that was shown can outlive what made it true. The hazards: a lease taken for somebody who pressed Cancel; two answers to one
//! click; a notification that says *free* of a database that nobody can see.

use super::asking::Asking;
use super::custody::{Custody, Worker};
use super::events::{Action, Asker, Event, Seen};
use super::shown::{Key, NoticeKey, Topic, Wish};
pub use super::tidings::{Hold, Tiding};
use super::ui::Heard;
use crate::clock::{Moment, Ticks, WallTime};
use crate::config::{Config, DatabaseConfig, WhenFree};
use crate::i18n::agent::tomorrow;
use crate::i18n::{Language, Person};
use crate::ipc::{Answer, Refusal, Told};
use crate::lease::State;
use crate::lease::record::{AskReply, Token};
use crate::session::News;
use crate::session::describe::person;
use std::collections::BTreeMap;
use std::time::Duration;

/// How long a folder must have been out of sight before people are told: cables are jostled, servers restarted.
const GONE_FOR: Duration = Duration::from_secs(20);
/// How long the agent waits for what it holds to be given back before it ends.
const FAREWELL: Duration = Duration::from_secs(4);
/// How many programs are named that still have a database open.
const MOST_PROGRAMS: usize = 4;

/// One database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its key.
    pub key: Key,
    /// How it is configured.
    pub config: DatabaseConfig,
    /// It came from the command line, not from a file.
    pub passing: bool,
    /// What was seen last.
    pub seen: Option<Seen>,
    /// Whether the agent has it.
    pub hold: Hold,
    /// The user wants to know when it is free.
    pub wanted: bool,
    /// What is worth a notification.
    pub tidings: BTreeMap<Topic, Tiding>,
    /// Who works under its lease.
    pub custody: Custody,
    /// Who asks whom for it.
    pub asking: Asking,
    /// Out of sight since then.
    gone: Option<Ticks>,
    /// Who waits for it to be taken or given back.
    pub(super) askers: Vec<Asker>,
    /// Give it back without asking who has it open.
    anyway: bool,
}

impl Entry {
    fn new(key: Key, config: DatabaseConfig, passing: bool) -> Self {
        Self {
            key,
            config,
            passing,
            seen: None,
            hold: Hold::No,
            wanted: false,
            tidings: BTreeMap::new(),
            custody: Custody::default(),
            asking: Asking::default(),
            gone: None,
            askers: Vec::new(),
            anyway: false,
        }
    }

    /// Returns the state that was seen last.
    #[must_use]
    pub fn state(&self) -> Option<State> {
        self.seen.as_ref().map(|seen| seen.status.state)
    }

    /// Returns whether somebody who wants it could have it now, as far as was seen.
    #[must_use]
    pub fn is_available(&self) -> bool {
        self.seen.as_ref().is_some_and(|seen| {
            let status = &seen.status;
            let takeable =
                matches!(status.state, State::Held | State::Stale) && status.takeable_in == Some(Duration::ZERO) && !status.newer;
            status.state == State::Free || takeable
        })
    }

    fn replies(&mut self, answer: &Answer) -> impl Iterator<Item = Action> {
        let answer = answer.clone();
        std::mem::take(&mut self.askers).into_iter().map(move |asker| Action::Reply(asker, answer.clone()))
    }
}

/// The agent's state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Model {
    /// The language of a system whose configuration names none.
    pub system_language: Language,
    /// What is configured.
    pub config: Config,
    /// The databases, configured ones first, in their order.
    pub entries: Vec<Entry>,
    /// Nothing is said until then.
    pub muted_until: Option<WallTime>,
    /// Whether an icon can be shown.
    pub tray: bool,
    /// Whether notifications can be shown.
    pub notifier: bool,
    next_key: u32,
    /// Loans of another agent's that ended have other numbers, if this begins anywhere.
    pub next_loan: u64,
    /// It ends, at that time at the latest.
    ending: Option<Ticks>,
    ended: bool,
}

impl Model {
    /// Makes a model that knows nothing yet: the configuration is its first event.
    #[must_use]
    pub fn new(system_language: Language) -> Self {
        Self {
            system_language,
            config: Config::default(),
            entries: Vec::new(),
            muted_until: None,
            // Not before somebody says so.
            tray: false,
            notifier: false,
            next_key: 1,
            next_loan: 1,
            ending: None,
            ended: false,
        }
    }

    /// Returns the language people are spoken to in.
    #[must_use]
    pub fn language(&self) -> Language {
        self.config.language.unwrap_or(self.system_language)
    }

    /// Returns whether notifications are muted at that moment.
    #[must_use]
    pub fn is_muted(&self, now: Moment) -> bool {
        self.muted_until.is_some_and(|until| now.wall < until)
    }

    /// Returns when something happens although nothing happened, at the latest.
    #[must_use]
    pub fn deadline(&self, now: Moment) -> Option<Ticks> {
        let mute = self.muted_until.map(|until| {
            let left = u64::try_from(until.0.saturating_sub(now.wall.0)).unwrap_or(0);
            now.ticks + Duration::from_millis(left)
        });
        let gone = self.entries.iter().filter(|entry| !entry.tidings.contains_key(&Topic::Share)).filter_map(|entry| entry.gone);
        let gone = gone.map(|since| since + GONE_FOR).min();
        let asking = self.entries.iter().filter_map(|entry| entry.asking.deadline()).min();
        [mute, gone, asking, self.ending, self.orphans_due()].into_iter().flatten().min()
    }

    /// Returns one database.
    #[must_use]
    pub fn entry(&self, key: Key) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.key == key)
    }

    pub(super) fn entry_mut(&mut self, key: Key) -> Option<&mut Entry> {
        self.entries.iter_mut().find(|entry| entry.key == key)
    }

    /// Returns whether the agent is about to end.
    pub(super) fn is_ending(&self) -> bool {
        self.ending.is_some()
    }

    /// Returns a number that no loan had.
    pub(super) fn fresh_loan(&mut self) -> u64 {
        self.next_loan = self.next_loan.wrapping_add(1);
        self.next_loan
    }

    /// Takes what happened, and returns what is to be done.
    pub fn handle(&mut self, now: Moment, event: Event) -> Vec<Action> {
        let mut actions = match event {
            Event::Configured(config) => self.configured(*config),
            Event::Seen(key, seen) => self.seen(now, key, *seen),
            Event::News(key, news) => self.news(key, news),
            Event::Taken(key, result) => self.taken(key, result),
            Event::GivenBack(key, result) => self.given_back(key, result),
            Event::OpenedBy(key, programs) => self.opened_by(key, programs),
            Event::Named(asker, done) => vec![Action::Reply(asker, if done { Answer::Done } else { Answer::NotHeld })],
            Event::BorrowerGone(loan) => self.borrower_gone(loan),
            Event::WorkIsOver(key, number) => self.work_is_over(key, number),
            Event::Heard(heard) => self.heard(now, heard),
            Event::Asked(asker, request) => self.asked(now, asker, request),
            Event::NotStarted(key, why) => self.not_started(key, why),
            Event::Faulty(..) | Event::SentAway(_) | Event::Tick => Vec::new(),
        };
        actions.append(&mut self.tick(now));
        actions.extend(self.entries.iter_mut().filter_map(|entry| entry.settle_questions(now)));
        let held = self.entries.iter().any(|entry| !matches!(entry.hold, Hold::No));
        if self.ending.is_some_and(|until| !held || now.ticks >= until) && !self.ended {
            self.ended = true;
            actions.push(Action::End);
        }
        actions
    }

    fn tick(&mut self, now: Moment) -> Vec<Action> {
        if self.muted_until.is_some_and(|until| now.wall >= until) {
            self.muted_until = None;
        }
        for entry in &mut self.entries {
            if let Some(since) = entry.gone.filter(|since| now.ticks >= *since + GONE_FOR) {
                let tiding = entry.tidings.entry(Topic::Share).or_insert(Tiding::Gone(since));
                if *tiding == Tiding::Back {
                    *tiding = Tiding::Gone(since);
                }
            }
        }
        let keys: Vec<Key> = self.entries.iter().map(|entry| entry.key).collect();
        keys.into_iter().flat_map(|key| self.consider_orphans(now, key)).collect()
    }

    fn configured(&mut self, config: Config) -> Vec<Action> {
        let mut actions = Vec::new();
        let mut before = std::mem::take(&mut self.entries);
        for wanted in &config.databases {
            let same = before.iter().position(|entry| entry.config.label == wanted.label && entry.config.path == wanted.path);
            let entry = match same.map(|at| before.remove(at)) {
                // Durations are part of what a running session was opened with; they wait while it is held.
                Some(mut entry) if entry.config.timing == wanted.timing || entry.hold != Hold::No => {
                    entry.config = DatabaseConfig { timing: entry.config.timing, ..wanted.clone() };
                    entry.passing = false;
                    entry
                }
                Some(entry) => {
                    actions.push(Action::Unwatch(entry.key));
                    self.watch(wanted.clone(), false, &mut actions)
                }
                None => self.watch(wanted.clone(), false, &mut actions),
            };
            self.entries.push(entry);
        }
        for entry in before {
            // What is held stays, whoever took it out of the file.
            if entry.passing || entry.hold != Hold::No {
                self.entries.push(Entry { passing: true, ..entry });
            } else {
                actions.push(Action::Unwatch(entry.key));
            }
        }
        self.config = config;
        actions
    }

    pub(super) fn watch(&mut self, config: DatabaseConfig, passing: bool, actions: &mut Vec<Action>) -> Entry {
        let key = Key(self.next_key);
        self.next_key += 1;
        actions.push(Action::Watch(key, Box::new(config.clone())));
        Entry::new(key, config, passing)
    }

    fn seen(&mut self, now: Moment, key: Key, seen: Seen) -> Vec<Action> {
        let Some(entry) = self.entry_mut(key) else { return Vec::new() };
        let was_available = entry.is_available();
        let was_mine = entry.state() == Some(State::Mine);
        let first = entry.seen.is_none();
        let state = seen.status.state;
        entry.seen = Some(seen);
        let known = !matches!(state, State::Unreachable | State::Denied);
        if known {
            entry.gone = None;
            if matches!(entry.tidings.get(&Topic::Share), Some(Tiding::Gone(_))) {
                entry.tidings.insert(Topic::Share, Tiding::Back);
            }
        } else if !first && state == State::Unreachable {
            entry.gone.get_or_insert(now.ticks);
        }
        let available = entry.is_available();
        let told = match entry.config.notify.free {
            WhenFree::Never => false,
            WhenFree::Wanted => entry.wanted,
            WhenFree::Always => entry.wanted || !first,
        };
        if available && !was_available && told {
            entry.tidings.insert(Topic::Free, Tiding::Free);
        }
        if !available && entry.tidings.get(&Topic::Free) == Some(&Tiding::Free) {
            entry.tidings.remove(&Topic::Free);
        }
        let actions = entry.hear_questions(now);
        if state == State::Mine && !was_mine {
            // Whoever has it now need not be told any more that it is free, or that somebody was faster. Whoever wishes it later does:
            // another program of theirs has it.
            entry.forget();
        }
        actions
    }

    fn news(&mut self, key: Key, news: News) -> Vec<Action> {
        let Some(entry) = self.entry_mut(key) else { return Vec::new() };
        let told = entry.custody.tell(Answer::News(Told::from(&news))).into_iter();
        match &news {
            News::Renewed => {
                if matches!(entry.tidings.get(&Topic::Hold), Some(Tiding::News(News::Expiring))) {
                    entry.tidings.remove(&Topic::Hold);
                }
                return told.collect();
            }
            News::Recovered(token) => {
                entry.hold = Hold::Has(*token);
                entry.tidings.insert(Topic::Hold, Tiding::News(news));
                let actions: Vec<Action> = told.collect();
                return actions.into_iter().chain(self.next_worker(key)).collect();
            }
            News::Unsure(_) => entry.hold = Hold::Unsure,
            News::Expiring | News::Revoked(_) => {}
            News::Lost(_) => {
                // The guard of a lost lease is of no use any more.
                entry.tidings.insert(Topic::Hold, Tiding::News(news));
                return told.chain([Action::GiveBack(key)]).collect();
            }
        }
        entry.tidings.insert(Topic::Hold, Tiding::News(news));
        told.collect()
    }

    fn taken(&mut self, key: Key, result: Result<Token, Refusal>) -> Vec<Action> {
        let ending = self.ending.is_some();
        let Some(entry) = self.entry_mut(key) else { return Vec::new() };
        match result {
            Ok(token) => {
                entry.hold = Hold::Has(token);
                entry.tidings.remove(&Topic::Hold);
                entry.forget();
                let mut actions: Vec<Action> = entry.replies(&Answer::Taken(token)).collect();
                if !actions.is_empty() {
                    // Whoever asked for it keeps it.
                    entry.custody.keep();
                }
                if let Worker::Orphans(number) = entry.custody.worker {
                    if ending {
                        entry.hold = Hold::No;
                        actions.push(Action::Leave(key));
                    } else {
                        actions.push(Action::AwaitOrphans(key, number));
                    }
                } else if ending {
                    entry.hold = Hold::Releasing;
                    actions.push(Action::GiveBack(key));
                }
                actions.append(&mut self.next_worker(key));
                actions
            }
            Err(refusal) => {
                entry.hold = Hold::No;
                let adopting = entry.custody.is_in_use();
                let over = Self::custody_ends(entry);
                if adopting {
                    // Somebody else answers for those programs, or it is tried again later.
                    return entry.replies(&Answer::Refused(refusal)).chain(over).collect();
                }
                let asked = !entry.askers.is_empty();
                let actions: Vec<Action> = entry.replies(&Answer::Refused(refusal.clone())).chain(over).collect();
                // Whoever asked on a command line reads the answer there.
                if !asked {
                    if let Refusal::Taken(who) = refusal {
                        // What was seen before is older than this answer.
                        entry.want();
                        entry.tidings.insert(Topic::Free, Tiding::TooLate(who));
                    } else {
                        entry.tidings.insert(Topic::Hold, Tiding::NotTaken(refusal));
                    }
                }
                actions
            }
        }
    }

    fn given_back(&mut self, key: Key, result: Result<(), Option<Duration>>) -> Vec<Action> {
        let Some(entry) = self.entry_mut(key) else { return Vec::new() };
        let lost = matches!(entry.tidings.get(&Topic::Hold), Some(Tiding::News(News::Lost(_))));
        entry.hold = Hold::No;
        if !lost {
            entry.tidings.remove(&Topic::Hold);
        }
        let answer = result.map_or_else(Answer::Unreleased, |()| Answer::Done);
        let over = Self::custody_ends(entry);
        entry.replies(&answer).chain(over).collect()
    }

    fn opened_by(&mut self, key: Key, mut programs: Vec<String>) -> Vec<Action> {
        let Some(entry) = self.entry_mut(key) else { return Vec::new() };
        let (Hold::Has(_) | Hold::Unsure) = entry.hold else { return Vec::new() };
        if entry.custody.is_in_use() && programs.is_empty() {
            programs.push(entry.custody.program().to_owned());
        }
        programs.truncate(MOST_PROGRAMS);
        if programs.is_empty() || entry.anyway {
            entry.hold = Hold::Releasing;
            return vec![Action::GiveBack(key)];
        }
        let asked = !entry.askers.is_empty();
        let actions: Vec<_> = entry.replies(&Answer::StillOpen(programs.clone())).collect();
        if asked {
            return actions;
        }
        entry.tidings.insert(Topic::Hold, Tiding::StillOpen(programs));
        let window = (!self.notifier).then_some(Action::Window(Wish::Details(Some(key))));
        actions.into_iter().chain(window).collect()
    }

    fn heard(&mut self, now: Moment, heard: Heard) -> Vec<Action> {
        match heard {
            Heard::Wish(wish) => self.wish(now, wish),
            Heard::Dismissed(NoticeKey(key, topic)) => {
                // Nobody has seen what could not be shown, and this one awaits a choice: it is in the window.
                let unseen = !self.notifier;
                self.with(key, |entry| {
                    entry.tidings.retain(|one, tiding| *one != topic || (unseen && matches!(tiding, Tiding::StillOpen(_))));
                })
            }
            Heard::Shown(NoticeKey(key, Topic::Ask)) => self.with(key, |entry| entry.asking.shown()),
            Heard::Tray(here) => {
                self.tray = here;
                Vec::new()
            }
            Heard::Notifier(here) => {
                self.notifier = here;
                Vec::new()
            }
            Heard::Sleep if self.config.release_before_sleep => self.give_all_back(),
            // Whatever is held verifies itself: its clock went on.
            Heard::Sleep | Heard::Wake | Heard::Shown(NoticeKey(_, Topic::Free | Topic::Hold | Topic::Share)) => Vec::new(),
            Heard::SessionEnds => self.end(now),
        }
    }

    fn wish(&mut self, now: Moment, wish: Wish) -> Vec<Action> {
        match wish {
            Wish::NotifyMe(key) => self.with(key, Entry::want),
            Wish::ForgetMe(key) => self.with(key, Entry::forget),
            Wish::Take(key) => self.take(key, Duration::ZERO),
            Wish::Release(key) => self.release(key, false),
            Wish::ReleaseAnyway(key) => self.release(key, true),
            Wish::Open(key) => self.start(key, true),
            Wish::OpenReadOnly(key) => self.start(key, false),
            Wish::Ask(key) => self.with(key, |entry| drop(entry.ask(now, String::new()))),
            Wish::AnswerRelease(key) => {
                let actions = self.release(key, false);
                if matches!(actions[..], [Action::Order(_)]) {
                    // It takes until that program has ended; what the agent has itself is free at once, or asked about.
                    self.with(key, |entry| entry.reply_all(AskReply::Releasing));
                }
                actions
            }
            Wish::AnswerLater(key) => self.with(key, |entry| entry.reply_later(now)),
            Wish::AnswerNo(key) => self.with(key, |entry| entry.reply_all(AskReply::No)),
            Wish::Details(_) | Wish::Why(_) | Wish::Legend | Wish::Report | Wish::Add => vec![Action::Window(wish)],
            Wish::Mute(Duration::ZERO) => {
                self.muted_until = None;
                Vec::new()
            }
            Wish::Mute(span) => {
                self.muted_until = Some(WallTime(now.wall.0.saturating_add(i64::try_from(span.as_millis()).unwrap_or(i64::MAX))));
                Vec::new()
            }
            Wish::MuteUntilTomorrow => {
                self.muted_until = tomorrow(now.wall.0).map(WallTime);
                Vec::new()
            }
            Wish::Log => vec![Action::ShowLog],
            Wish::Settings => vec![Action::EditSettings],
            Wish::Quit => self.end(now),
        }
    }

    pub(super) fn with(&mut self, key: Key, change: impl FnOnce(&mut Entry)) -> Vec<Action> {
        self.entry_mut(key).map(change);
        Vec::new()
    }

    pub(super) fn take(&mut self, key: Key, wait: Duration) -> Vec<Action> {
        let Some(entry) = self.entry_mut(key).filter(|entry| entry.hold == Hold::No) else { return Vec::new() };
        entry.hold = Hold::Taking;
        entry.tidings.remove(&Topic::Hold);
        entry.tidings.remove(&Topic::Free);
        vec![Action::Take(key, wait)]
    }

    pub(super) fn release(&mut self, key: Key, anyway: bool) -> Vec<Action> {
        let Some(entry) = self.entry_mut(key) else { return Vec::new() };
        entry.anyway = anyway;
        match entry.hold {
            Hold::Has(_) | Hold::Unsure if anyway || (entry.hold == Hold::Unsure && !entry.custody.is_in_use()) => {
                entry.hold = Hold::Releasing;
                entry.tidings.remove(&Topic::Hold);
                vec![Action::GiveBack(key)]
            }
            Hold::Has(_) | Hold::Unsure => vec![Action::WhoHasItOpen(key)],
            // It is being taken for programs that work already.
            Hold::Taking if entry.custody.is_in_use() => Vec::new(),
            Hold::Taking => vec![Action::StopTaking(key)],
            Hold::No if entry.state() == Some(State::Mine) => vec![Action::Order(key)],
            Hold::No | Hold::Releasing => Vec::new(),
        }
    }

    fn start(&mut self, key: Key, writes: bool) -> Vec<Action> {
        let Some(entry) = self.entry_mut(key) else { return Vec::new() };
        let program = if writes { &entry.config.program } else { &entry.config.read_only_program };
        if program.is_empty() {
            // An answer that comes late, after the configuration changed.
            return if writes { self.take(key, Duration::ZERO) } else { Vec::new() };
        }
        if matches!(entry.tidings.get(&Topic::Hold), Some(Tiding::NotStarted(_))) {
            entry.tidings.remove(&Topic::Hold);
        }
        if writes {
            entry.forget();
        }
        vec![Action::Start(key, writes)]
    }

    fn give_all_back(&mut self) -> Vec<Action> {
        let mut actions = Vec::new();
        for entry in &mut self.entries {
            match entry.hold {
                Hold::Has(_) | Hold::Unsure | Hold::Taking if entry.custody.is_in_use() => {}
                Hold::Has(_) | Hold::Unsure => {
                    entry.hold = Hold::Releasing;
                    actions.push(Action::GiveBack(entry.key));
                }
                Hold::Taking => actions.push(Action::StopTaking(entry.key)),
                Hold::No | Hold::Releasing => {}
            }
        }
        actions
    }

    pub(super) fn end(&mut self, now: Moment) -> Vec<Action> {
        self.ending.get_or_insert(now.ticks + FAREWELL);
        for entry in &mut self.entries {
            // Whoever is not there any more neither waits nor asks nor answers.
            entry.wanted = false;
            entry.asking = entry.asking.over();
        }
        let mut actions = self.give_all_back();
        // A program that works under a lease goes on, and so does the lease.
        for entry in self.entries.iter_mut().filter(|entry| entry.custody.is_in_use() && entry.hold != Hold::Taking) {
            entry.hold = Hold::No;
            actions.push(Action::Leave(entry.key));
        }
        actions
    }
}

/// Returns who has a database, as people are told.
#[must_use]
pub fn holder(seen: &Seen) -> Person {
    person(seen.status.holder.as_deref())
}
