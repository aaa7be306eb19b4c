//! Says "look now", and nothing else: what changed is found out by looking.
//!
//! A local folder tells every change at once (`local`); a network folder tells only this machine's own, so there the board is
//! read once a second, which is one round trip. The hazard is to take silence for news: losing an event costs the time until the
//! core's own next look, never more.

mod local;

use crate::lease::wire::Op;
use crate::store::Store;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

/// How often the board of a network folder is read while somebody waits.
const POLL: Duration = Duration::from_secs(1);

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
    Polling(mpsc::Sender<()>),
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
        Self { _source: Source::Polling(poll(store, look_now)) }
    }
}

/// Reads the board again and again; a read that hangs only silences the hints.
fn poll(store: Arc<dyn Store>, look_now: Arc<LookNow>) -> mpsc::Sender<()> {
    let (alive, dropped) = mpsc::channel::<()>();
    let watch = move || {
        let mut before = None;
        while dropped.recv_timeout(POLL) == Err(RecvTimeoutError::Timeout) {
            let board = store.perform(&Op::ReadBoard).ok();
            if before.as_ref().is_some_and(|before| *before != board) {
                look_now();
            }
            before = Some(board);
        }
    };
    // Without a thread there are no hints; the core still looks by itself.
    drop(std::thread::Builder::new().name("sharelock-poll".into()).spawn(watch));
    alive
}
