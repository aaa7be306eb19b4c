//! This client's place in line: what its ticket is to tell, whoever of this process wants that.
//!
//! Whoever waits for the lease is listed, and so is a user who wants to know when it is free, or asks for it; they share the one ticket.
//! Hazards: a share that hangs, which keeps a thread of its own waiting and nobody else; and two writes that overtake one another, so
//! one thread at a time writes, always the latest word.

use crate::store::{Standing, Store};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

pub(super) struct InLine {
    store: Arc<dyn Store>,
    state: Mutex<State>,
    done: Condvar,
}

#[derive(Default)]
struct State {
    /// What the user wants to be told.
    standing: Standing,
    /// Whether the lease is being waited for.
    attempt: bool,
    /// There is something to write.
    due: bool,
    /// Somebody is writing.
    busy: bool,
}

impl State {
    fn standing(&self) -> Standing {
        if self.attempt && self.standing == Standing::Out { Standing::Waiting } else { self.standing.clone() }
    }
}

impl InLine {
    pub(super) fn new(store: Arc<dyn Store>) -> Arc<Self> {
        Arc::new(Self { store, state: Mutex::default(), done: Condvar::new() })
    }

    /// Tells this from now on, or once more. Waits for nobody.
    pub(super) fn stand(self: &Arc<Self>, standing: Standing) {
        self.change(true, |state| state.standing = standing);
    }

    /// Tells that the lease is being waited for, or not any more. Waits for the share only where that cannot hang.
    pub(super) fn wait(self: &Arc<Self>, waiting: bool) {
        self.change(self.store.capabilities().may_hang, |state| state.attempt = waiting);
    }

    /// Waits until all is written, or that long.
    pub(super) fn settle(&self, patience: Duration) {
        drop(self.done.wait_timeout_while(self.lock(), patience, |state| state.busy));
    }

    fn change(self: &Arc<Self>, apart: bool, change: impl FnOnce(&mut State)) {
        let mut state = self.lock();
        change(&mut state);
        state.due = true;
        if std::mem::replace(&mut state.busy, true) {
            return;
        }
        drop(state);
        if !apart {
            return self.write();
        }
        let writer = Arc::clone(self);
        if std::thread::Builder::new().name("sharelock-queue".into()).spawn(move || writer.write()).is_err() {
            // Being listed is a courtesy; the next word is another try.
            self.lock().busy = false;
        }
    }

    fn write(&self) {
        let mut state = self.lock();
        while std::mem::take(&mut state.due) {
            let standing = state.standing();
            drop(state);
            // Nothing depends on it.
            drop(self.store.queue(&standing));
            state = self.lock();
        }
        state.busy = false;
        drop(state);
        self.done.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lease::record::{Ask, Nonce};
    use crate::lease::wire::{Op, Reply};
    use crate::store::{Capabilities, StoreError, Waiter, memory::MemoryShare};
    use crate::{WallTime, clock::SystemClock};
    use std::sync::mpsc::{Receiver, Sender, channel};

    const LONG: Duration = Duration::from_secs(30);

    /// A share that says when it is written to, and goes on when it is told.
    struct Slow {
        capabilities: Capabilities,
        began: Sender<()>,
        goes_on: Mutex<Receiver<()>>,
        written: Mutex<Vec<Standing>>,
    }

    impl Store for Slow {
        fn capabilities(&self) -> &Capabilities {
            &self.capabilities
        }

        fn perform(&self, op: &Op) -> Result<Reply, StoreError> {
            panic!("a place in line does nothing else: {op:?}");
        }

        fn waiting(&self) -> Result<Vec<Waiter>, StoreError> {
            Ok(Vec::new())
        }

        fn queue(&self, standing: &Standing) -> Result<(), StoreError> {
            if self.capabilities.may_hang {
                self.began.send(()).unwrap();
                self.goes_on.lock().unwrap().recv_timeout(LONG).unwrap();
            }
            self.written.lock().unwrap().push(standing.clone());
            Ok(())
        }
    }

    fn share(may_hang: bool) -> (Arc<InLine>, Arc<Slow>, Receiver<()>, Sender<()>) {
        let ((began, begins), (go, goes_on)) = (channel(), channel());
        let identity = crate::store::Identity {
            holder: crate::lease::record::Holder::default(),
            host: crate::lease::record::Host::default(),
            nonce: Nonce(1),
        };
        let capabilities = MemoryShare::new(Arc::new(SystemClock)).client(identity).capabilities().clone();
        let capabilities = Capabilities { may_hang, ..capabilities };
        let slow = Arc::new(Slow { capabilities, began, goes_on: Mutex::new(goes_on), written: Mutex::default() });
        (InLine::new(Arc::clone(&slow) as Arc<dyn Store>), slow, begins, go)
    }

    fn asking() -> Standing {
        Standing::Asking(Ask { lease: Nonce(7), at: WallTime(8) }, "five minutes".into())
    }

    #[test]
    fn a_share_that_hangs_is_waited_for_by_nobody_and_hears_the_last_word_last() {
        let (line, slow, begins, go) = share(true);
        line.stand(Standing::Waiting);
        begins.recv_timeout(LONG).unwrap();
        // It hangs in the first write, and all this is said meanwhile.
        line.stand(asking());
        line.wait(true);
        line.stand(Standing::Out);
        line.wait(false);
        line.settle(Duration::from_millis(1));
        assert_eq!(*slow.written.lock().unwrap(), []);
        go.send(()).unwrap();
        begins.recv_timeout(LONG).unwrap();
        go.send(()).unwrap();
        line.settle(LONG);
        assert_eq!(*slow.written.lock().unwrap(), [Standing::Waiting, Standing::Out]);
        assert!(begins.try_recv().is_err());
    }

    #[test]
    fn an_attempt_that_ends_takes_no_question_along() {
        let (line, slow, ..) = share(false);
        let last = || slow.written.lock().unwrap().last().cloned();
        line.wait(true);
        assert_eq!(last(), Some(Standing::Waiting));
        line.stand(asking());
        line.settle(LONG);
        assert_eq!(last(), Some(asking()));
        line.wait(false);
        assert_eq!(last(), Some(asking()));
        line.stand(Standing::Out);
        line.settle(LONG);
        assert_eq!(last(), Some(Standing::Out));
    }
}
