//! What really happened, counted: silence proves nothing about what never occurred.

use sharelock::lease::record::State;
use sharelock::lease::wire::{Basis, Doubt, Failure, Loss, Report, Withdrawal};
use std::collections::BTreeMap;

/// Something worth counting. The texts are what the summary prints.
#[derive(Debug, Clone, Default)]
pub(crate) struct Stats {
    pub(crate) runs: u64,
    pub(crate) steps: u64,
    /// Nanoseconds in which some client wanted or held the lease, summed over clients.
    pub(crate) busy: u128,
    pub(crate) counts: BTreeMap<&'static str, u64>,
}

/// Every report that must have been made at least once.
pub(crate) const REPORTS: [&str; 30] = [
    "looked",
    "look failed",
    "claim sent",
    "claim lost",
    "claim unanswered",
    "late create",
    "withdrawn",
    "claim failed",
    "acquired",
    "renewed",
    "renewal failed",
    "expiring",
    "unsure: fence",
    "unsure: clocks parted",
    "recovered",
    "lost: taken over",
    "lost: record gone",
    "lost: revoked",
    "revoked",
    "revoke written",
    "revoke failed",
    "released",
    "release unanswered",
    "notice healed",
    "cleaned up",
    "went back",
    "foreign notice",
    "remember",
    "notice replaced",
    "guarded",
];

/// What a claim can be based on.
pub(crate) const BASES: [&str; 9] = [
    "claim on empty",
    "claim on ended",
    "claim on own",
    "claim on dead",
    "claim on adopted",
    "claim on evidence",
    "claim on lapsed",
    "claim on revoked",
    "claim on forced",
];

/// Why a claim can be withdrawn.
pub(crate) const WITHDRAWALS: [&str; 9] = [
    "withdrawn: deadline",
    "withdrawn: unwanted",
    "withdrawn: overtaken",
    "withdrawn: not mine",
    "withdrawn: gap before",
    "withdrawn: predecessor moved",
    "withdrawn: notice",
    "withdrawn: failed",
    "withdrawn: clocks parted",
];

/// What the world did.
pub(crate) const DEEDS: [&str; 14] = [
    "contended claim",
    "lost request",
    "lost reply",
    "late answer",
    "late execution",
    "cut",
    "sleep",
    "pause",
    "process crash",
    "machine crash",
    "server restart",
    "upheaval",
    "answer from a stale cache",
    "answer from a cache while cut off",
];

impl Stats {
    pub(crate) fn count(&mut self, what: &'static str) {
        *self.counts.entry(what).or_default() += 1;
    }

    pub(crate) fn of(&self, what: &str) -> u64 {
        self.counts.get(what).copied().unwrap_or(0)
    }

    pub(crate) fn add(&mut self, other: &Self) {
        self.runs += other.runs;
        self.steps += other.steps;
        self.busy += other.busy;
        for (what, count) in &other.counts {
            *self.counts.entry(what).or_default() += count;
        }
    }

    pub(crate) fn busy_hours(&self) -> u64 {
        u64::try_from(self.busy / 3_600_000_000_000).unwrap_or(u64::MAX)
    }

    pub(crate) fn report(&mut self, report: &Report) {
        self.count(word(report));
        if let Report::ClaimSent(_, basis) = report {
            self.count(basis_word(*basis));
        } else if let Report::Withdrawn(_, why) = report {
            self.count(withdrawal_word(*why));
        }
    }

    pub(crate) fn table(&self) -> String {
        use std::fmt::Write as _;
        let mut text = format!("{} runs, {} steps, {} busy client-hours\n", self.runs, self.steps, self.busy_hours());
        for (what, count) in &self.counts {
            let _ = writeln!(text, "  {count:>10}  {what}");
        }
        text
    }
}

fn word(report: &Report) -> &'static str {
    match report {
        Report::Looked => "looked",
        Report::LookFailed(_) => "look failed",
        Report::ClaimSent(..) => "claim sent",
        Report::ClaimLost(_) => "claim lost",
        Report::ClaimUnanswered(_) => "claim unanswered",
        Report::LateCreate(_) => "late create",
        Report::Withdrawn(..) => "withdrawn",
        Report::ClaimFailed(_) => "claim failed",
        Report::NoticeReplaced(_) => "notice replaced",
        Report::Acquired(..) => "acquired",
        Report::Renewed(..) => "renewed",
        Report::RenewalFailed(_) => "renewal failed",
        Report::Expiring(_) => "expiring",
        Report::Unsure(_, Doubt::Fence) => "unsure: fence",
        Report::Unsure(_, Doubt::ClocksParted) => "unsure: clocks parted",
        Report::Recovered(..) => "recovered",
        Report::Lost(_, Loss::TakenOver(_)) => "lost: taken over",
        Report::Lost(_, Loss::RecordGone) => "lost: record gone",
        Report::Lost(_, Loss::Revoked(_)) => "lost: revoked",
        Report::Revoked(..) => "revoked",
        Report::RevokeWritten => "revoke written",
        Report::RevokeFailed(_) => "revoke failed",
        Report::Released(_) => "released",
        Report::ReleaseUnanswered(_) => "release unanswered",
        Report::NoticeHealed(_) => "notice healed",
        Report::CleanedUp(_) => "cleaned up",
        Report::WentBack(_) => "went back",
        Report::ForeignNotice => "foreign notice",
        Report::Remember => "remember",
        Report::Guarded(_) => "guarded",
    }
}

fn basis_word(basis: Basis) -> &'static str {
    match basis {
        Basis::Empty => "claim on empty",
        Basis::Ended => "claim on ended",
        Basis::Own => "claim on own",
        Basis::Dead => "claim on dead",
        Basis::Adopted => "claim on adopted",
        Basis::Evidence => "claim on evidence",
        Basis::Lapsed => "claim on lapsed",
        Basis::Revoked => "claim on revoked",
        Basis::Forced => "claim on forced",
    }
}

fn withdrawal_word(why: Withdrawal) -> &'static str {
    match why {
        Withdrawal::Deadline => "withdrawn: deadline",
        Withdrawal::Unwanted => "withdrawn: unwanted",
        Withdrawal::Overtaken => "withdrawn: overtaken",
        Withdrawal::NotMine => "withdrawn: not mine",
        Withdrawal::GapBefore => "withdrawn: gap before",
        Withdrawal::PredecessorMoved => "withdrawn: predecessor moved",
        Withdrawal::Notice => "withdrawn: notice",
        Withdrawal::Failed(
            Failure::Unreachable
            | Failure::Denied
            | Failure::Full
            | Failure::ReadOnly
            | Failure::Gone
            | Failure::NoFolder
            | Failure::Unusable,
        ) => "withdrawn: failed",
        Withdrawal::ClocksParted => "withdrawn: clocks parted",
    }
}

/// The word for a lease's state in a trace.
pub(crate) fn state_word(state: State) -> &'static str {
    match state {
        State::Live => "live",
        State::Ended => "ended",
        State::Void => "void",
    }
}
