//! The line of those who wait, and what is said in it: who asks the holder, and what the holder replies.
//!
//! All of it is courtesy: nothing is ever decided by a ticket. The hazard is a reply that is taken for one to somebody else, so it names
//! the question that it answers.

use crate::clock::WallTime;
use crate::lease::codec::{Ticket, is_same_person};
use crate::lease::record::{Ask, AskReply, Holder};
use std::time::Duration;

/// A ticket not renewed for so long, by the file server's clock, belongs to somebody who is gone.
pub(super) const TICKET_LIFE: Duration = Duration::from_secs(600);
/// How often a ticket is renewed: one renewal may fail.
pub const RENEW_TICKET: Duration = Duration::from_secs(240);

/// What this client's ticket tells the others.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Standing {
    /// Nothing: it is not in line.
    #[default]
    Out,
    /// It waits.
    Waiting,
    /// It waits, and asks the holder, in these words.
    Asking(Ask, String),
    /// It holds, and replies to those who ask.
    Replying(Vec<(WallTime, AskReply)>),
}

impl Standing {
    /// Lets the ticket of `me` tell this from `now` on; for all but [`Standing::Out`], which is no ticket.
    pub(super) fn write_into(&self, ticket: &mut Ticket, me: &Holder, now: WallTime) {
        let waits = matches!(self, Self::Waiting | Self::Asking(..));
        if waits && !ticket.waiting {
            ticket.since = now;
        }
        ticket.waiting = waits;
        ticket.holder = me.clone();
        (ticket.ask, ticket.replies) = (None, Vec::new());
        match self {
            Self::Out | Self::Waiting => {}
            Self::Asking(ask, note) => {
                ticket.ask = Some(*ask);
                ticket.holder.note.clone_from(note);
            }
            Self::Replying(replies) => ticket.replies.clone_from(replies),
        }
    }
}

/// Somebody in the line, as shown to people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiter {
    /// Who; the note is what they ask, if they do.
    pub holder: Holder,
    /// Since when, by their wall clock.
    pub since: WallTime,
    /// What they ask the holder of a lease.
    pub ask: Option<Ask>,
    /// What the holder's side replied to that.
    pub reply: Option<AskReply>,
}

impl Waiter {
    /// Returns whether this is that user of that computer, whichever program waits.
    #[must_use]
    pub fn is(&self, somebody: &Holder) -> bool {
        is_same_person(&self.holder, somebody)
    }
}

/// Returns somebody's place among those who wait, from 1.
#[must_use]
pub fn place_of(somebody: &Holder, waiting: &[Waiter]) -> Option<usize> {
    waiting.iter().position(|waiter| waiter.is(somebody)).map(|before| before + 1)
}

/// Returns who waits, oldest first, and what each was told.
pub(super) fn line(tickets: Vec<Ticket>) -> Vec<Waiter> {
    let replies: Vec<(WallTime, AskReply)> = tickets.iter().flat_map(|ticket| ticket.replies.iter().copied()).collect();
    let reply = |ask: &Ask| replies.iter().filter(|(to, _)| *to == ask.at).map(|(_, reply)| *reply).max();
    let waits = tickets.into_iter().filter(|ticket| ticket.waiting);
    let mut waiters: Vec<Waiter> = waits
        .map(|Ticket { holder, since, ask, .. }| Waiter { holder, since, reply: ask.as_ref().and_then(reply), ask })
        .collect();
    waiters.sort_by_key(|waiter| waiter.since);
    waiters
}
