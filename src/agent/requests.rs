//! What programs of this user ask the agent for, over its socket.
//!
//! Part of the model, and as pure. The hazard is a program that waits for ever: every question is answered at once, or kept among the
//! askers of its database, who are told whatever way that ends.

use super::events::{Action, Asker};
use super::model::{Entry, Hold, Model, Tiding};
use super::shown::{Key, Topic, Wish};
use crate::clock::Moment;
use crate::config::DatabaseConfig;
use crate::ipc::{Answer, Report, Request, Watched};
use std::path::{Path, PathBuf};

impl Model {
    /// Takes in a question.
    pub(super) fn asked(&mut self, now: Moment, asker: Asker, request: Request) -> Vec<Action> {
        match request {
            Request::Take(path, wait) => {
                let mut actions = Vec::new();
                let key = self.find_or_add(path, &mut actions);
                let Some(entry) = self.entry_mut(key) else { return actions };
                match entry.hold {
                    Hold::Has(token) => {
                        entry.custody.keep();
                        actions.push(Action::Reply(asker, Answer::Taken(token)));
                        return actions;
                    }
                    Hold::No | Hold::Taking | Hold::Unsure | Hold::Releasing => entry.askers.push(asker),
                }
                actions.append(&mut self.take(key, wait));
                actions
            }
            Request::Release(path, anyway) => {
                let Some(key) = self.find(&path) else { return vec![Action::Reply(asker, Answer::NotHeld)] };
                let actions = self.release(key, anyway);
                match (&actions[..], self.entry_mut(key)) {
                    ([], _) | (_, None) => vec![Action::Reply(asker, Answer::NotHeld)],
                    ([Action::Order(_)], _) => actions.into_iter().chain([Action::Reply(asker, Answer::Done)]).collect(),
                    (_, Some(entry)) => {
                        entry.askers.push(asker);
                        actions
                    }
                }
            }
            Request::Watch(path) => {
                let mut actions = Vec::new();
                self.find_or_add(path, &mut actions);
                actions.push(Action::Reply(asker, Answer::Done));
                actions
            }
            Request::Notify(path) => {
                let mut actions = Vec::new();
                let key = self.find_or_add(path, &mut actions);
                self.with(key, Entry::want);
                actions.push(Action::Reply(asker, Answer::Done));
                actions
            }
            Request::Ask(path, note) => {
                let mut actions = Vec::new();
                let key = self.find_or_add(path, &mut actions);
                actions.extend(self.entry_mut(key).map(|entry| entry.ask_for(asker, note)));
                actions
            }
            Request::Forget(path) => {
                let mut actions = vec![Action::Reply(asker, Answer::Done)];
                let is_only_passing = |entry: &Entry| entry.passing && entry.hold == Hold::No;
                if let Some(key) = self.find(&path).filter(|key| self.entry(*key).is_some_and(is_only_passing)) {
                    self.entries.retain(|entry| entry.key != key);
                    actions.push(Action::Unwatch(key));
                }
                actions
            }
            Request::Borrow(borrower, wait) => self.borrow(asker, borrower, wait),
            Request::Programs(loan, programs) => self.name_programs(asker, loan, programs),
            Request::Follow(loan) => self.follow(asker, loan),
            Request::Return(loan) => self.returned(asker, loan),
            Request::Observe(paths, goes_on) => {
                let keys = paths.iter().map(|path| self.find(path).filter(|_| !self.is_ending())).collect();
                vec![Action::Observe(asker, keys, goes_on)]
            }
            Request::NotStarted(path, why) => match self.find(&path) {
                Some(key) => {
                    let actions = self.not_started(key, why);
                    actions.into_iter().chain([Action::Reply(asker, Answer::Done)]).collect()
                }
                None => vec![Action::Reply(asker, Answer::NotHeld)],
            },
            Request::Show => vec![Action::Window(Wish::Details(None)), Action::Reply(asker, Answer::Done)],
            Request::Status => vec![Action::Reply(asker, Answer::Status(self.report()))],
            Request::Stop => {
                let mut actions = vec![Action::Reply(asker, Answer::Done)];
                actions.append(&mut self.end(now));
                actions
            }
        }
    }

    /// A program could not be started, which nobody saw who clicked.
    pub(super) fn not_started(&mut self, key: Key, why: String) -> Vec<Action> {
        self.with(key, |entry| drop(entry.tidings.insert(Topic::Hold, Tiding::NotStarted(why))))
    }

    /// Returns what the agent says of itself.
    fn report(&self) -> Report {
        let watched = |entry: &Entry| Watched {
            label: entry.config.label.clone(),
            path: entry.config.path.clone(),
            state: entry.state(),
            held: entry.hold.is_kept(),
            wanted: entry.wanted,
        };
        let databases = self.entries.iter().map(watched).collect();
        let (pid, version) = (std::process::id(), env!("CARGO_PKG_VERSION").into());
        Report { pid, version, tray: self.tray, notifier: self.notifier, databases }
    }

    pub(super) fn find(&self, path: &Path) -> Option<Key> {
        self.entries.iter().find(|entry| entry.config.path == path).map(|entry| entry.key)
    }

    fn find_or_add(&mut self, path: PathBuf, actions: &mut Vec<Action>) -> Key {
        if let Some(key) = self.find(&path) {
            return key;
        }
        let config = DatabaseConfig { timing: self.config.timing, ..DatabaseConfig::of_path(path) };
        let entry = self.watch(config, true, actions);
        let key = entry.key;
        self.entries.push(entry);
        key
    }
}
