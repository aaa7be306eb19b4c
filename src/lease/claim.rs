//! Claiming: one exclusive create, then everything is read again before it is believed.
//!
//! The hazards: a create that was answered late or not at all, a number that had been used and cleaned up while I slept, a holder
//! without our protocol that came in between. Whatever is not as it must be within the claim deadline ends in a withdrawal: the
//! lease is marked void, and the next try begins with a look, never in the middle.

use super::client::{Client, Phase};
use super::hold::Hold;
use super::look::FIRST_BACK_OFF;
use super::observe::Subject;
use super::record::{Board, Body, Found, NoticeSeen, Number, State, Token};
use super::rules::Rule;
use super::sight::Predecessor;
use super::wire::{Basis, Failure, Op, Over, Reply, Report, Withdrawal};
use crate::clock::Ticks;
use std::sync::Arc;
use std::time::Duration;

/// How often a notice that appears and disappears is tried again within one claim.
const NOTICE_TRIES: u8 = 3;
/// Tokens of a new ledger begin at the wall clock's milliseconds, so that they also grow across a ledger that was deleted and
/// forgotten; these are the years 2020 and 2100, beyond which a clock is not believed.
const FIRST_TOKEN: std::ops::RangeInclusive<i64> = 1_577_836_800_000..=4_102_444_800_000;

/// The next thing a claim needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Step {
    /// Only when the rule is broken on purpose: the stale file was removed.
    Removed,
    Create,
    Board,
    List,
    Own,
    Before,
    NoticeCreate,
    NoticeRead,
    NoticeWrite,
    NoticeVerify,
}

/// A claim under way.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Claim {
    body: Arc<Body>,
    basis: Basis,
    before: Option<Predecessor>,
    /// When the create was sent: the first period counts from here.
    pub(super) sent: Ticks,
    /// When the create was answered; only looked at when the rule is broken on purpose.
    answered: Ticks,
    step: Step,
    full: bool,
    notice_tries: u8,
    /// I wrote a notice, which must go if the claim is withdrawn.
    notice_written: bool,
    /// Set while a question was on its way: withdraw as soon as it is answered.
    pub(super) doomed: Option<Withdrawal>,
}

/// A claim of mine on its way out: mark it void, take back the notice, close the file.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Withdraw {
    body: Arc<Body>,
    why: Withdrawal,
    left: Vec<Op>,
}

impl Client {
    /// Claims the number after the tail of the last look.
    pub(super) fn begin_claim(&mut self, basis: Basis) {
        let before = self.predecessor();
        let full = self.sight.as_ref().is_some_and(|sight| sight.full);
        let mut number = before.map_or(Number(0), |before| before.number).next();
        let stale = matches!(basis, Basis::Lapsed | Basis::Evidence);
        let remove = stale && !self.rules.keep(Rule::TailIsNeverRemoved);
        if remove {
            number = number.previous().unwrap_or(number);
        }
        let Some(token) = self.next_token(before.is_none()) else {
            self.refuse_claim(Failure::Unusable);
            return;
        };
        if number > Number::MAX {
            self.refuse_claim(Failure::Unusable);
            return;
        }
        let body = Arc::new(self.body(number, token, basis));
        let op = if remove {
            Op::CleanUp { number, own: number, keep: Duration::ZERO }
        } else {
            Op::Create(Arc::clone(&body), self.now.wall)
        };
        self.report(Report::ClaimSent(number, basis));
        self.phase = Phase::Claiming(Claim {
            body,
            basis,
            before: if remove { None } else { before },
            sent: self.now.ticks,
            answered: self.now.ticks,
            step: if remove { Step::Removed } else { Step::Create },
            full: full || before.is_none(),
            notice_tries: 0,
            notice_written: false,
            doomed: None,
        });
        self.request(op);
    }

    /// Returns the token for the next claim: above every one that was ever seen. `None` when they are used up.
    fn next_token(&self, empty: bool) -> Option<Token> {
        let known = self.memory.token.0;
        let first = if empty { self.now.wall.0.clamp(*FIRST_TOKEN.start(), *FIRST_TOKEN.end()).unsigned_abs() } else { 0 };
        let next = known.max(first) + 1;
        (next <= Token::MAX.0).then_some(Token(next))
    }

    fn refuse_claim(&mut self, failure: Failure) {
        self.report(Report::ClaimFailed(failure));
        self.refused = true;
        self.wait(self.timing.poll);
    }

    /// Takes the answer to the claim's last question and asks the next.
    pub(super) fn step_claim(&mut self, mut claim: Claim, result: Result<Reply, Failure>) {
        if matches!(claim.step, Step::Create | Step::Removed) && result != Ok(Reply::Done) && result != Ok(Reply::Removed(true)) {
            self.claim_not_created(&claim, &result);
            return;
        }
        if let Some(why) = claim.doomed {
            self.withdraw(claim, why);
            return;
        }
        let reply = match result {
            Ok(reply) => reply,
            Err(failure) => {
                self.withdraw(claim, Withdrawal::Failed(failure));
                return;
            }
        };
        match self.check_claim(&mut claim, reply) {
            Ok(Some(op)) => {
                self.phase = Phase::Claiming(claim);
                self.request(op);
            }
            Ok(None) => self.believe(claim),
            Err(why) => self.withdraw(claim, why),
        }
    }

    /// The create did not succeed, or nobody knows.
    fn claim_not_created(&mut self, claim: &Claim, result: &Result<Reply, Failure>) {
        let number = claim.body.id.number;
        match result {
            Ok(Reply::Exists) => {
                self.report(Report::ClaimLost(number));
                self.floor = self.floor.max(number);
                // The winner's file may not be visible or readable yet; look at once the first time, then ever more rarely.
                let pause = if self.back_off == 0 {
                    Duration::ZERO
                } else {
                    FIRST_BACK_OFF * 2_u32.saturating_pow(self.back_off.min(16))
                };
                self.back_off = self.back_off.saturating_add(1);
                self.wait(pause);
            }
            Ok(_) | Err(Failure::Unreachable) => {
                self.disown(claim.body.id);
                self.report(Report::ClaimUnanswered(number));
                self.wait(FIRST_BACK_OFF);
            }
            Err(failure) => self.refuse_claim(*failure),
        }
    }

    /// Judges one answer; returns the next question, or nothing when all is as it must be.
    fn check_claim(&mut self, claim: &mut Claim, reply: Reply) -> Result<Option<Op>, Withdrawal> {
        let number = claim.body.id.number;
        let op = match (claim.step, reply) {
            (Step::Removed, Reply::Removed(_)) => {
                claim.step = Step::Create;
                Op::Create(Arc::clone(&claim.body), self.now.wall)
            }
            (Step::Create, Reply::Done) => {
                claim.answered = self.now.ticks;
                if self.rules.keep(Rule::ClaimIsReadBack) {
                    claim.step = Step::Board;
                    Op::ReadBoard
                } else {
                    self.ask_before(claim)
                }
            }
            (Step::Board, Reply::Board(board, _)) => {
                // Of another ledger's lease, numbers may be anything; what gave away my token, or my number, came before me.
                let (mine, token) = (claim.body.id, claim.body.token);
                let ahead = board.filter(|board| {
                    board.id.number > number || (board.id != mine && (board.id.number == number || board.token >= token))
                });
                if ahead.is_some_and(|board| !self.is_waited_out(Subject::phantom(board.id.number, Some(board.id.nonce), 0))) {
                    return Err(Withdrawal::Overtaken);
                }
                claim.step = if claim.full { Step::List } else { Step::Own };
                if claim.full { Op::List } else { Op::ReadLease(number) }
            }
            (Step::List, Reply::Numbers(numbers)) => {
                if numbers.last().is_some_and(|last| *last > number) {
                    return Err(Withdrawal::Overtaken);
                }
                claim.step = Step::Own;
                Op::ReadLease(number)
            }
            (Step::Own, Reply::Lease(found)) => {
                if !matches!(&found, Found::Record { body, .. } if body.id == claim.body.id) {
                    return Err(Withdrawal::NotMine);
                }
                self.ask_before(claim)
            }
            (Step::Before, Reply::Lease(found)) => {
                Self::check_before(claim, &found)?;
                self.ask_notice(claim)
            }
            (Step::NoticeCreate, Reply::Done) => {
                claim.notice_written = true;
                return self.finish_claim(claim);
            }
            (Step::NoticeCreate, Reply::Exists) => {
                claim.step = Step::NoticeRead;
                Op::ReadNotice
            }
            (Step::NoticeRead | Step::NoticeWrite, Reply::Notice(seen)) => self.check_notice(claim, &seen)?,
            (Step::NoticeWrite, Reply::Done) => {
                claim.notice_written = true;
                claim.step = Step::NoticeVerify;
                Op::ReadNotice
            }
            (Step::NoticeVerify, Reply::Notice(NoticeSeen::Ours { id, .. })) if id == claim.body.id => {
                self.report(Report::NoticeReplaced(id));
                return self.finish_claim(claim);
            }
            (Step::NoticeVerify, _) => return Err(Withdrawal::Notice),
            (
                Step::Removed
                | Step::Create
                | Step::Board
                | Step::List
                | Step::Own
                | Step::Before
                | Step::NoticeCreate
                | Step::NoticeRead
                | Step::NoticeWrite,
                _,
            ) => return Err(Withdrawal::Failed(Failure::Unusable)),
        };
        Ok(Some(op))
    }

    /// Asks for the lease before mine: if it is gone, mine may be a number that was used and cleaned up while I slept.
    fn ask_before(&mut self, claim: &mut Claim) -> Op {
        match claim.before {
            Some(before) if self.rules.keep(Rule::PredecessorMustBeThere) => {
                claim.step = Step::Before;
                Op::ReadLease(before.number)
            }
            _ => self.ask_notice(claim),
        }
    }

    fn ask_notice(&self, claim: &mut Claim) -> Op {
        claim.step = Step::NoticeCreate;
        Op::CreateNotice(Arc::clone(&claim.body), self.now.wall)
    }

    fn check_before(claim: &Claim, found: &Found) -> Result<(), Withdrawal> {
        match found {
            Found::Missing => Err(Withdrawal::GapBefore),
            // The record's own number is the file's: the store refuses to read one under another's name.
            Found::Record { head, body, .. } => match claim.before.and_then(|before| before.seen) {
                Some((nonce, _)) if nonce != body.id.nonce => Err(Withdrawal::PredecessorMoved),
                // Whoever was ordered to give up may have renewed once more before reading that.
                Some((_, Some(_))) if matches!(claim.basis, Basis::Revoked | Basis::Forced) => Ok(()),
                Some((_, Some(counter))) if head.state == State::Live && head.counter != counter => {
                    Err(Withdrawal::PredecessorMoved)
                }
                // It was blank when it counted as lapsed, and now it is somebody.
                None if head.state == State::Live => Err(Withdrawal::PredecessorMoved),
                Some(_) | None => Ok(()),
            },
            Found::Blank { .. } | Found::Newer { .. } => Ok(()),
        }
    }

    /// Judges a notice that was there already.
    fn check_notice(&self, claim: &mut Claim, seen: &NoticeSeen) -> Result<Op, Withdrawal> {
        claim.notice_tries += 1;
        if claim.notice_tries > NOTICE_TRIES {
            return Err(Withdrawal::Notice);
        }
        let fingerprint = match *seen {
            NoticeSeen::Missing => return Ok(self.ask_notice(claim)),
            NoticeSeen::Ours { id, token, fingerprint, .. } => {
                let waited = self.is_waited_out(Subject::phantom(id.number, Some(id.nonce), fingerprint));
                let later = claim.before.and_then(|before| before.token).is_some_and(|before| token > before);
                let is_before = claim.before.and_then(|before| before.seen.map(|(nonce, _)| (before.number, nonce)))
                    == Some((id.number, id.nonce));
                let is_known = self.sight.as_ref().is_some_and(|sight| {
                    sight.superseded && matches!(sight.notice, NoticeSeen::Ours { id: named, .. } if named == id)
                });
                let superseded = ((is_known || is_before) && !later) || self.is_own(id);
                if !superseded && !waited && self.rules.keep(Rule::MissingNamesCount) {
                    return Err(Withdrawal::Notice);
                }
                fingerprint
            }
            NoticeSeen::Foreign { fingerprint, .. } => {
                let waited = self.is_waited_out(Subject::Notice { fingerprint });
                if !waited && self.rules.keep(Rule::ForeignNoticeCounts) {
                    return Err(Withdrawal::Notice);
                }
                fingerprint
            }
        };
        claim.step = Step::NoticeWrite;
        Ok(Op::WriteNotice(Arc::clone(&claim.body), self.now.wall, Over::Fingerprint(fingerprint)))
    }

    /// Returns whether something was watched long enough, by the look that this claim is based on, not to count any more.
    fn is_waited_out(&self, subject: Subject) -> bool {
        self.sight
            .as_ref()
            .is_some_and(|sight| sight.obstacles.iter().any(|obstacle| obstacle.subject == subject && self.is_over(obstacle)))
    }

    fn finish_claim(&self, claim: &Claim) -> Result<Option<Op>, Withdrawal> {
        let late = self.now.ticks.since(claim.sent) > self.timing.claim;
        if late && self.rules.keep(Rule::ClaimHasDeadline) { Err(Withdrawal::Deadline) } else { Ok(None) }
    }

    /// Everything was checked in time: from here on the lease is held.
    fn believe(&mut self, claim: Claim) {
        let counts_from = if self.rules.keep(Rule::LeaseCountsFromSent) { claim.sent } else { claim.answered };
        let (id, token) = (claim.body.id, claim.body.token);
        self.memory.tail = Some(id);
        self.memory.closed = false;
        self.memory.long = self.timing.long;
        self.memory.token = token;
        self.memory.observations.clear();
        self.back_off = 0;
        self.disowned.retain(|disowned| disowned.number > id.number);
        let recovered = self.fenced.take();
        self.report(match &recovered {
            Some(_) => Report::Recovered(id, token),
            None => Report::Acquired(id, token),
        });
        self.report(Report::Remember);
        if let Some(old) = recovered {
            self.aside(Op::Close(old.body.id.number));
        }
        let removable = self.sight.as_ref().map(|sight| sight.numbers.as_slice()).unwrap_or_default();
        let hold = Hold::begin(claim.body, counts_from, removable, self.rules);
        self.settle(hold);
    }

    /// Gives a claim up from outside a step: its question is still on its way.
    pub(super) fn abandon_claim(&mut self, why: Withdrawal) {
        self.set_aside();
        if let Phase::Claiming(claim) = std::mem::replace(&mut self.phase, Phase::Idle) {
            self.withdraw(claim, why);
        }
    }

    /// Marks the claim void and takes back what it left behind.
    fn withdraw(&mut self, claim: Claim, why: Withdrawal) {
        let id = claim.body.id;
        self.disown(id);
        let mut left = vec![Op::Close(id.number)];
        if claim.notice_written {
            left.push(Op::RemoveNotice(id));
        }
        let board = Board { id, token: claim.body.token, state: State::Void, long: Duration::ZERO };
        if matches!(why, Withdrawal::Unwanted | Withdrawal::Notice | Withdrawal::Deadline | Withdrawal::ClocksParted) {
            left.push(Op::WriteBoard(board));
        }
        let head = self.head(State::Void, 1);
        self.listed = None;
        self.phase = Phase::Withdrawing(Withdraw { body: claim.body, why, left });
        self.request(Op::WriteHead(id.number, head));
    }

    /// Goes on withdrawing, whatever the answers are: what fails here lapses by itself.
    pub(super) fn step_withdraw(&mut self, mut withdraw: Withdraw) {
        if let Some(op) = withdraw.left.pop() {
            self.phase = Phase::Withdrawing(withdraw);
            self.request(op);
            return;
        }
        self.report(Report::Withdrawn(withdraw.body.id.number, withdraw.why));
        match withdraw.why {
            // What does not pass by itself is told; trying again would leave a void lease behind each time.
            Withdrawal::Failed(failure @ (Failure::Denied | Failure::Full | Failure::ReadOnly | Failure::Unusable)) => {
                self.refuse_claim(failure);
            }
            Withdrawal::Failed(_) | Withdrawal::Deadline | Withdrawal::Notice => self.wait(FIRST_BACK_OFF),
            Withdrawal::Unwanted
            | Withdrawal::Overtaken
            | Withdrawal::NotMine
            | Withdrawal::GapBefore
            | Withdrawal::PredecessorMoved
            | Withdrawal::ClocksParted => self.wait(Duration::ZERO),
        }
    }
}
