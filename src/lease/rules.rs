//! The rules of the protocol that a test can break on purpose.
//!
//! A simulation that finds nothing proves nothing until it has found what was planted. Every rule here names one hazard; the core
//! asks [`Rules::keep`] at the one place where the hazard is met. The product always keeps all of them.

/// One rule that could be left out by mistake, and was by some other program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Rule {
    /// A lease counts from when the claim or renewal was sent. Broken: from when it was answered.
    LeaseCountsFromSent,
    /// An observation begins when the first answer arrives. Broken: when the first question was sent.
    ObservationBeginsAtReceipt,
    /// An observation ends when the last question was sent. Broken: when its answer arrived.
    ObservationEndsAtSending,
    /// An answer received after the fence is void. Broken: it revives the lease.
    FenceIsFinal,
    /// A stale lease stays; its successor gets a new number. Broken: the stale file is removed and made again.
    TailIsNeverRemoved,
    /// Only old, far superseded leases are cleaned up. Broken: whatever is below the tail.
    CleanUpIsLate,
    /// A freed range lock shortens the wait. Broken: it ends it.
    LockIsOnlyEvidence,
    /// The server-clock age of a record shortens the wait. Broken: it ends it.
    ServerClockIsOnlyEvidence,
    /// After creating k, k-1 must still be there. Broken: not looked at.
    PredecessorMustBeThere,
    /// After creating k, board, listing and my own record are read again. Broken: not looked at.
    ClaimIsReadBack,
    /// A look counts towards staleness only after a call in the same round that no cache can answer. Broken: always.
    OnlyFreshLooksCount,
    /// Observers wait by the holder's promise. Broken: by their own configuration.
    HolderPromises,
    /// A known name that is missing means an unknown holder. Broken: it means nothing.
    MissingNamesCount,
    /// The end mark waits for the renewal in flight. Broken: it overtakes it.
    OneWriteInFlight,
    /// A renewal counts only once it was read back by path. Broken: when the write was answered.
    RenewalIsReadBack,
    /// A claim not complete within the claim deadline is withdrawn. Broken: it may take for ever.
    ClaimHasDeadline,
    /// A foreign notice is a holder. Broken: ignored.
    ForeignNoticeCounts,
    /// A holder that finds a later lease named has lost. Broken: it goes on as long as its own record is there.
    LaterLeaseEndsHold,
    /// A holder reads before each renewal whether it was ordered to give up. Broken: it goes on.
    RevokeEndsRenewal,
    /// After an order to give up the short time-out is waited. Broken: the lease counts as free at once.
    RevokedIsWaitedFor,
    /// Only a death on this very machine, of all guarded programs too, ends the wait at once. Broken: the wrapper's death is enough.
    GuardsMustBeGone,
    /// A lease under which programs of an earlier one go on names them and their mark. Broken: it names nobody.
    SuccessorNamesPrograms,
}

/// The set of rules in force.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Rules {
    broken: u32,
}

impl Rules {
    /// Returns whether the rule is in force.
    #[must_use]
    pub const fn keep(self, rule: Rule) -> bool {
        self.broken & (1 << rule as u32) == 0
    }

    /// Returns the same rules without this one. For tests that prove that its absence is noticed.
    #[doc(hidden)]
    #[must_use]
    pub const fn without(self, rule: Rule) -> Self {
        Self { broken: self.broken | (1 << rule as u32) }
    }
}
