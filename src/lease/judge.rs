//! Judging a complete look: what stands between this client and the next number, and for how long.
//!
//! The hazard is to call free what is not: a lease that exists but cannot be read, a name that is known but missing, a holder that
//! does not speak the protocol. Everything of that kind is an [`Obstacle`], and an obstacle ends by being seen unchanged for as
//! long as its owner may believe, never by being overlooked.

use super::client::Client;
use super::look::DEEPEST;
use super::observe::{Observation, Subject};
use super::record::{Body, Evidence, Fate, Found, LeaseId, NoticeSeen, Number, RangeLock, State, Token};
use super::rules::Rule;
use super::sight::{Obstacle, Sight};
use super::wire::{Basis, Report};
use crate::clock::Ticks;
use std::time::Duration;

impl Client {
    /// Lists everything that stands in the way.
    pub(super) fn obstacles(&mut self, sight: &Sight) -> Vec<Obstacle> {
        let mut obstacles = self.phantoms(sight);
        if !obstacles.is_empty() {
            let number = self.highest_name(sight);
            self.report(Report::WentBack(number));
        }
        if let NoticeSeen::Foreign { fingerprint, locked, .. } = sight.notice
            && self.rules.keep(Rule::ForeignNoticeCounts)
        {
            self.report(Report::ForeignNotice);
            let subject = Subject::Notice { fingerprint };
            let wait = if locked { Obstacle::FOR_EVER } else { self.timing.unknown };
            obstacles.push(Obstacle { subject, wait, basis: Basis::Lapsed });
        }
        for (number, found) in sight.leases() {
            match found {
                Found::Blank { fingerprint } | Found::Newer { fingerprint, .. } => {
                    let subject = Subject::Blank { number: number.0, fingerprint: *fingerprint };
                    obstacles.push(Obstacle { subject, wait: self.wait_for_blank(sight, *number), basis: Basis::Lapsed });
                }
                Found::Record { head, body, file } if head.state == State::Live && !self.is_own(body.id) => {
                    let closed = self.memory.closed && self.memory.tail == Some(body.id);
                    if !closed {
                        let (wait, basis) = self.wait_for(body, sight.evidence);
                        obstacles.push(Obstacle { subject: Subject::lease(body.id, head.counter, *file), wait, basis });
                    }
                }
                Found::Record { .. } | Found::Missing => {}
            }
        }
        if let Some((number, _)) = sight.below.get(DEEPEST - 1) {
            // Withdrawn claims without end: whatever they hide was not looked at.
            let subject = Subject::Blank { number: number.0, fingerprint: 0 };
            obstacles.push(Obstacle { subject, wait: self.timing.unknown, basis: Basis::Lapsed });
        }
        obstacles
    }

    fn highest_name(&self, sight: &Sight) -> Number {
        let board = sight.board.map_or(Number(0), |board| board.id.number);
        board.max(self.memory.tail.map_or(Number(0), |id| id.number)).max(self.floor)
    }

    /// Lists the leases that are named somewhere but are neither on the ledger nor below its tail.
    fn phantoms(&self, sight: &Sight) -> Vec<Obstacle> {
        if !self.rules.keep(Rule::MissingNamesCount) {
            return Vec::new();
        }
        let (tail, nonce) = match &sight.tail {
            None => (Number(0), None),
            Some((number, Found::Record { body, .. })) => (*number, Some(body.id.nonce)),
            Some((number, Found::Missing | Found::Blank { .. } | Found::Newer { .. })) => (*number, None),
        };
        // Numbers order the leases of one ledger; across a restored one only tokens do.
        let token = sight.record().map(|(_, body)| body.token);
        let read = |id: LeaseId| sight.records().any(|(_, body)| body.id == id);
        let later = |id: LeaseId, named: Token| token.is_some_and(|token| named > token) && !read(id);
        let missing = |id: LeaseId| id.number > tail || (id.number == tail && nonce.is_some_and(|nonce| nonce != id.nonce));
        let unknown = self.timing.unknown;
        let phantom = |number, nonce, notice, long: Duration| Obstacle {
            subject: Subject::phantom(number, nonce, notice),
            wait: unknown.max(long.min(super::timing::LONGEST_PROMISE)),
            basis: Basis::Lapsed,
        };
        let mut found = Vec::new();
        if let Some(board) =
            sight.board.filter(|board| (missing(board.id) || later(board.id, board.token)) && !self.is_own(board.id))
        {
            found.push(phantom(board.id.number, Some(board.id.nonce), 0, board.long));
        }
        if let Some(id) = self.memory.tail.filter(|id| missing(*id) && !self.is_own(*id)) {
            found.push(phantom(id.number, Some(id.nonce), 0, self.memory.long));
        }
        if self.floor > tail {
            found.push(phantom(self.floor, None, 0, Duration::ZERO));
        }
        if let NoticeSeen::Ours { id, token, promise, fingerprint, .. } = sight.notice
            && (missing(id)
                || later(id, token)
                || (id.number < tail && !sight.superseded)
                || (id.number == tail && nonce.is_none()))
            && !self.is_own(id)
        {
            found.push(phantom(id.number, Some(id.nonce), fingerprint, promise.clamped().long));
        }
        found
    }

    /// Returns how long a record that cannot be read must be seen unchanged: it may be a live holder's, half written, and board or
    /// memory may know what that one promised. (A notice that names it is an obstacle of its own.)
    fn wait_for_blank(&self, sight: &Sight, number: Number) -> Duration {
        let board = sight.board.filter(|board| board.id.number == number).map(|board| board.long);
        let memory = self.memory.tail.filter(|id| id.number == number).map(|_| self.memory.long);
        let known = [board, memory].into_iter().flatten().max().unwrap_or_default();
        self.timing.unknown.max(known.min(super::timing::LONGEST_PROMISE))
    }

    /// Returns how long a live lease must be seen unchanged, and what that makes of it.
    fn wait_for(&self, body: &Body, evidence: Evidence) -> (Duration, Basis) {
        let promise = if self.rules.keep(Rule::HolderPromises) { body.promise.clamped() } else { self.timing.promise() };
        let dead = match evidence.fate {
            Fate::Orphaned if self.adopts == Some(body.mark()) => return (Duration::ZERO, Basis::Adopted),
            Fate::Orphaned if self.rules.keep(Rule::GuardsMustBeGone) => return (Obstacle::FOR_EVER, Basis::Lapsed),
            Fate::Gone | Fate::Orphaned => true,
            Fate::HolderGone => !self.rules.keep(Rule::GuardsMustBeGone),
            Fate::Alive | Fate::Unknown => false,
        };
        if dead {
            return (Duration::ZERO, Basis::Dead);
        }
        let freed = evidence.lock == RangeLock::Free && self.memory.lock_seen == Some(body.id);
        let aged = evidence.age.is_some_and(|age| age >= promise.long);
        if (freed && !self.rules.keep(Rule::LockIsOnlyEvidence)) || (aged && !self.rules.keep(Rule::ServerClockIsOnlyEvidence)) {
            (Duration::ZERO, Basis::Evidence)
        } else if freed || aged {
            (promise.short, Basis::Evidence)
        } else {
            (promise.long, Basis::Lapsed)
        }
    }

    /// Takes a look into the observations. A look that could have come from a cache neither continues nor begins one.
    pub(super) fn observe(&mut self, subjects: &[Subject], fresh: bool, sent: Ticks, began: Ticks) {
        let now = self.now.ticks;
        let gap = self.timing.short;
        let first = if self.rules.keep(Rule::ObservationBeginsAtReceipt) { now } else { began };
        let last = if self.rules.keep(Rule::ObservationEndsAtSending) { sent } else { now };
        let mut watched = Vec::with_capacity(subjects.len());
        for subject in subjects {
            let before = self.observed(*subject).copied();
            match before {
                Some(before) if fresh => watched.push(before.then(*subject, last, now, gap)),
                Some(before) => watched.push(before),
                None if fresh => watched.push(Observation { first, ..Observation::begin(*subject, sent, now) }),
                None => {}
            }
        }
        self.memory.observations = watched;
    }
}
