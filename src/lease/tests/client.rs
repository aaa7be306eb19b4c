//! What a client does between its steps: wishes, hints, deadlines, and answers that come too late.

use super::*;
use crate::lease::status::State as Seen;

#[test]
fn nothing_is_asked_that_nobody_wants() {
    let mut scene = Scene::new();
    scene.tell(Event::Tick);
    scene.tell(Event::Hint);
    scene.tell(Event::Verify);
    scene.tell(Event::Release);
    assert_eq!(scene.questions(), [""; 0]);
    assert!(scene.client.is_idle() && scene.client.deadline().is_none());
}

#[test]
fn whoever_does_not_want_it_any_more_stops_waiting() {
    let mut scene = Scene::new();
    scene.lay_marie(3, State::Live, 1);
    scene.tell(Event::Want);
    assert!(!scene.client.is_idle());
    scene.tell(Event::Release);
    assert!(scene.client.is_idle() && scene.client.deadline().is_none());
    scene.lay_marie(3, State::Ended, 2);
    scene.at(20.0).tell(Event::Tick);
    assert_eq!(scene.held(), None);
    // A look that was on its way ends without a claim.
    scene.hanging = Some(|op| matches!(op, Op::ReadNotice));
    scene.tell(Event::Want);
    assert!(!scene.client.is_idle());
    scene.tell(Event::Release);
    scene.hanging = None;
    scene.answer();
    assert!(scene.client.is_idle() && scene.held().is_none());
}

#[test]
fn a_question_without_an_answer_is_given_up_and_its_answer_changes_nothing() {
    let mut scene = Scene::new();
    scene.hanging = Some(|op| matches!(op, Op::ReadBoard));
    scene.look();
    assert_eq!(scene.client.deadline(), Some(scene.moment().ticks + Duration::from_secs(102)));
    scene.at(101.9).tell(Event::Tick);
    assert!(!scene.was_told(&Report::LookFailed(Failure::Unreachable)));
    scene.at(102.0).tell(Event::Tick);
    assert!(scene.was_told(&Report::LookFailed(Failure::Unreachable)));
    assert!(scene.client.is_idle());
    scene.answer();
    assert_eq!(scene.client.status(scene.moment()).state, Seen::Unreachable);
}

#[test]
fn no_more_is_asked_while_four_questions_are_unanswered() {
    let mut scene = Scene::new();
    scene.hanging = Some(|op| matches!(op, Op::ReadBoard));
    for failed in 0..4_u32 {
        scene.look();
        assert_eq!(scene.hung.len() as u64, u64::from(failed) + 1);
        scene.now += Duration::from_secs(102);
        scene.tell(Event::Tick);
    }
    scene.told.clear();
    scene.look();
    assert!(scene.was_told(&Report::LookFailed(Failure::Unreachable)));
    assert_eq!(scene.hung.len(), 4);
    scene.answer();
    scene.look();
    assert_eq!(scene.hung.len(), 4, "one was answered, and one more asked");
}

#[test]
fn clocks_that_part_begin_every_observation_again() {
    for (skew, observed) in [(5000, 10), (5001, 0), (-5000, 10), (-5001, 0)] {
        let mut scene = Scene::new();
        scene.lay_marie(3, State::Live, 1);
        scene.tell(Event::Want);
        scene.skew = skew;
        scene.at(10.0).tell(Event::Hint);
        let status = scene.client.status(scene.moment());
        assert_eq!(status.observed, Some(Duration::from_secs(observed)), "{skew}");
    }
}

#[test]
fn every_claim_has_a_nonce_of_its_own() {
    let mut scene = Scene::new();
    scene.refused = Some((|op| matches!(op, Op::CreateNotice(..)), Failure::Unreachable));
    scene.tell(Event::Want);
    scene.at(1.0).tell(Event::Tick);
    scene.refused = None;
    scene.at(2.0).tell(Event::Tick);
    let nonces: Vec<_> =
        scene.asked.iter().filter_map(|op| if let Op::Create(body, _) = op { Some(body.id.nonce) } else { None }).collect();
    assert_eq!(nonces, [Nonce(7001), Nonce(7002), Nonce(7003)]);
}

#[test]
fn withdrawn_claims_are_known_again_as_ones_own() {
    // More than are remembered: the oldest counts as somebody's, the others do not.
    let mut scene = Scene::new();
    scene.refused = Some((|op| matches!(op, Op::WriteHead(..) | Op::CreateNotice(..)), Failure::Unreachable));
    scene.tell(Event::Want);
    for second in 1..16 {
        scene.at(f64::from(second)).tell(Event::Tick);
    }
    assert_eq!((scene.client.disowned.len(), scene.leases.len()), (16, 16));
    assert_eq!(scene.client.disowned.front().unwrap().number, Number(1));
    scene.at(16.0).tell(Event::Tick);
    assert_eq!((scene.client.disowned.len(), scene.leases.len()), (16, 17));
    assert_eq!(scene.client.disowned.front().unwrap().number, Number(2));
    // None of them could be marked void, and yet they are in nobody's way.
    scene.refused = None;
    scene.at(17.0).tell(Event::Tick);
    assert_eq!(scene.held(), None, "1 looks alive");
    assert_eq!(scene.client.status(scene.moment()).lease.unwrap().number, Number(1));
    scene.leases.remove(&Number(1));
    scene.board = None;
    scene.at(18.0).tell(Event::Hint);
    assert_eq!(scene.held(), Some(18));
    assert!(scene.client.disowned.is_empty(), "all are below");
}

#[test]
fn a_recovered_lease_keeps_its_guarded_programs_and_closes_the_old_file() {
    let mut scene = Scene::new();
    scene.tell(Event::Want);
    let programs = vec![ProcessId { pid: 50, start: 1 }];
    scene.tell(Event::Guards(programs.clone()));
    scene.refused = Some((|_| true, Failure::Unreachable));
    scene.pass(151);
    scene.refused = None;
    scene.questions();
    scene.pass(5);
    assert_eq!(scene.held(), Some(2));
    assert!(scene.questions().contains(&"close 1".into()));
    let Some(Found::Record { body, .. }) = scene.leases.get(&Number(2)) else { panic!("no lease") };
    assert_eq!((&body.guards, body.holder.user.as_str(), body.database.as_str()), (&programs, "eva", "wems.db"));
    assert!(scene.told.iter().any(|report| matches!(report, Report::Recovered(id, _) if id.number == Number(2))));
}

#[test]
fn a_hint_is_heard_once() {
    let mut scene = Scene::new();
    scene.hanging = Some(|op| matches!(op, Op::ReadBoard));
    for _ in 0..4 {
        scene.look();
        scene.now += Duration::from_secs(102);
        scene.tell(Event::Tick);
    }
    scene.told.clear();
    let failed = |scene: &Scene| scene.told.iter().filter(|told| matches!(told, Report::LookFailed(_))).count();
    scene.tell(Event::Hint);
    scene.tell(Event::Want);
    assert_eq!(failed(&scene), 1);
    scene.tell(Event::Tick);
    scene.tell(Event::Tick);
    assert_eq!(failed(&scene), 1, "too much is unanswered; it waits");
    scene.tell(Event::Hint);
    scene.tell(Event::Tick);
    assert_eq!(failed(&scene), 2);
}

#[test]
fn a_look_that_was_asked_for_while_one_failed_is_answered_by_that() {
    let mut scene = Scene::new();
    scene.hanging = Some(|op| matches!(op, Op::ReadBoard));
    scene.look();
    scene.look();
    scene.at(102.0).tell(Event::Tick);
    assert_eq!(scene.told.iter().filter(|told| matches!(told, Report::LookFailed(_))).count(), 1);
    assert_eq!(scene.hung.len(), 1);
    assert!(scene.client.is_idle());
}

#[test]
fn a_client_tells_its_durations() {
    let timing = Timing::scaled(100.0);
    let client = Client::new(eva(), timing, Rules::default(), 7, false, Memory::default());
    assert_eq!(*client.timing(), timing);
}

#[test]
fn numbers_begin_at_one_and_are_written_in_digits() {
    assert_eq!((Number(1).previous(), Number(2).previous()), (None, Some(Number(1))));
    assert_eq!((Number(43).to_string(), Token(44).to_string()), ("43".into(), "44".into()));
    assert_eq!(Nonce(0xab).to_string(), "000000000000000000000000000000ab");
}
