//! What happens to a held lease, in the few words that its holder needs.

use crate::lease::record::{Revoke, Token};
use crate::lease::wire::{Doubt, Loss, Report};
use std::sync::{Arc, mpsc};

/// What happened to a held lease.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum News {
    /// It was renewed, as it should be.
    Renewed,
    /// No renewal has succeeded for long, and the fence comes near: time to save and stop writing.
    Expiring,
    /// Past the fence. It is not held any more, but nobody else was seen; it is being won back.
    Unsure(Doubt),
    /// Held again, and nobody was in between. The fencing token is a new one.
    Recovered(Token),
    /// Somebody ordered it to be given up: finish and release it. It is not renewed any more, and lost at its fence.
    Revoked(Arc<Revoke>),
    /// Gone for good.
    Lost(Loss),
}

impl News {
    pub(super) fn of(report: &Report) -> Option<Self> {
        match report {
            Report::Renewed(..) => Some(Self::Renewed),
            Report::Expiring(_) => Some(Self::Expiring),
            Report::Unsure(_, doubt) => Some(Self::Unsure(*doubt)),
            Report::Recovered(_, token) => Some(Self::Recovered(*token)),
            Report::Revoked(_, revoke) => Some(Self::Revoked(Arc::clone(revoke))),
            Report::Lost(_, loss) => Some(Self::Lost(loss.clone())),
            Report::Looked
            | Report::LookFailed(_)
            | Report::ClaimSent(..)
            | Report::ClaimLost(_)
            | Report::ClaimUnanswered(_)
            | Report::LateCreate(_)
            | Report::Withdrawn(..)
            | Report::ClaimFailed(_)
            | Report::NoticeReplaced(_)
            | Report::Acquired(..)
            | Report::Guarded(_)
            | Report::RenewalFailed(_)
            | Report::Released(_)
            | Report::ReleaseUnanswered(_)
            | Report::NoticeHealed(_)
            | Report::CleanedUp(_)
            | Report::WentBack(_)
            | Report::ForeignNotice
            | Report::RevokeWritten
            | Report::RevokeFailed(_)
            | Report::Remember => None,
        }
    }
}

/// What happens to the leases of one database, in order, from when this was made. Blocks until there is news; ends with the database.
#[derive(Debug)]
pub struct Events(pub(super) mpsc::Receiver<Report>);

impl Events {
    /// Returns the news that have come and were not read yet, without waiting.
    pub fn waiting(&self) -> impl Iterator<Item = News> + '_ {
        self.0.try_iter().filter_map(|report| News::of(&report))
    }
}

impl Iterator for Events {
    type Item = News;

    fn next(&mut self) -> Option<News> {
        self.0.iter().find_map(|report| News::of(&report))
    }
}
