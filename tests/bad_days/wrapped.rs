//! Stores that behave as no file system here can be made to: one that takes every question and never answers, one whose notice another
//! program has locked whole.

use sharelock::clock::{Clock, Moment, SystemClock, Ticks, WallTime};
use sharelock::lease::record::{Holder, Host, Nonce, NoticeSeen};
use sharelock::lease::rules::Rules;
use sharelock::lease::timing::Timing;
use sharelock::lease::wire::{Action, Event, Failure, Op, Reply, Report};
use sharelock::lease::{Client, Identity, Memory, State};
use sharelock::session::{AcquireError, Session, SessionOptions, Wait};
use sharelock::store::{Capabilities, MemoryShare, Standing, Store, StoreError, Waiter};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Never answers, until the other end is dropped.
struct Silent {
    capabilities: Capabilities,
    end: Mutex<Receiver<()>>,
}

impl Silent {
    fn new() -> (Arc<Self>, Sender<()>) {
        let (sender, end) = channel();
        let capabilities = Capabilities {
            kind: "silent".into(),
            caches_reads: true,
            may_hang: true,
            range_locks: true,
            lock_wakes: false,
            change_notify: false,
            native_events: false,
            synchronised_by: None,
        };
        (Arc::new(Self { capabilities, end: Mutex::new(end) }), sender)
    }

    fn hang(&self) -> StoreError {
        let _ended = self.end.lock().unwrap().recv();
        let source = std::io::Error::other("the test is over");
        StoreError { failure: Failure::Unreachable, doing: "hanging", path: "silent".into(), source }
    }
}

impl Store for Silent {
    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    fn perform(&self, _: &Op) -> Result<Reply, StoreError> {
        Err(self.hang())
    }

    fn waiting(&self) -> Result<Vec<Waiter>, StoreError> {
        Err(self.hang())
    }

    fn queue(&self, _: &Standing) -> Result<(), StoreError> {
        Err(self.hang())
    }
}

/// Runs a hundred times as fast as time does.
struct Hurried;

impl Clock for Hurried {
    fn now(&self) -> Moment {
        let now = SystemClock.now();
        let ticks = Ticks::from_nanos(now.ticks.as_nanos().saturating_mul(100));
        Moment { ticks, wall: WallTime(i64::try_from(ticks.as_nanos() / 1_000_000).unwrap()) }
    }
}

fn session(store: Arc<Silent>, clock: Arc<dyn Clock>) -> Session {
    let options = SessionOptions {
        timing: Timing::default(),
        identity: Identity::default(),
        memory: None,
        place: String::new(),
        folder: None,
    };
    Session::with_clock(store, options, clock).unwrap()
}

#[test]
fn a_look_at_a_share_that_never_answers_ends_in_time_and_says_unreachable() {
    let (store, _end) = Silent::new();
    let session = session(store, Arc::new(SystemClock));
    let (seen, took) = crate::support::timed(|| session.look(Duration::from_millis(200)));
    assert_eq!((seen.status.state, seen.status.failure), (State::Unreachable, Some(Failure::Unreachable)));
    assert!(took < Duration::from_secs(20), "{took:?}");
}

#[test]
fn taking_from_a_share_that_never_answers_ends_in_time_and_says_unreachable() {
    for wait in [Wait::Never, Wait::For(Duration::from_secs(30))] {
        let (store, _end) = Silent::new();
        let session = session(store, Arc::new(Hurried));
        let (result, took) = crate::support::timed(|| session.acquire(wait, Some(&mut |_| ())).map(drop));
        assert!(matches!(result, Err(AcquireError::Failed(Failure::Unreachable, _))), "{wait:?}: {result:?}");
        assert!(took < Duration::from_secs(20), "{took:?}");
    }
}

/// Looks at a share whose notice another program has, for two hours; returns what is known then, and how often a claim was sent.
fn two_hours_beside(locked: bool) -> (sharelock::lease::Status, usize) {
    let share = MemoryShare::new(Arc::new(SystemClock));
    let identity = sharelock::store::Identity { holder: Holder::default(), host: Host::default(), nonce: Nonce(1) };
    let store = share.client(identity);
    let mut client = Client::new(Identity::default(), Timing::default(), Rules::default(), 7, false, Memory::default());
    let at = |second: u64| Moment {
        ticks: Ticks::from_nanos(second * 1_000_000_000),
        wall: WallTime(1_800_000_000_000 + i64::try_from(second * 1000).unwrap()),
    };
    let mut claims = 0;
    client.handle(at(0), Event::Want);
    for second in (0..7200).step_by(5) {
        client.handle(at(second), Event::Tick);
        while let Some(action) = client.poll() {
            match action {
                Action::Request(id, Op::ReadNotice) => {
                    let notice = NoticeSeen::Foreign { fingerprint: 5, said: None, locked };
                    client.handle(at(second), Event::Answer(id, Ok(Reply::Notice(notice))));
                }
                Action::Request(id, op) => {
                    let answer = store.perform(&op).map_err(|error| error.failure);
                    client.handle(at(second), Event::Answer(id, answer));
                }
                Action::Report(report) => claims += usize::from(matches!(report, Report::ClaimSent(..))),
            }
        }
    }
    (client.status(at(7200)), claims)
}

/// On this system nobody can lock a file like that, so the judgement is made on what a store reports where one can.
#[test]
fn a_notice_that_is_locked_whole_is_a_holder_for_as_long_as_it_is_locked() {
    let (status, claims) = two_hours_beside(true);
    assert_eq!((status.state, status.holder, status.takeable_in, claims), (State::Held, None, None, 0));
    let (_, claims) = two_hours_beside(false);
    assert!(claims > 0, "one that only lies there is waited out");
}
