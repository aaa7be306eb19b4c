//! Waiting until a database is free, without wanting it.
//!
//! Nothing is written to the share for this, so nobody is listed as waiting, and whoever wants the lease may be faster. The hazard
//! is a wait that outlives its reason: a holder that died changes nothing on the share, so this looks again by itself, too.

use super::vigil::Vigil;
use super::{AcquireError, LOOK_FOR_DEATH, PATIENCE, Session, Wait, new_reports};
use crate::clock::Ticks;
use crate::lease::wire::{Event, Failure, Report};
use crate::lease::{State, Status};
use crate::watch::Watcher;
use std::sync::Arc;
use std::time::Duration;

/// The longest pause between two moments at which progress is shown.
const SHOW: Duration = Duration::from_millis(250);
/// The shortest pause between two looks.
const SHORTEST: Duration = Duration::from_millis(20);

/// One call of [`Session::wait_until_free`].
struct Waiting {
    wait: Wait,
    began: Ticks,
    /// When the share last answered a whole look.
    answered: Ticks,
    /// When it was last asked without a hint.
    asked: Ticks,
    /// The first report that was not read yet.
    seen: u64,
    watcher: Option<Watcher>,
    vigil: Vigil,
    watched_over: bool,
}

impl Session {
    /// Waits until nobody has the lease or it can be taken over, as long as `wait` says; returns which of the two it is. `progress` as in
    /// [`Session::acquire`].
    ///
    /// # Errors
    /// [`AcquireError`], as when it was to be taken.
    pub fn wait_until_free(&self, wait: Wait, mut progress: Option<&mut dyn FnMut(&Status)>) -> Result<Status, AcquireError> {
        let engine = &self.engine;
        if self.capabilities().may_hang {
            engine.start_keeper()?;
        }
        let seen = {
            let mut state = engine.lock();
            state.cancelled = false;
            state.next_report()
        };
        let began = engine.clock.now().ticks;
        let mut waiting = Waiting {
            wait,
            began,
            answered: began,
            asked: began,
            seen,
            watcher: None,
            vigil: Vigil::default(),
            watched_over: false,
        };
        engine.post(Event::Look);
        loop {
            let (status, free) = self.step(&mut waiting)?;
            if free {
                return Ok(status);
            }
            if let Some(progress) = progress.as_mut() {
                progress(&status);
            }
            let now = engine.clock.now().ticks;
            let due = self.look_again(&status, waiting.watched_over).saturating_sub(now.since(waiting.asked));
            if due.is_zero() {
                waiting.asked = now;
                engine.post(Event::Look);
                continue;
            }
            let left = if let Wait::For(limit) = wait { limit.saturating_sub(now.since(began)) } else { due };
            let show = if progress.is_some() { SHOW } else { due };
            let state = engine.lock();
            if state.next_report() == waiting.seen && !state.cancelled {
                drop(engine.wait(state, due.min(left).min(show).max(Duration::from_millis(1))));
            }
        }
    }

    /// Judges what happened since the last time: the state, and whether there is nobody to wait for.
    fn step(&self, waiting: &mut Waiting) -> Result<(Status, bool), AcquireError> {
        let now = self.engine.clock.now();
        let state = self.engine.lock();
        if state.cancelled {
            return Err(AcquireError::Cancelled);
        }
        let (mut looked, mut failed) = (false, None);
        for report in new_reports(&state, &mut waiting.seen) {
            looked |= matches!(report, Report::Looked);
            if let Report::LookFailed(failure) = report {
                failed = Some(*failure);
            }
        }
        let status = state.client.status(now);
        let detail = state.failure.clone();
        let neighbours = state.client.neighbours();
        drop(state);
        if looked {
            waiting.answered = now.ticks;
            if status.state == State::Free || (status.takeable_in == Some(Duration::ZERO) && !status.newer) {
                return Ok((status, true));
            }
        }
        if let Some(failure) = failed
            && (failure != Failure::Unreachable || waiting.wait == Wait::Never)
        {
            return Err(AcquireError::Failed(failure, detail));
        }
        let over = match waiting.wait {
            Wait::Never => looked || now.ticks.since(waiting.answered) >= PATIENCE,
            Wait::For(limit) => now.ticks.since(waiting.began) >= limit,
            Wait::Forever => false,
        };
        if over {
            let held = matches!(status.state, State::Held | State::Stale | State::Mine);
            let taken = held.then(|| AcquireError::Taken(Box::new(status)));
            return Err(taken.unwrap_or(AcquireError::Failed(Failure::Unreachable, detail)));
        }
        if looked && waiting.watcher.is_none() {
            let engine = Arc::clone(&self.engine);
            waiting.watcher = Some(self.watch(Box::new(move || engine.post(Event::Look))));
            // What changed between the look and the beginning of the watch would never be told.
            self.engine.post(Event::Look);
        }
        let watched = Arc::clone(&self.engine);
        waiting.watched_over = waiting.vigil.keep(&neighbours, move || watched.post(Event::Look));
        Ok((status, false))
    }

    /// Returns after how long to look again, though nothing was told.
    fn look_again(&self, status: &Status, watched_over: bool) -> Duration {
        let poll = self.engine.lock().client.timing().poll;
        let death = if !watched_over && self.dies_unseen(status) { LOOK_FOR_DEATH } else { poll };
        poll.min(death).min(status.takeable_in.unwrap_or(poll)).max(SHORTEST)
    }
}
