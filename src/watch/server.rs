//! Hints about a store on a file server, by whatever works on this mount, the best first.
//!
//! - Where the server wakes whoever waits for a range lock (SMB, NFS 3, NFS 4.1 and later), the wait is for the holder's byte: a release
//!   or a death is told within milliseconds.
//! - Where range locks stay on this machine and the server is asked for changes (SMB with `nobrl`), for its next notification.
//! - The board is read all the same: often where nothing else tells, seldom where something does.
//!
//! Nothing is asked of people and nothing is said when one of these does not work: the board always does. Hazards: a read that hangs
//! must not hold back a wake-up, so waits tell the listener themselves; and the watch must not tell of its own reads.

use super::blocked::{self, Listener, What};
use super::pace::{Due, Pace, Said};
use crate::clock::{Clock, SystemClock, Ticks};
use crate::lease::record::{Board, Number, Revoke};
use crate::lease::wire::{Op, Reply};
use crate::store::Store;
use std::path::Path;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, Weak};

/// A watch; it ends when this is dropped.
pub(super) struct Server {
    news: Sender<News>,
}

impl Drop for Server {
    fn drop(&mut self) {
        // Waits that cannot be called off hold senders of their own, so that the end has to be told.
        let _has_ended_already = self.news.send(News::End);
    }
}

/// What the thread of a watch hears.
enum News {
    /// The wait for this lease's range lock.
    Lock(Number, Said),
    /// Something changed, or (false) that will not be told.
    Change(bool),
    End,
}

/// Begins to watch. `look_now` is kept by the watch's own thread alone.
pub(super) fn watch<F: Fn() + Send + Sync + ?Sized + 'static>(
    store: Arc<dyn Store>,
    folder: Option<&Path>,
    look_now: Arc<F>,
) -> Server {
    let (news, heard) = mpsc::channel();
    let changes = folder.filter(|_| store.capabilities().change_notify).map(Path::to_path_buf);
    let watch = Watch { store, look_now, news: news.clone(), locks: None, changes: None, order: None };
    let run = move || watch.run(&heard, changes.as_deref());
    // Without a thread there are no hints; the core still looks by itself.
    drop(std::thread::Builder::new().name("sharelock-watch".into()).spawn(run));
    Server { news }
}

struct Watch<F: ?Sized> {
    store: Arc<dyn Store>,
    look_now: Arc<F>,
    news: Sender<News>,
    /// Kept as long as they are listened to.
    locks: Option<Arc<Listener>>,
    changes: Option<Arc<Listener>>,
    /// The order to give up that lay beside the board.
    order: Option<Arc<Revoke>>,
}

impl<F: Fn() + Send + Sync + ?Sized + 'static> Watch<F> {
    fn run(mut self, heard: &Receiver<News>, folder: Option<&Path>) {
        let mut pace = Pace::new(now(), self.store.capabilities().lock_wakes, folder.is_some());
        let (board, _) = self.read_board();
        pace.board(now(), board, true);
        loop {
            match heard.recv_timeout(pace.wakes_at().since(now())) {
                Ok(News::End) | Err(RecvTimeoutError::Disconnected) => return,
                Ok(News::Lock(number, said)) => {
                    let pause = pace.pause_of(number);
                    pace.lock(now(), number, said, pause);
                }
                Ok(News::Change(true)) => pace.told(now()),
                Ok(News::Change(false)) => pace.untold(now()),
                Err(RecvTimeoutError::Timeout) => {}
            }
            match pace.due(now()) {
                Some(Due::Board) => {
                    let (board, ordered) = self.read_board();
                    if pace.board(now(), board, false) || ordered {
                        (self.look_now)();
                    }
                }
                Some(Due::Lock(number)) => self.wait_for_release(&mut pace, number),
                Some(Due::Changes) => self.wait_for_changes(&mut pace, folder),
                None => {}
            }
        }
    }

    fn wait_for_release(&mut self, pace: &mut Pace, number: Number) {
        let pause = pace.pause_of(number);
        let listener = self.listener(move |said| News::Lock(number, said));
        self.locks = Some(Arc::clone(&listener));
        pace.asked(number);
        let begun =
            self.store.lock_file(number).is_some_and(|file| blocked::listen(What::Release, file, Arc::downgrade(&listener)));
        if !begun {
            pace.lock(now(), number, Said::Failed, pause);
        }
    }

    fn wait_for_changes(&mut self, pace: &mut Pace, folder: Option<&Path>) {
        let Some(folder) = folder else { return };
        let listener = self.listener(|said| News::Change(said == Said::Released));
        self.changes = Some(Arc::clone(&listener));
        if !blocked::listen(What::Change, folder.to_path_buf(), Arc::downgrade(&listener)) {
            pace.untold(now());
        }
    }

    /// Makes a listener that tells the user of the watch first, because this thread may be held up by a read.
    fn listener(&self, news: impl Fn(Said) -> News + Send + Sync + 'static) -> Arc<Listener> {
        let (sender, look_now): (_, Weak<F>) = (self.news.clone(), Arc::downgrade(&self.look_now));
        Arc::new(move |said| {
            if said == Said::Released
                && let Some(look_now) = look_now.upgrade()
            {
                look_now();
            }
            let _nobody_watches_any_more = sender.send(news(said));
        })
    }

    /// Returns the board, and whether the order beside it, which comes with the same read, is another than before.
    fn read_board(&mut self) -> (Option<Board>, bool) {
        match self.store.perform(&Op::ReadBoard) {
            Ok(Reply::Board(board, order)) => {
                let other = order != self.order;
                self.order = order;
                (board, other)
            }
            Ok(_) | Err(_) => (None, false),
        }
    }
}

fn now() -> Ticks {
    SystemClock.now().ticks
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lease::record::{LeaseId, Nonce, State, Token};
    use crate::store::{Capabilities, Standing, StoreError, Waiter};
    use std::path::PathBuf;
    use std::sync::Mutex;
    use std::sync::mpsc::channel;
    use std::time::Duration;

    const LONG: Duration = Duration::from_secs(30);

    /// Stands for a share: a board in memory, and one lease file with a real range lock.
    struct Share {
        capabilities: Capabilities,
        board: Mutex<Board>,
        order: Mutex<Option<Arc<Revoke>>>,
        lease: PathBuf,
    }

    impl Store for Share {
        fn capabilities(&self) -> &Capabilities {
            &self.capabilities
        }

        fn perform(&self, op: &Op) -> Result<Reply, StoreError> {
            assert_eq!(*op, Op::ReadBoard, "a watch only reads the board");
            Ok(Reply::Board(Some(*self.board.lock().unwrap()), self.order.lock().unwrap().clone()))
        }

        fn waiting(&self) -> Result<Vec<Waiter>, StoreError> {
            Ok(Vec::new())
        }

        fn queue(&self, _: &Standing) -> Result<(), StoreError> {
            Ok(())
        }

        fn lock_file(&self, _: Number) -> Option<PathBuf> {
            Some(self.lease.clone())
        }
    }

    fn share(folder: &Path, lock_wakes: bool) -> Arc<Share> {
        let id = LeaseId { number: Number(1), nonce: Nonce(1) };
        Arc::new(Share {
            capabilities: Capabilities {
                kind: "nfs4".into(),
                caches_reads: true,
                may_hang: true,
                range_locks: lock_wakes,
                lock_wakes,
                change_notify: false,
                native_events: false,
                synchronised_by: None,
            },
            board: Mutex::new(Board { id, token: Token(1), state: State::Live, long: Duration::from_secs(300) }),
            order: Mutex::default(),
            lease: folder.join("lease"),
        })
    }

    fn hint(to: Sender<()>) -> impl Fn() + Send + Sync {
        move || {
            let _nobody_listens_any_more = to.send(());
        }
    }

    #[cfg(not(target_os = "macos"))]
    #[test]
    fn a_release_is_told_by_the_range_lock_although_the_board_says_nothing() {
        use crate::platform::{files, range_lock};
        let folder = tempfile::tempdir().unwrap();
        let share = share(folder.path(), true);
        let holder = files::create_exclusive(&share.lease).unwrap();
        assert!(range_lock::try_exclusive(&holder).unwrap());
        let (sender, hints) = channel();
        let _watch = watch(share, None, Arc::new(hint(sender)));
        assert!(hints.recv_timeout(Duration::from_millis(300)).is_err(), "told of nothing");
        range_lock::unlock(&holder).unwrap();
        assert_eq!(hints.recv_timeout(LONG), Ok(()));
        // The byte is free again for whoever wants it.
        assert!(crate::platform::test_process::eventually(|| range_lock::try_exclusive(&holder).unwrap()));
    }

    #[test]
    fn without_range_locks_the_board_tells() {
        let folder = tempfile::tempdir().unwrap();
        let share = share(folder.path(), false);
        let (sender, hints) = channel();
        let watch = watch(Arc::clone(&share) as Arc<dyn Store>, None, Arc::new(hint(sender)));
        assert!(hints.recv_timeout(Duration::from_millis(300)).is_err(), "told of nothing");
        share.board.lock().unwrap().state = State::Ended;
        assert_eq!(hints.recv_timeout(LONG), Ok(()));
        drop(watch);
        // The thread has ended, and with it what it told.
        assert_eq!(hints.recv_timeout(LONG), Err(RecvTimeoutError::Disconnected));
    }

    #[test]
    fn an_order_to_give_up_beside_the_board_is_told() {
        use crate::clock::WallTime;
        use crate::lease::record::Holder;
        let folder = tempfile::tempdir().unwrap();
        let share = share(folder.path(), false);
        let (sender, hints) = channel();
        let _watch = watch(Arc::clone(&share) as Arc<dyn Store>, None, Arc::new(hint(sender)));
        assert!(hints.recv_timeout(Duration::from_millis(300)).is_err(), "told of nothing");
        let (by, reason) = (Holder::default(), "lunch".into());
        *share.order.lock().unwrap() = Some(Arc::new(Revoke { subjects: Vec::new(), by, reason, at: WallTime(1), now: false }));
        assert_eq!(hints.recv_timeout(LONG), Ok(()));
        assert!(hints.recv_timeout(Duration::from_millis(1500)).is_err(), "told once");
    }
}
