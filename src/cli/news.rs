//! What a holder is told about its lease while it works. Pure: from news to sentences.

use super::describe::person;
use crate::i18n::{Talk, printable};
use crate::lease::timing::Timing;
use crate::lease::wire::{Doubt, Loss};
use crate::session::News;

/// Returns what to say to that. A renewal is worth a word only when it was overdue.
pub(super) fn talk(news: &News, timing: &Timing) -> Talk {
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
