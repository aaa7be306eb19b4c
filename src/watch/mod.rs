//! Says "look now", and nothing else: what changed is found out by looking.
//!
//! A local folder tells every change at once (`local`); a network folder tells only this machine's own, so there the file server is
//! asked, by the best way that works on this mount (`server`). The hazard is to take silence for news: losing an event costs the time
//! until the core's own next look, never more.

mod blocked;
mod local;
mod pace;
mod server;

use crate::store::{Capabilities, Store};
use std::path::Path;
use std::sync::Arc;

/// By what a watch learns of changes, the best that is known to work on the mount.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Means {
    /// The system's own events.
    Events,
    /// The server wakes whoever waits for the holder's range lock.
    RangeLock,
    /// The server tells of changes when it is asked to.
    ChangeNotify,
    /// The board is read again and again.
    Board,
}

impl Means {
    /// Returns what is used where a store can do this.
    #[must_use]
    pub const fn of(capabilities: &Capabilities) -> Self {
        if capabilities.native_events {
            Self::Events
        } else if capabilities.lock_wakes {
            Self::RangeLock
        } else if capabilities.change_notify {
            Self::ChangeNotify
        } else {
            Self::Board
        }
    }
}

/// Called, from any thread, when it is worth looking.
pub type LookNow = Box<dyn Fn() + Send + Sync>;

/// A watch on one store; it ends when this is dropped.
pub struct Watcher {
    _source: Source,
}

/// Where the hints come from. Held only to be dropped.
#[expect(dead_code, reason = "dropping it ends the watch")]
enum Source {
    Local(local::Local),
    Server(server::Server),
}

impl Watcher {
    /// Begins to watch a store. `folder` is the store's own folder, where there is one.
    #[must_use]
    pub fn start(store: Arc<dyn Store>, folder: Option<&Path>, look_now: LookNow) -> Self {
        let look_now = Arc::new(look_now);
        if store.capabilities().native_events
            && let Some(folder) = folder
            && let Some(local) = local::listen(folder, Arc::clone(&look_now))
        {
            return Self { _source: Source::Local(local) };
        }
        Self { _source: Source::Server(server::watch(store, folder, look_now)) }
    }
}
