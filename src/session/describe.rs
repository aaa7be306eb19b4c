//! From a status, or from news about a lease, to what a person reads. Pure.

use super::News;
use crate::clock::{Moment, WallTime};
use crate::i18n::asking::Asking;
use crate::i18n::{Person, Place, Sentence, Takeable, Talk, Trouble, When, printable};
use crate::lease::record::{AskReply, Holder};
use crate::lease::timing::Timing;
use crate::lease::wire::{Doubt, Failure, Loss};
use crate::lease::{State, Status};
use crate::store::{Waiter, place_of};
use std::time::Duration;

/// The agent, as records name it: what it has is reserved for somebody who works with another program, or will.
const AGENTS: [&str; 2] = ["sharelock", "sharelock-agent"];

/// Returns how a holder is called: the full name where it is known.
pub(crate) fn person(holder: Option<&Holder>) -> Person {
    let Some(holder) = holder else { return Person::default() };
    let name = if holder.name.is_empty() { &holder.user } else { &holder.name };
    Person { name: printable(name), machine: printable(&holder.machine) }
}

/// Returns what to say about a state, seen by `me` at `now`.
pub(crate) fn sentence(status: &Status, me: &Holder, reason: String, now: Moment) -> Sentence {
    let holder = status.holder.as_deref();
    let who = person(holder);
    let since = status.acquired.map(|at| When { at: at.0, now: now.wall.0 });
    // Two machines may have one name: an image copied twice, a laptop that was replaced.
    let here = status.same_machine && holder.is_some_and(|holder| holder.machine == me.machine);
    match status.state {
        State::Free => Sentence::Free,
        State::Held if status.newer => Sentence::HeldByNewer { who },
        State::Held if status.own_user => Sentence::MineElsewhere { machine: who.machine, since },
        State::Held if holder.is_none() => Sentence::HeldByUnknown { takeable: takeable(status) },
        State::Held => Sentence::Held { who, since, last_sign: status.last_seen },
        State::Mine => {
            // The agent keeps it; it does not use it.
            let app = holder.map(|holder| printable(&holder.app)).filter(|app| !AGENTS.contains(&app.as_str()));
            Sentence::Mine { since, app: app.unwrap_or_default(), pid: holder.map(|holder| holder.pid) }
        }
        State::Stale => {
            let last_sign = status.last_seen.map(|ago| When { at: before(now.wall, ago), now: now.wall.0 });
            let place = match (here, status.own_user) {
                (true, true) => Place::MyselfHere,
                (true, false) => Place::Here,
                (false, _) => Place::Elsewhere,
            };
            Sentence::Stale { who, last_sign, place, takeable: takeable(status) }
        }
        State::Unreachable if status.failure == Some(Failure::Unusable) => Sentence::Unusable { reason },
        State::Unreachable => Sentence::Unreachable { reason },
        State::Denied => Sentence::Denied { reason },
    }
}

/// Returns what to say about somebody's place among those who wait; nothing to somebody who does not.
pub(crate) fn place(me: &Holder, waiting: &[Waiter]) -> Option<Asking> {
    let place = place_of(me, waiting)?;
    Some(Asking::Place(place, waiting.iter().take((place - 1).min(2)).map(|waiter| person(Some(&waiter.holder))).collect()))
}

/// Returns what to say about a question that was asked: whom, when, and what was replied, at what time where that is known.
pub(crate) fn asked(whom: Person, at: WallTime, reply: Option<AskReply>, heard: Option<WallTime>, now: WallTime) -> Asking {
    let asked = When { at: at.0, now: now.0 };
    match reply {
        None => Asking::Unconfirmed(whom, asked),
        Some(AskReply::Seen) => Asking::Seen(whom, asked),
        Some(AskReply::Later(minutes)) => Asking::Minutes(whom, minutes, heard.map(|heard| promised(heard, minutes, now))),
        Some(AskReply::No) => Asking::No(whom),
        Some(AskReply::Releasing) => Asking::Releasing(whom),
    }
}

/// Returns when the minutes are over that somebody spoke of then.
pub(crate) const fn promised(heard: WallTime, minutes: u8, now: WallTime) -> When {
    When { at: heard.0.saturating_add(60_000 * minutes as i64), now: now.0 }
}

fn takeable(status: &Status) -> Takeable {
    match status.takeable_in {
        Some(Duration::ZERO) => Takeable::Now,
        Some(left) => Takeable::In(left.max(Duration::from_secs(1))),
        None => Takeable::Unknown,
    }
}

fn before(now: WallTime, ago: Duration) -> i64 {
    now.0.saturating_sub(i64::try_from(ago.as_millis()).unwrap_or(i64::MAX))
}

/// Returns a failure in people's words.
pub(crate) const fn trouble(failure: Failure) -> Trouble {
    match failure {
        Failure::Unreachable => Trouble::Silent,
        Failure::Denied => Trouble::Denied,
        Failure::Full => Trouble::Full,
        Failure::ReadOnly => Trouble::ReadOnly,
        Failure::Gone => Trouble::Gone,
        Failure::NoFolder => Trouble::NoFolder,
        Failure::Unusable => Trouble::Unusable,
    }
}

/// Returns what to say to that. A renewal is worth a word only when it was overdue.
pub(crate) fn talk(news: &News, timing: &Timing) -> Talk {
    match news {
        News::Renewed => Talk::Renewed,
        News::Expiring => Talk::Expiring(timing.margin),
        News::Unsure(Doubt::Fence) => Talk::Unsure,
        News::Unsure(Doubt::ClocksParted) => Talk::UnsureAfterSleep,
        News::Recovered(token) => Talk::Recovered(token.0),
        News::Lost(Loss::TakenOver(holder)) => Talk::LostTo(person(holder.as_deref())),
        News::Lost(Loss::RecordGone) => Talk::LostRecord,
        News::Lost(Loss::Revoked(revoke)) => Talk::LostRevoked(person(Some(&revoke.by)), printable(&revoke.reason)),
        News::Revoked(revoke) => Talk::Revoked(person(Some(&revoke.by)), printable(&revoke.reason)),
    }
}
