//! What one look at a database has shown, on its way from whoever looked to whoever tells people of it.
//!
//! A mirror of [`Snapshot`] in words of this conversation. Verbs that look themselves tell from it as well, so that the agent's look and
//! their own cannot be told differently. What people typed is bounded and stripped again where it is shown.

use super::told::Who;
use crate::clock::WallTime;
use crate::i18n::printable;
use crate::lease::codec::parse_nonce;
use crate::lease::record::{Ask, AskReply, Holder, LeaseId, Number, Revoke, Token};
use crate::lease::wire::Failure;
use crate::lease::{State, Status};
use crate::session::{Database, Snapshot};
use crate::store::Waiter;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// [`Snapshot`], and of what, as it is written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sighting {
    /// Its path, with all links resolved.
    pub database: PathBuf,
    /// The folder in which its leases are.
    pub store: PathBuf,
    /// What it is called there.
    pub name: String,
    /// Who looked.
    pub me: Who,
    /// The program that synchronises the folder.
    pub synchronised_by: Option<String>,
    /// What the system said about a folder that could not be seen, and what that means.
    pub failure: Option<(Failure, String)>,
    /// Who waits, oldest first.
    pub waiting: Vec<InLine>,
    state: State,
    why: Option<Failure>,
    /// Its number, and its nonce in hexadecimal digits.
    lease: Option<(u64, String)>,
    token: Option<Token>,
    holder: Option<Who>,
    own_user: bool,
    same_machine: bool,
    acquired: Option<WallTime>,
    last_seen: Option<Duration>,
    observed: Option<Duration>,
    takeable_in: Option<Duration>,
    revoked: Option<super::told::Order>,
    newer: bool,
}

/// A [`Waiter`], as it is written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InLine {
    who: Who,
    since: WallTime,
    /// The lease's nonce in hexadecimal digits, and when it was asked.
    ask: Option<(String, WallTime)>,
    reply: Option<Replied>,
}

/// [`AskReply`], as it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Replied {
    Seen,
    No,
    Later(u8),
    Releasing,
}

impl Sighting {
    /// Puts down what a look has shown.
    #[must_use]
    pub fn of(database: &Database, seen: &Snapshot) -> Self {
        let Snapshot { status, waiting, failure } = seen;
        Self {
            database: database.path().into(),
            store: database.store().into(),
            name: database.name().into(),
            me: Who::from(database.me()),
            synchronised_by: database.capabilities().synchronised_by.clone(),
            failure: failure.as_ref().map(|error| (error.failure, printable(&error.to_string()))),
            waiting: waiting.iter().map(InLine::from).collect(),
            state: status.state,
            why: status.failure,
            lease: status.lease.map(|lease| (lease.number.0, lease.nonce.to_string())),
            token: status.token,
            holder: status.holder.as_deref().map(Who::from),
            own_user: status.own_user,
            same_machine: status.same_machine,
            acquired: status.acquired,
            last_seen: status.last_seen,
            observed: status.observed,
            takeable_in: status.takeable_in,
            revoked: status.revoked.as_deref().map(super::told::Order::from),
            newer: status.newer,
        }
    }

    /// Returns the state in one word.
    #[must_use]
    pub const fn state(&self) -> State {
        self.state
    }

    /// Returns the state; what only guards need is not in it.
    #[must_use]
    pub fn status(&self) -> Status {
        let lease =
            self.lease.as_ref().and_then(|(number, nonce)| Some(LeaseId { number: Number(*number), nonce: parse_nonce(nonce)? }));
        Status {
            lease,
            token: self.token,
            holder: self.holder.clone().map(|who| Arc::new(Holder::from(who))),
            own_user: self.own_user,
            same_machine: self.same_machine,
            acquired: self.acquired,
            last_seen: self.last_seen,
            observed: self.observed,
            takeable_in: self.takeable_in,
            revoked: self.revoked.clone().map(|order| Arc::new(Revoke::from(order))),
            newer: self.newer,
            ..Status::unknown(self.state, self.why)
        }
    }

    /// Returns who waits, oldest first.
    #[must_use]
    pub fn waiters(&self) -> Vec<Waiter> {
        self.waiting.iter().map(Waiter::from).collect()
    }
}

impl From<&Waiter> for InLine {
    fn from(waiter: &Waiter) -> Self {
        Self {
            who: Who::from(&waiter.holder),
            since: waiter.since,
            ask: waiter.ask.map(|ask| (ask.lease.to_string(), ask.at)),
            reply: waiter.reply.map(|reply| match reply {
                AskReply::Seen => Replied::Seen,
                AskReply::No => Replied::No,
                AskReply::Later(minutes) => Replied::Later(minutes),
                AskReply::Releasing => Replied::Releasing,
            }),
        }
    }
}

impl From<&InLine> for Waiter {
    fn from(line: &InLine) -> Self {
        Self {
            holder: Holder::from(line.who.clone()),
            since: line.since,
            ask: line.ask.as_ref().and_then(|(lease, at)| Some(Ask { lease: parse_nonce(lease)?, at: *at })),
            reply: line.reply.map(|reply| match reply {
                Replied::Seen => AskReply::Seen,
                Replied::No => AskReply::No,
                Replied::Later(minutes) => AskReply::Later(minutes),
                Replied::Releasing => AskReply::Releasing,
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lease::record::Nonce;
    use crate::session::Options;

    fn person(user: &str) -> Holder {
        let text = |of: &str| format!("{user}'s {of}");
        Holder {
            user: user.into(),
            name: text("name"),
            machine: text("machine"),
            session: text("session"),
            pid: 7,
            app: text("app"),
            note: text("note"),
        }
    }

    #[test]
    fn all_that_people_are_told_arrives() {
        let folder = tempfile::tempdir().unwrap();
        let database = Options::default().memory(folder.path()).open(folder.path().join("wems.db")).unwrap();
        let revoke = Revoke { subjects: Vec::new(), by: person("anna"), reason: "now".into(), at: WallTime(0), now: false };
        let status = Status {
            lease: Some(LeaseId { number: Number(3), nonce: Nonce(u128::MAX - 1) }),
            token: Some(Token(9)),
            holder: Some(Arc::new(person("marie"))),
            own_user: true,
            same_machine: true,
            acquired: Some(WallTime(1)),
            last_seen: Some(Duration::from_millis(2)),
            observed: Some(Duration::from_millis(3)),
            takeable_in: Some(Duration::from_millis(4)),
            revoked: Some(Arc::new(revoke)),
            newer: true,
            ..Status::unknown(State::Held, Some(Failure::Full))
        };
        let replies = [None, Some(AskReply::Seen), Some(AskReply::No), Some(AskReply::Later(10)), Some(AskReply::Releasing)];
        let waiter = |(at, reply)| {
            let ask = Some(Ask { lease: Nonce(u128::MAX), at: WallTime(at) });
            Waiter { holder: person("paul"), since: WallTime(at), ask, reply }
        };
        let waiting: Vec<Waiter> = (5..).zip(replies).map(waiter).collect();
        let seen = Snapshot { status: status.clone(), waiting: waiting.clone(), failure: None };
        let answer = super::super::Answer::Sighted(1, Box::new(Sighting::of(&database, &seen)));
        let read: super::super::Answer = super::super::read(&super::super::line(&answer).unwrap()).unwrap();
        let super::super::Answer::Sighted(1, sighting) = read else { panic!("{read:?}") };
        assert_eq!((sighting.status(), sighting.waiters()), (status, waiting));
        assert_eq!((sighting.database.as_path(), sighting.store.as_path()), (database.path(), database.store()));
    }
}
