//! What a complete look saw, and what of it stands in the way.

use super::observe::Subject;
use super::record::{Board, Body, Evidence, Found, Head, LeaseId, Nonce, NoticeSeen, Number, Revoke, Token};
use super::wire::Basis;
use crate::clock::Ticks;
use std::sync::Arc;
use std::time::Duration;

/// What the last complete look saw.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Sight {
    pub(super) board: Option<Board>,
    /// The order to give up that lies beside the board.
    pub(super) revoke: Option<Arc<Revoke>>,
    pub(super) tail: Option<(Number, Found)>,
    /// What lies below a tail that says nothing about who holds, downwards, up to the first lease that does.
    pub(super) below: Vec<(Number, Found)>,
    pub(super) notice: NoticeSeen,
    pub(super) evidence: Evidence,
    /// The highest clean-up candidates, ascending; empty unless the ledger was listed.
    pub(super) numbers: Vec<Number>,
    pub(super) full: bool,
    pub(super) at: Ticks,
    pub(super) obstacles: Vec<Obstacle>,
    /// The notice names a lease that is on this ledger, below its tail.
    pub(super) superseded: bool,
    /// A record of a later version is the tail: nothing may be claimed.
    pub(super) refused: bool,
}

/// Something that stands between this client and the next number.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Obstacle {
    pub(super) subject: Subject,
    /// How long it must be seen unchanged before it no longer counts.
    pub(super) wait: Duration,
    /// What the claim will be based on then.
    pub(super) basis: Basis,
}

impl Obstacle {
    /// The wait for something that shows a sign of life in another way than by changing.
    pub(super) const FOR_EVER: Duration = Duration::MAX;
}

/// The lease before the one that is claimed, as it was seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Predecessor {
    pub(super) number: Number,
    /// Its nonce and, if it was live, its counter; unknown for a blank file.
    pub(super) seen: Option<(Nonce, Option<u32>)>,
    /// Its token, where it could be read.
    pub(super) token: Option<Token>,
}

impl Sight {
    /// Returns the tail and what was read below it, downwards.
    pub(super) fn leases(&self) -> impl DoubleEndedIterator<Item = &(Number, Found)> {
        self.tail.iter().chain(&self.below)
    }

    /// Returns every record that was read, downwards from the tail.
    pub(super) fn records(&self) -> impl Iterator<Item = (Head, &Arc<Body>)> {
        self.leases().filter_map(|(_, found)| record_of(found))
    }

    /// Returns the record that tells who holds, or held last: the tail's, or the first one below that is neither void nor unreadable.
    pub(super) fn record(&self) -> Option<(Head, &Arc<Body>)> {
        self.leases().next_back().and_then(|(_, found)| record_of(found))
    }

    pub(super) fn tail_record(&self) -> Option<(Head, &Arc<Body>)> {
        self.tail.as_ref().and_then(|(_, found)| record_of(found))
    }

    pub(super) fn tail_id(&self) -> Option<LeaseId> {
        self.tail_record().map(|(_, body)| body.id)
    }

    /// Returns the highest token on this part of the ledger. Whoever made a lease that cannot be read took one more.
    pub(super) fn highest_token(&self) -> Option<Token> {
        let unreadable = self.leases().filter(|(_, found)| record_of(found).is_none()).count() as u64;
        self.records().map(|(_, body)| body.token).max().map(|token| Token(token.0.saturating_add(unreadable)))
    }
}

pub(super) fn record_of(found: &Found) -> Option<(Head, &Arc<Body>)> {
    match found {
        Found::Record { head, body, .. } => Some((*head, body)),
        Found::Missing | Found::Blank { .. } | Found::Newer { .. } => None,
    }
}
