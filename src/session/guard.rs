//! A held lease: what may be asked of it, and how it is given back.
//!
//! The hazard: a guard that is dropped while the share is silent. Its lease then lapses by itself, and whoever needs to know that
//! calls [`Guard::release`] instead.

use super::RELEASE_PATIENCE;
use super::engine::Engine;
use super::once::Turn;
use crate::lease::Belief;
use crate::lease::record::{LeaseId, Nonce, ProcessId, Token};
use crate::lease::wire::{Event, Report};
use std::sync::Arc;
use std::time::Duration;

/// Why a lease could not be given back in order. It lapses by itself.
#[derive(Debug, thiserror::Error)]
pub enum ReleaseError {
    /// The end mark could not be written in time.
    #[error("the shared folder does not answer; the lease lapses by itself in {0:?}")]
    Unanswered(Duration),
    /// The lease was not held any more.
    #[error("the lease had been lost before it was released")]
    Lost,
}

/// The programs that work under a held lease, as its record names them.
pub struct Programs {
    engine: Arc<Engine>,
    /// Tells the lease from a later one of the same engine.
    mark: Nonce,
}

impl Programs {
    /// Writes into the record which programs work under the lease, and waits until that is on the share.
    ///
    /// Returns whether it is; without it, a death of this process would let others in while those programs still write.
    #[must_use]
    pub fn name(&self, programs: Vec<ProcessId>, patience: Duration) -> bool {
        let written = |report: &Report| matches!(report, Report::Guarded(_));
        let over = |report: &Report| matches!(report, Report::Revoked(..) | Report::Lost(..) | Report::Unsure(..));
        self.is_still_it() && self.engine.after(Event::Guards(programs), patience, written, over)
    }

    /// Returns those that the record names.
    #[must_use]
    pub fn named(&self) -> Vec<ProcessId> {
        if self.is_still_it() { self.engine.lock().client.guards() } else { Vec::new() }
    }

    fn is_still_it(&self) -> bool {
        self.engine.lock().client.mark() == Some(self.mark)
    }
}

/// A held lease. Dropping it gives the lease back as well as it can, unless programs work under it: then it stays, for whoever answers for
/// them. [`Guard::release`] gives it back whatever works under it, and says whether that worked.
#[must_use = "the lease is given back as soon as this is dropped"]
pub struct Guard {
    engine: Arc<Engine>,
    mark: Nonce,
    token: Token,
    released: bool,
    /// Keeps this process from taking the same database a second time; goes after the lease.
    turn: Option<Turn>,
}

impl Guard {
    pub(super) fn new(engine: Arc<Engine>, id: LeaseId, token: Token) -> Self {
        let mark = engine.lock().client.mark().unwrap_or(id.nonce);
        Self { engine, mark, token, released: false, turn: None }
    }

    pub(super) fn with_turn(mut self, turn: Turn) -> Self {
        self.turn = Some(turn);
        self
    }

    /// Returns the fencing token: larger than that of every lease before.
    #[must_use]
    pub fn token(&self) -> Token {
        match self.engine.belief() {
            Belief::Holding(_, token) => token,
            Belief::None | Belief::Unsure(_) => self.token,
        }
    }

    /// Returns what programs under this lease must carry in their environment (`SHARELOCK_NONCE`), by which they are found again.
    #[doc(hidden)]
    #[must_use]
    pub fn mark(&self) -> Nonce {
        self.mark
    }

    /// Returns what is believed at this instant, by the clock alone.
    #[must_use]
    pub fn belief(&self) -> Belief {
        self.engine.belief()
    }

    /// Reads the ledger again and renews; returns whether the lease is held afterwards. Takes no longer than `patience`.
    ///
    /// Costs a few operations on the share. A computer that was paused from outside cannot know it; whoever is about to do something
    /// that must not happen twice asks here first, and hands the token on to whatever can check it. `false` also means that the
    /// share did not answer in time.
    #[must_use]
    pub fn is_valid(&self, patience: Duration) -> bool {
        if self.belief() == Belief::None {
            return false;
        }
        let renewed = |report: &Report| matches!(report, Report::Renewed(..));
        let over = |report: &Report| {
            matches!(report, Report::RenewalFailed(_) | Report::Revoked(..) | Report::Lost(..) | Report::Unsure(..))
        };
        self.engine.after(Event::Verify, patience, renewed, over) && matches!(self.belief(), Belief::Holding(..))
    }

    /// Returns the programs that work under this lease, for any thread to change what the record says of them.
    #[doc(hidden)]
    #[must_use]
    pub fn programs(&self) -> Programs {
        Programs { engine: Arc::clone(&self.engine), mark: self.mark }
    }

    /// Gives the lease back.
    ///
    /// # Errors
    /// [`ReleaseError`] when it had been lost, or when the end mark could not be written in time: it then lapses by itself.
    pub fn release(self) -> Result<(), ReleaseError> {
        self.release_while(|| false)
    }

    /// As [`Guard::release`], but where the share does not answer, `go_on` is asked every five seconds whether to go on trying. No longer
    /// than until the lease could not be believed in any more: after that nothing is tried.
    ///
    /// # Errors
    /// As [`Guard::release`].
    pub fn release_while(mut self, go_on: impl FnMut() -> bool) -> Result<(), ReleaseError> {
        self.give_back(go_on)
    }

    fn give_back(&mut self, mut go_on: impl FnMut() -> bool) -> Result<(), ReleaseError> {
        self.released = true;
        let ended = |report: &Report| matches!(report, Report::Released(_));
        let over = |report: &Report| matches!(report, Report::Lost(..) | Report::ReleaseUnanswered(_));
        let held = !matches!(self.belief(), Belief::None);
        let mut seen = self.engine.lock().next_report();
        self.engine.post(Event::Release);
        if !held {
            return Err(ReleaseError::Lost);
        }
        let long = self.engine.lock().client.timing().long;
        loop {
            match self.engine.heard(&mut seen, RELEASE_PATIENCE, ended, over) {
                Some(true) => return Ok(()),
                None if go_on() => {}
                Some(false) | None => return Err(ReleaseError::Unanswered(long)),
            }
        }
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        // Whoever forgets about programs that work under it does not let anybody in beside them.
        let in_use = !self.programs().named().is_empty();
        if !self.released && !in_use {
            drop(self.give_back(|| false));
        }
        self.engine.remember();
        self.engine.let_go();
    }
}
