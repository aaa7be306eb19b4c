//! One suite of facts for all stores. What the protocol builds on is asserted here, of the memory, of a local folder, and of any
//! folder named by `SHARELOCK_TEST_FOLDER` (a mounted share).

#[path = "conformance/agreement.rs"]
mod agreement;
mod support;

use sharelock::WallTime;
use sharelock::lease::codec::{LEASE_BYTES, encode_lease, fingerprint};
use sharelock::lease::record::{
    Ask, AskReply, Body, Evidence, Fate, Found, Holder, NoticeSeen, Number, ProcessId, RangeLock, Revoke, Revoked, State,
};
use sharelock::lease::wire::{Failure, Op, Over, Reply};
use sharelock::store::memory::Name;
use sharelock::store::{Standing, Store};
use std::sync::{Arc, Barrier};
use std::time::Duration;
use support::places::{FOLDER_VARIABLE, InFolder, InMemory, Place};
use support::{THEN, board, body, head, identity};

type Fact = (&'static str, fn(&dyn Place));

const FACTS: [Fact; 20] = [
    ("looking leaves no trace", looking_leaves_no_trace),
    ("one create wins", one_create_wins),
    ("a lease is read as written", a_lease_is_read_as_written),
    ("a copy in its place is another file", a_copy_in_its_place_is_another_file),
    ("a head is never seen torn", a_head_is_never_seen_torn),
    ("only the maker writes a lease", only_the_maker_writes_a_lease),
    ("a claim is withdrawn by its nonce alone", a_claim_is_withdrawn_by_its_nonce_alone),
    ("an unreadable lease is somebody", an_unreadable_lease_is_somebody),
    ("a later version is shown", a_later_version_is_shown),
    ("numbers are listed in order", numbers_are_listed_in_order),
    ("the board is a signal", the_board_is_a_signal),
    ("an order to give up reaches the holder", an_order_to_give_up_reaches_the_holder),
    ("a notice is made once", a_notice_is_made_once),
    ("a notice is written over only as agreed", a_notice_is_written_over_only_as_agreed),
    ("a notice is removed only by its lease", a_notice_is_removed_only_by_its_lease),
    ("the range lock is seen by others", the_range_lock_is_seen_by_others),
    ("evidence of age needs a touch", evidence_of_age_needs_a_touch),
    ("old leases are removed and remembered", old_leases_are_removed_and_remembered),
    ("the queue shows who waits", the_queue_shows_who_waits),
    ("who asks is told what was replied", who_asks_is_told_what_was_replied),
];

fn run_all(make: impl Fn() -> Box<dyn Place>) {
    for (name, fact) in FACTS {
        println!("fact: {name}");
        fact(&*make());
    }
}

#[test]
fn memory_keeps_every_fact() {
    run_all(|| Box::new(InMemory::new()));
}

#[test]
fn a_local_folder_keeps_every_fact() {
    run_all(|| Box::new(InFolder::local()));
}

#[test]
fn the_named_folder_keeps_every_fact() {
    if InFolder::named().is_none() {
        println!("skipped: {FOLDER_VARIABLE} names no folder");
        return;
    }
    run_all(|| Box::new(InFolder::named().unwrap()));
}

fn done(store: &dyn Store, op: &Op) {
    assert_eq!(reply(store, op), Reply::Done, "{op:?}");
}

fn reply(store: &dyn Store, op: &Op) -> Reply {
    store.perform(op).unwrap_or_else(|error| panic!("{op:?}: {error}"))
}

fn failure(store: &dyn Store, op: &Op) -> Failure {
    store.perform(op).expect_err("this must fail").failure
}

fn create(body: &Arc<Body>) -> Op {
    Op::Create(Arc::clone(body), THEN)
}

fn found(store: &dyn Store, number: u64) -> Found {
    match reply(store, &Op::ReadLease(Number(number))) {
        Reply::Lease(found) => found.in_file(0),
        other => panic!("{other:?}"),
    }
}

fn state_of(store: &dyn Store, number: u64) -> (State, u32) {
    match found(store, number) {
        Found::Record { head, .. } => (head.state, head.counter),
        other => panic!("{other:?}"),
    }
}

fn notice(store: &dyn Store) -> NoticeSeen {
    match reply(store, &Op::ReadNotice) {
        Reply::Notice(seen) => seen,
        other => panic!("{other:?}"),
    }
}

fn evidence(store: &dyn Store, of: &Arc<Body>) -> Evidence {
    match reply(store, &Op::Probe(Arc::clone(of))) {
        Reply::Evidence(evidence) => evidence,
        other => panic!("{other:?}"),
    }
}

fn looking_leaves_no_trace(place: &dyn Place) {
    let store = place.client(identity(1));
    assert_eq!(reply(&*store, &Op::List), Reply::Numbers(Vec::new()));
    assert_eq!(reply(&*store, &Op::ReadBoard), Reply::Board(None, None));
    assert_eq!(found(&*store, 1), Found::Missing);
    assert_eq!(notice(&*store), NoticeSeen::Missing);
    assert_eq!(evidence(&*store, &body(1, 1)), Evidence::NONE);
    done(&*store, &Op::RemoveNotice(body(1, 1).id));
    done(&*store, &Op::Void(body(1, 1).id, THEN));
    assert_eq!(store.waiting().unwrap(), Vec::new());
    store.queue(&Standing::Out).unwrap();
    assert_eq!(place.entries(), 0);
}

fn one_create_wins(place: &dyn Place) {
    const CLIENTS: u128 = 8;
    const ROUNDS: u64 = 40;
    let barrier = Barrier::new(8);
    let won: Vec<u64> = std::thread::scope(|scope| {
        let run = |client: u128| {
            let (store, barrier) = (place.client(identity(client)), &barrier);
            move || {
                let mut won = 0;
                for number in 1..=ROUNDS {
                    barrier.wait();
                    match reply(&*store, &create(&body(number, client))) {
                        Reply::Done => won += 1,
                        Reply::Exists => {}
                        other => panic!("{other:?}"),
                    }
                }
                won
            }
        };
        let threads: Vec<_> = (1..=CLIENTS).map(|client| scope.spawn(run(client))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(won.iter().sum::<u64>(), ROUNDS, "{won:?}");
    assert!(matches!(found(&*place.client(identity(9)), ROUNDS), Found::Record { .. }));
}

fn a_lease_is_read_as_written(place: &dyn Place) {
    let (mine, other) = (place.client(identity(1)), place.client(identity(2)));
    let mut record = body(1, 5);
    done(&*mine, &create(&record));
    assert_eq!(found(&*other, 1), Found::Record { head: head(State::Live, 1), body: Arc::clone(&record), file: 0 });
    assert_eq!(place.bytes(Name::Lease(Number(1))).unwrap().len(), LEASE_BYTES);
    done(&*mine, &Op::WriteHead(Number(1), head(State::Live, 2)));
    assert_eq!(state_of(&*other, 1), (State::Live, 2));
    Arc::make_mut(&mut record).guards = vec![ProcessId { pid: 8, start: 9 }];
    done(&*mine, &Op::WriteRecord(Arc::clone(&record), head(State::Live, 3)));
    assert_eq!(found(&*other, 1), Found::Record { head: head(State::Live, 3), body: record, file: 0 });
    done(&*mine, &Op::WriteHead(Number(1), head(State::Ended, 4)));
    assert_eq!(state_of(&*other, 1), (State::Ended, 4));
    assert_eq!(place.bytes(Name::Lease(Number(1))).unwrap().len(), LEASE_BYTES);
}

fn a_copy_in_its_place_is_another_file(place: &dyn Place) {
    let (mine, other) = (place.client(identity(1)), place.client(identity(2)));
    done(&*mine, &create(&body(1, 5)));
    let file = || match reply(&*other, &Op::ReadLease(Number(1))) {
        Reply::Lease(Found::Record { file, .. }) => file,
        reply => panic!("{reply:?}"),
    };
    let before = file();
    done(&*mine, &Op::WriteHead(Number(1), head(State::Live, 2)));
    assert_eq!(file(), before, "a renewal is written in place");
    let bytes = place.bytes(Name::Lease(Number(1))).unwrap();
    place.plant(Name::Lease(Number(1)), None);
    place.plant(Name::Lease(Number(1)), Some(&bytes));
    assert_ne!(file(), before);
}

fn a_head_is_never_seen_torn(place: &dyn Place) {
    const WRITES: u32 = 400;
    let mine = place.client(identity(1));
    done(&*mine, &create(&body(1, 5)));
    std::thread::scope(|scope| {
        let writer = scope.spawn(move || {
            for counter in 2..=WRITES {
                done(&*mine, &Op::WriteHead(Number(1), head(State::Live, counter)));
            }
        });
        let reader = place.client(identity(2));
        let mut last = 1;
        while !writer.is_finished() {
            let (_, counter) = state_of(&*reader, 1);
            assert!(counter >= last, "{counter} after {last}");
            last = counter;
        }
        writer.join().unwrap();
        assert_eq!(state_of(&*reader, 1), (State::Live, WRITES));
    });
}

fn only_the_maker_writes_a_lease(place: &dyn Place) {
    let (mine, other) = (place.client(identity(1)), place.client(identity(2)));
    done(&*mine, &create(&body(1, 5)));
    assert_eq!(reply(&*other, &create(&body(1, 6))), Reply::Exists);
    assert_eq!(failure(&*other, &Op::WriteHead(Number(1), head(State::Ended, 2))), Failure::Gone);
    assert_eq!(failure(&*other, &Op::WriteRecord(body(1, 6), head(State::Live, 2))), Failure::Gone);
    assert_eq!(failure(&*other, &Op::Lock(Number(1))), Failure::Gone);
    done(&*other, &Op::Close(Number(1)));
    assert_eq!(state_of(&*mine, 1), (State::Live, 1));
    done(&*mine, &Op::Close(Number(1)));
    assert_eq!(failure(&*mine, &Op::WriteHead(Number(1), head(State::Ended, 2))), Failure::Gone);
}

fn a_claim_is_withdrawn_by_its_nonce_alone(place: &dyn Place) {
    let (mine, other) = (place.client(identity(1)), place.client(identity(2)));
    done(&*mine, &create(&body(1, 5)));
    done(&*other, &Op::Void(body(1, 6).id, THEN));
    assert_eq!(state_of(&*other, 1), (State::Live, 1));
    done(&*mine, &Op::Void(body(1, 5).id, THEN));
    assert_eq!(state_of(&*other, 1), (State::Void, 2));
    assert_eq!(failure(&*mine, &Op::WriteHead(Number(1), head(State::Live, 3))), Failure::Gone, "withdrawn for good");

    done(&*mine, &create(&body(2, 5)));
    done(&*mine, &Op::Close(Number(2)));
    done(&*mine, &Op::Void(body(2, 5).id, THEN));
    assert_eq!(state_of(&*other, 2), (State::Void, 2), "also without the kept handle");

    done(&*mine, &create(&body(3, 5)));
    done(&*mine, &Op::WriteHead(Number(3), head(State::Ended, 2)));
    done(&*mine, &Op::Void(body(3, 5).id, THEN));
    assert_eq!(state_of(&*other, 3), (State::Ended, 2), "what was believed in stays ended");
}

fn an_unreadable_lease_is_somebody(place: &dyn Place) {
    let store = place.client(identity(1));
    let whole = encode_lease(&body(1, 5), &head(State::Live, 1));
    let mut torn = whole;
    torn[1000..].fill(0);
    for bytes in [&b""[..], b"{}", &whole[..100], &torn, &[0; LEASE_BYTES]] {
        place.plant(Name::Lease(Number(1)), Some(bytes));
        assert_eq!(found(&*store, 1), Found::Blank { fingerprint: fingerprint(bytes) });
        assert_eq!(reply(&*store, &create(&body(1, 6))), Reply::Exists);
        done(&*store, &Op::Void(body(1, 5).id, THEN));
        assert_eq!(place.bytes(Name::Lease(Number(1))).unwrap(), bytes, "not touched");
    }
    place.plant(Name::Lease(Number(2)), Some(&whole));
    assert!(matches!(found(&*store, 2), Found::Blank { .. }), "a copy under another number");
    place.plant(Name::Lease(Number(1)), None);
    assert_eq!(found(&*store, 1), Found::Missing);
}

fn a_later_version_is_shown(place: &dyn Place) {
    let store = place.client(identity(1));
    place.plant(Name::Lease(Number(4)), Some(br#"{"v":2,"min_reader":2,"user":"eva","new":true}"#));
    let Found::Newer { min_reader: 2, holder, .. } = found(&*store, 4) else { panic!("not recognised") };
    assert_eq!(holder.user, "eva");
}

fn numbers_are_listed_in_order(place: &dyn Place) {
    let store = place.client(identity(1));
    for number in [12, 3, 100] {
        done(&*store, &create(&body(number, 5)));
    }
    done(&*store, &Op::Touch);
    done(&*store, &Op::WriteBoard(board(&body(100, 5), State::Live)));
    assert_eq!(reply(&*store, &Op::List), Reply::Numbers(vec![Number(3), Number(12), Number(100)]));
}

fn the_board_is_a_signal(place: &dyn Place) {
    let (mine, other) = (place.client(identity(1)), place.client(identity(2)));
    let first = board(&body(1, 5), State::Live);
    done(&*mine, &create(&body(1, 5)));
    assert_eq!(reply(&*other, &Op::ReadBoard), Reply::Board(Some(first), None), "a new store has one from the start");
    let second = board(&body(7, 6), State::Ended);
    done(&*other, &Op::WriteBoard(second));
    assert_eq!(reply(&*mine, &Op::ReadBoard), Reply::Board(Some(second), None));
    let written = place.bytes(Name::Board).unwrap();
    for place_of_damage in [0, 20, 100, 255] {
        let mut damaged = written.clone();
        damaged[place_of_damage] ^= 1;
        place.plant(Name::Board, Some(&damaged));
        assert_eq!(reply(&*mine, &Op::ReadBoard), Reply::Board(None, None));
    }
    place.plant(Name::Board, Some(&[b'x'; 5000]));
    assert_eq!(reply(&*mine, &Op::ReadBoard), Reply::Board(None, None));
    done(&*mine, &Op::WriteBoard(second));
    assert_eq!(reply(&*other, &Op::ReadBoard), Reply::Board(Some(second), None), "healed by the next write");
    place.plant(Name::Board, None);
    assert_eq!(reply(&*mine, &Op::ReadBoard), Reply::Board(None, None));
    done(&*mine, &Op::WriteBoard(second));
    assert_eq!(reply(&*other, &Op::ReadBoard), Reply::Board(Some(second), None));

    // On Windows a removed name stays in limbo while anybody has the file open.
    done(&*mine, &Op::Close(Number(1)));
    place.plant(Name::Lease(Number(1)), None);
    done(&*other, &create(&body(1, 8)));
    assert_eq!(reply(&*other, &Op::ReadBoard), Reply::Board(Some(second), None), "what it says of a missing lease is kept");
}

fn an_order_to_give_up_reaches_the_holder(place: &dyn Place) {
    let (holder, impatient) = (place.client(identity(1)), place.client(identity(2)));
    done(&*holder, &create(&body(1, 5)));
    let there = board(&body(1, 5), State::Live);
    let revoke = Arc::new(Revoke {
        subjects: vec![Revoked { number: 1, nonce: 5, fingerprint: 0 }],
        by: Holder { user: "paul".into(), ..Holder::default() },
        reason: "stock count".into(),
        at: THEN,
        now: false,
    });
    done(&*impatient, &Op::WriteRevoke(Arc::clone(&revoke)));
    let Reply::Board(_, seen) = reply(&*holder, &Op::ReadBoard) else { panic!("no board") };
    assert!(seen.is_some_and(|seen| seen == revoke && seen.names(body(1, 5).id) && !seen.names(body(1, 6).id)));
    done(&*holder, &Op::WriteBoard(there));
    assert_eq!(reply(&*impatient, &Op::ReadBoard), Reply::Board(Some(there), Some(revoke)), "a new board leaves it alone");
    assert!(place.history().iter().any(|line| line.contains("stock count")), "{:?}", place.history());
}

fn a_notice_is_made_once(place: &dyn Place) {
    let (mine, other) = (place.client(identity(1)), place.client(identity(2)));
    let (ours, theirs) = (body(1, 5), body(2, 6));
    done(&*mine, &Op::CreateNotice(Arc::clone(&ours), THEN));
    assert_eq!(reply(&*other, &Op::CreateNotice(theirs, THEN)), Reply::Exists);
    let NoticeSeen::Ours { id, token, fingerprint: seen, promise, .. } = notice(&*other) else { panic!("not ours") };
    assert_eq!((id, token, promise), (ours.id, ours.token, ours.promise));
    let bytes = place.bytes(Name::Notice).unwrap();
    assert_eq!((seen, bytes.len()), (fingerprint(&bytes), 1024));
    let known: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
    for field in ["pid", "user", "machine", "acquired", "heartbeat"] {
        assert!(known.get(field).is_some(), "other programs look for {field}");
    }
}

fn a_notice_is_written_over_only_as_agreed(place: &dyn Place) {
    let store = place.client(identity(1));
    let (ours, next) = (body(1, 5), body(2, 6));
    let write = |body: &Arc<Body>, over| Op::WriteNotice(Arc::clone(body), THEN, over);
    assert_eq!(reply(&*store, &write(&ours, Over::Mine)), Reply::Notice(NoticeSeen::Missing), "never made by writing");
    assert_eq!(place.bytes(Name::Notice), None);
    done(&*store, &Op::CreateNotice(Arc::clone(&ours), THEN));
    done(&*store, &write(&ours, Over::Mine));

    let before = notice(&*store);
    assert_eq!(reply(&*store, &write(&next, Over::Mine)), Reply::Notice(before.clone()));
    assert_eq!(reply(&*store, &write(&next, Over::Fingerprint(1))), Reply::Notice(before));
    let left = fingerprint(&place.bytes(Name::Notice).unwrap());
    done(&*store, &write(&next, Over::Fingerprint(left)));
    assert!(matches!(notice(&*store), NoticeSeen::Ours { id, .. } if id == next.id));

    for theirs in [&br#"{"pid":1,"user":"udo","machine":"PC-9"}"#[..], b"", &[b'z'; 3000]] {
        place.plant(Name::Notice, Some(theirs));
        let seen = notice(&*store);
        assert!(matches!(seen, NoticeSeen::Foreign { fingerprint: seen, .. } if seen == fingerprint(theirs)));
        assert_eq!(reply(&*store, &write(&next, Over::Mine)), Reply::Notice(seen));
        assert_eq!(place.bytes(Name::Notice).unwrap(), theirs, "not touched");
        done(&*store, &write(&next, Over::Fingerprint(fingerprint(theirs))));
        assert!(matches!(notice(&*store), NoticeSeen::Ours { id, .. } if id == next.id));
        assert_eq!(place.bytes(Name::Notice).unwrap().len(), 1024, "nothing of the longer one is left");
    }
}

fn a_notice_is_removed_only_by_its_lease(place: &dyn Place) {
    let store = place.client(identity(1));
    done(&*store, &Op::CreateNotice(body(1, 5), THEN));
    for stranger in [body(1, 6), body(2, 5)] {
        done(&*store, &Op::RemoveNotice(stranger.id));
        assert!(place.bytes(Name::Notice).is_some());
    }
    done(&*store, &Op::RemoveNotice(body(1, 5).id));
    assert_eq!(notice(&*store), NoticeSeen::Missing);
    place.plant(Name::Notice, Some(b"foreign"));
    done(&*store, &Op::RemoveNotice(body(1, 5).id));
    assert_eq!(place.bytes(Name::Notice).unwrap(), b"foreign");
}

fn the_range_lock_is_seen_by_others(place: &dyn Place) {
    let (mine, other) = (place.client(identity(1)), place.client(identity(2)));
    let record = body(1, 5);
    done(&*mine, &create(&record));
    if !mine.capabilities().range_locks || std::env::consts::OS == "macos" {
        // macOS locks belong to the process, so that two clients in one see nothing of each other.
        println!("skipped: range locks say nothing here");
        return;
    }
    let from_the_start = if mine.capabilities().kind.starts_with("nfs") { RangeLock::Held } else { RangeLock::Free };
    assert_eq!(evidence(&*other, &record).lock, from_the_start, "on NFS it is taken before anybody can read the lease");
    done(&*mine, &Op::Lock(Number(1)));
    assert_eq!(evidence(&*other, &record).lock, RangeLock::Held);
    assert_eq!(evidence(&*other, &record).lock, RangeLock::Held, "asking does not free it");
    done(&*mine, &Op::WriteHead(Number(1), head(State::Live, 2)));
    assert_eq!(state_of(&*mine, 1), (State::Live, 2));
    assert_eq!(evidence(&*other, &record).lock, RangeLock::Held, "reading by path does not free it");
    done(&*mine, &Op::Close(Number(1)));
    assert_eq!(evidence(&*other, &record).lock, RangeLock::Free);
    done(&*mine, &create(&body(2, 5)));
    done(&*mine, &Op::Lock(Number(2)));
    assert_eq!(evidence(&*other, &body(2, 5)).lock, RangeLock::Held);
    drop(mine);
    assert_eq!(evidence(&*other, &body(2, 5)).lock, RangeLock::Free, "the end of the holder frees it");
    assert_eq!(evidence(&*other, &body(3, 5)).lock, RangeLock::Unknown, "there is no such lease");
}

fn evidence_of_age_needs_a_touch(place: &dyn Place) {
    let (mine, other) = (place.client(identity(1)), place.client(identity(2)));
    let record = body(1, 5);
    done(&*mine, &create(&record));
    assert_eq!(evidence(&*other, &record), Evidence { age: None, fate: Fate::Unknown, ..evidence(&*other, &record) });
    let hour = Duration::from_secs(3600);
    if !place.age(Name::Lease(Number(1)), hour) {
        println!("skipped: only creation is the server's time here");
        return;
    }
    done(&*other, &Op::Touch);
    let Some(age) = evidence(&*other, &record).age else {
        println!("skipped: file times prove nothing here");
        return;
    };
    assert!(age >= hour && age < 2 * hour, "{age:?}");
    done(&*mine, &Op::WriteHead(Number(1), head(State::Live, 2)));
    done(&*other, &Op::Touch);
    assert!(evidence(&*other, &record).age.unwrap() < hour, "a renewal makes it young");
}

fn old_leases_are_removed_and_remembered(place: &dyn Place) {
    let store = place.client(identity(1));
    for number in 1..=4 {
        done(&*store, &create(&body(number, 5)));
    }
    let day = Duration::from_secs(86_400);
    let clean_up = |number, own| Op::CleanUp { number: Number(number), own: Number(own), keep: day };
    assert_eq!(reply(&*store, &clean_up(1, 4)), Reply::Removed(false), "too young");
    place.plant(Name::Lease(Number(2)), Some(b"torn"));
    place.plant(Name::Lease(Number(3)), Some(br#"{"v":2,"min_reader":2}"#));
    for number in 1..=3 {
        if !place.age(Name::Lease(Number(number)), day * 2) {
            println!("skipped: only creation is the server's time here");
            return;
        }
    }
    done(&*store, &Op::WriteHead(Number(4), head(State::Live, 2)));
    assert_eq!(failure(&*store, &clean_up(1, 9)), Failure::Gone, "only a holder cleans up");
    assert_eq!(reply(&*store, &clean_up(4, 4)), Reply::Removed(false), "never its own");
    assert!(place.history().is_empty());
    // On Windows nothing counts as removed while anybody has it open.
    for number in 1..=3 {
        done(&*store, &Op::Close(Number(number)));
    }
    for _ in 0..2 {
        assert_eq!(reply(&*store, &clean_up(1, 4)), Reply::Removed(true));
        assert_eq!(found(&*store, 1), Found::Missing);
    }
    assert_eq!(reply(&*store, &clean_up(2, 4)), Reply::Removed(true));
    assert_eq!(reply(&*store, &clean_up(3, 4)), Reply::Removed(false), "a later version's is not ours to remove");
    assert_eq!(reply(&*store, &Op::List), Reply::Numbers(vec![Number(3), Number(4)]));
    let history: Vec<serde_json::Value> = place.history().iter().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(history.len(), 2);
    assert_eq!((&history[0]["number"], &history[0]["token"], &history[0]["user"]), (&1.into(), &101.into(), &"eva".into()));
    assert_eq!((&history[1]["number"], &history[1]["state"]), (&2.into(), &"unreadable".into()));
}

fn the_queue_shows_who_waits(place: &dyn Place) {
    let (one, two, looker) = (place.client(identity(1)), place.client(identity(2)), place.client(identity(3)));
    let waiting = || -> Vec<String> { looker.waiting().unwrap().into_iter().map(|waiter| waiter.holder.user).collect() };
    done(&*one, &Op::Touch);
    assert!(waiting().is_empty(), "whoever only looks does not wait");
    one.queue(&Standing::Waiting).unwrap();
    one.queue(&Standing::Waiting).unwrap();
    two.queue(&Standing::Waiting).unwrap();
    done(&*one, &Op::Touch);
    let mut all = waiting();
    all.sort();
    assert_eq!(all, ["user-1", "user-2"]);
    let ticket = place.bytes(Name::Ticket(identity(2).nonce)).unwrap();
    place.plant(Name::Ticket(identity(2).nonce), Some(&ticket[..300]));
    assert_eq!(waiting(), ["user-1"], "a torn ticket is nobody's");
    place.plant(Name::Ticket(identity(2).nonce), Some(&ticket));
    assert_eq!(waiting().len(), 2);
    if place.age(Name::Ticket(identity(2).nonce), Duration::from_secs(3600)) {
        done(&*one, &Op::Touch);
        assert_eq!(waiting(), ["user-1"], "not renewed for long");
    }
    one.queue(&Standing::Out).unwrap();
    assert!(!waiting().contains(&"user-1".to_owned()));
    one.queue(&Standing::Waiting).unwrap();
    assert!(waiting().contains(&"user-1".to_owned()));
}

fn who_asks_is_told_what_was_replied(place: &dyn Place) {
    let (paul, luc, marie) = (place.client(identity(1)), place.client(identity(2)), place.client(identity(3)));
    let line = || -> Vec<_> {
        let waiting = marie.waiting().unwrap().into_iter();
        let mut all: Vec<_> = waiting.map(|one| (one.holder.user, one.holder.note, one.ask, one.reply)).collect();
        all.sort_by(|one, other| one.0.cmp(&other.0));
        all
    };
    let ask = |at| Ask { lease: body(1, 5).id.nonce, at: WallTime(at) };
    let of = |user: &str, note: &str, ask, reply| (user.to_owned(), note.to_owned(), ask, reply);
    let note = paul.waiting().map(|_| identity(1).holder.note).unwrap();
    paul.queue(&Standing::Asking(ask(11), "five minutes".into())).unwrap();
    luc.queue(&Standing::Asking(ask(22), String::new())).unwrap();
    assert_eq!(line(), [of("user-1", "five minutes", Some(ask(11)), None), of("user-2", "", Some(ask(22)), None)]);
    marie.queue(&Standing::Replying(vec![(WallTime(22), AskReply::Seen), (WallTime(33), AskReply::No)])).unwrap();
    let seen = of("user-2", "", Some(ask(22)), Some(AskReply::Seen));
    assert_eq!(line(), [of("user-1", "five minutes", Some(ask(11)), None), seen], "whoever replies does not wait");
    marie.queue(&Standing::Replying(vec![(WallTime(11), AskReply::Later(10)), (WallTime(22), AskReply::No)])).unwrap();
    // The sign of life that observations need leaves the question as it is, and so do replies.
    done(&*paul, &Op::Touch);
    done(&*marie, &Op::Touch);
    assert_eq!(line()[0], of("user-1", "five minutes", Some(ask(11)), Some(AskReply::Later(10))));
    let since = paul.waiting().unwrap().into_iter().map(|one| one.since).collect::<Vec<_>>();
    paul.queue(&Standing::Asking(ask(44), String::new())).unwrap();
    assert_eq!(line()[0], of("user-1", "", Some(ask(44)), None), "another question is not answered yet");
    paul.queue(&Standing::Waiting).unwrap();
    assert_eq!(line()[0], of("user-1", &note, None, None));
    assert_eq!(paul.waiting().unwrap().into_iter().map(|one| one.since).collect::<Vec<_>>(), since, "the place is kept");
    marie.queue(&Standing::Out).unwrap();
    assert_eq!(line()[1], of("user-2", "", Some(ask(22)), None), "replies are gone with the ticket");
}

#[test]
fn a_folder_that_is_gone_is_not_free() {
    let place = InFolder::local();
    let store = place.open(identity(1));
    done(&store, &create(&body(1, 5)));
    done(&store, &Op::Touch);
    // Windows removes no folder while something in it is open.
    done(&store, &Op::Close(Number(1)));
    store.queue(&Standing::Out).unwrap();
    let path = place.folder.path().to_owned();
    std::fs::remove_dir_all(&path).unwrap();
    let (record, id) = (body(2, 5), body(2, 5).id);
    let ops = [
        Op::List,
        Op::ReadBoard,
        Op::ReadNotice,
        Op::ReadLease(Number(1)),
        create(&record),
        Op::CreateNotice(Arc::clone(&record), THEN),
        Op::WriteNotice(Arc::clone(&record), THEN, Over::Mine),
        Op::RemoveNotice(id),
        Op::WriteBoard(board(&record, State::Live)),
        Op::Void(id, THEN),
        Op::CleanUp { number: Number(1), own: Number(1), keep: Duration::ZERO },
    ];
    for op in ops {
        assert_eq!(failure(&store, &op), Failure::NoFolder, "{op:?}");
    }
    assert_eq!(store.waiting().unwrap_err().failure, Failure::NoFolder);
    assert!(!path.exists(), "nothing is made where nothing is");
}

/// A program that is killed frees the range lock; here its client is dropped, and the files stay as they were.
#[test]
fn a_client_that_ends_leaves_its_lease_live() {
    let place = InFolder::local();
    let mine = place.open(identity(1));
    done(&mine, &create(&body(1, 5)));
    drop(mine);
    assert_eq!(state_of(&place.open(identity(2)), 1), (State::Live, 1));
}

#[cfg(unix)]
#[test]
fn a_folder_without_permission_is_denied_not_free() {
    use std::os::unix::fs::PermissionsExt;
    let place = InFolder::local();
    let allow = |mode| std::fs::set_permissions(place.folder.path(), std::fs::Permissions::from_mode(mode)).unwrap();
    let store = place.open(identity(1));
    allow(0o555);
    if std::fs::write(place.folder.path().join("probe"), b"").is_ok() {
        println!("skipped: this user may write everywhere (root)");
        return;
    }
    assert_eq!(failure(&store, &create(&body(1, 5))), Failure::Denied);
    assert_eq!(failure(&store, &Op::Touch), Failure::Denied);
    assert_eq!(reply(&store, &Op::List), Reply::Numbers(Vec::new()), "looking is allowed");
    allow(0o000);
    assert_eq!(failure(&store, &Op::List), Failure::Denied);
    assert_eq!(failure(&store, &Op::ReadNotice), Failure::Denied);
    allow(0o755);
}
