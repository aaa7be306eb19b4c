//! Programs that work under a lease of the agent's without being its own: lent to a `run`, or left behind by one that was killed.
//!
//! One program at a time works under a lease; others wait for it like anybody. The hazards: a lease given back under a program that
//! still writes, and a program whose `run` and agent both answer for it, so a `run` that still lives is given time to do it.

use super::events::{Action, Asker};
use super::model::{Entry, Hold, Model, Tiding};
use super::shown::{Key, Topic};
use crate::clock::{Moment, Ticks};
use crate::ipc::{Answer, Borrower, Refusal};
use crate::lease::State;
use crate::platform::process::ProcessFacts;
use crate::session::describe::person;
use std::collections::VecDeque;
use std::time::Duration;

/// How long a `run` whose agent has ended may take to answer for its program again, before another agent does. It needs a few operations on the
/// share.
const ITS_OWN: Duration = Duration::from_secs(10);

/// Who works under a lease that the agent has.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Worker {
    /// Nobody but its user.
    #[default]
    Nobody,
    /// A program whose `run` borrowed the lease.
    Borrower {
        /// The loan.
        id: u64,
        /// The program.
        program: String,
    },
    /// Programs whose `run` is gone; the number tells these from others.
    Orphans(u64),
}

/// Who works under a lease, who wants to, and who is told about it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Custody {
    /// Who does.
    pub worker: Worker,
    /// Whom to tell what happens to the lease.
    follower: Option<Asker>,
    /// Who waits for the worker's end.
    queue: VecDeque<(Asker, Borrower)>,
    /// The agent has the lease for the worker alone, and not for its user.
    for_worker_alone: bool,
    /// Since when a program of this user has been seen without a holder.
    orphaned: Option<Ticks>,
}

impl Custody {
    /// Returns whether anything works under the lease that is not the agent's own.
    #[must_use]
    pub fn is_in_use(&self) -> bool {
        self.worker != Worker::Nobody
    }

    /// The user wants to keep it, whoever works under it.
    pub(super) fn keep(&mut self) {
        self.for_worker_alone = false;
    }

    /// Returns what the worker's user is told it is; empty where that is not known.
    #[must_use]
    pub fn program(&self) -> &str {
        match &self.worker {
            Worker::Borrower { program, .. } => program,
            Worker::Nobody | Worker::Orphans(_) => "",
        }
    }

    /// Passes on what happens to the lease.
    pub(super) fn tell(&self, answer: Answer) -> Option<Action> {
        self.follower.map(|follower| Action::Tell(follower, answer))
    }
}

impl Model {
    /// These programs work under what was lent.
    pub(super) fn name_programs(&mut self, asker: Asker, loan: u64, programs: Vec<ProcessFacts>) -> Vec<Action> {
        match self.lent(loan) {
            Some(entry) => vec![Action::Name(entry.key, asker, programs)],
            None => vec![Action::Reply(asker, Answer::NotHeld)],
        }
    }

    /// Somebody wants to be told what happens to what was lent.
    pub(super) fn follow(&mut self, asker: Asker, loan: u64) -> Vec<Action> {
        match self.lent(loan) {
            Some(entry) => {
                entry.custody.follower = Some(asker);
                Vec::new()
            }
            None => vec![Action::Reply(asker, Answer::NotHeld)],
        }
    }

    /// What was lent is not needed any more.
    pub(super) fn returned(&mut self, asker: Asker, loan: u64) -> Vec<Action> {
        let Some(key) = self.lent(loan).map(|entry| entry.key) else { return vec![Action::Reply(asker, Answer::NotHeld)] };
        let mut actions = vec![Action::Reply(asker, Answer::Done)];
        actions.append(&mut self.work_is_over(key, loan));
        actions
    }

    fn lent(&mut self, loan: u64) -> Option<&mut Entry> {
        self.entries.iter_mut().find(|entry| matches!(entry.custody.worker, Worker::Borrower { id, .. } if id == loan))
    }

    /// A `run` wants to work under the lease, and waits that long for another one to end.
    pub(super) fn borrow(&mut self, asker: Asker, borrower: Borrower, wait: Duration) -> Vec<Action> {
        let not_held = vec![Action::Reply(asker, Answer::NotHeld)];
        if self.is_ending() {
            return not_held;
        }
        let Some(entry) = self.find(&borrower.path).and_then(|key| self.entry_mut(key)) else { return not_held };
        let key = entry.key;
        match (entry.hold, entry.custody.is_in_use()) {
            (Hold::Has(_), false) => self.lend(key, asker, borrower),
            (Hold::Has(_) | Hold::Unsure | Hold::Taking, true) if wait.is_zero() => {
                let me = entry.seen.as_ref().and_then(|seen| seen.me.as_ref());
                vec![Action::Reply(asker, Answer::Refused(Refusal::Taken(person(me))))]
            }
            (Hold::Unsure | Hold::Taking, false) if wait.is_zero() => not_held,
            (Hold::Has(_) | Hold::Unsure | Hold::Taking, _) => {
                entry.custody.queue.push_back((asker, borrower));
                Vec::new()
            }
            (Hold::No | Hold::Releasing, _) => not_held,
        }
    }

    fn lend(&mut self, key: Key, asker: Asker, borrower: Borrower) -> Vec<Action> {
        let id = self.fresh_loan();
        let Some(entry) = self.entry_mut(key) else { return Vec::new() };
        entry.custody.worker = Worker::Borrower { id, program: borrower.program };
        entry.custody.follower = None;
        vec![Action::Lend { key, asker, id, process: borrower.process }]
    }

    /// A `run` that had borrowed the lease is gone; its programs may not be.
    pub(super) fn borrower_gone(&mut self, loan: u64) -> Vec<Action> {
        let Some(entry) = self.lent(loan) else { return Vec::new() };
        entry.custody.worker = Worker::Orphans(loan);
        vec![Action::AwaitOrphans(entry.key, loan)]
    }

    /// The last program of that number has ended.
    pub(super) fn work_is_over(&mut self, key: Key, number: u64) -> Vec<Action> {
        let is_it = |worker: &Worker| match worker {
            Worker::Borrower { id, .. } | Worker::Orphans(id) => *id == number,
            Worker::Nobody => false,
        };
        let Some(entry) = self.entry_mut(key).filter(|entry| is_it(&entry.custody.worker)) else { return Vec::new() };
        entry.custody.worker = Worker::Nobody;
        let mut actions: Vec<Action> =
            entry.custody.follower.take().map(|follower| Action::Reply(follower, Answer::Done)).into_iter().collect();
        if let Some(Tiding::StillOpen(_)) = entry.tidings.get(&Topic::Hold) {
            entry.tidings.remove(&Topic::Hold);
        }
        let mut next = self.next_worker(key);
        let keeps = next.is_empty() && self.entry(key).is_some_and(|entry| matches!(entry.hold, Hold::Has(_)));
        actions.append(&mut next);
        actions.extend(keeps.then_some(Action::Unname(key)));
        actions
    }

    /// Nobody works under the lease: somebody who waits does now, or it is given back unless its user keeps it.
    pub(super) fn next_worker(&mut self, key: Key) -> Vec<Action> {
        let Some(entry) = self.entry_mut(key).filter(|entry| !entry.custody.is_in_use()) else { return Vec::new() };
        match entry.hold {
            Hold::Has(_) => {
                if let Some((asker, borrower)) = entry.custody.queue.pop_front() {
                    return self.lend(key, asker, borrower);
                }
                if !entry.custody.for_worker_alone {
                    return Vec::new();
                }
            }
            Hold::Unsure if entry.custody.for_worker_alone => {}
            Hold::No | Hold::Taking | Hold::Unsure | Hold::Releasing => return Vec::new(),
        }
        entry.custody.for_worker_alone = false;
        entry.hold = Hold::Releasing;
        vec![Action::GiveBack(key)]
    }

    /// The lease is the agent's no longer: whoever worked under it, or wanted to, is told.
    pub(super) fn custody_ends(entry: &mut Entry) -> Vec<Action> {
        let before = std::mem::take(&mut entry.custody);
        let follower = before.follower.map(|follower| Action::Reply(follower, Answer::TakenBack));
        let waiting = before.queue.into_iter().map(|(asker, _)| Action::Reply(asker, Answer::NotHeld));
        follower.into_iter().chain(waiting).collect()
    }

    /// Takes over what a killed `run` of this user left behind on this computer, so that it is given back when that ends.
    pub(super) fn consider_orphans(&mut self, now: Moment, key: Key) -> Vec<Action> {
        if self.is_ending() {
            return Vec::new();
        }
        let Some(entry) = self.entry_mut(key) else { return Vec::new() };
        let Some(status) = entry.seen.as_ref().map(|seen| &seen.status) else { return Vec::new() };
        let mark = status.mark.filter(|_| {
            status.orphaned && status.own_user && status.same_machine && status.state == State::Stale && entry.hold == Hold::No
        });
        let Some(mark) = mark else {
            entry.custody.orphaned = None;
            return Vec::new();
        };
        let since = *entry.custody.orphaned.get_or_insert(now.ticks);
        if now.ticks.since(since) < ITS_OWN {
            return Vec::new();
        }
        let id = self.fresh_loan();
        let Some(entry) = self.entry_mut(key) else { return Vec::new() };
        entry.custody = Custody { worker: Worker::Orphans(id), for_worker_alone: true, ..Custody::default() };
        entry.hold = Hold::Taking;
        vec![Action::Adopt(key, mark)]
    }

    /// Returns when an orphan is due to be taken over although nothing else happens.
    pub(super) fn orphans_due(&self) -> Option<Ticks> {
        let waits = |entry: &&Entry| entry.hold == Hold::No;
        self.entries.iter().filter(waits).filter_map(|entry| entry.custody.orphaned).map(|since| since + ITS_OWN).min()
    }
}
