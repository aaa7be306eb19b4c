//! How long something on the share has been seen not to change.
//!
//! The hazard: every shortcut here makes a live holder look dead. The time counts from when the *first* answer that showed the
//! subject was received (the change may have happened just before) to when the *last* question about it was sent (the holder may
//! have changed it right after).

use super::record::{LeaseId, Nonce, Number};
use crate::clock::Ticks;
use std::time::Duration;

/// What is being watched for change. Any difference is a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub enum Subject {
    /// A live lease with this counter.
    Lease {
        /// Its file number.
        number: u64,
        /// Its nonce.
        nonce: u128,
        /// Its heartbeat counter.
        counter: u32,
        /// The file it was read from: a copy put in its place may bring an old counter back.
        #[serde(default)]
        file: u64,
    },
    /// A lease file that cannot be read (yet).
    Blank {
        /// Its file number.
        number: u64,
        /// A hash of its bytes.
        fingerprint: u64,
    },
    /// A notice of somebody who does not speak the protocol.
    Notice {
        /// A hash of its bytes.
        fingerprint: u64,
    },
    /// An order to the holder of this lease to give up.
    Revoked {
        /// The lease's number.
        number: u64,
        /// Its nonce.
        nonce: u128,
    },
    /// A lease that is named somewhere but is not on the ledger.
    Phantom {
        /// The missing number.
        number: u64,
        /// Its nonce; 0 where it was never known.
        nonce: u128,
        /// A hash of the notice, where that names it; else 0.
        notice: u64,
    },
}

impl Subject {
    /// Returns the subject for a live lease.
    #[must_use]
    pub const fn lease(id: LeaseId, counter: u32, file: u64) -> Self {
        Self::Lease { number: id.number.0, nonce: id.nonce.0, counter, file }
    }

    /// Returns the subject for a named lease that is missing.
    #[must_use]
    pub fn phantom(number: Number, nonce: Option<Nonce>, notice: u64) -> Self {
        Self::Phantom { number: number.0, nonce: nonce.unwrap_or_default().0, notice }
    }
}

/// One subject, and since when it has been seen unchanged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub struct Observation {
    /// What.
    pub subject: Subject,
    /// When the first counted answer that showed it was received.
    pub first: Ticks,
    /// When the last counted question that was answered with it was sent.
    pub last: Ticks,
    /// When that answer was received; a long gap after it begins the observation again.
    pub answered: Ticks,
}

impl Observation {
    /// Begins an observation with an answer received at `received`.
    #[must_use]
    pub const fn begin(subject: Subject, sent: Ticks, received: Ticks) -> Self {
        Self { subject, first: received, last: sent, answered: received }
    }

    /// Returns how long the subject is known not to have changed.
    #[must_use]
    pub const fn unchanged(&self) -> Duration {
        self.last.since(self.first)
    }

    /// Takes in another counted look at the same or another subject.
    #[must_use]
    pub fn then(self, subject: Subject, sent: Ticks, received: Ticks, longest_gap: Duration) -> Self {
        if subject != self.subject || received.since(self.answered) > longest_gap {
            Self::begin(subject, sent, received)
        } else {
            Self { last: sent, answered: received, ..self }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: Subject = Subject::Lease { number: 1, nonce: 7, counter: 3, file: 5 };
    const B: Subject = Subject::Lease { number: 1, nonce: 7, counter: 4, file: 5 };
    const COPY_OF_A: Subject = Subject::Lease { number: 1, nonce: 7, counter: 3, file: 6 };
    const GAP: Duration = Duration::from_secs(180);

    fn at(seconds: u64) -> Ticks {
        Ticks::from_nanos(seconds * 1_000_000_000)
    }

    #[test]
    fn unchanged_time_runs_from_first_receipt_to_last_sending() {
        let seen = Observation::begin(A, at(10), at(12));
        assert_eq!(seen.unchanged(), Duration::ZERO);
        let seen = seen.then(A, at(20), at(29), GAP);
        assert_eq!(seen.unchanged(), Duration::from_secs(8));
    }

    #[test]
    fn a_change_begins_again() {
        let seen = Observation::begin(A, at(10), at(12)).then(A, at(20), at(21), GAP).then(B, at(30), at(31), GAP);
        assert_eq!(seen.unchanged(), Duration::ZERO);
        assert_eq!(seen.subject, B);
    }

    #[test]
    fn a_copy_in_its_place_begins_again() {
        let seen = Observation::begin(A, at(10), at(12)).then(COPY_OF_A, at(20), at(21), GAP);
        assert_eq!(seen.unchanged(), Duration::ZERO);
    }

    #[test]
    fn a_gap_begins_again() {
        let seen = Observation::begin(A, at(10), at(12)).then(A, at(200), at(193), GAP);
        assert_eq!(seen.first, at(193));
    }
}
