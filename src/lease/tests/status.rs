//! What people are told: nothing that was not seen, and nobody else's name.

use super::*;
use crate::lease::record::{Fate, RangeLock, Revoked};
use crate::lease::status::State as Seen;

const DAY: i64 = 24 * 3600 * 1000;

fn held() -> Scene {
    let mut scene = Scene::new();
    scene.lay_marie(3, State::Live, 5);
    scene
}

/// Puts the same lease there, but with something changed.
fn change(scene: &mut Scene, change: impl FnOnce(&mut Head, &mut Body)) {
    let Some(Found::Record { head, body, .. }) = scene.leases.get_mut(&Number(3)) else { panic!("no lease") };
    change(head, Arc::make_mut(body));
}

#[test]
fn what_was_not_seen_is_not_free() {
    let mut scene = Scene::new();
    assert_eq!(scene.client.status(scene.moment()).state, Seen::Unreachable);
    for (failure, state) in [(Failure::Unreachable, Seen::Unreachable), (Failure::Denied, Seen::Denied)] {
        scene.refused = Some((|op| matches!(op, Op::ReadBoard), failure));
        let status = scene.look();
        assert_eq!((status.state, status.failure, status.holder), (state, Some(failure), None));
    }
    scene.refused = None;
    let status = scene.look();
    assert_eq!((status.state, status.failure, status.token), (Seen::Free, None, None));
}

#[test]
fn a_lease_that_was_given_back_is_nobodys() {
    for state in [State::Ended, State::Void] {
        let mut scene = Scene::new();
        let body = scene.lay_marie(3, state, 5);
        let status = scene.look();
        assert_eq!((status.state, status.lease, status.token), (Seen::Free, Some(body.id), Some(body.token)));
        assert_eq!((status.holder, status.acquired, status.own_user, status.takeable_in), (None, None, false, None));
    }
}

#[test]
fn my_own_hold_is_mine() {
    let mut scene = Scene::new();
    scene.tell(Event::Want);
    let status = scene.client.status(scene.moment());
    assert_eq!((status.state, status.own_user, status.same_machine), (Seen::Mine, true, true));
    assert_eq!(status.holder.unwrap().user, "eva");
    assert_eq!(status.last_seen, Some(Duration::ZERO));
    assert!(status.lease.is_some() && status.token.is_some());
    // As it is seen from elsewhere.
    assert_eq!(status.acquired, Some(scene.moment().wall));
    assert_eq!((status.observed, status.takeable_in), (Some(Duration::ZERO), Some(Duration::from_secs(300))));
}

#[test]
fn a_colleagues_lease_is_held_and_takeable_after_its_long_time_out() {
    let mut scene = held();
    let status = scene.look();
    let body = marie(3);
    assert_eq!((status.state, status.lease, status.token), (Seen::Held, Some(body.id), Some(body.token)));
    assert_eq!(status.holder.as_deref(), Some(&body.holder));
    assert_eq!((status.own_user, status.same_machine, status.newer, status.revoked), (false, false, false, None));
    assert_eq!((status.acquired, status.last_seen), (Some(body.acquired), Some(Duration::from_secs(10))));
    assert_eq!((status.observed, status.takeable_in), (Some(Duration::ZERO), Some(Duration::from_secs(300))));
    let status = scene.at(40.0).look();
    assert_eq!((status.observed, status.takeable_in), (Some(Duration::from_secs(40)), Some(Duration::from_secs(260))));
    assert_eq!(status.last_seen, Some(Duration::from_secs(50)));
}

#[test]
fn two_missed_heartbeats_make_it_stale() {
    let mut scene = held();
    scene.look();
    assert_eq!(scene.at(60.0).look().state, Seen::Held);
    assert_eq!(scene.at(60.1).look().state, Seen::Stale);
    change(&mut scene, |head, _| head.counter += 1);
    assert_eq!(scene.look().state, Seen::Held);
}

#[test]
fn a_lock_that_was_seen_held_and_is_free_makes_it_stale() {
    let mut scene = held();
    let lock = |lock| Evidence { lock, ..Evidence::NONE };
    scene.evidence = lock(RangeLock::Free);
    assert_eq!(scene.look().state, Seen::Held, "perhaps it was never there");
    scene.evidence = lock(RangeLock::Held);
    assert_eq!(scene.look().state, Seen::Held);
    scene.evidence = lock(RangeLock::Unknown);
    assert_eq!(scene.look().state, Seen::Held);
    scene.evidence = lock(RangeLock::Free);
    let status = scene.look();
    assert_eq!((status.state, status.takeable_in), (Seen::Stale, Some(Duration::from_secs(180))));
    scene.lay_marie(4, State::Live, 1);
    assert_eq!(scene.look().state, Seen::Held, "that was another lease's lock");
}

#[test]
fn an_old_file_makes_it_stale() {
    let mut scene = held();
    let age = |seconds| Evidence { age: Some(Duration::from_secs(seconds)), ..Evidence::NONE };
    for (seconds, state, takeable) in
        [(60, Seen::Held, 300), (61, Seen::Stale, 300), (299, Seen::Stale, 300), (300, Seen::Stale, 180)]
    {
        scene.evidence = age(seconds);
        let status = scene.look();
        assert_eq!((status.state, status.takeable_in), (state, Some(Duration::from_secs(takeable))), "{seconds} s");
    }
}

#[test]
fn a_dead_holder_makes_it_stale_whatever_its_programs_do() {
    let fates = [
        (Fate::Alive, Seen::Held, Some(300)),
        (Fate::Unknown, Seen::Held, Some(300)),
        (Fate::HolderGone, Seen::Stale, Some(300)),
        (Fate::Orphaned, Seen::Stale, None),
        (Fate::Gone, Seen::Stale, Some(0)),
    ];
    for (fate, state, takeable) in fates {
        let mut scene = held();
        scene.evidence = Evidence { fate, ..Evidence::NONE };
        let status = scene.look();
        assert_eq!((status.state, status.takeable_in), (state, takeable.map(Duration::from_secs)), "{fate:?}");
    }
}

#[test]
fn mine_is_the_same_person_in_the_same_session_of_the_same_machine() {
    type Change = fn(&mut Body);
    let changes: [(Seen, bool, bool, Change); 7] = [
        (Seen::Mine, true, true, |_| ()),
        (Seen::Held, true, true, |body| body.holder.session = "2".into()),
        (Seen::Held, true, true, |body| body.holder.machine = "PC-8".into()),
        (Seen::Held, true, false, |body| body.host.machine = "id of PC-8".into()),
        (Seen::Held, true, false, |body| body.host.machine = String::new()),
        (Seen::Held, false, true, |body| body.holder.user = "marie".into()),
        (Seen::Held, false, true, |body| body.holder.user = String::new()),
    ];
    for (number, (state, own_user, same_machine, changed)) in changes.into_iter().enumerate() {
        let mut scene = held();
        change(&mut scene, |_, body| {
            (body.holder, body.host) = (eva().holder, eva().host);
            changed(body);
        });
        let status = scene.look();
        assert_eq!((status.state, status.own_user, status.same_machine), (state, own_user, same_machine), "change {number}");
    }
}

#[test]
fn machines_and_users_without_a_name_are_not_the_same() {
    let mut scene = held();
    scene.client = Client::new(Identity::default(), Timing::default(), Rules::default(), 7, false, Memory::default());
    change(&mut scene, |_, body| (body.holder, body.host) = (Holder::default(), Host::default()));
    let status = scene.look();
    assert_eq!((status.own_user, status.same_machine), (false, false));
}

#[test]
fn a_time_that_cannot_be_is_not_told() {
    let times = [
        (946_684_800_000, true),
        (946_684_799_999, false),
        (THEN.0 + DAY, true),
        (THEN.0 + DAY + 1, false),
        (THEN.0 - 2500, true),
    ];
    for (at, told) in times {
        let mut scene = held();
        change(&mut scene, |head, body| (head.at, body.acquired) = (WallTime(at), WallTime(at)));
        let status = scene.look();
        assert_eq!(status.acquired, told.then_some(WallTime(at)), "{at}");
        let ago = Duration::from_millis(u64::try_from(THEN.0 - at).unwrap_or(0));
        assert_eq!(status.last_seen, told.then_some(ago), "{at}");
    }
}

#[test]
fn a_record_of_a_later_version_is_held_and_never_takeable() {
    let mut scene = held();
    let holder = Arc::new(eva().holder);
    scene.lay(Found::Newer { min_reader: 2, holder: Arc::clone(&holder), fingerprint: 9 }, Number(4));
    let status = scene.look();
    assert_eq!((status.state, status.newer, status.takeable_in), (Seen::Held, true, None));
    assert_eq!((status.holder, status.own_user), (Some(holder), true));
}

#[test]
fn another_programs_notice_says_who_it_is() {
    let holder = Holder { user: "paul".into(), ..Holder::default() };
    let acquired = Some(WallTime(THEN.0 - 70_000));
    let said = |heartbeat| Some(Arc::new(Said { holder: holder.clone(), acquired, heartbeat }));
    let mut scene = Scene::new();
    scene.lay_marie(3, State::Ended, 5);
    scene.notice = NoticeSeen::Foreign { fingerprint: 1, said: said(Some(WallTime(THEN.0 - 7000))), locked: false };
    let status = scene.look();
    assert_eq!((status.state, status.holder.as_deref(), status.acquired), (Seen::Held, Some(&holder), acquired));
    assert_eq!((status.last_seen, status.takeable_in), (Some(Duration::from_secs(7)), Some(Duration::from_secs(300))));
    assert_eq!((status.lease, status.token), (None, None), "the lease that was given back is not theirs");
    scene.notice = NoticeSeen::Foreign { fingerprint: 1, said: said(None), locked: true };
    let status = scene.look();
    assert_eq!((status.state, status.last_seen, status.takeable_in), (Seen::Held, None, None), "somebody has it open");
    scene.notice = NoticeSeen::Foreign { fingerprint: 1, said: None, locked: false };
    let status = scene.look();
    assert_eq!((status.state, status.holder, status.acquired), (Seen::Held, None, None));
}

#[test]
fn another_programs_notice_beside_a_live_lease_is_not_mixed_with_it() {
    let mut scene = held();
    let holder = Holder { user: "paul".into(), ..Holder::default() };
    let said = Some(Arc::new(Said { holder: holder.clone(), acquired: None, heartbeat: None }));
    scene.notice = NoticeSeen::Foreign { fingerprint: 1, said, locked: false };
    scene.evidence = Evidence { fate: Fate::HolderGone, ..Evidence::NONE };
    let status = scene.look();
    assert_eq!((status.state, status.holder.as_deref()), (Seen::Held, Some(&holder)));
    assert_eq!((status.acquired, status.last_seen), (None, None));
}

#[test]
fn a_missing_lease_is_told_by_its_notice() {
    let mut scene = Scene::new();
    scene.notice = notice_of(&marie(3));
    let status = scene.look();
    assert_eq!((status.state, status.lease), (Seen::Held, None));
    assert_eq!(status.holder.as_deref(), Some(&marie(3).holder));
    assert_eq!((status.acquired, status.last_seen), (Some(marie(3).acquired), Some(Duration::from_secs(5))));
    // The board knows no names.
    let mut scene = Scene::new();
    scene.lay_marie(3, State::Live, 5);
    scene.leases.clear();
    let status = scene.look();
    assert_eq!((status.state, status.holder, status.lease), (Seen::Held, None, None));
}

#[test]
fn a_notice_beside_a_missing_lease_of_somebody_else_is_not_mixed_in() {
    // The board names a lease that is not there; the notice was left behind by one that was given back.
    let mut scene = Scene::new();
    let old = scene.lay_marie(3, State::Ended, 5);
    scene.notice = notice_of(&old);
    scene.board = scene.board.map(|board| Board { id: marie(9).id, token: marie(9).token, ..board });
    let status = scene.look();
    assert_eq!((status.state, status.holder, status.acquired), (Seen::Held, None, None));
}

#[test]
fn a_live_lease_is_told_by_its_record_and_not_by_its_notice() {
    let mut scene = held();
    scene.notice = notice_of(&Body { holder: eva().holder, ..marie(3) });
    let status = scene.look();
    assert_eq!(status.holder.as_deref(), Some(&marie(3).holder));
    assert_eq!(status.last_seen, Some(Duration::from_secs(10)));
}

#[test]
fn what_lies_above_a_live_lease_does_not_hide_it() {
    for above in [Found::Blank { fingerprint: 4 }, record(&Arc::new(Body { holder: eva().holder, ..marie(4) }), State::Void, 2)] {
        let mut scene = held();
        scene.lay(above, Number(4));
        let status = scene.look();
        assert_eq!((status.state, status.lease), (Seen::Held, Some(marie(3).id)));
        assert_eq!(status.holder.as_deref(), Some(&marie(3).holder));
    }
}

#[test]
fn an_order_is_told_with_the_holders_last_sign_of_life() {
    let mut scene = held();
    scene.look();
    scene.at(30.0).look();
    let subject = |nonce| Revoked { number: 3, nonce, fingerprint: 0 };
    let order = |nonce| {
        Some(Arc::new(Revoke {
            subjects: vec![subject(nonce)],
            by: Holder::default(),
            reason: "stock count".into(),
            at: THEN,
            now: false,
        }))
    };
    scene.revoke = order(77);
    let status = scene.look();
    assert_eq!((status.revoked, status.takeable_in), (None, Some(Duration::from_secs(270))), "it names another lease");
    scene.revoke = order(3);
    let status = scene.look();
    assert_eq!((status.revoked.as_ref(), status.takeable_in), (scene.revoke.as_ref(), Some(Duration::from_secs(180))));
    let status = scene.at(50.0).look();
    assert_eq!((status.observed, status.takeable_in), (Some(Duration::from_secs(50)), Some(Duration::from_secs(160))));
    assert_eq!((status.state, status.holder.unwrap().user.as_str()), (Seen::Held, "marie"));
}
