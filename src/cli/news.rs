//! What a holder is told about its lease while it works. Pure: from reports to sentences.

use super::describe::person;
use crate::i18n::{Talk, printable};
use crate::lease::timing::Timing;
use crate::lease::wire::{Doubt, Loss, Report};

/// News that matter to whoever holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum News {
    /// The lease was renewed, as it should be.
    Renewed,
    /// The fence comes near without a renewal.
    Expiring(Talk),
    /// Past the fence.
    Unsure(Talk),
    /// Held again, with this token.
    Recovered(u64, Talk),
    /// Somebody ordered it to be given up; it ends soon.
    Revoked(Talk),
    /// Gone for good.
    Lost(Talk),
    /// Nothing that a person needs to hear.
    Nothing,
}

/// Returns what a report means.
pub(super) fn news(report: &Report, timing: &Timing) -> News {
    match report {
        Report::Renewed(..) => News::Renewed,
        Report::Expiring(_) => News::Expiring(Talk::Expiring(timing.margin)),
        Report::Unsure(_, Doubt::Fence) => News::Unsure(Talk::Unsure),
        Report::Unsure(_, Doubt::ClocksParted) => News::Unsure(Talk::UnsureAfterSleep),
        Report::Recovered(_, token) => News::Recovered(token.0, Talk::Recovered(token.0)),
        Report::Lost(_, Loss::TakenOver(holder)) => News::Lost(Talk::LostTo(person(holder.as_deref()))),
        Report::Lost(_, Loss::RecordGone) => News::Lost(Talk::LostRecord),
        Report::Revoked(_, revoke) => News::Revoked(Talk::Revoked(person(Some(&revoke.by)), printable(&revoke.reason))),
        Report::Lost(_, Loss::Revoked(revoke)) => {
            News::Lost(Talk::LostRevoked(person(Some(&revoke.by)), printable(&revoke.reason)))
        }
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
        | Report::Remember => News::Nothing,
    }
}
