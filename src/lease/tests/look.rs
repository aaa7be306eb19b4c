//! What a look asks, in which order, and what it makes of an answer that does not fit.

use super::*;
use crate::lease::record::RangeLock;
use crate::lease::status::State as Seen;
use crate::lease::wire::{Basis, Loss};

fn wants(caches_reads: bool) -> Scene {
    let mut scene = Scene::of(caches_reads);
    scene.lay_marie(3, State::Live, 5);
    scene.tell(Event::Want);
    scene
}

#[test]
fn who_only_looks_writes_nothing_and_asks_what_no_cache_answers() {
    let mut scene = Scene::of(true);
    scene.lay_marie(3, State::Live, 5);
    assert_eq!(scene.look().observed, None, "such a look proves nothing");
    assert_eq!(scene.questions(), ["ping", "board", "list", "lease 3", "notice", "probe"]);
    let mut scene = Scene::new();
    scene.lay_marie(3, State::Live, 5);
    assert_eq!(scene.look().observed, Some(Duration::ZERO));
    assert_eq!(scene.questions(), ["board", "list", "lease 3", "notice", "probe"]);
}

#[test]
fn who_waits_touches_first_where_reads_are_cached() {
    let mut scene = wants(true);
    let first = scene.questions();
    assert_eq!(first[..6], ["ping", "board", "list", "lease 3", "notice", "probe"], "whether there is anybody");
    assert_eq!(first[6..], ["touch", "board", "list", "lease 3", "notice", "probe"], "at once, as everything from now on");
    assert_eq!(scene.client.status(scene.moment()).observed, Some(Duration::ZERO));
    scene.at(1.0).tell(Event::Hint);
    assert_eq!(scene.questions()[0], "touch");
    assert_eq!(wants(false).questions()[..2], ["board", "list"]);
}

#[test]
fn who_finds_it_free_makes_no_ticket() {
    let mut scene = Scene::of(true);
    scene.lay_marie(3, State::Ended, 5);
    scene.tell(Event::Want);
    assert!(matches!(scene.client.belief(scene.moment().ticks), Belief::Holding(..)));
    let asked = scene.questions();
    assert_eq!((asked[0].as_str(), asked.iter().any(|op| op == "touch")), ("ping", false));
}

#[test]
fn what_was_observed_by_an_earlier_process_is_observed_on_by_the_first_look() {
    let scene = wants(true);
    let memory = scene.client.memory().clone();
    let mut later = Scene::of(true);
    later.client = Client::new(eva(), Timing::default(), Rules::default(), 7001, true, memory);
    later.lay_marie(3, State::Live, 5);
    later.at(60.0).tell(Event::Want);
    assert_eq!(later.questions()[0], "touch");
    assert_eq!(later.client.status(later.moment()).observed, Some(Duration::from_secs(60)));
}

#[test]
fn a_look_without_its_touch_is_a_look_that_proves_nothing() {
    let passes = [Failure::Denied, Failure::ReadOnly, Failure::Full, Failure::Gone];
    for failure in passes.into_iter().chain([Failure::Unreachable, Failure::NoFolder]) {
        let mut scene = Scene::of(true);
        scene.lay_marie(3, State::Live, 5);
        scene.refused = Some((|op| matches!(op, Op::Touch), failure));
        scene.tell(Event::Want);
        let status = scene.client.status(scene.moment());
        if passes.contains(&failure) {
            assert_eq!((status.state, status.observed), (Seen::Held, None), "{failure:?}");
        } else {
            assert_eq!((status.state, status.failure), (Seen::Unreachable, Some(failure)));
        }
    }
}

#[test]
fn a_probe_that_fails_is_no_evidence() {
    let mut scene = Scene::new();
    scene.lay_marie(3, State::Live, 5);
    scene.evidence = Evidence { lock: RangeLock::Held, ..Evidence::NONE };
    scene.look();
    scene.evidence = Evidence { lock: RangeLock::Free, ..Evidence::NONE };
    scene.refused = Some((|op| matches!(op, Op::Probe(_)), Failure::Unreachable));
    assert_eq!(scene.look().state, Seen::Held);
}

#[test]
fn the_ledger_is_listed_on_the_first_look_once_a_minute_and_for_people() {
    let mut scene = wants(false);
    assert!(scene.listed());
    scene.pass(59);
    assert!(!scene.listed());
    scene.pass(1);
    assert!(scene.listed());
    scene.look();
    assert!(scene.listed());
}

#[test]
fn the_ledger_is_listed_at_every_look_while_anything_is_unclear() {
    let mut scene = wants(false);
    scene.lay(Found::Blank { fingerprint: 1 }, Number(4));
    scene.board = scene.board.map(|board| Board { id: marie(4).id, ..board });
    scene.at(1.0).tell(Event::Hint);
    assert!(scene.listed(), "a blank tail says nothing about who holds");
    scene.at(2.0).tell(Event::Hint);
    assert!(scene.listed());
    scene.leases.remove(&Number(4));
    scene.at(3.0).tell(Event::Hint);
    assert!(scene.listed());
    scene.at(4.0).tell(Event::Hint);
    assert!(scene.listed(), "the board's lease is missing");
}

#[test]
fn the_ledger_is_listed_when_the_board_is_missing_or_behind_what_is_known() {
    let mut scene = wants(false);
    scene.questions();
    scene.at(1.0).tell(Event::Hint);
    assert_eq!(scene.questions(), ["board", "lease 3", "notice", "probe"]);
    let board = scene.board.take();
    scene.at(2.0).tell(Event::Hint);
    assert!(scene.listed());
    scene.board = board;
    // Somebody is quicker: their number is not on the board yet.
    scene.lay(record(&Arc::new(marie(3)), State::Ended, 6), Number(3));
    scene.on_create = Some(|scene| drop(scene.lay_marie(4, State::Live, 0)));
    scene.at(3.0).tell(Event::Hint);
    assert_eq!(scene.questions()[..6], ["board", "lease 3", "notice", "create 4", "board", "lease 4"]);
    assert!(scene.told.contains(&Report::ClaimLost(Number(4))));
    scene.board = scene.board.map(|board| Board { id: marie(3).id, ..board });
    scene.at(4.0).tell(Event::Hint);
    assert!(!scene.listed(), "4 was read meanwhile");
}

#[test]
fn a_look_is_behind_as_long_as_a_number_found_taken_is_not_to_be_seen() {
    let mut scene = wants(false);
    scene.lay(record(&Arc::new(marie(3)), State::Ended, 6), Number(3));
    scene.on_create = Some(|_| ());
    scene.questions();
    scene.at(1.0).tell(Event::Hint);
    assert_eq!(scene.questions()[3..6], ["create 4", "board", "list"]);
    assert_eq!(scene.client.status(scene.moment()).state, Seen::Held, "somebody has 4");
    scene.questions();
    scene.at(2.0).tell(Event::Hint);
    assert_eq!(scene.questions(), ["board", "list", "lease 4", "lease 3", "notice"]);
    assert!(scene.told.contains(&Report::WentBack(Number(4))));
}

#[test]
fn a_board_that_is_a_million_ahead_is_garbage() {
    for (ahead, state) in [(1_000_000, Seen::Held), (1_000_001, Seen::Free)] {
        let mut scene = Scene::new();
        scene.lay_marie(3, State::Ended, 5);
        scene.board = scene.board.map(|board| Board { id: marie(3 + ahead).id, ..board });
        assert_eq!(scene.look().state, state, "{ahead}");
    }
}

#[test]
fn the_tail_is_read_again_only_if_the_listing_shows_a_later_one() {
    let mut scene = wants(false);
    scene.lay_marie(4, State::Void, 1);
    scene.questions();
    scene.at(1.0).tell(Event::Hint);
    assert_eq!(scene.questions(), ["board", "lease 4", "list", "lease 3", "notice", "probe"]);
    let mut scene = wants(false);
    scene.lay_marie(4, State::Void, 1);
    let board = scene.board;
    scene.lay_marie(5, State::Live, 1);
    scene.board = board;
    scene.questions();
    scene.at(1.0).tell(Event::Hint);
    assert_eq!(scene.questions(), ["board", "lease 4", "list", "lease 5", "notice", "probe"]);
}

#[test]
fn a_lease_that_is_listed_and_not_there_is_no_verdict() {
    let mut scene = Scene::new();
    scene.lay_marie(3, State::Ended, 5);
    scene.lay(Found::Missing, Number(4));
    let status = scene.look();
    assert_eq!((status.state, status.failure), (Seen::Unreachable, Some(Failure::Unreachable)));
    // Below a void tail, too.
    let mut scene = Scene::new();
    scene.lay(Found::Missing, Number(3));
    scene.lay_marie(4, State::Void, 5);
    assert_eq!(scene.look().state, Seen::Unreachable);
}

#[test]
fn below_what_says_nothing_is_read_on_64_times_at_most() {
    for (void, state) in [(64, Seen::Free), (65, Seen::Held)] {
        let mut scene = Scene::new();
        for number in 1..=void {
            scene.lay_marie(number, State::Void, 1);
        }
        let status = scene.look();
        assert_eq!((status.state, status.holder), (state, None), "{void}");
        assert!(scene.questions().len() <= 3 + 65, "{void}");
    }
}

#[test]
fn a_notice_of_an_older_lease_is_looked_up_on_this_ledger() {
    let mut scene = Scene::new();
    let old = scene.lay_marie(3, State::Ended, 5);
    scene.lay_marie(4, State::Ended, 5);
    scene.notice = notice_of(&old);
    assert_eq!(scene.look().state, Seen::Free);
    assert_eq!(scene.questions(), ["board", "list", "lease 4", "notice", "lease 3"]);
    // Another ledger's 3: its holder may be alive.
    scene.notice = notice_of(&Body { id: LeaseId { nonce: Nonce(77), ..old.id }, ..marie(3) });
    assert_eq!(scene.look().state, Seen::Held);
    // The tail's own is known already.
    scene.notice = notice_of(&marie(4));
    scene.questions();
    assert_eq!(scene.look().state, Seen::Free);
    assert_eq!(scene.questions(), ["board", "list", "lease 4", "notice"]);
}

#[test]
fn evidence_is_asked_of_a_live_holder_alone() {
    let mut scene = Scene::new();
    scene.lay_marie(3, State::Ended, 5);
    scene.look();
    assert!(!scene.questions().contains(&"probe".to_owned()));
    scene.lay_marie(3, State::Live, 5);
    scene.look();
    assert!(scene.questions().contains(&"probe".to_owned()));
}

#[test]
fn after_a_failed_look_a_waiter_looks_again_in_five_seconds() {
    let mut scene = wants(false);
    scene.refused = Some((|op| matches!(op, Op::ReadNotice), Failure::Unreachable));
    scene.at(1.0).tell(Event::Hint);
    assert_eq!(scene.client.deadline(), Some(scene.moment().ticks + Duration::from_secs(5)));
    let mut scene = Scene::new();
    scene.refused = Some((|_| true, Failure::Unreachable));
    scene.look();
    assert!(scene.client.is_idle());
}

#[test]
fn a_look_across_a_pause_of_the_machine_begins_to_watch_again() {
    let mut scene = wants(false);
    scene.at(10.0).tell(Event::Hint);
    assert_eq!(scene.client.status(scene.moment()).observed, Some(Duration::from_secs(10)));
    scene.hanging = Some(|op| matches!(op, Op::ReadNotice));
    scene.at(20.0).tell(Event::Hint);
    scene.hanging = None;
    scene.skew = 6000;
    scene.at(21.0).answer();
    assert_eq!(scene.client.status(scene.moment()).observed, Some(Duration::ZERO));
    assert_eq!(scene.questions().iter().filter(|asked| *asked == "notice").count(), 4, "it looked again at once");
}

#[test]
fn a_look_counts_up_to_its_own_questions() {
    // The tail was asked for at 20, the answer came at 27, that about the notice at 28.
    let mut scene = wants(false);
    scene.hanging = Some(|op| matches!(op, Op::ReadLease(_)));
    scene.at(20.0).tell(Event::Hint);
    scene.hanging = None;
    scene.at(27.0).answer();
    assert_eq!(scene.client.status(scene.moment()).observed, Some(Duration::from_secs(20)));
    // The board was slow, and the notice slower still.
    let mut scene = wants(false);
    scene.hanging = Some(|op| matches!(op, Op::ReadBoard));
    scene.at(20.0).tell(Event::Hint);
    scene.hanging = Some(|op| matches!(op, Op::ReadLease(_)));
    scene.at(27.0).answer();
    scene.hanging = None;
    scene.at(31.0).answer();
    assert_eq!(scene.client.status(scene.moment()).observed, Some(Duration::from_secs(27)));
    // Where reads are cached, up to its touch.
    let mut scene = wants(true);
    scene.hanging = Some(|op| matches!(op, Op::ReadBoard));
    scene.at(20.0).tell(Event::Hint);
    scene.hanging = None;
    scene.at(27.0).answer();
    assert_eq!(scene.client.status(scene.moment()).observed, Some(Duration::from_secs(20)));
}

#[test]
fn a_claim_says_what_it_is_based_on() {
    let claimed = |scene: &Scene, number, basis| scene.was_told(&Report::ClaimSent(Number(number), basis));
    let mut scene = Scene::new();
    scene.tell(Event::Want);
    assert!(claimed(&scene, 1, Basis::Empty));
    for state in [State::Ended, State::Void] {
        let mut scene = Scene::new();
        scene.lay_marie(3, state, 5);
        scene.tell(Event::Want);
        assert!(claimed(&scene, 4, Basis::Ended));
    }
    let mut scene = wants(false);
    scene.pass(299);
    assert_eq!(scene.held(), None);
    scene.pass(16);
    assert!(claimed(&scene, 4, Basis::Lapsed) && scene.held() == Some(4));
}

#[test]
fn a_waiter_looks_at_least_every_poll_and_when_the_wait_is_over() {
    let mut scene = wants(false);
    let due = |scene: &Scene| scene.client.deadline().unwrap().since(scene.moment().ticks);
    assert_eq!(due(&scene), Duration::from_secs(15));
    for second in (15..=285).step_by(15) {
        scene.at(f64::from(second)).tell(Event::Tick);
    }
    scene.at(290.0).tell(Event::Hint);
    assert_eq!(due(&scene), Duration::from_secs(10));
    scene.at(299.9999).tell(Event::Hint);
    assert_eq!(due(&scene), Duration::from_millis(1), "never a busy loop");
}

#[test]
fn what_is_unclear_is_looked_at_again_soon_and_then_ever_more_rarely() {
    let mut scene = Scene::new();
    scene.lay(Found::Blank { fingerprint: 1 }, Number(1));
    scene.tell(Event::Want);
    let mut pauses = Vec::new();
    for _ in 0..10 {
        let due = scene.client.deadline().unwrap();
        pauses.push(due.since(scene.moment().ticks).as_millis());
        scene.now += due.since(scene.moment().ticks);
        scene.tell(Event::Tick);
    }
    assert_eq!(pauses, [50, 100, 200, 400, 800, 1600, 3200, 6400, 12_800, 15_000]);
    scene.lay_marie(1, State::Live, 1);
    scene.tell(Event::Hint);
    scene.lay(Found::Blank { fingerprint: 1 }, Number(2));
    scene.tell(Event::Look);
    assert_eq!(scene.client.deadline().unwrap().since(scene.moment().ticks).as_millis(), 50);
}

#[test]
fn a_lease_that_was_seen_given_back_stays_given_back() {
    // A late write of its holder makes it look alive again.
    let mut scene = Scene::new();
    scene.lay_marie(3, State::Ended, 5);
    assert_eq!(scene.look().state, Seen::Free);
    assert!(scene.client.memory().closed);
    scene.lay_marie(3, State::Live, 4);
    assert_eq!(scene.look().state, Seen::Free);
    assert!(scene.client.memory().closed);
    scene.lay_marie(4, State::Live, 4);
    assert_eq!(scene.look().state, Seen::Held);
    assert!(!scene.client.memory().closed);
}

#[test]
fn what_is_remembered_is_the_tail_its_promise_and_the_highest_token() {
    let mut scene = Scene::new();
    let mut body = marie(3);
    body.promise.long = Duration::from_secs(400);
    scene.lay(record(&Arc::new(body), State::Live, 5), Number(3));
    scene.look();
    let memory = scene.client.memory();
    assert_eq!((memory.tail, memory.long, memory.token), (Some(marie(3).id), Duration::from_secs(400), Token(5003)));
    assert!(scene.was_told(&Report::Remember));
    scene.told.clear();
    scene.notice = notice_of(&Body { token: Token(9000), ..marie(2) });
    scene.board = Some(Board { id: marie(2).id, token: Token(8000), state: State::Live, long: Duration::ZERO });
    scene.look();
    assert_eq!(scene.client.memory().token, Token(9000));
    scene.notice = NoticeSeen::Missing;
    scene.look();
    assert_eq!(scene.client.memory().token, Token(9000), "it never goes back");
    scene.told.clear();
    scene.look();
    assert!(!scene.was_told(&Report::Remember), "nothing changed");
}

#[test]
fn a_missing_tail_is_remembered_until_it_was_waited_out() {
    let mut scene = Scene::new();
    scene.lay_marie(3, State::Ended, 5);
    scene.look();
    scene.leases.clear();
    scene.board = None;
    let status = scene.look();
    assert_eq!((status.state, status.takeable_in), (Seen::Held, Some(Duration::from_secs(300))));
    for second in (0..300).step_by(15) {
        scene.at(f64::from(second)).look();
        assert_eq!(scene.client.memory().tail, Some(marie(3).id));
    }
    scene.at(300.0).look();
    assert_eq!(scene.client.memory().tail, None);
    assert_eq!(scene.look().state, Seen::Free);
}

/// A holder past its fence that has not seen the share since.
fn unsure() -> Scene {
    let mut scene = Scene::new();
    scene.lay_marie(3, State::Ended, 5);
    scene.tell(Event::Want);
    assert_eq!(scene.held(), Some(4));
    scene.refused = Some((|_| true, Failure::Unreachable));
    scene.pass(151);
    assert_eq!(scene.held(), None);
    scene.refused = None;
    scene
}

fn eva_s(scene: &Scene) -> Arc<Body> {
    let Some(Found::Record { body, .. }) = scene.leases.get(&Number(4)) else { panic!("no lease") };
    Arc::clone(body)
}

#[test]
fn whoever_comes_back_and_finds_nobody_in_between_recovers() {
    let mut scene = unsure();
    scene.pass(10);
    assert_eq!(scene.held(), Some(5));
    assert!(scene.was_told(&Report::ClaimSent(Number(5), Basis::Own)));
    // A claim that was withdrawn is nobody, and so is another one after that.
    let mut scene = unsure();
    scene.lay_marie(5, State::Void, 1);
    scene.lay_marie(6, State::Void, 1);
    scene.hanging = Some(|op| matches!(op, Op::Create(..)));
    scene.pass(10);
    assert!(scene.told.iter().any(|report| matches!(report, Report::Lost(..))), "who knows what was between 4 and 6");
    let mut scene = unsure();
    scene.lay_marie(5, State::Void, 1);
    scene.pass(5);
    assert_eq!(scene.held(), Some(6));
}

#[test]
fn whoever_comes_back_and_finds_somebody_has_lost() {
    let lost = |scene: &mut Scene| {
        scene.pass(10);
        assert_eq!(scene.held(), None);
        scene.told.iter().find_map(|report| if let Report::Lost(_, loss) = report { Some(loss.clone()) } else { None })
    };
    let marie_s = Some(Arc::new(marie(5).holder));
    for state in [State::Live, State::Ended] {
        let mut scene = unsure();
        scene.lay_marie(5, state, 1);
        assert_eq!(lost(&mut scene), Some(Loss::TakenOver(marie_s.clone())));
    }
    // Not known yet, and then it is somebody.
    let mut scene = unsure();
    scene.lay(Found::Blank { fingerprint: 1 }, Number(5));
    assert_eq!(lost(&mut scene), None);
    scene.lay_marie(5, State::Live, 1);
    assert_eq!(lost(&mut scene), Some(Loss::TakenOver(marie_s)));
    // Two further on, somebody has been there in any case.
    let mut scene = unsure();
    scene.lay(Found::Blank { fingerprint: 1 }, Number(6));
    assert_eq!(lost(&mut scene), Some(Loss::TakenOver(None)));
    let mut scene = unsure();
    scene.leases.clear();
    assert_eq!(lost(&mut scene), Some(Loss::RecordGone));
    let mut scene = unsure();
    scene.leases.remove(&Number(4));
    assert_eq!(lost(&mut scene), Some(Loss::RecordGone));
    let mut scene = unsure();
    scene.lay_marie(4, State::Live, 1);
    assert_eq!(lost(&mut scene), Some(Loss::RecordGone), "another ledger's 4");
}

#[test]
fn whoever_comes_back_and_was_ordered_to_give_up_has_lost() {
    let mut scene = unsure();
    let id = eva_s(&scene).id;
    let order = |nonce| {
        let subjects = vec![crate::lease::record::Revoked { number: 4, nonce, fingerprint: 0 }];
        Arc::new(Revoke { subjects, by: Holder::default(), reason: String::new(), at: THEN, now: false })
    };
    scene.revoke = Some(order(1));
    scene.hanging = Some(|op| matches!(op, Op::Create(..)));
    scene.pass(5);
    assert!(!scene.told.iter().any(|report| matches!(report, Report::Lost(..))), "that was another one");
    let mut scene = unsure();
    scene.revoke = Some(order(id.nonce.0));
    scene.pass(5);
    assert!(scene.was_told(&Report::Lost(id, Loss::Revoked(order(id.nonce.0)))));
}

#[test]
fn a_complete_look_is_told_and_an_answer_of_another_kind_ends_one() {
    let mut scene = Scene::new();
    scene.look();
    assert!(scene.was_told(&Report::Looked));
    scene.told.clear();
    scene.hanging = Some(|op| matches!(op, Op::ReadNotice));
    scene.look();
    let (id, _) = scene.hung.remove(0);
    scene.tell(Event::Answer(id, Ok(Reply::Removed(true))));
    assert_eq!(scene.told, [Report::LookFailed(Failure::Unusable)]);
    assert_eq!(scene.client.status(scene.moment()).state, Seen::Unreachable);
}

#[test]
fn a_look_that_listed_for_another_reason_counts_as_the_minutes_listing() {
    let mut scene = wants(false);
    scene.lay_marie(4, State::Void, 1);
    scene.at(50.0).tell(Event::Hint);
    assert!(scene.listed());
    scene.lay_marie(5, State::Live, 1);
    scene.at(61.0).tell(Event::Hint);
    assert!(!scene.listed());
}

#[test]
fn withdrawn_claims_that_are_seen_one_by_one_are_nobody_in_between() {
    let mut scene = unsure();
    scene.lay_marie(5, State::Void, 1);
    // The next number is taken as well, and withdrawn, too.
    scene.on_create = Some(|scene| drop(scene.lay_marie(6, State::Void, 1)));
    scene.pass(5);
    assert_eq!(scene.held(), Some(7));
    // The same one seen twice.
    let mut scene = unsure();
    scene.lay_marie(5, State::Void, 1);
    scene.refused = Some((|op| matches!(op, Op::Create(..)), Failure::Denied));
    scene.pass(40);
    assert!(scene.told.iter().filter(|told| matches!(told, Report::ClaimFailed(_))).count() >= 2);
    scene.refused = None;
    scene.pass(15);
    assert_eq!(scene.held(), Some(6));
}

#[test]
fn whoever_is_unsure_and_wants_it_no_more_gives_up_after_its_look() {
    let mut scene = unsure();
    scene.hanging = Some(|op| matches!(op, Op::ReadNotice));
    scene.pass(5);
    assert_eq!(scene.hung.len(), 1);
    scene.hanging = None;
    scene.tell(Event::Release);
    scene.questions();
    scene.answer();
    let asked = scene.questions();
    assert!(asked[0].starts_with("head 4 Ended") && asked[1] == "close 4" && asked.len() == 2, "{asked:?}");
    assert!(scene.client.is_idle());
}
