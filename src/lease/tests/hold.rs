//! How a lease is held and given back, and when belief in it ends.

use super::*;
use crate::lease::record::Revoked;
use crate::lease::wire::{Doubt, Loss};

/// Eva holds 4; her next heartbeat is due at 30 s.
fn held() -> Scene {
    let mut scene = Scene::new();
    scene.lay_marie(3, State::Ended, 5);
    scene.tell(Event::Want);
    assert_eq!(scene.held(), Some(4));
    scene.questions();
    scene.told.clear();
    scene
}

fn mine(scene: &Scene) -> (Head, Arc<Body>) {
    let Some(Found::Record { head, body, .. }) = scene.leases.get(&Number(4)) else { panic!("no lease") };
    (*head, Arc::clone(body))
}

fn id(scene: &Scene) -> LeaseId {
    mine(scene).1.id
}

fn lost(scene: &Scene) -> Option<Loss> {
    scene.told.iter().find_map(|report| if let Report::Lost(_, loss) = report { Some(loss.clone()) } else { None })
}

fn failed(scene: &Scene) -> Option<Failure> {
    scene.told.iter().find_map(|report| if let Report::RenewalFailed(failure) = report { Some(*failure) } else { None })
}

fn renewed(scene: &Scene) -> bool {
    scene.told.iter().any(|report| matches!(report, Report::Renewed(..)))
}

fn due(scene: &Scene) -> f64 {
    scene.client.deadline().unwrap().since(Ticks::from_nanos(1_000_000_000_000)).as_secs_f64()
}

/// Belief ends this many seconds after the beginning.
fn fence(scene: &Scene) -> u64 {
    let at = |second| scene.client.belief(Ticks::from_nanos(1_000_000_000_000 + second * 1_000_000_000));
    (0..1000).find(|second| !matches!(at(*second), Belief::Holding(..))).unwrap()
}

#[test]
fn a_renewal_writes_reads_back_and_asks_whether_anybody_came() {
    let mut scene = held();
    assert!((due(&scene) - 30.0).abs() < 1e-9);
    scene.at(29.9).tell(Event::Tick);
    assert_eq!(scene.questions(), [""; 0]);
    scene.at(30.0).tell(Event::Tick);
    assert_eq!(scene.questions(), ["head 4 Live 1", "lease 4", "board", "write notice"]);
    assert!(renewed(&scene));
    assert_eq!((due(&scene), fence(&scene)), (60.0, 180));
    scene.at(60.0).tell(Event::Tick);
    assert_eq!(scene.questions()[0], "head 4 Live 2");
}

#[test]
fn a_renewal_counts_from_when_it_was_sent() {
    let mut scene = held();
    scene.hanging = Some(|op| matches!(op, Op::WriteHead(..)));
    scene.at(40.0).tell(Event::Tick);
    scene.hanging = None;
    scene.at(55.0).answer();
    assert_eq!((due(&scene), fence(&scene)), (70.0, 190));
}

#[test]
fn a_renewal_that_fails_is_tried_again_after_a_sixth_of_the_heartbeat() {
    let failing: [(Which, Failure); 3] = [
        (|op| matches!(op, Op::WriteHead(..)), Failure::Unreachable),
        (|op| matches!(op, Op::ReadLease(_)), Failure::Denied),
        (|op| matches!(op, Op::ReadBoard), Failure::Full),
    ];
    for (question, failure) in failing {
        let mut scene = held();
        scene.refused = Some((question, failure));
        scene.at(30.0).tell(Event::Tick);
        assert_eq!((failed(&scene), renewed(&scene)), (Some(failure), false));
        assert_eq!((due(&scene), fence(&scene)), (35.0, 150));
        scene.refused = None;
        scene.at(35.0).tell(Event::Tick);
        assert!(renewed(&scene));
        assert_eq!(fence(&scene), 185);
    }
}

#[test]
fn what_the_path_shows_decides_a_renewal() {
    let show = |found: fn(&Scene) -> Found| {
        let mut scene = held();
        scene.hanging = Some(|op| matches!(op, Op::ReadLease(_)));
        scene.at(30.0).tell(Event::Tick);
        scene.hanging = None;
        let found = found(&scene);
        scene.lay(found, Number(4));
        scene.answer();
        (renewed(&scene), failed(&scene), lost(&scene))
    };
    let with_counter = |scene: &Scene, state, counter| record(&mine(scene).1, state, counter);
    assert_eq!(show(|scene| record(&mine(scene).1, State::Live, 1)), (true, None, None));
    assert_eq!(show(|scene| record(&mine(scene).1, State::Live, 0)), (false, Some(Failure::Unusable), None), "an old copy");
    assert_eq!(show(|_| Found::Blank { fingerprint: 1 }), (false, Some(Failure::Unusable), None), "a virus scanner");
    let gone = (false, None, Some(Loss::RecordGone));
    assert_eq!(show(|_| Found::Missing), gone);
    assert_eq!(show(|_| Found::Newer { min_reader: 2, holder: Arc::default(), fingerprint: 1 }), gone);
    assert_eq!(show(|_| record(&Arc::new(marie(4)), State::Live, 9)), gone, "another ledger's");
    assert_eq!(show(|scene| record(&mine(scene).1, State::Void, 9)), gone);
    let mut scene = held();
    let later = with_counter(&scene, State::Live, 9);
    scene.lay(later, Number(4));
    scene.refused = Some((|op| matches!(op, Op::WriteHead(..)), Failure::Gone));
    scene.at(30.0).tell(Event::Tick);
    assert_eq!((failed(&scene), lost(&scene)), (None, Some(Loss::RecordGone)), "my own handle leads nowhere");
    assert_eq!((scene.held(), scene.questions()), (None, vec!["head 4 Live 1".to_owned(), "close 4".to_owned()]));
    assert!(scene.client.is_idle());
}

#[test]
fn a_later_lease_on_the_board_ends_the_hold_if_it_is_somebodys() {
    let rival = |found: Found| {
        let mut scene = held();
        scene.lay_marie(6, State::Live, 1);
        scene.lay(found, Number(6));
        scene.at(30.0).tell(Event::Tick);
        (renewed(&scene), lost(&scene))
    };
    let marie_s = Arc::new(marie(6));
    let holder = Some(Arc::new(marie(6).holder));
    assert_eq!(rival(record(&marie_s, State::Live, 1)), (false, Some(Loss::TakenOver(holder.clone()))));
    assert_eq!(rival(record(&marie_s, State::Ended, 1)), (false, Some(Loss::TakenOver(holder))));
    assert_eq!(rival(Found::Blank { fingerprint: 1 }), (false, Some(Loss::TakenOver(None))));
    assert_eq!(rival(record(&marie_s, State::Void, 1)), (true, None));
    assert_eq!(rival(Found::Missing), (true, None));
}

#[test]
fn a_board_that_is_wrong_is_mended() {
    let board = |change: fn(&mut Scene)| {
        let mut scene = held();
        change(&mut scene);
        scene.at(30.0).tell(Event::Tick);
        scene.questions().contains(&"write board 4 Live".to_owned())
    };
    assert!(!board(|_| ()));
    assert!(board(|scene| scene.board = None));
    assert!(board(|scene| scene.board = Some(Board { id: marie(3).id, ..scene.board.unwrap() })));
    assert!(board(|scene| scene.board = Some(Board { state: State::Ended, ..scene.board.unwrap() })));
}

#[test]
fn a_notice_that_was_harmed_is_healed_and_a_strangers_is_left_alone() {
    let notice = |notice: NoticeSeen| {
        let mut scene = held();
        let healed = Report::NoticeHealed(id(&scene));
        scene.notice = notice;
        scene.at(30.0).tell(Event::Tick);
        assert!(renewed(&scene) && scene.held() == Some(4) && (due(&scene) - 60.0).abs() < 1e-9, "whatever the notice says");
        (scene.was_told(&healed), scene.notice == notice_of(&mine(&scene).1))
    };
    assert_eq!(notice(notice_of(&marie(3))), (true, true), "a late write of my predecessor's");
    assert_eq!(notice(NoticeSeen::Missing), (true, true));
    assert_eq!(notice(notice_of(&marie(5))), (false, false), "perhaps my successor's");
    assert_eq!(notice(notice_of(&marie(4))), (false, false), "another ledger's");
    assert_eq!(notice(NoticeSeen::Foreign { fingerprint: 1, said: None, locked: false }), (false, false));
    // Nobody is told that it was healed when it was not.
    let mut scene = held();
    scene.notice = NoticeSeen::Missing;
    scene.refused = Some((|op| matches!(op, Op::CreateNotice(..)), Failure::Full));
    scene.at(30.0).tell(Event::Tick);
    assert!(!scene.was_told(&Report::NoticeHealed(id(&scene))));
    assert!(renewed(&scene));
}

#[test]
fn guarded_programs_are_named_in_the_record_at_once() {
    let program = |pid| ProcessId { pid, start: 1 };
    let mut scene = held();
    scene.at(5.0).tell(Event::Guards(vec![program(50)]));
    assert_eq!(scene.questions(), ["record 4 Live 1", "lease 4", "board"], "the notice is new, and says nothing of them");
    assert!(scene.was_told(&Report::Guarded(id(&scene))));
    assert_eq!(mine(&scene).1.guards, [program(50)]);
    scene.told.clear();
    scene.at(6.0).tell(Event::Guards(vec![program(50)]));
    assert_eq!(scene.questions(), [""; 0], "they are named already");
    assert!(scene.was_told(&Report::Guarded(id(&scene))), "and nobody waits for what was done before");
    scene.told.clear();
    scene.at(35.0).tell(Event::Tick);
    assert_eq!(scene.questions()[0], "head 4 Live 2");
    assert!(!scene.was_told(&Report::Guarded(id(&scene))));
    scene.at(36.0).tell(Event::Guards((1..=9).map(program).collect()));
    assert_eq!(mine(&scene).1.guards.len(), 8);
    scene.questions();
    scene.at(49.0).tell(Event::Guards(vec![program(50)]));
    assert_eq!(scene.questions().last().unwrap(), "board");
    scene.at(50.0).tell(Event::Guards(vec![program(51)]));
    assert_eq!(scene.questions().last().unwrap(), "write notice", "however often they change, it shows signs of life");
}

#[test]
fn a_record_that_could_not_be_written_whole_is_written_whole_the_next_time() {
    let mut scene = held();
    scene.refused = Some((|op| matches!(op, Op::WriteRecord(..)), Failure::Unreachable));
    scene.at(5.0).tell(Event::Guards(vec![ProcessId { pid: 50, start: 1 }]));
    assert!(!scene.was_told(&Report::Guarded(id(&scene))));
    scene.refused = None;
    scene.questions();
    scene.at(10.0).tell(Event::Tick);
    assert_eq!(scene.questions()[0], "record 4 Live 2");
    assert!(scene.was_told(&Report::Guarded(id(&scene))));
    // While a round is under way, they wait for the next, which follows at once.
    scene.hanging = Some(|op| matches!(op, Op::ReadBoard));
    scene.at(40.0).tell(Event::Tick);
    scene.hanging = None;
    scene.at(41.0).tell(Event::Guards(vec![ProcessId { pid: 51, start: 1 }]));
    scene.told.clear();
    scene.questions();
    scene.at(42.0).answer();
    let asked = scene.questions();
    assert_eq!(asked[..2], ["write notice", "record 4 Live 4"]);
    assert!(scene.was_told(&Report::Guarded(id(&scene))));
}

#[test]
fn whoever_wants_to_be_sure_has_the_lease_renewed_at_once() {
    let mut scene = held();
    scene.at(5.0).tell(Event::Verify);
    assert!(renewed(&scene));
    assert_eq!((due(&scene), fence(&scene)), (35.0, 155));
}

#[test]
fn the_margin_before_the_fence_is_told_once() {
    let mut scene = held();
    scene.refused = Some((|_| true, Failure::Unreachable));
    let expiring = |scene: &Scene| scene.told.iter().filter(|report| matches!(report, Report::Expiring(_))).count();
    scene.pass(134);
    assert_eq!(expiring(&scene), 0);
    scene.pass(1);
    assert_eq!(expiring(&scene), 1);
    scene.pass(14);
    assert_eq!(expiring(&scene), 1);
    scene.refused = None;
    scene.tell(Event::Verify);
    scene.refused = Some((|_| true, Failure::Unreachable));
    scene.pass(135);
    assert_eq!(expiring(&scene), 2);
}

#[test]
fn belief_ends_at_the_fence_and_an_answer_after_it_changes_nothing() {
    let mut scene = held();
    let unsure = Report::Unsure(id(&scene), Doubt::Fence);
    scene.hanging = Some(|op| matches!(op, Op::WriteHead(..)));
    scene.at(30.0).tell(Event::Tick);
    assert!((due(&scene) - 135.0).abs() < 1e-9, "a write is waited for until the margin");
    scene.at(135.0).tell(Event::Tick);
    assert!((due(&scene) - 150.0).abs() < 1e-9);
    scene.at(149.999).tell(Event::Tick);
    assert!(!scene.was_told(&unsure) && scene.held() == Some(4));
    scene.hanging = Some(|_| true);
    scene.at(150.0).tell(Event::Tick);
    assert!(scene.was_told(&unsure));
    assert_eq!(scene.client.belief(scene.moment().ticks), Belief::Unsure(id(&scene)));
    scene.answer();
    assert!(!renewed(&scene) && scene.held().is_none());
}

#[test]
fn belief_ends_when_the_clocks_part() {
    for (skew, parted) in [(5000, false), (5001, true), (-5000, false), (-5001, true)] {
        let mut scene = held();
        scene.hanging = Some(|_| true);
        scene.skew = skew;
        scene.at(1.0).tell(Event::Tick);
        assert_eq!(scene.was_told(&Report::Unsure(id(&scene), Doubt::ClocksParted)), parted, "{skew}");
        assert_eq!(scene.held(), (!parted).then_some(4));
    }
}

#[test]
fn an_order_to_give_up_ends_renewals_and_then_the_lease() {
    let order = |scene: &Scene, now| {
        let subjects = vec![Revoked { number: 4, nonce: id(scene).nonce.0, fingerprint: 0 }];
        Arc::new(Revoke { subjects, by: Holder::default(), reason: "stock count".into(), at: THEN, now })
    };
    let mut scene = held();
    let (given, mine) = (order(&scene, false), id(&scene));
    scene.revoke = Some(Arc::clone(&given));
    scene.at(30.0).tell(Event::Tick);
    assert!(scene.was_told(&Report::Revoked(mine, Arc::clone(&given))) && !renewed(&scene));
    assert_eq!((scene.held(), fence(&scene)), (Some(4), 150));
    assert!((due(&scene) - 135.0).abs() < 1e-9);
    scene.questions();
    scene.at(60.0).tell(Event::Verify);
    assert_eq!((failed(&scene), scene.questions()), (Some(Failure::Gone), vec![]));
    scene.at(150.0).tell(Event::Tick);
    assert_eq!(lost(&scene), Some(Loss::Revoked(given)));
    assert!(scene.client.is_idle() && scene.questions() == ["close 4"]);
    // One that names somebody else is none to me.
    let mut scene = held();
    scene.revoke = Some(Arc::new(Revoke {
        subjects: vec![Revoked { number: 4, nonce: 1, fingerprint: 0 }],
        ..Revoke::clone(&order(&scene, true))
    }));
    scene.at(30.0).tell(Event::Tick);
    assert!(renewed(&scene) && scene.held() == Some(4));
    // Before that it is given back as ever.
    let mut scene = held();
    scene.revoke = Some(order(&scene, false));
    scene.at(30.0).tell(Event::Tick);
    scene.at(40.0).tell(Event::Release);
    assert!(scene.was_told(&Report::Released(mine)));
    // Nobody waits for me.
    let mut scene = held();
    let given = order(&scene, true);
    scene.revoke = Some(Arc::clone(&given));
    scene.at(30.0).tell(Event::Tick);
    assert_eq!((scene.held(), lost(&scene)), (None, Some(Loss::Revoked(given))));
}

#[test]
fn giving_back_takes_the_notice_away_ends_the_record_and_tells_the_board() {
    let mut scene = held();
    scene.at(10.0).tell(Event::Release);
    assert_eq!(scene.questions(), ["remove notice", "head 4 Ended 1", "close 4", "board", "write board 4 Ended"]);
    assert!(scene.was_told(&Report::Released(id(&scene))) && scene.was_told(&Report::Remember));
    assert!(scene.client.memory().closed && scene.client.is_idle());
    assert_eq!(scene.client.belief(scene.moment().ticks), Belief::None);
    let mut scene = held();
    scene.lay_marie(5, State::Live, 1);
    scene.at(10.0).tell(Event::Release);
    assert_eq!(scene.questions()[2..], ["close 4", "board"], "my successor has written it");
}

#[test]
fn giving_back_waits_for_the_renewal_on_its_way() {
    let mut scene = held();
    scene.hanging = Some(|op| matches!(op, Op::WriteHead(..)));
    scene.at(30.0).tell(Event::Tick);
    scene.questions();
    scene.at(31.0).tell(Event::Release);
    assert_eq!(scene.questions(), [""; 0]);
    scene.hanging = None;
    scene.at(32.0).answer();
    let asked = scene.questions();
    assert!(asked.contains(&"head 4 Ended 2".to_owned()), "{asked:?}");
}

#[test]
fn an_end_mark_that_fails_is_tried_again_until_the_fence() {
    let mut scene = held();
    let (released, unanswered) = (Report::Released(id(&scene)), Report::ReleaseUnanswered(id(&scene)));
    scene.refused = Some((|op| matches!(op, Op::WriteHead(..)), Failure::Unreachable));
    scene.at(10.0).tell(Event::Release);
    assert!((due(&scene) - 15.0).abs() < 1e-9);
    scene.at(15.0).tell(Event::Tick);
    assert_eq!(scene.questions(), ["remove notice", "head 4 Ended 1", "head 4 Ended 2"]);
    scene.refused = None;
    scene.at(20.0).tell(Event::Tick);
    assert!(scene.was_told(&released) && !scene.was_told(&unanswered));
    // While the second try is on its way, nothing is due: no busy loop.
    let mut scene = held();
    scene.refused = Some((|op| matches!(op, Op::WriteHead(..)), Failure::Unreachable));
    scene.at(10.0).tell(Event::Release);
    scene.hanging = Some(|op| matches!(op, Op::WriteHead(..)));
    scene.at(15.0).tell(Event::Tick);
    assert_eq!(scene.hung.len(), 1);
    assert!((due(&scene) - 150.0).abs() < 1e-9);
    // A file that is not there needs no end mark.
    let mut scene = held();
    scene.refused = Some((|op| matches!(op, Op::WriteHead(..)), Failure::Gone));
    scene.at(10.0).tell(Event::Release);
    assert!(scene.was_told(&unanswered) && !scene.was_told(&released) && scene.client.is_idle());
    assert!(scene.questions().contains(&"close 4".to_owned()));
    // At the fence that is over.
    let mut scene = held();
    scene.hanging = Some(|op| matches!(op, Op::WriteHead(..)));
    scene.at(10.0).tell(Event::Release);
    scene.questions();
    assert!((due(&scene) - 150.0).abs() < 1e-9, "it is waited for until then");
    scene.at(149.9).tell(Event::Tick);
    assert!(!scene.was_told(&unanswered));
    scene.at(150.0).tell(Event::Tick);
    assert!(scene.was_told(&unanswered) && scene.client.is_idle());
    assert_eq!(scene.questions(), ["close 4"]);
}

#[test]
fn a_release_that_reaches_the_fence_with_its_end_mark_written_was_one() {
    let mut scene = held();
    scene.hanging = Some(|op| matches!(op, Op::Close(_)));
    scene.at(60.0).tell(Event::Release);
    assert!((due(&scene) - 150.0).abs() < 1e-9);
    scene.questions();
    scene.at(150.0).tell(Event::Tick);
    assert_eq!(scene.questions(), ["close 4"], "the board is left alone");
    assert!((due(&scene) - 252.0).abs() < 1e-9, "the limit of any question");
    scene.hung.remove(0);
    scene.answer();
    assert!(scene.was_told(&Report::Released(id(&scene))) && !scene.was_told(&Report::ReleaseUnanswered(id(&scene))));
    // A board that does not answer keeps nobody past the fence, and the lease is closed only once.
    let mut scene = held();
    scene.hanging = Some(|op| matches!(op, Op::ReadBoard));
    scene.at(60.0).tell(Event::Release);
    assert_eq!(scene.questions(), ["remove notice", "head 4 Ended 1", "close 4", "board"]);
    assert!(!scene.was_told(&Report::Released(id(&scene))) && (due(&scene) - 150.0).abs() < 1e-9);
    scene.at(150.0).tell(Event::Tick);
    assert!(scene.was_told(&Report::Released(id(&scene))) && scene.client.is_idle());
    assert_eq!(scene.questions(), [""; 0]);
}

#[test]
fn whoever_is_unsure_and_wants_it_no_more_ends_its_own_record_alone() {
    let unsure = |hanging: Which| {
        let mut scene = held();
        scene.hanging = Some(hanging);
        scene.refused = Some((|op| !matches!(op, Op::Close(_)), Failure::Unreachable));
        scene.pass(151);
        scene.hanging = None;
        scene.refused = None;
        scene.questions();
        scene.tell(Event::Release);
        scene
    };
    let mut scene = unsure(|_| false);
    let asked = scene.questions();
    assert!(asked.len() == 2 && asked[0].starts_with("head 4 Ended") && asked[1] == "close 4", "{asked:?}");
    assert!(scene.was_told(&Report::Released(id(&scene))));
    assert!(!scene.client.memory().closed, "past the fence nothing is certain");
    // A renewal is on its way still, and might undo the end.
    let mut scene = unsure(|op| matches!(op, Op::WriteHead(..)));
    assert_eq!(scene.questions(), ["close 4"]);
    assert!(scene.was_told(&Report::ReleaseUnanswered(id(&scene))));
}

/// A hold above that many leases that were given back.
fn above(leases: u64) -> Scene {
    let mut scene = Scene::new();
    for number in 1..=leases {
        scene.lay_marie(number, State::Ended, 1);
    }
    scene.tell(Event::Want);
    scene.questions();
    scene
}

fn cleaned(scene: &mut Scene) -> Vec<String> {
    scene.questions().into_iter().filter(|asked| asked.starts_with("clean up")).collect()
}

#[test]
fn old_leases_are_cleaned_up_when_there_are_many() {
    // Own number 48: those up to 32 are 16 behind.
    let mut scene = above(46);
    scene.at(30.0).tell(Event::Tick);
    assert_eq!(cleaned(&mut scene), [""; 0]);
    let mut scene = above(47);
    assert_eq!(cleaned(&mut scene), [""; 0], "the first round is for the claim");
    scene.at(30.0).tell(Event::Tick);
    let all: Vec<_> = (1..=32).map(|number| format!("clean up {number}")).collect();
    assert_eq!(cleaned(&mut scene), all);
    assert!(scene.was_told(&Report::CleanedUp(Number(32))));
    scene.at(60.0).tell(Event::Tick);
    assert_eq!(cleaned(&mut scene), [""; 0]);
    let mut scene = above(200);
    scene.at(30.0).tell(Event::Tick);
    let asked = cleaned(&mut scene);
    assert_eq!((asked.len(), asked.last().unwrap().as_str()), (64, "clean up 64"));
}

#[test]
fn clean_up_stops_at_the_first_that_stays() {
    let mut scene = above(47);
    scene.leases.remove(&Number(2));
    scene.at(30.0).tell(Event::Tick);
    assert_eq!(cleaned(&mut scene), ["clean up 1", "clean up 2"]);
    scene.at(60.0).tell(Event::Tick);
    assert_eq!(cleaned(&mut scene), [""; 0]);
    assert!(!scene.was_told(&Report::CleanedUp(Number(2))));
}

#[test]
fn a_short_hold_cleans_up_on_its_way_out() {
    let mut scene = above(47);
    scene.at(10.0).tell(Event::Release);
    let asked = scene.questions();
    assert_eq!((asked[0].as_str(), asked[32].as_str()), ("clean up 1", "remove notice"));
    let mut scene = above(46);
    scene.at(10.0).tell(Event::Release);
    assert_eq!(scene.questions()[0], "remove notice");
}

#[test]
fn clean_up_leaves_time_for_the_next_renewal() {
    let mut scene = above(47);
    scene.hanging = Some(|op| matches!(op, Op::CleanUp { number: Number(3), .. }));
    scene.at(30.0).tell(Event::Tick);
    scene.hanging = None;
    scene.questions();
    scene.at(60.0).answer();
    assert_eq!(scene.questions()[..2], ["head 48 Live 2", "lease 48"]);
}

#[test]
fn whoever_lost_it_looks_at_the_whole_ledger_next() {
    let mut scene = held();
    scene.leases.remove(&Number(4));
    scene.at(5.0).tell(Event::Verify);
    assert_eq!(lost(&scene), Some(Loss::RecordGone));
    scene.hanging = Some(|op| matches!(op, Op::Create(..)));
    scene.questions();
    scene.tell(Event::Want);
    assert_eq!(scene.questions()[..2], ["board", "list"]);
}
