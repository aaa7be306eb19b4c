//! Calls that end when something happens and cannot be called off: one thread for each file of a process, however many listen.
//!
//! The hazard is a thread that stays behind with every wait that was given up: whoever tries for a second, again and again, while
//! somebody holds all day, would end with thousands. So a wait is found by its path and joined, and ends with what it waits for.

use super::pace::Said;
use crate::platform::range_lock::{self, Probe};
use crate::platform::{change_notify, files};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError, Weak};

/// Told of what happens, from any thread.
pub(super) type Listener = dyn Fn(Said) + Send + Sync;

/// What can be waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum What {
    /// The range lock of a lease file is let go.
    Release,
    /// Something changes in a folder.
    Change,
}

/// A wait that goes on.
#[derive(Default)]
struct Wait {
    listeners: Vec<Weak<Listener>>,
    armed: bool,
}

static WAITS: Mutex<BTreeMap<(What, PathBuf), Wait>> = Mutex::new(BTreeMap::new());

fn waits() -> MutexGuard<'static, BTreeMap<(What, PathBuf), Wait>> {
    WAITS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Waits, or joins a wait of this process. Returns false where no thread could be had.
pub(super) fn listen(what: What, path: PathBuf, listener: Weak<Listener>) -> bool {
    let key = (what, path);
    let mut all = waits();
    if let Some(wait) = all.get_mut(&key) {
        wait.listeners.retain(|other| other.strong_count() > 0);
        wait.listeners.push(listener.clone());
        let armed = wait.armed;
        drop(all);
        if let (true, Some(listener)) = (armed, listener.upgrade()) {
            listener(Said::Armed);
        }
        return true;
    }
    all.insert(key.clone(), Wait { listeners: vec![listener], armed: false });
    drop(all);
    let work = key.clone();
    let run = move || match work.0 {
        What::Release => wait_for_release(&work),
        What::Change => wait_for_changes(&work),
    };
    let begun = std::thread::Builder::new().name("sharelock-blocked".into()).spawn(run).is_ok();
    if !begun {
        waits().remove(&key);
    }
    begun
}

/// Tells everybody that still listens; false when nobody does, and then the wait is over.
fn tell(key: &(What, PathBuf), said: Said, over: bool) -> bool {
    let listeners: Vec<_> = {
        let mut all = waits();
        let Some(wait) = all.get_mut(key) else { return false };
        wait.armed = said == Said::Armed;
        let listeners: Vec<_> = wait.listeners.iter().filter_map(Weak::upgrade).collect();
        if over || listeners.is_empty() {
            all.remove(key);
        }
        listeners
    };
    // Not under the lock: a listener may look, and looking may listen.
    for listener in &listeners {
        listener(said);
    }
    !listeners.is_empty()
}

/// Asks first without waiting: a lock that nobody holds would be granted at once, which is no news.
///
/// The handle is one of its own, for reading alone. The shared lock is given back as soon as it is granted, because the next holder's
/// file is another one, but the same holder may want to lock this one again.
fn wait_for_release(key: &(What, PathBuf)) {
    let said = (|| -> std::io::Result<Said> {
        let file = files::open_existing_read(&key.1)?;
        if range_lock::probe(&file)? == Probe::Free {
            return Ok(Said::NotHeld);
        }
        tell(key, Said::Armed, false);
        range_lock::wait(&file)?;
        Ok(Said::Released)
    })();
    tell(key, said.unwrap_or(Said::Failed), true);
}

/// Each call ends with one change; what happens between two calls is missed, which the board makes good.
fn wait_for_changes(key: &(What, PathBuf)) {
    while change_notify::wait(Path::new(&key.1)).is_ok() {
        if !tell(key, Said::Released, false) {
            return;
        }
    }
    tell(key, Said::Failed, true);
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::sync::mpsc::{Receiver, channel};
    use std::time::Duration;

    const LONG: Duration = Duration::from_secs(30);

    fn listener() -> (Arc<Listener>, Receiver<Said>) {
        let (sender, said) = channel();
        let tell = move |what| {
            let _nobody_listens_any_more = sender.send(what);
        };
        (Arc::new(tell), said)
    }

    #[cfg(not(target_os = "macos"))]
    #[test]
    fn one_thread_wakes_all_who_listen_and_leaves_the_lock_free() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lease");
        let holder = files::create_exclusive(&path).unwrap();
        let (first, said_first) = listener();
        assert!(listen(What::Release, path.clone(), Arc::downgrade(&first)));
        assert_eq!(said_first.recv_timeout(LONG), Ok(Said::NotHeld));
        assert!(range_lock::try_exclusive(&holder).unwrap());
        let (second, said_second) = listener();
        assert!(listen(What::Release, path.clone(), Arc::downgrade(&first)));
        assert_eq!(said_first.recv_timeout(LONG), Ok(Said::Armed));
        assert!(listen(What::Release, path.clone(), Arc::downgrade(&second)));
        assert_eq!(said_second.recv_timeout(LONG), Ok(Said::Armed));
        assert_eq!(waits().keys().filter(|key| key.1 == path).count(), 1);
        range_lock::unlock(&holder).unwrap();
        assert_eq!(said_first.recv_timeout(LONG), Ok(Said::Released));
        assert_eq!(said_second.recv_timeout(LONG), Ok(Said::Released));
        assert!(range_lock::try_exclusive(&holder).unwrap());
    }

    #[cfg(not(target_os = "macos"))]
    #[test]
    fn whoever_gave_up_is_not_told_and_waits_that_were_given_up_do_not_pile_up() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lease");
        let holder = files::create_exclusive(&path).unwrap();
        assert!(range_lock::try_exclusive(&holder).unwrap());
        for _ in 0..100 {
            let (listener, said) = listener();
            assert!(listen(What::Release, path.clone(), Arc::downgrade(&listener)));
            assert_eq!(said.recv_timeout(LONG), Ok(Said::Armed));
        }
        let (last, said) = listener();
        assert!(listen(What::Release, path.clone(), Arc::downgrade(&last)));
        let left = waits().get(&(What::Release, path)).map_or(0, |wait| wait.listeners.len());
        assert!(left <= 2, "{left}");
        range_lock::unlock(&holder).unwrap();
        assert_eq!(said.recv_timeout(LONG), Ok(Said::Armed));
        assert_eq!(said.recv_timeout(LONG), Ok(Said::Released));
    }

    #[test]
    fn what_is_not_there_cannot_be_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let (listener, said) = listener();
        assert!(listen(What::Release, folder.path().join("none"), Arc::downgrade(&listener)));
        assert_eq!(said.recv_timeout(LONG), Ok(Said::Failed));
        assert!(listen(What::Change, folder.path().join("none"), Arc::downgrade(&listener)));
        assert_eq!(said.recv_timeout(LONG), Ok(Said::Failed));
    }
}
