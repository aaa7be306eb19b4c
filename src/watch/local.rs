//! Change events of local folders: one listener for all stores of this process, however many they are.
//!
//! A listener of its own for each store would cost a thread and one of the system's few listening instances each (Linux allows a
//! user 128). The hazards: a store that is not there yet, so its folders are listened to as they come; and a listener that is
//! changed from its own thread, which it would wait for for ever, so all changes are made by the thread here.

use super::LookNow;
use crate::platform::files::{self, Trouble};
use crate::store::naming::{STORES, store_name};
use notify::event::ModifyKind;
use notify::{Event, EventKind, RecursiveMode, Watcher as _};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How long the listener may take to begin with one more store.
const PATIENCE: Duration = Duration::from_secs(1);

/// The thread that listens, while there is one.
static LISTENER: Mutex<Option<Sender<Order>>> = Mutex::new(None);

/// One store that is listened to; it ends when this is dropped.
pub(super) struct Local {
    id: u64,
    orders: Sender<Order>,
}

impl Drop for Local {
    fn drop(&mut self) {
        // Without a listener there is nothing to end.
        drop(self.orders.send(Order::Forget(self.id)));
    }
}

enum Order {
    Heard(notify::Result<Event>),
    Listen { store: PathBuf, look_now: Arc<LookNow>, began: Sender<Option<u64>> },
    Forget(u64),
}

/// Begins to listen to a store's folder, which may not be there yet; `None` where the system cannot.
pub(super) fn listen(store: &Path, look_now: Arc<LookNow>) -> Option<Local> {
    let (began, answer) = mpsc::channel();
    let orders = {
        let mut listener = listener();
        let orders = match listener.take() {
            Some(orders) => orders,
            None => begin()?,
        };
        // Sent while the lock is held, so that the listener does not end in between.
        orders.send(Order::Listen { store: store.to_path_buf(), look_now, began }).ok()?;
        listener.insert(orders).clone()
    };
    let id = answer.recv_timeout(PATIENCE).ok()??;
    Some(Local { id, orders })
}

fn listener() -> MutexGuard<'static, Option<Sender<Order>>> {
    LISTENER.lock().unwrap_or_else(PoisonError::into_inner)
}

fn begin() -> Option<Sender<Order>> {
    let (sender, orders) = mpsc::channel();
    let heard = sender.clone();
    let native = notify::recommended_watcher(move |event: notify::Result<Event>| {
        if event.as_ref().map_or(true, is_news) {
            drop(heard.send(Order::Heard(event)));
        }
    });
    let listener = Listener { native: native.ok()?, next: 0, stores: BTreeMap::new(), folders: BTreeSet::new() };
    std::thread::Builder::new().name("sharelock-watch".into()).spawn(move || listener.run(&orders)).ok()?;
    Some(sender)
}

/// Reading is no news (our own looks would wake us for ever), and neither is what happens to the databases themselves.
fn is_news(event: &Event) -> bool {
    let ours = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default();
        name.as_encoded_bytes().ends_with(b".lock") || path.iter().rev().take(4).any(|part| part == STORES)
    };
    match event.kind {
        EventKind::Access(_) => false,
        // It may be the folder itself.
        EventKind::Remove(_) | EventKind::Modify(ModifyKind::Name(_)) => true,
        EventKind::Any | EventKind::Create(_) | EventKind::Modify(_) | EventKind::Other => {
            event.paths.is_empty() || event.need_rescan() || event.paths.iter().any(ours)
        }
    }
}

struct Listener {
    native: notify::RecommendedWatcher,
    next: u64,
    /// Who wants to know of each store.
    stores: BTreeMap<PathBuf, Vec<(u64, Arc<LookNow>)>>,
    /// The folders that are listened to.
    folders: BTreeSet<PathBuf>,
}

impl Listener {
    fn run(mut self, orders: &Receiver<Order>) {
        while let Ok(order) = orders.recv() {
            self.obey(order);
            while self.stores.is_empty() {
                let mut listener = listener();
                // Whoever asks does so under the lock: either the order is here already, or there will be a new listener.
                let Ok(order) = orders.try_recv() else {
                    *listener = None;
                    return;
                };
                drop(listener);
                self.obey(order);
            }
        }
    }

    fn obey(&mut self, order: Order) {
        match order {
            Order::Heard(event) => self.hear(event.as_ref().ok()),
            Order::Listen { store, look_now, began } => {
                let covered = self.cover(&store);
                self.next += 1;
                if covered {
                    self.stores.entry(store).or_default().push((self.next, look_now));
                }
                // Who asked may have given up.
                let _ = began.send(covered.then_some(self.next));
            }
            Order::Forget(id) => self.forget(id),
        }
    }

    /// Listens to all folders that matter to a store and are there: the database's, where the notice comes and goes; that of the
    /// stores; the store's own; the queue. False when the system refuses one of them.
    fn cover(&mut self, store: &Path) -> bool {
        let mut refused = false;
        for folder in folders_of(store) {
            if !self.folders.contains(&folder) {
                match self.native.watch(&folder, RecursiveMode::NonRecursive) {
                    Ok(()) => {
                        self.folders.insert(folder);
                    }
                    Err(error) => refused |= !is_missing(&folder, &error),
                }
            }
        }
        !refused && folders_of(store).next().is_some_and(|database| self.folders.contains(&database))
    }

    fn forget(&mut self, id: u64) {
        let Some(store) =
            self.stores.iter().find(|(_, wanted)| wanted.iter().any(|(one, _)| *one == id)).map(|(store, _)| store.clone())
        else {
            return;
        };
        let wanted = self.stores.entry(store.clone()).or_default();
        wanted.retain(|(one, _)| *one != id);
        if wanted.is_empty() {
            self.stores.remove(&store);
            for folder in folders_of(&store) {
                if self.stores_under(&folder).next().is_none() && self.folders.remove(&folder) {
                    // It may be gone already, and the listening with it.
                    drop(self.native.unwatch(&folder));
                }
            }
        }
    }

    /// Passes on an event; without one something was missed, perhaps of all stores.
    fn hear(&mut self, event: Option<&Event>) {
        let event = event.filter(|event| !event.need_rescan());
        let concerned: BTreeSet<PathBuf> = match event {
            Some(event) => event.paths.iter().flat_map(|path| self.concerned(path)).collect(),
            None => self.stores.keys().cloned().collect(),
        };
        let comes_or_goes = |event: &Event| {
            matches!(event.kind, EventKind::Create(_) | EventKind::Remove(_) | EventKind::Modify(ModifyKind::Name(_)))
        };
        if event.is_none_or(comes_or_goes) {
            for path in event.iter().flat_map(|event| &event.paths) {
                // Another folder may come under this name; the system stops listening to the one that went.
                if self.folders.remove(path) {
                    drop(self.native.unwatch(path));
                }
            }
            for store in &concerned {
                // What the system refuses is found out by the looks that everybody makes without being told.
                let _later = self.cover(store);
            }
        }
        for store in concerned {
            for (_, look_now) in self.stores.get(&store).into_iter().flatten() {
                look_now();
            }
        }
    }

    /// Returns the stores that a change at this path may concern.
    fn concerned(&self, path: &Path) -> Vec<PathBuf> {
        if let Some(store) = path.ancestors().take(3).find(|part| self.stores.contains_key(*part)) {
            return vec![store.to_path_buf()];
        }
        let notice = path.file_name().and_then(|name| name.to_str()).and_then(|name| name.strip_suffix(".lock"));
        if let (Some(database), Some(folder)) = (notice, path.parent()) {
            let store = folder.join(STORES).join(store_name(database.as_ref()));
            if self.stores.contains_key(&store) {
                return vec![store];
            }
        }
        self.stores_under(path).cloned().collect()
    }

    /// Returns the stores in a folder, at whatever depth.
    fn stores_under(&self, folder: &Path) -> impl Iterator<Item = &PathBuf> {
        let first = folder.to_path_buf();
        let inside = first.clone();
        self.stores.range(first..).map(|(store, _)| store).take_while(move |store| store.starts_with(&inside))
    }
}

/// Returns the folders that matter to a store, from the outside to the inside.
fn folders_of(store: &Path) -> impl Iterator<Item = PathBuf> {
    let stores = store.parent().map(Path::to_path_buf);
    let database = stores.as_deref().and_then(Path::parent).map(Path::to_path_buf);
    [database, stores, Some(store.to_path_buf()), Some(store.join("queue"))].into_iter().flatten()
}

/// On Windows the error only says that there is neither a file nor a folder, in the same words as other refusals: hence the look.
fn is_missing(folder: &Path, error: &notify::Error) -> bool {
    match &error.kind {
        notify::ErrorKind::PathNotFound => true,
        notify::ErrorKind::Io(error) => error.kind() == std::io::ErrorKind::NotFound,
        _ => files::entry_facts(folder).is_err_and(|error| files::classify(&error) == Trouble::Missing),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::channel;

    const LONG: Duration = Duration::from_secs(20);

    #[test]
    fn a_store_is_heard_of_from_before_it_is_there() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().canonicalize().unwrap();
        let store = folder.join(STORES).join("wems.db");
        let (sender, told) = channel();
        let local = listen(&store, Arc::new(Box::new(move || sender.send(()).unwrap_or_default()))).unwrap();
        // Until the new folders are listened to, a change in them may be missed; who waits looks when they come.
        let heard = |path: PathBuf| {
            while told.try_recv().is_ok() {}
            for turn in 0..100 {
                std::fs::write(&path, turn.to_string()).unwrap();
                if told.recv_timeout(LONG / 100).is_ok() {
                    return true;
                }
            }
            false
        };
        std::fs::create_dir_all(store.join("queue")).unwrap();
        told.recv_timeout(LONG).unwrap();
        assert!(heard(store.join("board")) && heard(store.join("queue").join("ticket")) && heard(folder.join("WEMS.db.lock")));
        while told.recv_timeout(Duration::from_millis(200)).is_ok() {}
        std::fs::write(folder.join("wems.db"), "data").unwrap();
        std::fs::write(folder.join("other.db.lock"), "{}").unwrap();
        assert!(told.recv_timeout(Duration::from_millis(200)).is_err(), "what is not about this store");
        // Wine 8 keeps a removed folder as long as somebody listens to it, and the removal tries again for ever.
        if cfg!(windows) {
            return;
        }
        std::fs::remove_dir_all(folder.join(STORES)).unwrap();
        told.recv_timeout(LONG).unwrap();
        std::fs::create_dir_all(&store).unwrap();
        told.recv_timeout(LONG).unwrap();
        assert!(heard(store.join("board")));
        drop(local);
    }

    #[test]
    fn a_folder_that_is_not_there_cannot_be_listened_to() {
        let folder = tempfile::tempdir().unwrap();
        assert!(listen(&folder.path().join("gone").join(STORES).join("x"), Arc::new(Box::new(|| ()))).is_none());
    }
}
