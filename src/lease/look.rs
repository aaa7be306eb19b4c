//! Looking: reading the share, one question after the other.
//!
//! The hazard is to act on half a look: whatever was not answered, or contradicts itself, ends it without a verdict. What a complete
//! look means is judged in `judge`.

use super::client::{Client, Phase};
use super::observe::{Observation, Subject};
use super::record::{Board, Evidence, Found, Holder, LeaseId, NoticeSeen, Number, RangeLock, Revoke, State, Token};
use super::rules::Rule;
use super::sight::{Obstacle, Predecessor, Sight, record_of};
use super::wire::{Basis, Failure, Loss, Op, Reply, Report};
use crate::clock::Ticks;
use std::sync::Arc;
use std::time::Duration;

/// How long a full listing of the ledger is trusted to have shown every gap; between two of them board, memory and the exclusive
/// create are enough.
const LIST_EVERY: Duration = Duration::from_secs(60);
/// A board further than this above the highest lease file is garbage, not news.
const ABSURD_JUMP: u64 = 1_000_000;
/// The first pause after a number was found taken by a file that cannot be seen or read yet; it doubles up to the poll interval.
pub(super) const FIRST_BACK_OFF: Duration = Duration::from_millis(50);
/// How many leases are read below a tail that says nothing about who holds; more of them in a row count as an unknown holder.
pub(super) const DEEPEST: usize = 64;
/// The pause after a look that failed.
const RETRY: Duration = Duration::from_secs(5);

/// The next thing a look asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Step {
    Ping,
    Touch,
    Board,
    List,
    Tail(Number),
    /// The tail says nothing about who holds (void, or unreadable): what is below it?
    Below(Number),
    Notice,
    /// The lease that a notice of ours names, if it is below the tail: is it on *this* ledger?
    Named,
    Probe,
}

/// A look under way.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[expect(clippy::struct_excessive_bools, reason = "independent facts about what was read")]
pub(super) struct Look {
    step: Step,
    /// The ledger is listed, too.
    full: bool,
    /// A call that no cache can answer succeeded in this round, so that what follows counts towards staleness.
    fresh: bool,
    /// It began with a write of the ticket, whether or not that was allowed.
    touched: bool,
    /// When that call was sent, or else the first question.
    began: Ticks,
    /// The clocks parted meanwhile; what was read is not judged.
    pub(super) spoiled: bool,
    /// The share contradicted itself.
    contradictory: bool,
    board: Option<Board>,
    revoke: Option<Arc<Revoke>>,
    numbers: Option<Vec<Number>>,
    tail: Option<(Number, Found)>,
    below: Vec<(Number, Found)>,
    /// When the question about the tail was sent.
    tail_sent: Ticks,
    notice: NoticeSeen,
    notice_sent: Ticks,
    /// The notice names a lease that is on this ledger, below its tail.
    superseded: bool,
    evidence: Evidence,
}

impl Client {
    /// Begins a look, unless too many questions are unanswered already.
    pub(super) fn begin_look(&mut self) {
        (self.hinted, self.refused) = (false, false);
        if self.is_stuck() {
            self.look_failed(Failure::Unreachable);
            return;
        }
        let asked = std::mem::take(&mut self.look_asked);
        // A ticket is made only once there is something to observe: most people find the database free.
        let observing = self.fenced.is_some()
            || !self.memory.observations.is_empty()
            || self.sight.as_ref().is_some_and(|sight| !sight.obstacles.is_empty());
        let touch = self.caches_reads
            && (self.wanted || self.fenced.is_some())
            && observing
            && self.rules.keep(Rule::OnlyFreshLooksCount);
        let now = self.now.ticks;
        self.phase = Phase::Looking(Box::new(Look {
            step: match (touch, self.caches_reads) {
                (true, _) => Step::Touch,
                (false, true) => Step::Ping,
                (false, false) => Step::Board,
            },
            // "Free" is only said to people after the whole ledger was looked at: a board can be late.
            // While something is missing or unreadable, board and ledger disagree about the tail: looks that sometimes listed and
            // sometimes not would see two different things in turn, and watch neither for long enough.
            full: asked || self.fenced.is_some() || self.is_unclear() || self.listed.is_none_or(|at| now.since(at) >= LIST_EVERY),
            fresh: touch || !self.caches_reads || !self.rules.keep(Rule::OnlyFreshLooksCount),
            touched: touch,
            began: now,
            spoiled: false,
            contradictory: false,
            board: None,
            revoke: None,
            numbers: None,
            tail: None,
            below: Vec::new(),
            tail_sent: now,
            notice: NoticeSeen::Missing,
            notice_sent: now,
            superseded: false,
            evidence: Evidence::NONE,
        }));
        // Somebody who only looks writes nothing, but must not be told by a cache that all is well while the cable is out.
        self.request(match (touch, self.caches_reads) {
            (true, _) => Op::Touch,
            (false, true) => Op::Ping,
            (false, false) => Op::ReadBoard,
        });
    }

    /// Takes the answer to the look's last question and asks the next.
    pub(super) fn step_look(&mut self, mut look: Box<Look>, sent: Ticks, result: Result<Reply, Failure>) {
        let reply = match result {
            Ok(reply) => reply,
            // A folder that may be read but not written can be looked at; such looks just prove nothing. A ticket that is gone (swept up,
            // or not kept by a server that lost power) is made anew with the next.
            Err(Failure::Denied | Failure::ReadOnly | Failure::Full | Failure::Gone) if look.step == Step::Touch => {
                look.fresh = false;
                Reply::Done
            }
            Err(_) if look.step == Step::Probe => Reply::Evidence(Evidence::NONE),
            Err(failure) => {
                self.look_failed(failure);
                return;
            }
        };
        let op = match (look.step, reply) {
            (Step::Ping | Step::Touch, Reply::Done) => {
                look.step = Step::Board;
                Some(Op::ReadBoard)
            }
            (Step::Board, Reply::Board(board, revoke)) => {
                (look.board, look.revoke) = (board, revoke);
                look.full |= board.is_none_or(|board| board.id.number < self.floor);
                if look.full { Some(look.list()) } else { self.ask_tail(&mut look) }
            }
            (Step::List, Reply::Numbers(numbers)) => {
                let highest = numbers.last().map_or(0, |number| number.0);
                look.board = look.board.filter(|board| board.id.number.0 <= highest.saturating_add(ABSURD_JUMP));
                look.numbers = Some(numbers);
                match look.tail {
                    Some((number, ref found)) if *found != Found::Missing && number.0 >= highest => self.ask_below(&mut look),
                    Some(_) | None => self.ask_tail(&mut look),
                }
            }
            (Step::Tail(number), Reply::Lease(Found::Missing)) => {
                look.tail = Some((number, Found::Missing));
                if look.numbers.is_none() { Some(look.list()) } else { self.ask_tail(&mut look) }
            }
            (Step::Tail(number), Reply::Lease(found)) => {
                look.tail = Some((number, found));
                look.tail_sent = sent;
                self.ask_below(&mut look)
            }
            (Step::Below(number), Reply::Lease(found)) => {
                look.below.push((number, found));
                self.ask_below(&mut look)
            }
            (Step::Notice, Reply::Notice(notice)) => {
                look.notice = notice;
                look.notice_sent = sent;
                self.ask_named(&mut look).or_else(|| self.ask_probe(&mut look))
            }
            (Step::Named, Reply::Lease(found)) => {
                if let (NoticeSeen::Ours { id, .. }, Found::Record { body, .. }) = (&look.notice, found) {
                    look.superseded = body.id == *id;
                }
                self.ask_probe(&mut look)
            }
            (Step::Probe, Reply::Evidence(evidence)) => {
                look.evidence = evidence;
                None
            }
            (
                Step::Ping
                | Step::Touch
                | Step::Board
                | Step::List
                | Step::Tail(_)
                | Step::Below(_)
                | Step::Notice
                | Step::Named
                | Step::Probe,
                _,
            ) => {
                self.look_failed(Failure::Unusable);
                return;
            }
        };
        match op {
            Some(op) => {
                self.phase = Phase::Looking(look);
                self.request(op);
            }
            None if look.contradictory => self.look_failed(Failure::Unreachable),
            None => self.finish_look(look),
        }
    }

    /// Returns the question about the tail: the highest number that anything names, or else the highest that is listed.
    fn ask_tail(&self, look: &mut Look) -> Option<Op> {
        let listed = look.numbers.as_ref().and_then(|numbers| numbers.last().copied()).unwrap_or_default();
        let named = [
            listed,
            look.board.map_or(Number(0), |board| board.id.number),
            self.memory.tail.map_or(Number(0), |id| id.number),
            self.floor,
        ];
        let highest = named.into_iter().max().unwrap_or_default();
        let missing = look.tail.take().map(|(number, _)| number);
        let candidate = if missing.is_some() { listed } else { highest };
        if candidate == Number(0) {
            return Some(look.ask_notice());
        }
        if missing == Some(candidate) {
            // Listed, but not there: the listing is stale, or the file just went. Neither says anything about the tail.
            look.contradictory = true;
            return None;
        }
        look.step = Step::Tail(candidate);
        Some(Op::ReadLease(candidate))
    }

    /// Returns the question about what lies below, as long as nothing that was read says who holds; then that about the notice.
    ///
    /// A claim can be withdrawn just because the lease before it turned out to be alive, or because there was a gap below it: a void
    /// or unreadable lease must not hide a live one.
    fn ask_below(&self, look: &mut Look) -> Option<Op> {
        let Some((number, found)) = look.below.last().or(look.tail.as_ref()) else { return Some(look.ask_notice()) };
        let says_nothing = match found {
            Found::Record { head, body, .. } => head.state == State::Void || self.disowned.contains(&body.id),
            Found::Blank { .. } => true,
            Found::Missing => {
                look.contradictory = true;
                return None;
            }
            Found::Newer { .. } => false,
        };
        if !says_nothing || look.below.len() >= DEEPEST {
            return Some(look.ask_notice());
        }
        let Some(numbers) = &look.numbers else { return Some(look.list()) };
        let Some(next) = numbers.iter().rev().find(|listed| *listed < number).copied() else { return Some(look.ask_notice()) };
        look.step = Step::Below(next);
        Some(Op::ReadLease(next))
    }

    /// Returns the question whether a notice that was left behind names a lease of this ledger. Numbers and tokens of two ledgers
    /// are not ordered; only the lease file itself proves that it is superseded.
    fn ask_named(&self, look: &mut Look) -> Option<Op> {
        let NoticeSeen::Ours { id, .. } = look.notice else { return None };
        let (tail, _) = look.tail.as_ref()?;
        if self.is_own(id) || id.number >= *tail {
            return None;
        }
        look.step = Step::Named;
        Some(Op::ReadLease(id.number))
    }

    /// Returns the question about the holder's life, or nothing when there is no holder but me.
    fn ask_probe(&self, look: &mut Look) -> Option<Op> {
        let (head, body) = look.below.last().or(look.tail.as_ref()).and_then(|(_, found)| record_of(found))?;
        if head.state != State::Live || self.is_own(body.id) {
            return None;
        }
        look.step = Step::Probe;
        Some(Op::Probe(Arc::clone(body)))
    }

    /// Returns whether this is a lease of mine in which nobody believes any more.
    pub(super) fn is_own(&self, id: LeaseId) -> bool {
        self.disowned.contains(&id) || self.fenced.as_ref().is_some_and(|hold| hold.body.id == id)
    }

    pub(super) fn look_failed(&mut self, failure: Failure) {
        self.failing = Some(failure);
        self.look_asked = false;
        self.report(Report::LookFailed(failure));
        if self.wanted || self.fenced.is_some() {
            self.wait(RETRY);
        } else {
            self.rest();
        }
    }

    fn finish_look(&mut self, look: Box<Look>) {
        self.failing = None;
        if look.full {
            self.listed = Some(self.now.ticks);
        }
        let mut sight = Sight {
            board: look.board,
            revoke: look.revoke,
            tail: look.tail.filter(|(_, found)| *found != Found::Missing),
            below: look.below,
            notice: look.notice,
            evidence: look.evidence,
            numbers: look.numbers.unwrap_or_default(),
            full: look.full,
            at: self.now.ticks,
            obstacles: Vec::new(),
            superseded: look.superseded,
            refused: false,
        };
        self.remember_lock(&sight);
        let refused = sight.leases().any(|(_, found)| matches!(found, Found::Newer { .. }));
        sight.refused = refused;
        let mut obstacles = self.obstacles(&sight);
        let also = self.apply_revoke(&sight, &mut obstacles);
        let subjects: Vec<Subject> = obstacles.iter().map(|obstacle| obstacle.subject).chain(also).collect();
        sight.obstacles = obstacles;
        if self.wanted && !look.fresh && !look.touched && !sight.obstacles.iter().all(|obstacle| self.is_over(obstacle)) {
            // Now there is something to observe, and this look proved nothing: the same again, with a ticket.
            self.look_asked |= look.full;
            self.sight = Some(sight);
            self.begin_look();
            return;
        }
        if !look.spoiled {
            // Where reads are cached, a touch proves that what follows is not older than the touch, not that it is as young as
            // the read: a slow answer in between leaves time for the cache to take over again.
            let proven = if self.caches_reads { look.began } else { look.tail_sent.min(look.notice_sent) };
            self.observe(&subjects, look.fresh, proven, look.began);
        }
        self.remember_tail(&sight);
        self.sight = Some(sight);
        self.report(Report::Looked);
        let spoiled = look.spoiled;
        self.act_on_sight(spoiled);
    }

    /// Goes on from a complete look: claims, waits, or rests.
    fn act_on_sight(&mut self, spoiled: bool) {
        if self.fenced.is_some() {
            let Some(sight) = self.sight.take() else { return };
            let loss = self.loss(&sight);
            self.sight = Some(sight);
            if let Some(loss) = loss {
                self.lose_fenced(loss);
                return;
            }
        } else if !self.wanted {
            self.rest();
            return;
        }
        if !self.wanted && self.fenced.is_some() {
            self.give_up_fenced();
        } else if spoiled {
            self.wait(Duration::ZERO);
        } else if let Some(basis) = self.way_is_free() {
            self.begin_claim(basis);
        } else {
            self.wait_for_obstacles();
        }
    }

    /// Returns on what a claim could be based now, if on anything.
    fn way_is_free(&self) -> Option<Basis> {
        let sight = self.sight.as_ref()?;
        if sight.refused || !sight.obstacles.iter().all(|obstacle| self.is_over(obstacle)) {
            return None;
        }
        let over = sight.obstacles.iter().map(|obstacle| obstacle.basis).max();
        Some(over.unwrap_or_else(|| match (&sight.tail, sight.tail_id()) {
            (None, _) => Basis::Empty,
            (Some(_), Some(id)) if self.is_own(id) => Basis::Own,
            (Some(_), _) => Basis::Ended,
        }))
    }

    /// Returns whether an obstacle no longer counts.
    pub(super) fn is_over(&self, obstacle: &Obstacle) -> bool {
        obstacle.wait.is_zero() || self.observed(obstacle.subject).is_some_and(|seen| seen.unchanged() >= obstacle.wait)
    }

    /// Returns the observation of a subject, if it is being watched.
    pub(super) fn observed(&self, subject: Subject) -> Option<&Observation> {
        self.memory.observations.iter().find(|seen| seen.subject == subject)
    }

    /// Returns whether the last look found a name without its lease, or a lease that cannot be read.
    fn is_unclear(&self) -> bool {
        self.sight.iter().flat_map(|sight| &sight.obstacles).any(|obstacle| match obstacle.subject {
            Subject::Blank { .. } | Subject::Phantom { .. } => true,
            Subject::Lease { .. } | Subject::Notice { .. } | Subject::Revoked { .. } => false,
        })
    }

    /// Waits until the last obstacle may be over, or for a hint.
    fn wait_for_obstacles(&mut self) {
        let Some(sight) = &self.sight else { return };
        let left = sight.obstacles.iter().filter(|obstacle| !self.is_over(obstacle)).map(|obstacle| self.left(obstacle));
        let mut pause = left.max().unwrap_or(self.timing.poll).max(Duration::from_millis(1));
        if self.is_unclear() {
            pause = pause.min(FIRST_BACK_OFF * 2_u32.saturating_pow(self.back_off.min(16)));
            self.back_off = self.back_off.saturating_add(1);
        } else {
            self.back_off = 0;
        }
        self.wait(pause);
    }

    fn remember_lock(&mut self, sight: &Sight) {
        if sight.evidence.lock == RangeLock::Held
            && let Some((_, body)) = sight.record()
        {
            let id = body.id;
            self.memory.lock_seen = Some(id);
        }
    }

    /// Keeps the tail in memory, unless something known is missing: then the old memory stays until that has been waited out.
    fn remember_tail(&mut self, sight: &Sight) {
        let before = self.memory.clone();
        let seen = [
            sight.board.map(|board| board.token),
            sight.highest_token(),
            match sight.notice {
                NoticeSeen::Ours { token, .. } => Some(token),
                NoticeSeen::Missing | NoticeSeen::Foreign { .. } => None,
            },
        ];
        self.memory.token = seen.into_iter().flatten().fold(self.memory.token, Token::max);
        let open = |obstacle: &&Obstacle| matches!(obstacle.subject, Subject::Phantom { .. }) && !self.is_over(obstacle);
        if sight.obstacles.iter().find(open).is_none() {
            self.floor = Number(0);
            match sight.tail_record() {
                Some((head, body)) => {
                    let closed = head.state != State::Live || (self.memory.closed && self.memory.tail == Some(body.id));
                    self.memory.tail = Some(body.id);
                    self.memory.closed = closed;
                    self.memory.long = body.promise.clamped().long;
                }
                None if sight.tail.is_none() => self.memory.tail = None,
                None => {}
            }
        }
        if before != self.memory {
            self.report(Report::Remember);
        }
    }

    /// Returns how the lease I held until its fence was lost, if the look showed that.
    fn loss(&mut self, sight: &Sight) -> Option<Loss> {
        let fenced = self.fenced.as_mut()?;
        if let Some(revoke) = sight.revoke.as_ref().filter(|revoke| revoke.names(fenced.body.id))
            && self.rules.keep(Rule::RevokeEndsRenewal)
        {
            return Some(Loss::Revoked(Arc::clone(revoke)));
        }
        let Some((number, found)) = &sight.tail else { return Some(Loss::RecordGone) };
        let next = *number == fenced.alone_until.next();
        let nobodys = match found {
            Found::Record { body, .. } if body.id == fenced.body.id => return None,
            Found::Record { head, body, .. } => head.state == State::Void || self.disowned.contains(&body.id),
            // Not known yet; the next look tells.
            Found::Blank { .. } if next => return None,
            Found::Missing | Found::Blank { .. } | Found::Newer { .. } => false,
        };
        if *number < fenced.alone_until {
            Some(Loss::RecordGone)
        } else if nobodys && (next || *number == fenced.alone_until) {
            // A claim that never became a hold: still nobody in between.
            fenced.alone_until = *number;
            None
        } else if *number > fenced.body.id.number {
            Some(Loss::TakenOver(holder_of(found)))
        } else {
            Some(Loss::RecordGone)
        }
    }

    /// Returns the lease before the next number, as the last look saw it.
    pub(super) fn predecessor(&self) -> Option<Predecessor> {
        let sight = self.sight.as_ref()?;
        let (number, found) = sight.tail.as_ref()?;
        let seen = match found {
            Found::Record { head, body, .. } => Some((body.id.nonce, (head.state == State::Live).then_some(head.counter))),
            Found::Missing | Found::Blank { .. } | Found::Newer { .. } => None,
        };
        Some(Predecessor { number: *number, seen, token: sight.highest_token() })
    }
}

impl Look {
    fn list(&mut self) -> Op {
        self.full = true;
        self.step = Step::List;
        Op::List
    }

    fn ask_notice(&mut self) -> Op {
        self.step = Step::Notice;
        Op::ReadNotice
    }
}

/// Returns who a found lease belongs to, as far as it says.
pub(super) fn holder_of(found: &Found) -> Option<Arc<Holder>> {
    match found {
        Found::Record { body, .. } => Some(Arc::new(body.holder.clone())),
        Found::Newer { holder, .. } => Some(Arc::clone(holder)),
        Found::Missing | Found::Blank { .. } => None,
    }
}
