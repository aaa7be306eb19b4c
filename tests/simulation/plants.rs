//! Faults planted on purpose: a simulation that finds nothing proves nothing until it has found these.

use crate::faults::Plant;
use crate::world::Setting;
use sharelock::lease::rules::{Rule, Rules};

/// One planted fault, or a set of redundant checks that must be left out together to be missed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Planted {
    pub(crate) broken: &'static [Rule],
    pub(crate) plant: Plant,
    /// Seeds to try before giving up.
    pub(crate) within: u64,
}

const fn rules(broken: &'static [Rule], within: u64) -> Planted {
    Planted { broken, plant: Plant::None, within }
}

/// Every rule of `src/lease/rules.rs`, alone where that shows, with its twin where one hides the other.
pub(crate) const PLANTED: [Planted; 20] = [
    rules(&[Rule::LeaseCountsFromSent], 120),
    rules(&[Rule::ObservationBeginsAtReceipt], 120),
    rules(&[Rule::ObservationEndsAtSending], 120),
    rules(&[Rule::FenceIsFinal, Rule::LaterLeaseEndsHold], 200),
    rules(&[Rule::TailIsNeverRemoved], 120),
    rules(&[Rule::LockIsOnlyEvidence], 60),
    rules(&[Rule::ServerClockIsOnlyEvidence], 60),
    rules(&[Rule::OnlyFreshLooksCount], 200),
    rules(&[Rule::HolderPromises], 120),
    rules(&[Rule::MissingNamesCount], 120),
    rules(&[Rule::OneWriteInFlight], 200),
    rules(&[Rule::RenewalIsReadBack], 300),
    rules(&[Rule::ClaimHasDeadline], 200),
    rules(&[Rule::ForeignNoticeCounts], 60),
    rules(&[Rule::GuardsMustBeGone], 120),
    rules(&[Rule::SuccessorNamesPrograms], 2000),
    rules(&[Rule::RevokeEndsRenewal], 300),
    rules(&[Rule::RevokedIsWaitedFor], 120),
    rules(&[Rule::CleanUpIsLate, Rule::PredecessorMustBeThere, Rule::ClaimIsReadBack], 1500),
    Planted { broken: &[], plant: Plant::ClockStopsInSleep, within: 200 },
];

impl Planted {
    /// Returns the run of this seed with the fault in it.
    pub(crate) fn setting(&self, seed: u64) -> Setting {
        let rules = self.broken.iter().fold(Rules::default(), |rules, rule| rules.without(*rule));
        Setting { rules, plant: self.plant, ..Setting::of(seed) }
    }
}
