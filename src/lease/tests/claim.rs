//! How a claim is made, and everything that ends it before it is believed.

use super::*;
use crate::lease::wire::{Basis, Withdrawal};

/// A waiter before a ledger whose tail, 3, was given back; its board, too.
fn ended() -> Scene {
    let mut scene = Scene::new();
    scene.lay_marie(3, State::Ended, 5);
    scene
}

/// A claim of 4 that has come to this question; what the test changes now, it meets.
fn claiming(scene: &mut Scene, question: fn(&Op) -> bool) {
    scene.hanging = Some(|op| matches!(op, Op::Create(..)));
    scene.tell(Event::Want);
    scene.hanging = Some(question);
    scene.answer();
    scene.hanging = None;
    assert_eq!(scene.hung.len(), 1, "it did not come to that question");
    scene.questions();
}

/// Lets the claim go on from there, with its next create left hanging; returns why it was withdrawn, if it was.
fn end_of(scene: &mut Scene) -> Option<Withdrawal> {
    scene.hanging = Some(|op| matches!(op, Op::Create(..)));
    scene.answer();
    scene.hanging = None;
    scene.told.iter().find_map(|report| if let Report::Withdrawn(_, why) = report { Some(*why) } else { None })
}

fn claim_with(change: impl FnOnce(&mut Scene)) -> (Scene, Option<Withdrawal>) {
    let mut scene = ended();
    claiming(&mut scene, |op| matches!(op, Op::ReadBoard));
    change(&mut scene);
    let why = end_of(&mut scene);
    (scene, why)
}

#[test]
fn a_claim_creates_reads_everything_again_and_then_settles() {
    let mut scene = Scene::new();
    scene.tell(Event::Want);
    let first =
        ["board", "list", "notice", "create 1", "board", "list", "lease 1", "create notice", "lock 1", "write board 1 Live"];
    assert_eq!(scene.questions(), first);
    let mut scene = ended();
    scene.tell(Event::Want);
    let next = ["create 4", "board", "list", "lease 4", "lease 3", "create notice", "lock 4", "write board 4 Live"];
    assert_eq!(scene.questions()[4..], next);
    assert_eq!(scene.held(), Some(4));
    let memory = scene.client.memory();
    assert_eq!((memory.tail.unwrap().number, memory.closed, memory.token), (Number(4), false, Token(5004)));
    assert_eq!(memory.long, Duration::from_secs(300));
}

#[test]
fn a_claim_on_a_short_look_does_not_list() {
    let mut scene = Scene::new();
    scene.lay_marie(3, State::Live, 5);
    scene.tell(Event::Want);
    scene.lay_marie(3, State::Ended, 6);
    scene.questions();
    scene.at(1.0).tell(Event::Hint);
    let asked = scene.questions();
    assert_eq!(asked[..7], ["board", "lease 3", "notice", "create 4", "board", "lease 4", "lease 3"]);
}

#[test]
fn a_token_is_above_every_one_that_is_known() {
    let token = |scene: &Scene| match scene.client.belief(scene.moment().ticks) {
        Belief::Holding(_, token) => token.0,
        Belief::None | Belief::Unsure(_) => panic!("not held"),
    };
    // A new ledger begins at the wall clock's milliseconds, if they can be believed.
    let then = THEN.0.unsigned_abs();
    for (skew, first) in [(0, then), (-THEN.0, 1_577_836_800_000), (THEN.0 * 2, 4_102_444_800_000)] {
        let mut scene = Scene::new();
        scene.skew = skew;
        scene.tell(Event::Want);
        assert_eq!(token(&scene), first + 1);
    }
    let mut scene = ended();
    scene.tell(Event::Want);
    assert_eq!(token(&scene), 5004);
    // Whoever made a lease that cannot be read took one more.
    let mut scene = ended();
    scene.lay(Found::Blank { fingerprint: 1 }, Number(4));
    scene.tell(Event::Want);
    scene.pass(301);
    assert_eq!((scene.held(), token(&scene)), (Some(5), 5005));
}

#[test]
fn numbers_and_tokens_that_are_used_up_are_told() {
    for (number, token, failed) in
        [(Number::MAX.0 - 1, 7, false), (Number::MAX.0, 7, true), (3, Token::MAX.0 - 1, false), (3, Token::MAX.0, true)]
    {
        let mut scene = Scene::new();
        let body = Body { token: Token(token), ..marie(number) };
        scene.lay(record(&Arc::new(body), State::Ended, 1), Number(number));
        scene.tell(Event::Want);
        assert_eq!(scene.was_told(&Report::ClaimFailed(Failure::Unusable)), failed, "{number} {token}");
        assert_eq!(scene.held(), (!failed).then_some(number + 1));
    }
}

#[test]
fn a_refused_create_is_told_and_tried_again_at_the_poll_whatever_is_hinted() {
    for failure in [Failure::Denied, Failure::Full, Failure::ReadOnly, Failure::Unusable] {
        let mut scene = ended();
        scene.refused = Some((|op| matches!(op, Op::Create(..)), failure));
        scene.tell(Event::Want);
        assert!(scene.was_told(&Report::ClaimFailed(failure)));
        scene.questions();
        scene.at(1.0).tell(Event::Hint);
        scene.at(14.9).tell(Event::Tick);
        assert_eq!(scene.questions(), [""; 0], "a hint of its own try");
        scene.refused = None;
        scene.at(15.0).tell(Event::Tick);
        assert_eq!(scene.held(), Some(4));
    }
}

#[test]
fn a_number_that_is_taken_is_looked_for_at_once_and_then_ever_more_rarely() {
    let mut scene = ended();
    scene.on_create = Some(|scene| {
        scene.lay_marie(4, State::Ended, 1);
        scene.on_create = Some(|scene| drop(scene.lay_marie(5, State::Ended, 1)));
    });
    scene.tell(Event::Want);
    assert!(scene.was_told(&Report::ClaimLost(Number(4))) && scene.was_told(&Report::ClaimLost(Number(5))));
    assert_eq!(scene.held(), None);
    assert_eq!(scene.client.deadline(), Some(scene.moment().ticks + Duration::from_millis(100)));
    scene.tell(Event::Hint);
    assert_eq!(scene.held(), Some(6));
}

#[test]
fn a_create_that_was_not_answered_is_never_adopted() {
    let mut scene = ended();
    scene.hanging = Some(|op| matches!(op, Op::Create(..)));
    scene.tell(Event::Want);
    let (id, op) = scene.hung.remove(0);
    scene.hanging = None;
    assert_eq!(scene.client.deadline(), Some(scene.moment().ticks + Duration::from_secs(102)));
    // It was done, and nobody said so.
    assert_eq!(scene.perform(&op), Ok(Reply::Done));
    scene.at(101.9).tell(Event::Tick);
    assert!(!scene.was_told(&Report::ClaimUnanswered(Number(4))));
    scene.at(102.0).tell(Event::Tick);
    assert!(scene.was_told(&Report::ClaimUnanswered(Number(4))));
    assert_eq!(scene.client.deadline(), Some(scene.moment().ticks + Duration::from_millis(50)));
    scene.at(103.0).tell(Event::Tick);
    assert_eq!(scene.held(), Some(5));
    scene.questions();
    scene.tell(Event::Answer(id, Ok(Reply::Done)));
    assert!(scene.was_told(&Report::LateCreate(Number(4))));
    assert_eq!(scene.questions(), ["void 4"]);
    assert_eq!(scene.held(), Some(5));
}

#[test]
fn a_create_that_failed_late_is_forgotten() {
    let mut scene = ended();
    scene.hanging = Some(|op| matches!(op, Op::Create(..)));
    scene.tell(Event::Want);
    let (id, _) = scene.hung.remove(0);
    scene.at(102.0).tell(Event::Tick);
    scene.questions();
    scene.tell(Event::Answer(id, Ok(Reply::Exists)));
    scene.tell(Event::Answer(id, Ok(Reply::Done)));
    assert!(!scene.questions().contains(&"void 4".into()));
}

#[test]
fn a_board_that_is_ahead_withdraws_the_claim() {
    let board = |number, nonce, token| Board {
        id: LeaseId { number: Number(number), nonce: Nonce(nonce) },
        token: Token(token),
        state: State::Live,
        long: Duration::from_secs(300),
    };
    let mine = |scene: &Scene| scene.board_of(4);
    let withdrawn = Some(Withdrawal::Overtaken);
    assert_eq!(claim_with(|scene| scene.board = Some(board(5, 1, 1))).1, withdrawn, "a later number");
    assert_eq!(claim_with(|scene| scene.board = Some(board(4, 1, 1))).1, withdrawn, "my number, somebody else's");
    assert_eq!(claim_with(|scene| scene.board = Some(board(3, 1, 5004))).1, withdrawn, "my token");
    assert_eq!(claim_with(|scene| scene.board = Some(board(3, 1, 5003))).1, None);
    assert_eq!(claim_with(|scene| scene.board = Some(mine(scene))).1, None);
    assert_eq!(claim_with(|scene| scene.board = None).1, None);
}

#[test]
fn a_listing_that_shows_a_later_number_withdraws_the_claim() {
    let (scene, why) = claim_with(|scene| scene.lay(Found::Blank { fingerprint: 1 }, Number(5)));
    assert_eq!((why, scene.held()), (Some(Withdrawal::Overtaken), None));
}

#[test]
fn a_record_that_is_not_mine_withdraws_the_claim() {
    for found in [Found::Missing, Found::Blank { fingerprint: 1 }, record(&Arc::new(marie(4)), State::Live, 0)] {
        let (_, why) = claim_with(|scene| scene.lay(found, Number(4)));
        assert_eq!(why, Some(Withdrawal::NotMine));
    }
}

#[test]
fn a_predecessor_that_is_gone_or_moved_withdraws_the_claim() {
    assert_eq!(claim_with(|scene| drop(scene.leases.remove(&Number(3)))).1, Some(Withdrawal::GapBefore));
    let another = Arc::new(Body { id: LeaseId { nonce: Nonce(77), ..marie(3).id }, ..marie(3) });
    assert_eq!(claim_with(|scene| scene.lay(record(&another, State::Ended, 5), Number(3))).1, Some(Withdrawal::PredecessorMoved));
    assert_eq!(claim_with(|scene| scene.lay(Found::Blank { fingerprint: 1 }, Number(3))).1, None, "it is there");
    assert_eq!(claim_with(|scene| drop(scene.lay_marie(3, State::Live, 9))).1, None, "a late write of an ended lease");
    // One that had lapsed.
    for (state, counter, moved) in [(State::Live, 5, false), (State::Live, 6, true), (State::Ended, 6, false)] {
        let mut scene = Scene::new();
        scene.lay_marie(3, State::Live, 5);
        scene.hanging = Some(|op| matches!(op, Op::Create(..)));
        scene.tell(Event::Want);
        scene.pass(301);
        assert!(scene.was_told(&Report::ClaimSent(Number(4), Basis::Lapsed)));
        scene.lay_marie(3, state, counter);
        scene.hung.truncate(1);
        let why = end_of(&mut scene);
        assert_eq!(why, moved.then_some(Withdrawal::PredecessorMoved), "{state:?} {counter}");
    }
    // One that could not be read, and now is somebody.
    for (state, moved) in [(State::Live, true), (State::Ended, false)] {
        let mut scene = Scene::new();
        scene.lay(Found::Blank { fingerprint: 1 }, Number(3));
        scene.hanging = Some(|op| matches!(op, Op::Create(..)));
        scene.tell(Event::Want);
        scene.pass(301);
        scene.lay(record(&Arc::new(marie(3)), state, 1), Number(3));
        scene.hung.truncate(1);
        assert_eq!(end_of(&mut scene), moved.then_some(Withdrawal::PredecessorMoved), "{state:?}");
    }
}

#[test]
fn a_notice_that_came_in_between_withdraws_the_claim() {
    let foreign = NoticeSeen::Foreign { fingerprint: 1, said: None, locked: false };
    let (mut scene, why) = claim_with(|scene| scene.notice = foreign.clone());
    assert_eq!((why, scene.notice.clone()), (Some(Withdrawal::Notice), foreign));
    assert_eq!(
        scene.questions(),
        ["list", "lease 4", "lease 3", "create notice", "notice", "head 4 Void 1", "write board 4 Void", "close 4"]
    );
    // One of the very lease before is its holder's, who crashed before removing it.
    let (scene, why) = claim_with(|scene| scene.notice = notice_of(&marie(3)));
    assert_eq!((why, scene.held()), (None, Some(4)));
    assert!(scene.told.iter().any(|report| matches!(report, Report::NoticeReplaced(id) if id.number == Number(4))));
    // With a later token it is another ledger's, and so is one that nobody knows.
    let later = Body { token: Token(6000), ..marie(3) };
    assert_eq!(claim_with(|scene| scene.notice = notice_of(&later)).1, Some(Withdrawal::Notice));
    assert_eq!(claim_with(|scene| scene.notice = notice_of(&marie(2))).1, Some(Withdrawal::Notice));
}

#[test]
fn a_notice_that_was_known_to_be_superseded_is_written_over() {
    let mut scene = ended();
    scene.lay_marie(2, State::Ended, 5);
    scene.lay_marie(3, State::Ended, 5);
    scene.notice = notice_of(&marie(2));
    scene.tell(Event::Want);
    assert_eq!(scene.held(), Some(4));
    // Another one has taken its place since.
    let mut scene = ended();
    scene.lay_marie(2, State::Ended, 5);
    scene.lay_marie(3, State::Ended, 5);
    scene.notice = notice_of(&marie(2));
    claiming(&mut scene, |op| matches!(op, Op::ReadBoard));
    scene.notice = notice_of(&marie(1));
    assert_eq!(end_of(&mut scene), Some(Withdrawal::Notice));
}

#[test]
fn a_notice_that_changes_while_it_is_written_over_withdraws_the_claim() {
    let mut scene = ended();
    scene.notice = notice_of(&marie(3));
    claiming(&mut scene, |op| matches!(op, Op::WriteNotice(..)));
    scene.notice = NoticeSeen::Foreign { fingerprint: 9, said: None, locked: false };
    assert_eq!(end_of(&mut scene), Some(Withdrawal::Notice));
    // And when it is another's right after.
    let mut scene = ended();
    scene.notice = notice_of(&marie(3));
    let mut reads = 0;
    claiming(&mut scene, |op| matches!(op, Op::WriteNotice(..)));
    scene.hanging = Some(|op| matches!(op, Op::ReadNotice));
    scene.answer();
    scene.notice = notice_of(&marie(9));
    reads += scene.hung.len();
    assert_eq!((reads, end_of(&mut scene)), (1, Some(Withdrawal::Notice)));
}

#[test]
fn a_notice_that_comes_and_goes_is_tried_three_times() {
    let mut scene = ended();
    claiming(&mut scene, |op| matches!(op, Op::CreateNotice(..)));
    scene.hung.clear();
    let request = |scene: &mut Scene, reply| {
        let (id, _) = scene.hung.remove(0);
        scene.tell(Event::Answer(id, Ok(reply)));
    };
    // The same question as before, which the test answers.
    let mut scene = ended();
    claiming(&mut scene, |op| matches!(op, Op::CreateNotice(..)));
    scene.hanging = Some(|op| matches!(op, Op::CreateNotice(..) | Op::ReadNotice | Op::Create(..)));
    for _ in 0..3 {
        request(&mut scene, Reply::Exists);
        request(&mut scene, Reply::Notice(NoticeSeen::Missing));
    }
    assert!(!scene.told.iter().any(|report| matches!(report, Report::Withdrawn(..))));
    request(&mut scene, Reply::Exists);
    request(&mut scene, Reply::Notice(NoticeSeen::Missing));
    assert!(scene.was_told(&Report::Withdrawn(Number(4), Withdrawal::Notice)));
}

#[test]
fn a_claim_that_took_longer_than_its_deadline_is_withdrawn() {
    let mut scene = ended();
    claiming(&mut scene, |op| matches!(op, Op::CreateNotice(..)));
    assert_eq!(scene.client.deadline(), Some(scene.moment().ticks + Duration::from_secs(102)), "the question's own limit");
    scene.hanging = Some(|op| matches!(op, Op::WriteHead(..)));
    scene.at(60.0).answer();
    assert_eq!(scene.at(149.9).held(), Some(4));
    assert_eq!(scene.at(150.0).held(), None, "belief counts from the create");
    for (seconds, held) in [(120.0, Some(4)), (120.001, None)] {
        let mut scene = ended();
        claiming(&mut scene, |op| matches!(op, Op::ReadBoard));
        scene.hanging = Some(|op| matches!(op, Op::CreateNotice(..)));
        scene.at(50.0).answer();
        scene.hanging = None;
        assert_eq!(scene.client.deadline(), Some(Ticks::from_nanos(1_120_000_000_000)), "the claim's limit");
        scene.at(seconds).answer();
        assert_eq!(scene.held(), held, "{seconds}");
        assert_eq!(scene.was_told(&Report::Withdrawn(Number(4), Withdrawal::Deadline)), held.is_none());
        assert_eq!(scene.notice == NoticeSeen::Missing, held.is_none(), "a withdrawn claim leaves no notice");
    }
}

#[test]
fn a_claim_past_its_deadline_does_not_wait_for_its_question() {
    let mut scene = ended();
    claiming(&mut scene, |op| matches!(op, Op::ReadBoard));
    scene.hanging = Some(|op| matches!(op, Op::CreateNotice(..) | Op::Create(..)));
    scene.at(50.0).answer();
    scene.questions();
    scene.at(120.0).tell(Event::Tick);
    assert_eq!(scene.questions(), [""; 0]);
    scene.at(120.001).tell(Event::Tick);
    assert_eq!(scene.questions()[..3], ["head 4 Void 1", "write board 4 Void", "close 4"]);
    // A create is waited for: only its answer tells what became of it.
    let mut scene = ended();
    scene.hanging = Some(|op| matches!(op, Op::Create(..)));
    scene.tell(Event::Want);
    scene.client.timing.claim = Duration::from_secs(50);
    scene.at(60.0).tell(Event::Tick);
    assert!(!scene.told.iter().any(|report| matches!(report, Report::Withdrawn(..))));
    scene.answer();
    assert!(scene.was_told(&Report::Withdrawn(Number(4), Withdrawal::Deadline)));
}

#[test]
fn a_claim_that_nobody_wants_any_more_is_withdrawn_with_its_notice() {
    let mut scene = ended();
    scene.notice = notice_of(&marie(3));
    claiming(&mut scene, |op| matches!(op, Op::WriteNotice(..)));
    scene.hanging = Some(|op| matches!(op, Op::ReadNotice));
    scene.answer();
    scene.hanging = None;
    scene.tell(Event::Release);
    scene.questions();
    scene.answer();
    assert_eq!(scene.questions(), ["head 4 Void 1", "write board 4 Void", "remove notice", "close 4"]);
    assert!(scene.was_told(&Report::Withdrawn(Number(4), Withdrawal::Unwanted)));
    assert_eq!(scene.notice, NoticeSeen::Missing);
    assert!(scene.client.is_idle());
}

#[test]
fn a_claim_across_a_pause_of_the_machine_is_withdrawn_and_made_again() {
    let mut scene = ended();
    claiming(&mut scene, |op| matches!(op, Op::ReadBoard));
    scene.skew = -5001;
    scene.answer();
    assert!(scene.was_told(&Report::Withdrawn(Number(4), Withdrawal::ClocksParted)));
    scene.tell(Event::Tick);
    assert_eq!(scene.held(), Some(5));
}

#[test]
fn a_claim_whose_share_fails_tells_only_what_does_not_pass_by_itself() {
    for (failure, told) in [
        (Failure::Unreachable, false),
        (Failure::Gone, false),
        (Failure::NoFolder, false),
        (Failure::Denied, true),
        (Failure::Full, true),
        (Failure::ReadOnly, true),
        (Failure::Unusable, true),
    ] {
        let mut scene = ended();
        scene.refused = Some((|op| matches!(op, Op::CreateNotice(..)), failure));
        scene.tell(Event::Want);
        assert!(scene.was_told(&Report::Withdrawn(Number(4), Withdrawal::Failed(failure))));
        assert_eq!(scene.was_told(&Report::ClaimFailed(failure)), told, "{failure:?}");
        let pause = if told { Duration::from_secs(15) } else { Duration::from_millis(50) };
        assert_eq!(scene.client.deadline(), Some(scene.moment().ticks + pause), "{failure:?}");
        assert!(!scene.questions().iter().any(|asked| asked.starts_with("write board")), "the board still names 3");
        // What was withdrawn is mine and nobody's.
        scene.refused = None;
        scene.at(16.0).tell(Event::Tick);
        assert_eq!(scene.held(), Some(5), "{failure:?}");
    }
}

#[test]
fn an_answer_of_another_kind_withdraws_the_claim() {
    let mut scene = ended();
    claiming(&mut scene, |op| matches!(op, Op::ReadBoard));
    let (id, _) = scene.hung.remove(0);
    scene.tell(Event::Answer(id, Ok(Reply::Removed(true))));
    assert!(scene.was_told(&Report::ClaimFailed(Failure::Unusable)));
}

#[test]
fn an_order_is_not_undone_by_one_more_heartbeat() {
    let mut scene = Scene::new();
    scene.lay_marie(3, State::Live, 5);
    let subjects = vec![crate::lease::record::Revoked { number: 3, nonce: 3, fingerprint: 0 }];
    scene.revoke = Some(Arc::new(Revoke { subjects, by: Holder::default(), reason: String::new(), at: THEN, now: false }));
    scene.hanging = Some(|op| matches!(op, Op::Create(..)));
    scene.tell(Event::Want);
    scene.pass(181);
    assert!(scene.was_told(&Report::ClaimSent(Number(4), Basis::Revoked)));
    scene.lay_marie(3, State::Live, 6);
    scene.hung.truncate(1);
    assert_eq!(end_of(&mut scene), None);
    assert_eq!(scene.held(), Some(4));
}

#[test]
fn what_was_waited_out_is_claimed_over_and_nothing_else() {
    let foreign = |fingerprint| NoticeSeen::Foreign { fingerprint, said: None, locked: false };
    for (then, why) in [(1, None), (2, Some(Withdrawal::Notice))] {
        let mut scene = ended();
        scene.notice = foreign(1);
        scene.hanging = Some(|op| matches!(op, Op::Create(..)));
        scene.tell(Event::Want);
        scene.pass(301);
        assert!(scene.was_told(&Report::ClaimSent(Number(4), Basis::Lapsed)));
        scene.notice = foreign(then);
        scene.hung.truncate(1);
        assert_eq!(end_of(&mut scene), why);
    }
    // A board whose lease went missing.
    let named = |number| Board { id: marie(number).id, token: Token(5009), state: State::Live, long: Duration::ZERO };
    for (then, why) in [(9, None), (10, Some(Withdrawal::Overtaken))] {
        let mut scene = ended();
        scene.board = Some(named(9));
        scene.hanging = Some(|op| matches!(op, Op::Create(..)));
        scene.tell(Event::Want);
        scene.pass(301);
        assert!(scene.was_told(&Report::ClaimSent(Number(4), Basis::Lapsed)));
        scene.board = Some(named(then));
        scene.hung.truncate(1);
        assert_eq!(end_of(&mut scene), why);
    }
}

#[test]
fn a_holder_remembers_its_own_lease_and_watches_nothing() {
    let mut scene = Scene::new();
    let mut body = marie(3);
    body.promise.long = Duration::from_secs(400);
    scene.lay(record(&Arc::new(body), State::Live, 5), Number(3));
    scene.hanging = Some(|op| matches!(op, Op::Create(..)));
    scene.tell(Event::Want);
    scene.pass(401);
    assert_eq!(scene.client.memory().observations.len(), 1);
    scene.hung.truncate(1);
    scene.told.clear();
    assert_eq!(end_of(&mut scene), None);
    let memory = scene.client.memory();
    assert_eq!((memory.tail.unwrap().number, memory.long), (Number(4), Duration::from_secs(300)));
    assert!(memory.observations.is_empty());
    assert!(scene.was_told(&Report::Remember));
}

#[test]
fn whoever_held_it_begins_with_short_pauses_again() {
    let mut scene = ended();
    scene.on_create = Some(|scene| drop(scene.lay_marie(4, State::Ended, 1)));
    scene.tell(Event::Want);
    assert_eq!(scene.held(), Some(5), "it looked again at once");
    scene.tell(Event::Release);
    scene.questions();
    scene.on_create = Some(|scene| drop(scene.lay_marie(6, State::Ended, 1)));
    scene.tell(Event::Want);
    assert_eq!(scene.held(), Some(7), "and so it does now");
}

#[test]
fn what_was_withdrawn_below_a_hold_is_forgotten_and_what_is_above_is_not() {
    let mut scene = ended();
    for number in [3, 9] {
        scene.client.disown(LeaseId { number: Number(number), nonce: Nonce(99) });
    }
    scene.tell(Event::Want);
    assert_eq!(scene.held(), Some(4));
    assert_eq!(scene.client.disowned, [LeaseId { number: Number(9), nonce: Nonce(99) }]);
}

#[test]
fn after_a_withdrawal_the_ledger_is_listed() {
    let mut scene = Scene::new();
    scene.lay_marie(3, State::Live, 5);
    scene.tell(Event::Want);
    scene.lay_marie(3, State::Ended, 6);
    scene.refused = Some((|op| matches!(op, Op::CreateNotice(..)), Failure::Unreachable));
    scene.at(1.0).tell(Event::Hint);
    scene.questions();
    scene.at(2.0).tell(Event::Tick);
    assert_eq!(scene.questions()[..3], ["board", "list", "lease 4"]);
}
