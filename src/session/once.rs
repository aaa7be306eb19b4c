//! One process takes a database once: a second try is refused at once, however the path was spelled.
//!
//! The hazard is a program that waits for itself. Two openings of one database are two participants to the ledger, so without this
//! the second would wait for the first, for ever if both are of one thread. Folders are told apart by what the system says they
//! are, stores by their folded names; where one share is mounted twice under different numbers, the lease itself is recognised.

use super::engine::Engine;
use crate::lease::Belief;
use crate::lease::record::LeaseId;
use crate::platform::files::{FileIdentity, entry_facts};
use crate::store::Location;
use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What one process takes, or tries to take, at the moment.
static TURNS: Mutex<Vec<Taking>> = Mutex::new(Vec::new());

struct Taking {
    place: Place,
    engine: Arc<Engine>,
}

/// Which database.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Place {
    folder: Result<FileIdentity, PathBuf>,
    store: OsString,
}

impl Place {
    /// Asks the share where the folder is.
    pub(super) fn of(location: &Location) -> Self {
        let folder = entry_facts(&location.folder).map(|facts| facts.identity).map_err(|_| location.folder.clone());
        Self { folder, store: location.store.file_name().unwrap_or_default().to_os_string() }
    }
}

/// The right of one attempt, and of the hold that follows from it. It ends when this is dropped.
pub(super) struct Turn(Place);

impl Turn {
    /// Begins; `None` when this process holds that database already or waits for it.
    pub(super) fn begin(place: &Place, engine: &Arc<Engine>) -> Option<Self> {
        let mut turns = turns();
        if turns.iter().any(|taking| taking.place == *place) {
            return None;
        }
        turns.push(Taking { place: place.clone(), engine: Arc::clone(engine) });
        Some(Self(place.clone()))
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        turns().retain(|taking| taking.place != self.0);
    }
}

/// Returns whether that lease is this process's own.
pub(super) fn holds(lease: Option<LeaseId>) -> bool {
    let engines: Vec<Arc<Engine>> = turns().iter().map(|taking| Arc::clone(&taking.engine)).collect();
    engines.iter().any(|engine| match engine.belief() {
        Belief::Holding(id, _) | Belief::Unsure(id) => lease == Some(id),
        Belief::None => false,
    })
}

fn turns() -> MutexGuard<'static, Vec<Taking>> {
    TURNS.lock().unwrap_or_else(PoisonError::into_inner)
}
