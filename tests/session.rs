//! Sessions on a real folder: take, wait, hand over, give back; and exactly how many operations each costs.

use sharelock::clock::{Clock, Moment, SystemClock, Ticks, WallTime};
use sharelock::lease::codec::encode_lease;
use sharelock::lease::record::{self, Body, Found, Head, Holder, Host, LeaseId, Nonce, Number, ProcessId};
use sharelock::lease::rules::Rules;
use sharelock::lease::timing::Timing;
use sharelock::lease::wire::{Action, Event, Failure, Op, Reply, Report};
use sharelock::lease::{Belief, Client, Identity, Memory, State};
use sharelock::session::{AcquireError, ReleaseError, Session, SessionOptions, Wait};
use sharelock::store::{Capabilities, FolderStore, Standing, Store, StoreError, Waiter};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

/// Counts the operations that reach a store.
struct Counting {
    inner: FolderStore,
    ops: Mutex<Vec<&'static str>>,
    /// No end mark can be written.
    mute: AtomicBool,
    /// What its ticket was to tell.
    standings: Mutex<Vec<Standing>>,
    told: Condvar,
}

impl Counting {
    fn take(&self) -> Vec<&'static str> {
        std::mem::take(&mut self.ops.lock().unwrap())
    }

    /// What its ticket was to tell, once that is so much.
    fn tells(&self, count: usize) -> Vec<Standing> {
        let standings = self.standings.lock().unwrap();
        self.told.wait_timeout_while(standings, Duration::from_secs(60), |told| told.len() < count).unwrap().0.clone()
    }
}

fn name(op: &Op) -> &'static str {
    match op {
        Op::Touch => "touch",
        Op::Ping => "ping",
        Op::ReadBoard => "read board",
        Op::List => "list",
        Op::ReadLease(_) => "read lease",
        Op::ReadNotice => "read notice",
        Op::Probe(_) => "probe",
        Op::Create(..) => "create",
        Op::WriteHead(..) => "write head",
        Op::WriteRecord(..) => "write record",
        Op::Void(..) => "void",
        Op::Lock(_) => "lock",
        Op::Close(_) => "close",
        Op::CreateNotice(..) => "create notice",
        Op::WriteNotice(..) => "write notice",
        Op::RemoveNotice(_) => "remove notice",
        Op::WriteBoard(_) => "write board",
        Op::WriteRevoke(_) => "write revoke",
        Op::CleanUp { .. } => "clean up",
    }
}

impl Store for Counting {
    fn capabilities(&self) -> &Capabilities {
        self.inner.capabilities()
    }

    fn perform(&self, op: &Op) -> Result<Reply, StoreError> {
        self.ops.lock().unwrap().push(name(op));
        if matches!(op, Op::WriteHead(_, head) if head.state == record::State::Ended) && self.mute.load(Ordering::Acquire) {
            let source = std::io::Error::other("the cable is out");
            return Err(StoreError { failure: Failure::Unreachable, doing: "writing the lease", path: "lease".into(), source });
        }
        self.inner.perform(op)
    }

    fn waiting(&self) -> Result<Vec<Waiter>, StoreError> {
        self.inner.waiting()
    }

    fn queue(&self, standing: &Standing) -> Result<(), StoreError> {
        self.standings.lock().unwrap().push(standing.clone());
        self.told.notify_all();
        self.inner.queue(standing)
    }
}

fn identity(user: &str) -> Identity {
    // A machine of its own, so that nobody is judged by processes of this test.
    let host = Host { machine: format!("machine of {user}"), boot: "1".into(), pids: "1".into(), owner: user.into() };
    let holder = Holder { user: user.into(), machine: format!("PC-{user}"), pid: 1, ..Holder::default() };
    Identity { holder, host, process: ProcessId { pid: 1, start: 1 }, database: "wems.db".into() }
}

fn database(folder: &Path) -> PathBuf {
    let path = folder.join("wems.db");
    std::fs::write(&path, "data").unwrap();
    path
}

fn counting(database: &Path, user: &str) -> Counting {
    let me = identity(user);
    let nonce = Nonce(u128::from(crc32fast::hash(user.as_bytes())));
    let author = sharelock::store::Identity { holder: me.holder, host: me.host, nonce };
    Counting {
        inner: FolderStore::open(database, author).unwrap(),
        ops: Mutex::default(),
        mute: AtomicBool::new(false),
        standings: Mutex::default(),
        told: Condvar::new(),
    }
}

fn session(database: &Path, user: &str, timing: Timing) -> (Session, Arc<Counting>) {
    let store = Arc::new(counting(database, user));
    let folder = Some(store.inner.location().store.clone());
    let options = SessionOptions { timing, identity: identity(user), memory: None, place: String::new(), folder };
    (Session::open(Arc::clone(&store) as Arc<dyn Store>, options).unwrap(), store)
}

#[test]
fn a_lease_is_taken_seen_and_given_back() {
    let folder = tempfile::tempdir().unwrap();
    let database = database(folder.path());
    let (anna, _) = session(&database, "anna", Timing::default());
    let (ben, _) = session(&database, "ben", Timing::default());
    assert_eq!(ben.look(Duration::from_secs(5)).status.state, State::Free);
    let guard = anna.acquire(Wait::Never, None).unwrap();
    assert!(matches!(guard.belief(), Belief::Holding(..)));
    let seen = ben.look(Duration::from_secs(5)).status;
    assert_eq!((seen.state, seen.holder.unwrap().user.as_str()), (State::Held, "anna"));
    assert_eq!(seen.token, Some(guard.token()));
    let Err(AcquireError::Taken(status)) = ben.acquire(Wait::Never, None) else { panic!("two holders") };
    assert_eq!(status.holder.unwrap().machine, "PC-anna");
    assert!(database.with_file_name("wems.db.lock").exists());
    let token = guard.token();
    guard.release().unwrap();
    assert!(!database.with_file_name("wems.db.lock").exists());
    let guard = ben.acquire(Wait::Never, None).unwrap();
    assert!(guard.token() > token);
    assert!(guard.is_valid(Duration::from_secs(5)));
    guard.release().unwrap();
    assert_eq!(std::fs::read_to_string(&database).unwrap(), "data");
}

#[test]
fn it_is_given_back_once_the_share_answers_again_if_somebody_waits_for_that() {
    let folder = tempfile::tempdir().unwrap();
    let database = database(folder.path());
    let (anna, store) = session(&database, "anna", Timing::scaled(10.0));
    for patient in [true, false] {
        let guard = anna.acquire(Wait::Never, None).unwrap();
        store.mute.store(true, Ordering::Release);
        let mut asked = 0;
        let result = guard.release_while(|| {
            asked += 1;
            store.mute.store(false, Ordering::Release);
            patient
        });
        assert_eq!((asked, result.is_ok()), (1, patient), "{result:?}");
        assert!(patient || matches!(result, Err(ReleaseError::Unanswered(_))));
    }
}

#[test]
fn a_void_lease_above_a_gap_hides_no_live_one() {
    let folder = tempfile::tempdir().unwrap();
    let database = database(folder.path());
    let (anna, _) = session(&database, "anna", Timing::default());
    let (ben, store) = session(&database, "ben", Timing::default());
    let guard = anna.acquire(Wait::Never, None).unwrap();
    // Somebody whose cache still showed the ledger of before a restore claimed 51, found the gap, and withdrew.
    let Ok(Reply::Lease(Found::Record { head, body, .. })) = store.perform(&Op::ReadLease(Number(1))) else { panic!("no lease") };
    let withdrawn = Body { id: LeaseId { number: Number(51), nonce: Nonce(7) }, ..Body::clone(&body) };
    let bytes = encode_lease(&withdrawn, &Head { state: record::State::Void, ..head });
    std::fs::write(store.inner.lock_file(Number(51)).unwrap(), bytes).unwrap();
    let seen = ben.look(Duration::from_secs(5)).status;
    assert_eq!((seen.state, seen.holder.unwrap().user.as_str()), (State::Held, "anna"));
    let Err(AcquireError::Taken(_)) = ben.acquire(Wait::Never, None) else { panic!("two holders") };
    guard.release().unwrap();
    assert!(ben.acquire(Wait::Never, None).is_ok());
}

#[test]
fn a_renewal_into_a_store_that_was_exchanged_for_its_copy_does_not_count() {
    let folder = tempfile::tempdir().unwrap();
    let database = database(folder.path());
    let (anna, store) = session(&database, "anna", Timing::default());
    let guard = anna.acquire(Wait::Never, None).unwrap();
    assert!(guard.is_valid(Duration::from_secs(5)));
    // The copy shows my nonce and my last counter; my kept handle leads into the original.
    let (original, away) = (store.inner.location().store.clone(), folder.path().join("away"));
    std::fs::rename(&original, &away).unwrap();
    std::fs::create_dir(&original).unwrap();
    for entry in std::fs::read_dir(&away).unwrap().map(Result::unwrap).filter(|entry| entry.path().is_file()) {
        std::fs::copy(entry.path(), original.join(entry.file_name())).unwrap();
    }
    assert!(!guard.is_valid(Duration::from_secs(5)), "nobody can see that renewal");
    drop(guard);
}

/// This machine's clocks, set ahead.
#[derive(Default)]
struct Ahead(AtomicU64);

impl Clock for Ahead {
    fn now(&self) -> Moment {
        let (now, ahead) = (SystemClock.now(), self.0.load(Ordering::Relaxed));
        let wall = WallTime(now.wall.0 + i64::try_from(ahead / 1_000_000).unwrap());
        Moment { ticks: Ticks::from_nanos(now.ticks.as_nanos() + ahead), wall }
    }
}

/// A store around which something else happens first, or which can do something else.
struct Around<F> {
    inner: FolderStore,
    capabilities: Capabilities,
    before: F,
}

impl<F: Fn(&Op) + Send + Sync> Around<F> {
    fn new(inner: FolderStore, before: F) -> Arc<Self> {
        Arc::new(Self { capabilities: inner.capabilities().clone(), inner, before })
    }
}

impl<F: Fn(&Op) + Send + Sync> Store for Around<F> {
    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    fn perform(&self, op: &Op) -> Result<Reply, StoreError> {
        (self.before)(op);
        self.inner.perform(op)
    }

    fn waiting(&self) -> Result<Vec<Waiter>, StoreError> {
        self.inner.waiting()
    }

    fn queue(&self, standing: &Standing) -> Result<(), StoreError> {
        self.inner.queue(standing)
    }
}

#[test]
fn a_lease_that_lapsed_before_its_caller_could_have_it_is_not_handed_out() {
    let folder = tempfile::tempdir().unwrap();
    let database = database(folder.path());
    let me = identity("anna");
    let author = sharelock::store::Identity { holder: me.holder.clone(), host: me.host.clone(), nonce: Nonce(1) };
    let clock = Arc::new(Ahead::default());
    let stopped = Arc::clone(&clock);
    // Its machine is stopped for 160 s right after its first claim was believed.
    let store = Around::new(FolderStore::open(&database, author).unwrap(), move |op| {
        if matches!(op, Op::Lock(Number(1))) {
            stopped.0.store(160_000_000_000, Ordering::Relaxed);
        }
    });
    let options = SessionOptions { timing: Timing::default(), identity: me, memory: None, place: String::new(), folder: None };
    let anna = Session::with_clock(store, options, clock).unwrap();
    let guard = anna.acquire(Wait::For(Duration::from_secs(30)), None).unwrap();
    assert!(matches!(guard.belief(), Belief::Holding(LeaseId { number: Number(2), .. }, _)), "{:?}", guard.belief());
    guard.release().unwrap();
}

#[test]
fn who_waits_in_a_local_folder_tells_so_again_before_the_ticket_expires() {
    let folder = tempfile::tempdir().unwrap();
    let database = database(folder.path());
    let (anna, _) = session(&database, "anna", Timing::default());
    let guard = anna.acquire(Wait::Never, None).unwrap();
    let clock = Arc::new(Ahead::default());
    let store = Arc::new(counting(&database, "ben"));
    let options =
        SessionOptions { timing: Timing::default(), identity: identity("ben"), memory: None, place: String::new(), folder: None };
    let ben = Session::with_clock(Arc::clone(&store) as Arc<dyn Store>, options, Arc::clone(&clock) as Arc<dyn Clock>).unwrap();
    std::thread::scope(|all| {
        let waiter = all.spawn(|| ben.acquire(Wait::Forever, None).map(drop));
        assert_eq!(store.tells(1), [Standing::Waiting]);
        clock.0.store(250_000_000_000, Ordering::Relaxed);
        assert_eq!(store.tells(2), [Standing::Waiting, Standing::Waiting]);
        guard.release().unwrap();
        waiter.join().unwrap().unwrap();
    });
    assert_eq!(store.tells(3), [Standing::Waiting, Standing::Waiting, Standing::Out]);
}

#[test]
fn a_second_acquire_of_one_session_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (session, _) = session(&database(folder.path()), "anna", Timing::default());
    let guard = session.acquire(Wait::Never, None).unwrap();
    assert!(matches!(session.acquire(Wait::Forever, None), Err(AcquireError::Busy)));
    drop(guard);
    session.acquire(Wait::Never, None).unwrap().release().unwrap();
}

/// Eva's session, which says when it is about to do the first thing of a kind, and does it when it may.
fn halting(database: &Path, kind: fn(&Op) -> bool) -> (Session, Receiver<()>, Sender<()>) {
    let ((reached, there), (go, halted)) = (channel(), channel());
    let halt = Mutex::new(Some((reached, halted)));
    let store = Around::new(counting(database, "eva").inner, move |op| {
        let halt = if kind(op) { halt.lock().unwrap().take() } else { None };
        if let Some((reached, halted)) = halt {
            reached.send(()).unwrap();
            halted.recv_timeout(Duration::from_secs(20)).unwrap();
        }
    });
    let options =
        SessionOptions { timing: Timing::default(), identity: identity("eva"), memory: None, place: String::new(), folder: None };
    (Session::open(store, options).unwrap(), there, go)
}

#[test]
fn a_look_that_is_under_way_keeps_nobody_from_acquiring() {
    let folder = tempfile::tempdir().unwrap();
    let database = database(folder.path());
    let (session, looks, go) = halting(&database, |op| matches!(op, Op::ReadBoard));
    std::thread::scope(|scope| {
        scope.spawn(|| session.look(Duration::from_secs(20)));
        looks.recv_timeout(Duration::from_secs(20)).unwrap();
        let (sender, results) = channel();
        scope.spawn({
            let session = &session;
            move || sender.send(session.acquire(Wait::For(Duration::from_secs(20)), None).map(drop))
        });
        let early = results.recv_timeout(Duration::from_millis(200));
        go.send(()).unwrap();
        assert!(early.is_err(), "it was refused: {early:?}");
        results.recv_timeout(Duration::from_secs(20)).unwrap().unwrap();
    });
}

#[test]
fn a_look_that_meets_a_claim_ends_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let database = database(folder.path());
    let (session, claims, go) = halting(&database, |op| matches!(op, Op::Create(..)));
    std::thread::scope(|scope| {
        let ((had, guards), (seen, looks)) = (channel(), channel());
        let session = &session;
        scope.spawn(move || had.send(session.acquire(Wait::For(Duration::from_secs(20)), None)));
        claims.recv_timeout(Duration::from_secs(20)).unwrap();
        scope.spawn(move || drop(seen.send(session.look(Duration::from_secs(40)))));
        assert!(looks.recv_timeout(Duration::from_millis(200)).is_err(), "nothing is known while it is claimed");
        go.send(()).unwrap();
        let guard = guards.recv_timeout(Duration::from_secs(20)).unwrap().unwrap();
        let seen = looks.recv_timeout(Duration::from_secs(20)).expect("not when its patience is over");
        assert_eq!(seen.status.state, State::Mine);
        guard.release().unwrap();
    });
}

#[test]
fn a_waiter_gets_in_when_the_holder_leaves_without_polling() {
    let folder = tempfile::tempdir().unwrap();
    let database = database(folder.path());
    let (anna, _) = session(&database, "anna", Timing::default());
    let (ben, _) = session(&database, "ben", Timing::default());
    let guard = anna.acquire(Wait::Never, None).unwrap();
    std::thread::scope(|scope| {
        let events = ben.subscribe();
        let waiting = scope.spawn(|| ben.acquire(Wait::For(Duration::from_secs(60)), None).map(drop));
        // Ben has looked twice: once, and once more after his watch began.
        for _ in 0..2 {
            while events.recv_timeout(Duration::from_secs(20)).unwrap() != Report::Looked {}
        }
        let began = SystemClock.now().ticks;
        guard.release().unwrap();
        waiting.join().unwrap().unwrap();
        let took = SystemClock.now().ticks.since(began);
        // The next look of its own would come after 15 s.
        assert!(took < Duration::from_secs(5), "{took:?}");
    });
}

#[test]
fn a_wait_ends_at_its_time_or_when_cancelled() {
    let folder = tempfile::tempdir().unwrap();
    let database = database(folder.path());
    let (anna, _) = session(&database, "anna", Timing::default());
    let (ben, _) = session(&database, "ben", Timing::default());
    let _guard = anna.acquire(Wait::Never, None).unwrap();
    assert!(matches!(ben.acquire(Wait::For(Duration::from_millis(50)), None), Err(AcquireError::Taken(_))));
    std::thread::scope(|scope| {
        let events = ben.subscribe();
        let canceller = ben.canceller();
        let waiting = scope.spawn(|| ben.acquire(Wait::Forever, None).map(drop));
        while events.recv_timeout(Duration::from_secs(20)).unwrap() != Report::Looked {}
        canceller.cancel();
        assert!(matches!(waiting.join().unwrap(), Err(AcquireError::Cancelled)));
    });
}

/// A session that has the folder on a file server.
fn distant(database: &Path, user: &str) -> Session {
    // It could hang, like every network folder.
    let inner = counting(database, user).inner;
    let capabilities = Capabilities { may_hang: true, caches_reads: true, native_events: false, ..inner.capabilities().clone() };
    let store = Arc::new(Around { inner, capabilities, before: |_: &Op| () });
    let options =
        SessionOptions { timing: Timing::default(), identity: identity(user), memory: None, place: String::new(), folder: None };
    Session::open(store, options).unwrap()
}

#[test]
fn whoever_waits_for_a_network_folder_sleeps() {
    let folder = tempfile::tempdir().unwrap();
    let database = database(folder.path());
    let (anna, _) = session(&database, "anna", Timing::default());
    let _guard = anna.acquire(Wait::Never, None).unwrap();
    let mut woken = 0;
    let mut progress = |_: &sharelock::Status| woken += 1;
    let waited = distant(&database, "ben").acquire(Wait::For(Duration::from_secs(4)), Some(&mut progress));
    assert!(matches!(waited, Err(AcquireError::Taken(_))));
    // Four times a second to show that time passes, and for what is told meanwhile; a thousand times as long as he was not listed.
    assert!((10..100).contains(&woken), "{woken}");
}

#[test]
fn whoever_waits_for_a_network_folder_is_listed_until_he_gives_up() {
    let folder = tempfile::tempdir().unwrap();
    let database = database(folder.path());
    let (anna, _) = session(&database, "anna", Timing::default());
    let _guard = anna.acquire(Wait::Never, None).unwrap();
    let ben = distant(&database, "ben");
    let line =
        || -> Vec<String> { anna.look(Duration::from_secs(5)).waiting.into_iter().map(|waiter| waiter.holder.user).collect() };
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| ben.acquire(Wait::Forever, None).map(drop));
        let began = SystemClock.now().ticks;
        while line() != ["ben"] {
            assert!(SystemClock.now().ticks.since(began) < Duration::from_secs(30), "never listed");
            std::thread::yield_now();
        }
        ben.canceller().cancel();
        assert!(matches!(waiting.join().unwrap(), Err(AcquireError::Cancelled)));
    });
    assert_eq!(line(), Vec::<String>::new());
}

#[test]
fn a_holder_whose_store_vanishes_knows_it_and_is_taken_over_after_the_time_out() {
    let folder = tempfile::tempdir().unwrap();
    let database = database(folder.path());
    let timing = Timing::scaled(200.0);
    let (anna, _) = session(&database, "anna", timing);
    let guard = anna.acquire(Wait::Never, None).unwrap();
    let first = guard.token();
    let events = anna.subscribe();
    // The whole store is moved away and back: Anna's record is there again afterwards, but she has given up on it.
    let store = database.parent().unwrap().join(".sharelock/wems.db");
    let away = store.with_file_name("away");
    std::fs::rename(&store, &away).unwrap();
    while !matches!(events.recv_timeout(Duration::from_secs(20)).unwrap(), Report::Lost(..)) {}
    assert_eq!(guard.belief(), Belief::None);
    std::fs::rename(&away, &store).unwrap();
    let (ben, _) = session(&database, "ben", timing);
    let began = SystemClock.now().ticks;
    let taken = ben.acquire(Wait::For(Duration::from_secs(60)), None).unwrap();
    let waited = SystemClock.now().ticks.since(began);
    // The age of the file is evidence, so that the short time-out of Ben's own observation is enough.
    assert!(waited >= timing.short, "taken over after {waited:?}");
    assert!(taken.token() > first);
}

#[test]
fn operations_are_counted() {
    let folder = tempfile::tempdir().unwrap();
    let database = database(folder.path());
    let (anna, store) = session(&database, "anna", Timing::default());
    anna.acquire(Wait::Never, None).unwrap().release().unwrap();
    store.take();
    // The second time the ledger was listed less than a minute ago.
    let guard = anna.acquire(Wait::Never, None).unwrap();
    let look = ["read board", "read lease", "read notice"];
    let claim = ["create", "read board", "read lease", "read lease", "create notice"];
    let settle = ["lock", "write board"];
    assert_eq!(store.take(), [&look[..], &claim, &settle].concat());
    assert!(guard.is_valid(Duration::from_secs(5)));
    // The renewal's answer is told before its notice is written.
    let renewal = ["write head", "read lease", "read board", "write notice"];
    assert_eq!(store.take(), renewal);
    guard.release().unwrap();
    assert_eq!(store.take(), ["remove notice", "write head", "close", "read board", "write board"]);
    drop(anna.look(Duration::from_secs(5)));
    assert_eq!(store.take(), ["read board", "list", "read lease", "read notice"]);
}

/// One client and its store, in a time that passes only when it is told to.
struct Timeless {
    client: Client,
    store: Counting,
}

impl Timeless {
    fn new(database: &Path, user: &str) -> Self {
        let seed = u128::from(crc32fast::hash(user.as_bytes()));
        let client = Client::new(identity(user), Timing::default(), Rules::default(), seed, false, Memory::default());
        Self { client, store: counting(database, user) }
    }

    fn tell(&mut self, at: Duration, event: Event) {
        let millis = i64::try_from(at.as_millis()).unwrap();
        let now = Moment { ticks: Ticks::from_nanos(0) + at, wall: WallTime(1_795_424_000_000 + millis) };
        self.client.handle(now, event);
        while let Some(action) = self.client.poll() {
            if let Action::Request(id, op) = action {
                let result = self.store.perform(&op).map_err(|error| error.failure);
                self.client.handle(now, Event::Answer(id, result));
            }
        }
    }

    fn due(&self) -> Duration {
        self.client.deadline().map_or(Duration::MAX, |due| due.since(Ticks::from_nanos(0)))
    }
}

#[test]
fn an_hour_held_and_an_hour_watched_are_counted() {
    let folder = tempfile::tempdir().unwrap();
    let database = database(folder.path());
    let (mut anna, mut ben) = (Timeless::new(&database, "anna"), Timeless::new(&database, "ben"));
    let begin = Duration::from_secs(1000);
    anna.tell(begin, Event::Want);
    ben.tell(begin, Event::Want);
    anna.store.take();
    ben.store.take();
    let end = begin + Duration::from_secs(3600);
    let mut wakes = (0, 0);
    loop {
        let next = anna.due().min(ben.due());
        if next > end {
            break;
        }
        let (who, woken) = if anna.due() == next { (&mut anna, &mut wakes.0) } else { (&mut ben, &mut wakes.1) };
        who.tell(next, Event::Tick);
        *woken += 1;
    }
    // A heartbeat every 30 s, and nothing else.
    assert_eq!(wakes.0, 120);
    assert_eq!(anna.store.take(), ["write head", "read lease", "read board", "write notice"].repeat(120));
    // A look every 15 s, and the ledger listed once a minute.
    assert_eq!(wakes.1, 240);
    let looks = ben.store.take();
    let count = |wanted: &str| looks.iter().filter(|op| **op == wanted).count();
    assert_eq!(["read board", "read lease", "read notice", "probe", "list"].map(count), [240, 240, 240, 240, 60]);
    assert_eq!(looks.len(), 4 * 240 + 60);
    assert!(matches!(anna.client.belief(Ticks::from_nanos(0) + end), Belief::Holding(..)));
}
