//! What a look means to people: a pure function of the last sight and the client's own belief.
//!
//! The hazard is a lie in either direction: *free* when the share could not be read, *crashed* when a cable is out.

use super::client::{Belief, Client};
use super::look::holder_of;
use super::observe::{Observation, Subject};
use super::record::{Fate, Found, Holder, LeaseId, Nonce, NoticeSeen, RangeLock, Revoke, Token};
use super::sight::{Obstacle, Sight};
use super::wire::Failure;
use crate::clock::{Moment, WallTime};
use std::sync::Arc;
use std::time::Duration;

/// The states that people see.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
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
#[expect(clippy::struct_excessive_bools, reason = "independent facts, not states; the state is `state`")]
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
    /// Whether the holder is on this very machine, by the ids of the machines and not by their names.
    pub same_machine: bool,
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
    /// What the programs under the lease carry in their environment.
    pub mark: Option<Nonce>,
    /// The holder is gone, and a program that it had started on this computer lives on: nobody here is let in before that has ended,
    /// except whoever answers for it.
    pub orphaned: bool,
    /// The record is of a later version of the program.
    pub newer: bool,
    /// Why the last look failed.
    pub failure: Option<Failure>,
}

impl Status {
    /// Returns what is said of a database that could not be read.
    #[doc(hidden)]
    #[must_use]
    pub const fn unknown(state: State, failure: Option<Failure>) -> Self {
        Self {
            state,
            lease: None,
            token: None,
            holder: None,
            own_user: false,
            same_machine: false,
            acquired: None,
            last_seen: None,
            observed: None,
            takeable_in: None,
            revoked: None,
            mark: None,
            orphaned: false,
            newer: false,
            failure,
        }
    }
}

/// How far ahead another computer's clock may be before what it says is not repeated to people.
const AHEAD: i64 = 24 * 3600 * 1000;
/// The year 2000, in milliseconds since 1970: no database is older than its computer's clock.
const EARLIEST: i64 = 946_684_800_000;

/// Returns whether a time of another computer's clock can be told to people without a lie.
fn is_believable(at: WallTime, now: WallTime) -> bool {
    at.0 >= EARLIEST && at.0 <= now.0.saturating_add(AHEAD)
}

/// Returns how long ago a time of another computer's clock was; a clock that is a little ahead says "just now".
fn ago(at: WallTime, now: WallTime) -> Option<Duration> {
    is_believable(at, now).then(|| Duration::from_millis(u64::try_from(now.0.saturating_sub(at.0)).unwrap_or(0)))
}

impl Sight {
    /// Returns whether the notice is in the way because the lease that it names is missing.
    fn names_missing_lease(&self) -> bool {
        self.obstacles.iter().any(|obstacle| matches!(obstacle.subject, Subject::Phantom { notice, .. } if notice != 0))
    }
}

impl Client {
    /// Returns what the last look and this client's belief mean at `now`.
    #[must_use]
    pub fn status(&self, now: Moment) -> Status {
        if let Belief::Holding(id, token) = self.belief(now.ticks) {
            // The same as is seen of it from elsewhere.
            let unchanged = self.hold().map(|hold| hold.unchanged(now.ticks));
            return Status {
                lease: Some(id),
                token: Some(token),
                mark: self.mark(),
                holder: Some(Arc::new(self.me.holder.clone())),
                own_user: true,
                same_machine: true,
                acquired: self.own().map(|body| body.acquired),
                last_seen: unchanged,
                observed: unchanged,
                takeable_in: self.own().zip(unchanged).map(|(body, past)| body.promise.clamped().long.saturating_sub(past)),
                revoked: self.hold().and_then(|hold| hold.revoked.clone()),
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
            let ends = !sight.refused && obstacle.wait != Obstacle::FOR_EVER;
            status.takeable_in = Some(self.left(obstacle)).filter(|_| ends);
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
        // Who is told is who stands in the way, and nothing of anybody else's is mixed in: a tail that was given back is nobody's.
        let tail = sight.obstacles.iter().any(|obstacle| match obstacle.subject {
            Subject::Lease { .. } | Subject::Revoked { .. } | Subject::Blank { .. } => true,
            Subject::Notice { .. } | Subject::Phantom { .. } => false,
        });
        let live = sight.record().filter(|(head, _)| head.state == super::record::State::Live);
        status.lease = live.as_ref().map(|(_, body)| body.id);
        status.token = live.as_ref().map(|(_, body)| body.token);
        let said = match &sight.notice {
            NoticeSeen::Foreign { said, .. } => Some(said.as_ref()),
            NoticeSeen::Ours { said, .. } if !tail && sight.names_missing_lease() => Some(said.as_ref()),
            NoticeSeen::Ours { .. } | NoticeSeen::Missing => None,
        };
        if let Some(said) = said {
            status.holder = said.map(|said| Arc::new(said.holder.clone()));
            status.acquired = said.and_then(|said| said.acquired).filter(|at| is_believable(*at, now.wall));
            status.last_seen = said.and_then(|said| said.heartbeat).and_then(|at| ago(at, now.wall));
        } else if tail {
            status.holder = sight.leases().find_map(|(_, found)| match found {
                Found::Record { head, .. } if head.state != super::record::State::Live => None,
                Found::Record { .. } | Found::Newer { .. } => holder_of(found),
                Found::Missing | Found::Blank { .. } => None,
            });
        }
        if let Some((head, body)) = live.filter(|_| tail && said.is_none()) {
            status.same_machine = body.host.machine == self.me.host.machine && !body.host.machine.is_empty();
            status.acquired = Some(body.acquired).filter(|at| is_believable(*at, now.wall));
            status.last_seen = ago(head.at, now.wall);
            let unchanged_for_two = status.observed.is_some_and(|seen| seen > 2 * body.promise.clamped().heartbeat);
            let freed = sight.evidence.lock == RangeLock::Free && self.memory().lock_seen == Some(body.id);
            let aged = sight.evidence.age.is_some_and(|age| age > 2 * body.promise.clamped().heartbeat);
            status.mark = Some(body.mark());
            status.orphaned = sight.evidence.fate == Fate::Orphaned;
            let dead = matches!(sight.evidence.fate, Fate::Gone | Fate::Orphaned | Fate::HolderGone);
            if unchanged_for_two || freed || aged || dead {
                status.state = State::Stale;
            } else if self.me.holder.is_same_session(&body.holder) && body.host.machine == self.me.host.machine {
                status.state = State::Mine;
            }
        }
        status.own_user =
            status.holder.as_ref().is_some_and(|holder| holder.user == self.me.holder.user && !holder.user.is_empty());
        status
    }
}
