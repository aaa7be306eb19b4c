//! What stands in the way, for how long, and what an order changes about that.

use super::*;
use crate::lease::record::{Fate, RangeLock, Revoked};
use crate::lease::timing::Promise;
use crate::lease::wire::Basis;

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// In how long the database can be taken at the earliest, as a look at it tells; nothing when it is free.
fn takeable(scene: &mut Scene) -> Option<u64> {
    scene.look().takeable_in.map(|left| left.as_secs())
}

fn with_long(long: u64) -> Promise {
    Promise { long: seconds(long), ..Timing::default().promise() }
}

#[test]
fn a_live_lease_is_waited_for_as_its_own_holder_promised() {
    for (promise, wait) in [
        (with_long(300), 300),
        (with_long(400), 400),
        (with_long(3601), 3600),
        (Promise { short: seconds(1), ..with_long(300) }, 3600),
    ] {
        let mut scene = Scene::new();
        let body = Arc::new(Body { promise, ..marie(3) });
        scene.lay(record(&body, State::Live, 1), Number(3));
        assert_eq!(takeable(&mut scene), Some(wait));
    }
}

#[test]
fn evidence_is_what_the_claim_is_then_based_on() {
    let evidence: [(Evidence, u64, Basis); 3] = [
        (Evidence { fate: Fate::Gone, ..Evidence::NONE }, 0, Basis::Dead),
        (Evidence { age: Some(seconds(300)), ..Evidence::NONE }, 180, Basis::Evidence),
        (Evidence { age: Some(seconds(299)), ..Evidence::NONE }, 300, Basis::Lapsed),
    ];
    for (evidence, wait, basis) in evidence {
        let mut scene = Scene::new();
        scene.lay_marie(3, State::Live, 1);
        scene.evidence = evidence;
        scene.tell(Event::Want);
        if wait > 0 {
            scene.pass(wait - 1);
            assert_eq!(scene.held(), None, "{evidence:?}");
            scene.pass(16);
        }
        assert!(scene.was_told(&Report::ClaimSent(Number(4), basis)), "{evidence:?}");
        assert_eq!(scene.held(), Some(4));
    }
}

#[test]
fn a_lock_must_have_been_seen_held_by_this_very_lease() {
    let mut scene = Scene::new();
    scene.lay_marie(3, State::Live, 1);
    scene.evidence.lock = RangeLock::Held;
    scene.look();
    scene.evidence.lock = RangeLock::Free;
    assert_eq!(takeable(&mut scene), Some(180));
    scene.evidence.lock = RangeLock::Unknown;
    assert_eq!(takeable(&mut scene), Some(300));
    scene.evidence.lock = RangeLock::Free;
    scene.lay_marie(4, State::Live, 1);
    assert_eq!(takeable(&mut scene), Some(300));
}

#[test]
fn another_programs_notice_is_waited_for() {
    let mut scene = Scene::new();
    scene.notice = NoticeSeen::Foreign { fingerprint: 1, said: None, locked: false };
    assert_eq!(takeable(&mut scene), Some(300));
    assert!(scene.was_told(&Report::ForeignNotice));
    scene.at(100.0).look();
    scene.notice = NoticeSeen::Foreign { fingerprint: 2, said: None, locked: false };
    assert_eq!(takeable(&mut scene), Some(300), "it changed");
    scene.notice = NoticeSeen::Foreign { fingerprint: 2, said: None, locked: true };
    assert_eq!(takeable(&mut scene), None);
    assert_eq!(scene.client.status(scene.moment()).state, super::super::State::Held);
}

#[test]
fn a_lease_that_cannot_be_read_is_waited_for_as_long_as_anybody_knows_that_it_may_live() {
    let blank = |scene: &mut Scene| scene.lay(Found::Blank { fingerprint: 1 }, Number(3));
    let board = |number, long| Some(Board { id: marie(number).id, token: Token(1), state: State::Live, long: seconds(long) });
    let mut scene = Scene::new();
    blank(&mut scene);
    assert_eq!(takeable(&mut scene), Some(300));
    for (long, wait) in [(200, 300), (500, 500), (5000, 3600)] {
        scene.board = board(3, long);
        assert_eq!(takeable(&mut scene), Some(wait), "board");
    }
    let mut scene = Scene::new();
    blank(&mut scene);
    scene.lay_marie(2, State::Ended, 1);
    scene.board = board(2, 500);
    assert_eq!(takeable(&mut scene), Some(300), "that is another one's");
    // What was read before it became unreadable.
    let mut scene = Scene::new();
    let body = Arc::new(Body { promise: with_long(700), ..marie(3) });
    scene.lay(record(&body, State::Live, 1), Number(3));
    scene.look();
    blank(&mut scene);
    for _ in 0..2 {
        assert_eq!(takeable(&mut scene), Some(700), "memory");
    }
    let mut scene = Scene::new();
    blank(&mut scene);
    scene.notice = notice_of(&body);
    assert_eq!(takeable(&mut scene), Some(700), "notice");
    assert_eq!(scene.client.memory().observations.len(), 2, "both are watched at the same time");
}

#[test]
fn a_name_without_its_lease_is_waited_for() {
    let board =
        |number, token, long| Some(Board { id: marie(number).id, token: Token(token), state: State::Ended, long: seconds(long) });
    let scene = |board| {
        let mut scene = Scene::new();
        scene.lay_marie(3, State::Ended, 1);
        scene.board = board;
        let wait = takeable(&mut scene);
        (wait, scene.told.iter().any(|report| matches!(report, Report::WentBack(_))))
    };
    assert_eq!(scene(board(3, 5003, 300)), (None, false));
    assert_eq!(scene(board(4, 5004, 300)), (Some(300), true), "a later number");
    assert_eq!(scene(board(4, 5004, 500)), (Some(500), true));
    assert_eq!(scene(board(4, 5004, 5000)), (Some(3600), true));
    assert_eq!(scene(board(2, 5002, 300)), (None, false), "an earlier one is superseded");
    assert_eq!(scene(board(2, 5003, 300)), (None, false));
    assert_eq!(scene(board(2, 5004, 300)), (Some(300), true), "unless its token is later: another ledger's");
    // The tail's number, somebody else's.
    let other = Board { id: LeaseId { number: Number(3), nonce: Nonce(77) }, ..board(3, 1, 300).unwrap() };
    assert_eq!(scene(Some(other)), (Some(300), true));
}

#[test]
fn a_board_that_names_a_lease_below_a_void_tail_names_nothing_missing() {
    let mut scene = Scene::new();
    scene.lay_marie(3, State::Ended, 1);
    let board = scene.board;
    scene.lay_marie(4, State::Void, 1);
    scene.board = board;
    assert_eq!(takeable(&mut scene), None);
    assert!(!scene.told.iter().any(|report| matches!(report, Report::WentBack(_))));
}

#[test]
fn what_was_remembered_and_is_missing_is_waited_for() {
    let mut scene = Scene::new();
    let body = Arc::new(Body { promise: with_long(700), ..marie(3) });
    scene.lay(record(&body, State::Ended, 1), Number(3));
    scene.look();
    scene.leases.clear();
    assert_eq!(takeable(&mut scene), Some(700));
    assert!(scene.was_told(&Report::WentBack(Number(3))));
    // Another lease of the same number.
    scene.lay(
        record(&Arc::new(Body { id: LeaseId { number: Number(3), nonce: Nonce(77) }, ..marie(3) }), State::Ended, 1),
        Number(3),
    );
    assert_eq!(takeable(&mut scene), Some(700));
}

#[test]
fn a_notice_of_ours_is_somebodys_unless_its_lease_is_known() {
    let notice = |notice: Body| {
        let mut scene = Scene::new();
        scene.lay_marie(2, State::Ended, 1);
        scene.lay_marie(3, State::Ended, 1);
        scene.notice = notice_of(&notice);
        takeable(&mut scene)
    };
    let of = |number, nonce, token| Body {
        id: LeaseId { number: Number(number), nonce: Nonce(nonce) },
        token: Token(token),
        promise: with_long(400),
        ..marie(number)
    };
    assert_eq!(notice(of(3, 3, 5003)), None, "of the tail, which was given back");
    assert_eq!(notice(of(2, 2, 5002)), None, "of one before");
    assert_eq!(notice(of(4, 4, 5004)), Some(400), "of a later one, which is missing");
    assert_eq!(notice(of(3, 77, 5003)), Some(400), "of another 3");
    assert_eq!(notice(of(2, 77, 5002)), Some(400), "of another 2");
    assert_eq!(notice(of(1, 1, 5001)), Some(400), "of one that was never on this ledger, or was cleaned up");
    assert_eq!(notice(of(2, 2, 5004)), Some(400), "of a later token");
    // One whose lease cannot be read.
    let mut scene = Scene::new();
    scene.lay(Found::Blank { fingerprint: 1 }, Number(3));
    scene.notice = notice_of(&of(3, 3, 5003));
    assert_eq!(takeable(&mut scene), Some(400));
    // A claim of my own that was withdrawn does not stand in my way.
    let mut scene = Scene::new();
    scene.refused = Some((|op| matches!(op, Op::Create(..)), Failure::Unreachable));
    scene.tell(Event::Want);
    scene.refused = None;
    let mine = scene.client.disowned[0];
    scene.notice = notice_of(&Body { id: mine, ..marie(1) });
    scene.tell(Event::Release);
    assert_eq!(takeable(&mut scene), None);
}

#[test]
fn an_observation_lasts_over_no_longer_gap_than_the_short_time_out() {
    for (gap, observed) in [(180.0, 180), (180.1, 0)] {
        let mut scene = Scene::new();
        scene.lay_marie(3, State::Live, 1);
        scene.look();
        assert_eq!(scene.at(gap).look().observed, Some(seconds(observed)));
    }
}

#[test]
fn a_look_that_proves_nothing_neither_begins_nor_continues_an_observation() {
    let mut scene = Scene::of(true);
    scene.lay_marie(3, State::Live, 1);
    scene.tell(Event::Want);
    scene.refused = Some((|op| matches!(op, Op::Touch), Failure::Full));
    scene.at(40.0).tell(Event::Hint);
    assert_eq!(scene.client.status(scene.moment()).observed, Some(Duration::ZERO));
    scene.refused = None;
    scene.at(50.0).tell(Event::Hint);
    assert_eq!(scene.client.status(scene.moment()).observed, Some(seconds(50)));
}

fn order(number: u64, nonce: u128, fingerprint: u64, now: bool) -> Arc<Revoke> {
    let subjects = vec![Revoked { number, nonce, fingerprint }];
    Arc::new(Revoke { subjects, by: Holder::default(), reason: "stock count".into(), at: THEN, now })
}

#[test]
fn an_order_shortens_the_wait_for_the_holder_that_it_names() {
    let mut scene = Scene::new();
    scene.lay_marie(3, State::Live, 1);
    scene.revoke = Some(order(3, 3, 0, false));
    scene.tell(Event::Want);
    assert_eq!(scene.client.status(scene.moment()).takeable_in, Some(seconds(180)));
    // The holder's counter goes on until it has read that.
    scene.pass(20);
    scene.lay_marie(3, State::Live, 2);
    scene.pass(159);
    assert_eq!(scene.held(), None);
    scene.pass(16);
    assert!(scene.was_told(&Report::ClaimSent(Number(4), Basis::Revoked)));
    assert_eq!(scene.held(), Some(4));
}

#[test]
fn an_order_never_lengthens_a_wait() {
    let mut scene = Scene::new();
    scene.lay_marie(3, State::Live, 1);
    scene.look();
    scene.at(170.0).look();
    scene.revoke = Some(order(3, 3, 0, false));
    assert_eq!(takeable(&mut scene), Some(130), "less than 180");
    assert_eq!(scene.client.memory().observations.len(), 2, "the order is watched all the same");
    scene.at(290.0).look();
    assert_eq!(takeable(&mut scene), Some(10));
}

#[test]
fn an_order_to_somebody_unknown_shortens_nothing() {
    let mut scene = Scene::new();
    scene.lay(Found::Blank { fingerprint: 9 }, Number(3));
    scene.revoke = Some(order(3, 0, 9, false));
    assert_eq!(takeable(&mut scene), Some(300));
    scene.revoke = Some(order(3, 0, 9, true));
    scene.tell(Event::Want);
    assert!(scene.was_told(&Report::ClaimSent(Number(4), Basis::Forced)), "unless nobody waits");
}

#[test]
fn an_order_names_all_that_stood_in_the_way() {
    let mut scene = Scene::new();
    let give = |now| Event::Revoke { reason: "stock count".into(), now };
    scene.tell(give(false));
    assert!(scene.was_told(&Report::RevokeFailed(Failure::Gone)), "nothing was looked at");
    scene.told.clear();
    scene.look();
    scene.tell(give(false));
    assert!(scene.was_told(&Report::RevokeFailed(Failure::Gone)), "nobody has it");
    scene.lay_marie(3, State::Live, 1);
    scene.notice = NoticeSeen::Foreign { fingerprint: 8, said: None, locked: false };
    scene.look();
    scene.asked.clear();
    scene.tell(give(false));
    let Some(Op::WriteRevoke(written)) = scene.asked.pop() else { panic!("no order") };
    let mut subjects = written.subjects.clone();
    subjects.sort_by_key(|subject| subject.number);
    let named = [Revoked { number: 0, nonce: 0, fingerprint: 8 }, Revoked { number: 3, nonce: 3, fingerprint: 0 }];
    assert_eq!((subjects, written.now), (named.to_vec(), false));
    assert_eq!((written.by.user.as_str(), written.reason.as_str(), written.at), ("eva", "stock count", THEN));
    assert!(scene.was_told(&Report::RevokeWritten));
    // An order not to wait is not taken back by a milder one for the same.
    for (before, asked, now) in [(true, false, true), (false, true, true), (false, false, false)] {
        scene.revoke = Some(Arc::new(Revoke { now: before, ..Revoke::clone(&written) }));
        scene.look();
        scene.tell(give(asked));
        let Some(Op::WriteRevoke(again)) = scene.asked.pop() else { panic!("no order") };
        assert_eq!(again.now, now);
    }
    scene.revoke = Some(order(3, 3, 0, true));
    scene.look();
    scene.tell(give(false));
    let Some(Op::WriteRevoke(again)) = scene.asked.pop() else { panic!("no order") };
    assert!(!again.now, "that one named less");
    scene.refused = Some((|op| matches!(op, Op::WriteRevoke(_)), Failure::Denied));
    scene.tell(give(false));
    assert!(scene.was_told(&Report::RevokeFailed(Failure::Denied)));
}

#[test]
fn an_order_against_a_later_version_is_refused() {
    let mut scene = Scene::new();
    scene.lay(Found::Newer { min_reader: 2, holder: Arc::default(), fingerprint: 9 }, Number(3));
    scene.look();
    scene.tell(Event::Revoke { reason: String::new(), now: true });
    assert!(scene.was_told(&Report::RevokeFailed(Failure::Gone)));
    assert!(!scene.questions().contains(&"write order".into()));
}

#[test]
fn an_order_names_everybody_once_and_four_at_most() {
    let mut scene = Scene::new();
    scene.lay_marie(3, State::Ended, 1);
    scene.look();
    scene.leases.clear();
    scene.look();
    scene.asked.clear();
    scene.tell(Event::Revoke { reason: String::new(), now: false });
    let Some(Op::WriteRevoke(written)) = scene.asked.pop() else { panic!("no order") };
    assert_eq!(written.subjects, [Revoked { number: 3, nonce: 3, fingerprint: 0 }], "board and memory know the same");
    let mut scene = Scene::new();
    for number in 1..=6 {
        scene.lay(Found::Blank { fingerprint: number }, Number(number));
    }
    scene.look();
    scene.tell(Event::Revoke { reason: String::new(), now: false });
    let Some(Op::WriteRevoke(written)) = scene.asked.pop() else { panic!("no order") };
    assert_eq!(written.subjects.len(), 4);
}

#[test]
fn who_answers_for_the_programs_of_a_dead_holder_need_not_wait_for_their_end() {
    let orphan = || {
        let mut scene = Scene::new();
        let body = Arc::new(Body { guards: vec![ProcessId { pid: 50, start: 1 }], ..marie(3) });
        scene.lay(record(&body, State::Live, 1), Number(3));
        scene.evidence.fate = Fate::Orphaned;
        (scene, body)
    };
    let (mut scene, _) = orphan();
    assert_eq!(takeable(&mut scene), None);
    assert!(scene.client.status(scene.moment()).orphaned);
    let (mut scene, _) = orphan();
    scene.tell(Event::Adopt(Nonce(99)));
    scene.tell(Event::Want);
    scene.pass(400);
    assert_eq!(scene.held(), None, "other programs are somebody else's to answer for");
    let (mut scene, body) = orphan();
    scene.tell(Event::Adopt(body.mark()));
    scene.tell(Event::Want);
    assert_eq!(scene.held(), Some(4));
    assert!(scene.was_told(&Report::ClaimSent(Number(4), Basis::Adopted)));
    let Some(Found::Record { body: mine, .. }) = scene.leases.get(&Number(4)) else { panic!("no lease") };
    assert_eq!((&mine.guards, mine.mark(), scene.client.mark()), (&body.guards, body.id.nonce, Some(body.id.nonce)));
    // Once more: the mark stays that of the lease under which the programs were started.
    scene.client.handle(scene.moment(), Event::Release);
    assert_eq!(scene.client.adopts, None);
}
