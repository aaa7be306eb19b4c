//! Holding: renew in time, or stop believing; give back, or let it lapse.
//!
//! The hazards: a late answer that revives what has lapsed, two writes to one record that overtake each other, a holder that
//! comes back and touches what belongs to its successor. So: the fence is final for its number, there is one write in flight per
//! lease, and after the fence the notice and the board are left alone.

use super::client::{Client, Phase};
use super::look::holder_of;
use super::record::{Board, Body, Found, MOST_GUARDS, NoticeSeen, Number, ProcessId, Revoke, State};
use super::rules::{Rule, Rules};
use super::timing::Timing;
use super::wire::{Doubt, Failure, Loss, Op, Over, Reply, Report};
use crate::clock::Ticks;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

/// How far behind the tail a lease must be before it may be removed.
const KEEP_BEHIND: u64 = 16;
/// Clean-up begins when that many leases could go, and takes at most twice as many in one hold.
const CLEAN_UP_FROM: usize = 32;

/// The next thing a hold's round asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Step {
    /// Nothing is asked.
    Rest,
    /// Right after the claim: range lock and board, which belief does not depend on.
    SettleLock,
    SettleBoard,
    Write,
    ReadBack,
    Board,
    Rival(Number),
    Notice,
    NoticeCreate,
    NoticeMend,
    BoardMend,
    CleanUp(Number),
}

/// A lease that is held.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[expect(clippy::struct_excessive_bools, reason = "each is work that is due, and any of them may be")]
pub(super) struct Hold {
    pub(super) body: Arc<Body>,
    counter: u32,
    /// When the round's write was sent: a renewal counts from here.
    asked: Ticks,
    /// When the claim or the last successful renewal was sent.
    renewed: Ticks,
    /// When the next round is due.
    next: Ticks,
    step: Step,
    /// The guarded processes changed: the next renewal writes the record whole.
    dirty: bool,
    /// The renewal on its way does that.
    whole: bool,
    warned: bool,
    /// Somebody ordered this to be given up: no renewal any more.
    pub(super) revoked: Option<Arc<Revoke>>,
    mend_board: bool,
    /// When the notice was written last, or a little earlier.
    noticed: Ticks,
    removable: VecDeque<Number>,
    /// Everything up to this number is known to be held by nobody else; see `Client::loss`.
    pub(super) alone_until: Number,
}

/// The next thing a release does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Part {
    Notice,
    EndMark,
    /// Whoever waits is woken by that.
    Close,
    /// Is the board still mine? My successor may have written it already.
    Board,
}

/// A lease that is being given back.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Release {
    hold: Hold,
    part: Part,
    /// Past the fence only my own lease file may be touched.
    fenced: bool,
    retry_at: Option<Ticks>,
    ended: bool,
}

impl Hold {
    pub(super) fn begin(body: Arc<Body>, counts_from: Ticks, numbers: &[Number], rules: Rules) -> Self {
        let tail = body.id.number.0;
        let behind = if rules.keep(Rule::CleanUpIsLate) { KEEP_BEHIND } else { 1 };
        let least = if rules.keep(Rule::CleanUpIsLate) { CLEAN_UP_FROM } else { 1 };
        let candidates = numbers.partition_point(|number| number.0 + behind <= tail);
        let removable = if candidates >= least { &numbers[..candidates.min(2 * CLEAN_UP_FROM)] } else { &[] };
        Self {
            alone_until: body.id.number,
            removable: removable.iter().copied().collect(),
            next: counts_from + body.promise.heartbeat,
            body,
            counter: 0,
            asked: counts_from,
            renewed: counts_from,
            step: Step::Rest,
            dirty: false,
            whole: false,
            warned: false,
            revoked: None,
            mend_board: false,
            noticed: counts_from,
        }
    }

    /// Returns when belief ends, unless a renewal succeeds before.
    pub(super) fn fence(&self, timing: &Timing) -> Ticks {
        self.renewed + timing.fence
    }

    /// Returns how long nothing was written.
    pub(super) fn unchanged(&self, now: Ticks) -> Duration {
        now.since(self.renewed)
    }

    pub(super) fn deadline(&self, timing: &Timing, asking: bool) -> Ticks {
        let warning = if self.warned { self.fence(timing) } else { self.renewed + timing.warning() };
        if asking || self.revoked.is_some() { warning } else { warning.min(self.next) }
    }

    fn board(&self, state: State) -> Board {
        Board { id: self.body.id, token: self.body.token, state, long: self.body.promise.long }
    }
}

impl Release {
    pub(super) fn is_fenced(&self) -> bool {
        self.fenced
    }

    pub(super) fn deadline(&self, timing: &Timing, asking: bool) -> Ticks {
        let fence = self.hold.fence(timing);
        match self.retry_at {
            Some(at) if !asking => at,
            // Past the fence only the limit of the request itself ends the wait.
            Some(_) | None if self.fenced => Ticks::from_nanos(u64::MAX),
            Some(_) | None => fence,
        }
    }
}

impl Client {
    /// Puts up what belief does not depend on: the range lock and the board.
    pub(super) fn settle(&mut self, mut hold: Hold) {
        hold.step = Step::SettleLock;
        let number = hold.body.id.number;
        self.phase = Phase::Holding(hold);
        self.request(Op::Lock(number));
    }

    /// Makes the next renewal due at once: somebody wants to know whether the lease is still there.
    pub(super) fn verify(&mut self) {
        let now = self.now.ticks;
        let Phase::Holding(hold) = &mut self.phase else { return };
        if hold.revoked.is_some() {
            self.report(Report::RenewalFailed(Failure::Gone));
        } else {
            hold.next = now;
        }
    }

    /// Tells the hold which programs write under it; the record names them before they may be trusted to be seen.
    pub(super) fn set_guards(&mut self, mut guards: Vec<ProcessId>) {
        guards.truncate(MOST_GUARDS);
        let now = self.now.ticks;
        if let Phase::Holding(hold) = &mut self.phase {
            if hold.body.guards != guards {
                Arc::make_mut(&mut hold.body).guards = guards;
                hold.dirty = true;
                hold.next = now;
            } else if !hold.dirty && !hold.whole {
                let id = hold.body.id;
                self.report(Report::Guarded(id));
            }
        } else if let Some(hold) = &mut self.fenced {
            // The lease that is won back names them.
            Arc::make_mut(&mut hold.body).guards = guards;
        }
    }

    /// Ends belief when the fence has passed.
    pub(super) fn check_fence(&mut self) {
        let now = self.now.ticks;
        match &self.phase {
            Phase::Holding(hold) if now >= hold.fence(&self.timing) => {
                let waiting_for_answer =
                    matches!(hold.step, Step::Write | Step::ReadBack | Step::Board) && !self.rules.keep(Rule::FenceIsFinal);
                if !waiting_for_answer {
                    self.fence_now(Doubt::Fence);
                }
            }
            Phase::Releasing(release) if !release.fenced && now >= release.hold.fence(&self.timing) => self.fence_release(),
            Phase::Idle
            | Phase::Waiting(_)
            | Phase::Looking(_)
            | Phase::Claiming(_)
            | Phase::Withdrawing(_)
            | Phase::Holding(_)
            | Phase::Releasing(_) => {}
        }
    }

    /// Ends belief now. What is still on its way no longer matters.
    pub(super) fn fence_now(&mut self, doubt: Doubt) {
        self.set_aside();
        if let Phase::Holding(hold) = std::mem::replace(&mut self.phase, Phase::Idle) {
            if let Some(revoke) = hold.revoked.clone() {
                self.lose(hold, Loss::Revoked(revoke));
                return;
            }
            self.report(Report::Unsure(hold.body.id, doubt));
            self.fenced = Some(hold);
        }
    }

    /// Past the fence a release only tries to leave its end mark, and not for ever.
    fn fence_release(&mut self) {
        let Phase::Releasing(mut release) = std::mem::replace(&mut self.phase, Phase::Idle) else { return };
        release.fenced = true;
        self.set_aside();
        match release.part {
            Part::Notice | Part::EndMark => {
                self.report(Report::ReleaseUnanswered(release.hold.body.id));
                self.close_after(release);
            }
            Part::Close => self.close_after(release),
            Part::Board => self.end_release(&release),
        }
    }

    fn end_release(&mut self, release: &Release) {
        if release.ended {
            self.report(Report::Released(release.hold.body.id));
            self.report(Report::Remember);
        }
        self.rest();
    }

    fn close_after(&mut self, mut release: Release) {
        let number = release.hold.body.id.number;
        release.part = Part::Close;
        self.phase = Phase::Releasing(release);
        self.request(Op::Close(number));
    }

    /// Starts whatever is due in a hold that asks nothing at the moment.
    pub(super) fn advance_hold(&mut self) {
        let now = self.now.ticks;
        let Phase::Holding(hold) = &mut self.phase else { return };
        if !hold.warned && now >= hold.renewed + self.timing.warning() {
            hold.warned = true;
            let id = hold.body.id;
            self.report(Report::Expiring(id));
        }
        let overtake = !self.rules.keep(Rule::OneWriteInFlight) && !self.wanted;
        if self.pending.is_some() && !overtake {
            return;
        }
        let Phase::Holding(hold) = &mut self.phase else { return };
        if !self.wanted {
            if overtake {
                self.set_aside();
            }
            self.begin_release();
        } else if now >= hold.next && hold.revoked.is_none() {
            self.write_renewal();
        }
    }

    /// Begins a round: writes first, so that what is read afterwards cannot be older than this answer.
    fn write_renewal(&mut self) {
        let now = self.now.ticks;
        let Phase::Holding(hold) = &mut self.phase else { return };
        hold.asked = now;
        hold.step = Step::Write;
        hold.counter += 1;
        hold.whole = std::mem::take(&mut hold.dirty);
        let (body, counter, whole) = (Arc::clone(&hold.body), hold.counter, hold.whole);
        let head = self.head(State::Live, counter);
        self.request(if whole { Op::WriteRecord(body, head) } else { Op::WriteHead(body.id.number, head) });
    }

    /// Takes the answer to the hold's last question and asks the next.
    pub(super) fn step_hold(&mut self, mut hold: Hold, result: Result<Reply, Failure>) {
        let id = hold.body.id;
        match (hold.step, result) {
            (Step::SettleLock, _) => {
                hold.step = Step::SettleBoard;
                let board = hold.board(State::Live);
                self.go_on(hold, Op::WriteBoard(board));
            }
            (Step::SettleBoard | Step::BoardMend, _) => self.end_round(hold),
            (Step::Board, Ok(Reply::Board(_, Some(revoke)))) if revoke.names(id) && self.rules.keep(Rule::RevokeEndsRenewal) => {
                self.obey(hold, revoke);
            }
            (Step::Board, Ok(Reply::Board(board, _))) => {
                hold.mend_board = board.is_none_or(|board| board.id != id || board.state != State::Live);
                let rival = board.filter(|board| board.id.number > id.number && self.rules.keep(Rule::LaterLeaseEndsHold));
                match rival {
                    Some(rival) => {
                        hold.step = Step::Rival(rival.id.number);
                        self.go_on(hold, Op::ReadLease(rival.id.number));
                    }
                    None => self.renewed(hold),
                }
            }
            (Step::Rival(_), Ok(Reply::Lease(Found::Missing))) => self.renewed(hold),
            (Step::Rival(_), Ok(Reply::Lease(Found::Record { head, .. }))) if head.state == State::Void => self.renewed(hold),
            (Step::Rival(_), Ok(Reply::Lease(found))) => self.lose(hold, Loss::TakenOver(holder_of(&found))),
            (Step::Write, Ok(Reply::Done)) if self.rules.keep(Rule::RenewalIsReadBack) => {
                hold.step = Step::ReadBack;
                self.go_on(hold, Op::ReadLease(id.number));
            }
            (Step::Write, Ok(Reply::Done)) => self.ask_board(hold),
            // My kept handle may write into a file that nobody sees any more: the store was moved, deleted, or put back from a
            // copy, which may even have been made during this very hold. What counts is what the path shows.
            (Step::ReadBack, Ok(Reply::Lease(Found::Record { body, head, .. })))
                if body.id == id && head.state == State::Live =>
            {
                if head.counter >= hold.counter {
                    self.ask_board(hold);
                } else {
                    self.renewal_failed(hold, Failure::Unusable);
                }
            }
            // An unreadable record is not a missing one: a virus scanner may have it open. That is tried again until the fence.
            (Step::ReadBack, Ok(Reply::Lease(Found::Missing | Found::Record { .. } | Found::Newer { .. })))
            | (Step::Write, Err(Failure::Gone)) => self.lose(hold, Loss::RecordGone),
            (Step::Notice, Ok(Reply::Notice(NoticeSeen::Missing))) => {
                hold.step = Step::NoticeCreate;
                let body = Arc::clone(&hold.body);
                self.go_on(hold, Op::CreateNotice(body, self.now.wall));
            }
            // A write of my predecessor that had been on its way when I took over.
            (Step::Notice, Ok(Reply::Notice(NoticeSeen::Ours { id: other, fingerprint, .. }))) if other.number < id.number => {
                hold.step = Step::NoticeMend;
                let body = Arc::clone(&hold.body);
                self.go_on(hold, Op::WriteNotice(body, self.now.wall, Over::Fingerprint(fingerprint)));
            }
            (Step::NoticeCreate | Step::NoticeMend, result) => {
                if result == Ok(Reply::Done) {
                    self.report(Report::NoticeHealed(id));
                }
                self.after_notice(hold);
            }
            (Step::Notice, _) => self.after_notice(hold),
            (Step::CleanUp(number), result) => {
                if result == Ok(Reply::Removed(true)) {
                    self.report(Report::CleanedUp(number));
                } else {
                    hold.removable.clear();
                }
                self.end_round(hold);
            }
            (Step::Board | Step::Rival(_) | Step::Write | Step::ReadBack, result) => {
                self.renewal_failed(hold, result.err().unwrap_or(Failure::Unusable));
            }
            (Step::Rest, _) => self.phase = Phase::Holding(hold),
        }
    }

    fn go_on(&mut self, hold: Hold, op: Op) {
        self.phase = Phase::Holding(hold);
        self.request(op);
    }

    /// Asks whether somebody came later, or ordered me to give up: only without that does the renewal count.
    fn ask_board(&mut self, mut hold: Hold) {
        hold.step = Step::Board;
        self.go_on(hold, Op::ReadBoard);
    }

    /// Tries again soon, until the fence.
    fn renewal_failed(&mut self, mut hold: Hold, failure: Failure) {
        self.report(Report::RenewalFailed(failure));
        hold.dirty |= std::mem::take(&mut hold.whole);
        hold.next = self.now.ticks + self.timing.heartbeat / 6;
        self.rest_hold(hold);
    }

    /// Asks nothing until something is due.
    pub(super) fn rest_hold(&mut self, mut hold: Hold) {
        hold.step = Step::Rest;
        self.phase = Phase::Holding(hold);
    }

    /// A renewal was written, seen at its path, and nobody came in between, all before the fence: belief goes on from the writing.
    fn renewed(&mut self, mut hold: Hold) {
        let now = self.now;
        hold.renewed = if self.rules.keep(Rule::LeaseCountsFromSent) { hold.asked } else { now.ticks };
        hold.next = hold.renewed + self.timing.heartbeat;
        if hold.dirty {
            hold.next = now.ticks;
        }
        hold.warned = false;
        let (id, token) = (hold.body.id, hold.body.token);
        self.report(Report::Renewed(id, token));
        // Not where others were named meanwhile: that is written next.
        let extra = std::mem::take(&mut hold.whole);
        if extra && !hold.dirty {
            self.report(Report::Guarded(id));
        }
        hold.step = Step::Notice;
        if extra && now.ticks.since(hold.noticed) < self.timing.heartbeat / 2 {
            // Other programs write under it now, of whom the notice says nothing, and it is as good as new.
            self.after_notice(hold);
            return;
        }
        hold.noticed = now.ticks;
        let body = Arc::clone(&hold.body);
        self.go_on(hold, Op::WriteNotice(body, now.wall, Over::Mine));
    }

    fn after_notice(&mut self, mut hold: Hold) {
        if hold.mend_board {
            hold.step = Step::BoardMend;
            let board = hold.board(State::Live);
            self.go_on(hold, Op::WriteBoard(board));
        } else {
            self.end_round(hold);
        }
    }

    /// Ends a round with a little clean-up, when there is much of it.
    fn end_round(&mut self, mut hold: Hold) {
        let later = hold.step == Step::SettleBoard && self.wanted;
        if self.now.ticks >= hold.next {
            // A slow share must not let the clean-up eat the time of the next renewal.
            hold.removable.clear();
        }
        match hold.removable.front().copied() {
            Some(number) if !later => {
                hold.removable.pop_front();
                hold.step = Step::CleanUp(number);
                let keep = if self.rules.keep(Rule::CleanUpIsLate) { self.timing.keep } else { Duration::ZERO };
                let own = hold.body.id.number;
                self.go_on(hold, Op::CleanUp { number, own, keep });
            }
            Some(_) | None => self.rest_hold(hold),
        }
    }

    /// The lease is somebody else's, or nobody's: stop at once, and touch nothing.
    pub(super) fn lose(&mut self, hold: Hold, loss: Loss) {
        self.fenced = Some(hold);
        self.lose_fenced(loss);
    }

    /// Drops the lease that I held until its fence: it is lost for good.
    pub(super) fn lose_fenced(&mut self, loss: Loss) {
        if let Some(hold) = self.fenced.take() {
            self.report(Report::Lost(hold.body.id, loss));
            self.aside(Op::Close(hold.body.id.number));
        }
        self.wanted = false;
        self.listed = None;
        self.rest();
    }

    /// Nobody wants the lease that I held until its fence: leave the end mark if nothing else is being written there.
    pub(super) fn give_up_fenced(&mut self) {
        let Some(hold) = self.fenced.take() else { return };
        let release = Release { hold, part: Part::EndMark, fenced: true, retry_at: None, ended: false };
        if self.is_writing(release.hold.body.id.number) {
            self.report(Report::ReleaseUnanswered(release.hold.body.id));
            self.close_after(release);
        } else {
            self.mark_ended(release);
        }
    }

    /// Begins to give the lease back. From here on it is not believed in.
    fn begin_release(&mut self) {
        let Phase::Holding(hold) = std::mem::replace(&mut self.phase, Phase::Idle) else { return };
        if hold.removable.len() >= CLEAN_UP_FROM && hold.step == Step::Rest {
            // Short holds never reach a heartbeat; they clean up on their way out.
            self.end_round(hold);
            return;
        }
        let id = hold.body.id;
        self.phase = Phase::Releasing(Release { hold, part: Part::Notice, fenced: false, retry_at: None, ended: false });
        self.request(Op::RemoveNotice(id));
    }

    fn mark_ended(&mut self, mut release: Release) {
        release.part = Part::EndMark;
        release.hold.counter += 1;
        let head = self.head(State::Ended, release.hold.counter);
        let number = release.hold.body.id.number;
        self.phase = Phase::Releasing(release);
        self.request(Op::WriteHead(number, head));
    }

    /// Takes the answer to the release's last step and does the next.
    pub(super) fn step_release(&mut self, mut release: Release, result: &Result<Reply, Failure>) {
        let id = release.hold.body.id;
        match release.part {
            Part::Notice => self.mark_ended(release),
            Part::EndMark if *result == Ok(Reply::Done) => {
                release.ended = true;
                if !release.fenced {
                    self.memory.closed |= self.memory.tail == Some(id);
                }
                self.close_after(release);
            }
            Part::EndMark if release.fenced || *result == Err(Failure::Gone) => {
                self.report(Report::ReleaseUnanswered(id));
                self.close_after(release);
            }
            Part::EndMark => {
                release.retry_at = Some(self.now.ticks + self.timing.heartbeat / 6);
                self.phase = Phase::Releasing(release);
            }
            Part::Close if release.ended && !release.fenced => {
                release.part = Part::Board;
                self.phase = Phase::Releasing(release);
                self.request(Op::ReadBoard);
            }
            Part::Board if matches!(result, Ok(Reply::Board(Some(board), _)) if board.id == id) => {
                let board = release.hold.board(State::Ended);
                self.phase = Phase::Releasing(release);
                self.request(Op::WriteBoard(board));
            }
            // Closed; or the board was read, and it is my successor's; or it was written.
            Part::Close | Part::Board => self.end_release(&release),
        }
    }

    pub(super) fn advance_release(&mut self) {
        let Phase::Releasing(release) = &self.phase else { return };
        if self.pending.is_none() && release.retry_at.is_some_and(|at| self.now.ticks >= at) {
            let Phase::Releasing(release) = std::mem::replace(&mut self.phase, Phase::Idle) else { return };
            self.mark_ended(release);
        }
    }
}
