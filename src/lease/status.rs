//! What a look means to people: a pure function of the last sight and the client's own belief.
//!
//! The hazard is a lie in either direction: *free* when the share could not be read, *crashed* when a cable is out.

use super::client::{Belief, Client};
use super::look::holder_of;
use super::observe::{Observation, Subject};
use super::record::{Fate, Found, Holder, LeaseId, NoticeSeen, RangeLock, Revoke, Token};
use super::wire::Failure;
use crate::clock::{Moment, WallTime};
use std::sync::Arc;
use std::time::Duration;

/// The states that people see.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum State {
    /// Nobody has it. A hint until an exclusive create has succeeded.
    Free,
    /// This user has it, on this machine, in this session.
    Mine,
    /// Somebody has it.
    Held,
    /// Somebody has it, and there is evidence that they are gone. Not the same as takeable.
    Stale,
    /// The share could not be read; nothing is known.
    Unreachable,
    /// The share may not be read.
    Denied,
}

/// The state of one database at an instant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// In one word.
    pub state: State,
    /// Which lease is the tail, where it could be read.
    pub lease: Option<LeaseId>,
    /// Its token.
    pub token: Option<Token>,
    /// Who has it, where that could be read.
    pub holder: Option<Arc<Holder>>,
    /// Whether the holder is this user (perhaps elsewhere).
    pub own_user: bool,
    /// Since when, by the holder's wall clock.
    pub acquired: Option<WallTime>,
    /// How long ago the holder last gave a sign of life, by the two wall clocks; for people.
    pub last_seen: Option<Duration>,
    /// How long it has been seen unchanged from here.
    pub observed: Option<Duration>,
    /// In how long it can be taken over at the earliest, if nothing changes.
    pub takeable_in: Option<Duration>,
    /// Somebody ordered the holder to give up.
    pub revoked: Option<Arc<Revoke>>,
    /// The record is of a later version of the program.
    pub newer: bool,
    /// Why the last look failed.
    pub failure: Option<Failure>,
}

impl Status {
    const fn unknown(state: State, failure: Option<Failure>) -> Self {
        Self {
            state,
            lease: None,
            token: None,
            holder: None,
            own_user: false,
            acquired: None,
            last_seen: None,
            observed: None,
            takeable_in: None,
            revoked: None,
            newer: false,
            failure,
        }
    }
}

impl Client {
    /// Returns what the last look and this client's belief mean at `now`.
    #[must_use]
    pub fn status(&self, now: Moment) -> Status {
        if let Belief::Holding(id, token) = self.belief(now.ticks) {
            return Status {
                lease: Some(id),
                token: Some(token),
                holder: Some(Arc::new(self.me.holder.clone())),
                own_user: true,
                last_seen: Some(Duration::ZERO),
                ..Status::unknown(State::Mine, None)
            };
        }
        match self.failing {
            Some(Failure::Denied) => return Status::unknown(State::Denied, self.failing),
            Some(_) => return Status::unknown(State::Unreachable, self.failing),
            None => {}
        }
        let Some(sight) = &self.sight else { return Status::unknown(State::Unreachable, None) };
        if sight.obstacles.is_empty() && !sight.refused {
            let mut free = Status::unknown(State::Free, None);
            free.lease = sight.record().map(|(_, body)| body.id);
            free.token = sight.record().map(|(_, body)| body.token);
            return free;
        }
        let mut status = Status::unknown(State::Held, None);
        if let Some(obstacle) = sight.obstacles.iter().max_by_key(|obstacle| self.left(obstacle)) {
            status.takeable_in = Some(self.left(obstacle)).filter(|_| !sight.refused);
            // The holder's own sign of life, also where an order to give up will let others in sooner.
            let lease = self.memory().observations.iter().find(|seen| matches!(seen.subject, Subject::Lease { .. }));
            let seen = if matches!(obstacle.subject, Subject::Revoked { .. }) { lease } else { self.observed(obstacle.subject) };
            status.observed = seen.map(Observation::unchanged);
        }
        let named = |revoke: &&Arc<Revoke>| {
            sight.obstacles.iter().any(|obstacle| revoke.subjects.contains(&obstacle.subject.revocable()))
        };
        status.revoked = sight.revoke.as_ref().filter(named).cloned();
        status.newer = sight.refused;
        status.holder = match &sight.notice {
            NoticeSeen::Foreign { holder, .. } => holder.clone(),
            NoticeSeen::Missing | NoticeSeen::Ours { .. } => sight.leases().find_map(|(_, found)| match found {
                Found::Record { head, .. } if head.state != super::record::State::Live => None,
                Found::Record { .. } | Found::Newer { .. } => holder_of(found),
                Found::Missing | Found::Blank { .. } => None,
            }),
        };
        if let Some((head, body)) = sight.record().filter(|(head, _)| head.state == super::record::State::Live) {
            status.lease = Some(body.id);
            status.token = Some(body.token);
            status.acquired = Some(body.acquired);
            let silent = now.wall.0.saturating_sub(head.at.0);
            status.last_seen = Some(Duration::from_millis(u64::try_from(silent).unwrap_or(0)));
            let unchanged_for_two = status.observed.is_some_and(|seen| seen > 2 * body.promise.clamped().heartbeat);
            let freed = sight.evidence.lock == RangeLock::Free && self.memory().lock_seen == Some(body.id);
            let aged = sight.evidence.age.is_some_and(|age| age > 2 * body.promise.clamped().heartbeat);
            let dead = matches!(sight.evidence.fate, Fate::Gone | Fate::Orphaned);
            if unchanged_for_two || freed || aged || dead {
                status.state = State::Stale;
            } else if self.is_me(&body.holder) && body.host.machine == self.me.host.machine {
                status.state = State::Mine;
            }
        }
        status.own_user =
            status.holder.as_ref().is_some_and(|holder| holder.user == self.me.holder.user && !holder.user.is_empty());
        if sight.refused {
            status.state = State::Held;
        }
        status
    }

    fn is_me(&self, holder: &Holder) -> bool {
        let me = &self.me.holder;
        holder.user == me.user && holder.machine == me.machine && holder.session == me.session
    }
}
