//! Revoking: somebody orders a holder to give the lease up (`force-release`).
//!
//! The hazard: two people write because a third one was impatient. So an order is not a removal. It lies beside the board, where every
//! holder reads it before each renewal: from then on the lease is not renewed any more, and whoever saw the flushed order unchanged for
//! the holder's short time-out knows that the holder has stopped believing. Skipping that wait (`now`) is a separate act of somebody who
//! was told that two people may then write; it is the one exception to the promises of docs/PROTOCOL.md.

use super::client::{Client, Kind};
use super::hold::Hold;
use super::observe::{Observation, Subject};
use super::record::{LeaseId, MOST_REVOKED, Revoke, Revoked};
use super::rules::Rule;
use super::sight::{Obstacle, Sight};
use super::wire::{Basis, Failure, Loss, Op, Reply, Report};
use std::sync::Arc;
use std::time::Duration;

impl Subject {
    /// Returns what an order to give this up has to name: all but the counter, which goes on until the order is read.
    pub(super) fn revocable(self) -> Revoked {
        match self {
            Self::Lease { number, nonce, .. } | Self::Revoked { number, nonce } => Revoked { number, nonce, fingerprint: 0 },
            Self::Blank { number, fingerprint } => Revoked { number, nonce: 0, fingerprint },
            Self::Notice { fingerprint } => Revoked { number: 0, nonce: 0, fingerprint },
            Self::Phantom { number, nonce, notice } => Revoked { number, nonce, fingerprint: notice },
        }
    }
}

impl Revoke {
    /// Returns whether this orders the holder of `id` to give it up.
    #[must_use]
    pub fn names(&self, id: LeaseId) -> bool {
        self.subjects.contains(&Revoked { number: id.number.0, nonce: id.nonce.0, fingerprint: 0 })
    }
}

impl Client {
    /// Orders whoever stood in the way at the last look to give up. The outcome is reported.
    pub(super) fn order_revoke(&mut self, reason: String, now: bool) {
        let sight = self.sight.as_ref().filter(|sight| !sight.obstacles.is_empty() && !sight.refused);
        let Some(sight) = sight else {
            self.report(Report::RevokeFailed(Failure::Gone));
            return;
        };
        let mut subjects: Vec<Revoked> = Vec::new();
        for obstacle in &sight.obstacles {
            let subject = obstacle.subject.revocable();
            if !subjects.contains(&subject) && subjects.len() < MOST_REVOKED {
                subjects.push(subject);
            }
        }
        let given = sight.revoke.as_ref().is_some_and(|before| before.now && before.subjects == subjects);
        let revoke = Revoke { subjects, by: self.me.holder.clone(), reason, at: self.now.wall, now: now || given };
        self.request_aside(Op::WriteRevoke(Arc::new(revoke)), Kind::Revoke);
    }

    /// The order was written, or was not.
    pub(super) fn revoke_answered(&mut self, result: &Result<Reply, Failure>) {
        self.report(match result {
            Ok(Reply::Done) => Report::RevokeWritten,
            Ok(_) => Report::RevokeFailed(Failure::Unusable),
            Err(failure) => Report::RevokeFailed(*failure),
        });
    }

    /// Lets an order shorten what is waited for, and returns what else is to be watched for change.
    pub(super) fn apply_revoke(&self, sight: &Sight, obstacles: &mut [Obstacle]) -> Option<Subject> {
        let revoke = sight.revoke.as_ref()?;
        let mut watched = None;
        for obstacle in obstacles {
            if !revoke.subjects.contains(&obstacle.subject.revocable()) {
                continue;
            }
            if revoke.now {
                (obstacle.wait, obstacle.basis) = (Duration::ZERO, Basis::Forced);
                continue;
            }
            // Somebody unknown reads no order: there the ordinary wait goes on.
            let (Subject::Lease { number, nonce, .. }, Some((_, body))) = (obstacle.subject, sight.record()) else { continue };
            let ordered = Obstacle {
                subject: Subject::Revoked { number, nonce },
                wait: if self.rules.keep(Rule::RevokedIsWaitedFor) { body.promise.clamped().short } else { Duration::ZERO },
                basis: Basis::Revoked,
            };
            watched = Some(ordered.subject);
            if self.left(&ordered) < self.left(obstacle) {
                watched = Some(obstacle.subject);
                *obstacle = ordered;
            }
        }
        watched
    }

    /// Returns how long an obstacle has to be seen unchanged still.
    pub(super) fn left(&self, obstacle: &Obstacle) -> Duration {
        obstacle.wait.saturating_sub(self.observed(obstacle.subject).map_or(Duration::ZERO, Observation::unchanged))
    }

    /// The holder reads that it is to give up: it renews no more, and believes until its fence at most.
    pub(super) fn obey(&mut self, mut hold: Hold, revoke: Arc<Revoke>) {
        if revoke.now {
            // Somebody may be in already.
            self.lose(hold, Loss::Revoked(revoke));
        } else {
            self.report(Report::Revoked(hold.body.id, Arc::clone(&revoke)));
            hold.revoked = Some(revoke);
            self.rest_hold(hold);
        }
    }
}
