//! One client of one database: the state machine that everything else drives.
//!
//! Events and the time go in through [`Client::handle`], actions come out of [`Client::poll`]. There is at most one request whose
//! answer is waited for; one that takes too long is set aside, and its answer, should it come, changes nothing (except that a
//! lease file which turns out to have been created is marked void).
//!
//! The steps of a look are in `look`, of a claim in `claim`, of a hold in `hold`; what they mean to people is in `status`.

use super::claim::{Claim, Withdraw};
use super::hold::{Hold, Release};
use super::look::{Look, Sight};
use super::observe::Observation;
use super::record::{Body, Head, Holder, Host, LeaseId, Nonce, Number, ProcessId, State, Token};
use super::rules::{Rule, Rules};
use super::timing::Timing;
use super::wire::{Action, Basis, Doubt, Event, Failure, Op, Reply, Report, RequestId, Withdrawal};
use crate::clock::{Moment, Ticks};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

/// How far the wall clock and the boot-time clock may part between two events before the machine counts as paused.
const CLOCKS_PART: Duration = Duration::from_secs(5);
/// How many requests may be unanswered at once; beyond it the client waits instead of asking more.
const MOST_LATE: usize = 4;
/// How many leases of my own that never became a hold are remembered.
const MOST_DISOWNED: usize = 16;

/// Who this client is, as its records will say.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Identity {
    /// Who, for people.
    pub holder: Holder,
    /// Where, for processes on the same machine.
    pub host: Host,
    /// The process.
    pub process: ProcessId,
    /// The database as the user spells it.
    pub database: String,
}

/// What one machine remembers about one database, also across its own crashes.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, serde::Serialize, serde::Deserialize)]
pub struct Memory {
    /// The last tail that was seen on the ledger.
    pub tail: Option<LeaseId>,
    /// Whether that lease was seen ended or void. It stays so, whatever a late write makes of the file.
    pub closed: bool,
    /// How long its holder may believe at most, by its own promise.
    pub long: Duration,
    /// The highest token ever seen.
    pub token: Token,
    /// What has been watched for change.
    pub observations: Vec<Observation>,
    /// The lease whose range lock was seen held from here.
    pub lock_seen: Option<LeaseId>,
}

/// What a client may say about itself at an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Belief {
    /// It does not hold the database.
    None,
    /// It holds the database.
    Holding(LeaseId, Token),
    /// It held the database, could not renew in time, and has seen nobody else so far. Not belief.
    Unsure(LeaseId),
}

/// What a client is doing.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Phase {
    /// Nothing.
    Idle,
    /// Waiting until then, or for a hint, to look again.
    Waiting(Ticks),
    /// Looking at the share.
    Looking(Box<Look>),
    /// Claiming the next number.
    Claiming(Claim),
    /// Marking a claim of my own void.
    Withdrawing(Withdraw),
    /// Holding.
    Holding(Hold),
    /// Giving back.
    Releasing(Release),
}

/// The request whose answer is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Pending {
    id: RequestId,
    pub(super) sent: Ticks,
    kind: Kind,
}

/// What kind of request is unanswered; what must not be forgotten when it is set aside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Kind {
    /// Nothing to remember.
    Plain,
    /// The creation of this lease.
    Create(LeaseId),
    /// A write into my own lease file.
    Head(Number),
    /// An order to somebody else to give up.
    Revoke,
}

/// A client of one database. See the module's text.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[expect(clippy::struct_excessive_bools, reason = "independent wishes and facts, not states; the state is `phase`")]
pub struct Client {
    pub(super) me: Arc<Identity>,
    pub(super) timing: Timing,
    pub(super) rules: Rules,
    pub(super) caches_reads: bool,
    nonce_seed: u128,
    claims: u64,
    pub(super) now: Moment,
    clocks: Option<i64>,
    pub(super) wanted: bool,
    /// Programs with this mark are mine to answer for, should their holder be dead.
    pub(super) adopts: Option<Nonce>,
    pub(super) look_asked: bool,
    pub(super) hinted: bool,
    /// The last claim failed for a reason that no change on the share mends: the hints that my own try gives are not heard.
    pub(super) refused: bool,
    pub(super) phase: Phase,
    pub(super) pending: Option<Pending>,
    late: BTreeMap<RequestId, Kind>,
    next_request: u64,
    pub(super) memory: Memory,
    /// A number that an exclusive create found taken, though it may not be visible yet.
    pub(super) floor: Number,
    /// Leases of mine that nobody believes in: withdrawn, or created after I had given up.
    pub(super) disowned: VecDeque<LeaseId>,
    /// The lease I held until its fence.
    pub(super) fenced: Option<Hold>,
    pub(super) sight: Option<Sight>,
    pub(super) failing: Option<Failure>,
    pub(super) listed: Option<Ticks>,
    pub(super) back_off: u32,
    actions: VecDeque<Action>,
}

impl Client {
    /// Makes a client. `nonce_seed` must be random; `caches_reads` says whether this share's reads may come from a cache.
    #[must_use]
    pub fn new(me: Identity, timing: Timing, rules: Rules, nonce_seed: u128, caches_reads: bool, memory: Memory) -> Self {
        Self {
            me: Arc::new(me),
            timing,
            rules,
            caches_reads,
            nonce_seed,
            claims: 0,
            now: Moment::default(),
            clocks: None,
            wanted: false,
            adopts: None,
            look_asked: false,
            hinted: false,
            refused: false,
            phase: Phase::Idle,
            pending: None,
            late: BTreeMap::new(),
            next_request: 0,
            memory,
            floor: Number(0),
            disowned: VecDeque::new(),
            fenced: None,
            sight: None,
            failing: None,
            listed: None,
            back_off: 0,
            actions: VecDeque::new(),
        }
    }

    /// Takes in what happened at `now`. Afterwards [`Client::poll`] has what to do.
    pub fn handle(&mut self, now: Moment, event: Event) {
        self.now = now;
        if self.clocks_parted() {
            self.distrust_time();
        }
        self.check_fence();
        match event {
            Event::Want => self.wanted = true,
            Event::Release => self.unwant(),
            Event::Look => self.look_asked = true,
            Event::Hint => self.hinted = true,
            Event::Verify => self.verify(),
            Event::Guards(guards) => self.set_guards(guards),
            Event::Adopt(mark) => self.adopts = Some(mark),
            Event::Revoke { reason, now } => self.order_revoke(reason, now),
            Event::Answer(id, result) => self.answer(id, result),
            Event::Tick => {}
        }
        self.advance();
    }

    /// Returns the next thing to do, until there is none.
    pub fn poll(&mut self) -> Option<Action> {
        self.actions.pop_front()
    }

    /// Returns what this client believes at `now`. This depends on the time alone, not on any timer having fired.
    #[must_use]
    pub fn belief(&self, now: Ticks) -> Belief {
        match &self.phase {
            Phase::Holding(hold) if now < hold.fence(&self.timing) => Belief::Holding(hold.body.id, hold.body.token),
            Phase::Holding(hold) => Belief::Unsure(hold.body.id),
            Phase::Idle
            | Phase::Waiting(_)
            | Phase::Looking(_)
            | Phase::Claiming(_)
            | Phase::Withdrawing(_)
            | Phase::Releasing(_) => self.fenced.as_ref().map_or(Belief::None, |hold| Belief::Unsure(hold.body.id)),
        }
    }

    /// Returns what the programs under the held lease carry in their environment.
    #[must_use]
    pub fn mark(&self) -> Option<Nonce> {
        self.own().map(Body::mark)
    }

    /// Returns the holder's processes, the holding one first, if it is on this very machine: their end is told by nothing on the share.
    #[must_use]
    pub fn neighbours(&self) -> Vec<ProcessId> {
        let record = self.sight.as_ref().and_then(Sight::record);
        let body =
            record.filter(|(head, body)| head.state == State::Live && self.me.host.is_same(&body.host)).map(|(_, body)| body);
        body.map(|body| std::iter::once(body.process).chain(body.guards.iter().copied()).collect()).unwrap_or_default()
    }

    /// Returns the programs that the held lease names.
    #[must_use]
    pub fn guards(&self) -> Vec<ProcessId> {
        self.own().map(|body| body.guards.clone()).unwrap_or_default()
    }

    /// Returns the lease that I hold, or held until its fence.
    pub(super) fn own(&self) -> Option<&Body> {
        self.hold().map(|hold| &*hold.body)
    }

    /// Returns the same with what was done about it.
    pub(super) fn hold(&self) -> Option<&Hold> {
        match &self.phase {
            Phase::Holding(hold) => Some(hold),
            Phase::Idle
            | Phase::Waiting(_)
            | Phase::Looking(_)
            | Phase::Claiming(_)
            | Phase::Withdrawing(_)
            | Phase::Releasing(_) => self.fenced.as_ref(),
        }
    }

    /// Returns when [`Event::Tick`] is due, if nothing else happens before.
    #[must_use]
    pub fn deadline(&self) -> Option<Ticks> {
        let answer = self.pending.filter(|pending| !self.is_patient(pending)).map(|pending| pending.sent + self.timing.slowest);
        let phase = match &self.phase {
            Phase::Idle | Phase::Looking(_) | Phase::Withdrawing(_) => None,
            Phase::Waiting(until) => Some(*until),
            Phase::Claiming(claim) => self.rules.keep(Rule::ClaimHasDeadline).then(|| claim.sent + self.timing.claim),
            Phase::Holding(hold) => Some(hold.deadline(&self.timing, self.pending.is_some())),
            Phase::Releasing(release) => Some(release.deadline(&self.timing, self.pending.is_some())),
        };
        [answer, phase].into_iter().flatten().min()
    }

    /// Returns what this machine should remember.
    #[must_use]
    pub fn memory(&self) -> &Memory {
        &self.memory
    }

    /// Returns whether nothing is going on: no request unanswered that anybody waits for, nothing wanted.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        matches!(self.phase, Phase::Idle) && self.pending.is_none()
    }

    /// Returns whether a lease is wanted, held or being given back; that somebody looks is neither.
    #[must_use]
    pub fn is_taking(&self) -> bool {
        self.wanted || !matches!(self.phase, Phase::Idle | Phase::Waiting(_) | Phase::Looking(_))
    }

    /// Returns the durations this client runs on.
    #[must_use]
    pub fn timing(&self) -> &Timing {
        &self.timing
    }

    /// Returns whether the wall clock and the boot-time clock have parted since the last event.
    fn clocks_parted(&mut self) -> bool {
        let boot = i64::try_from(self.now.ticks.as_nanos() / 1_000_000).unwrap_or(i64::MAX);
        let offset = self.now.wall.0.saturating_sub(boot);
        let before = self.clocks.replace(offset);
        before.is_some_and(|before| u128::from(before.abs_diff(offset)) > CLOCKS_PART.as_millis())
    }

    /// The machine was paused or its clock set: whatever was concluded from the passing of time is void.
    fn distrust_time(&mut self) {
        self.memory.observations.clear();
        match &mut self.phase {
            Phase::Looking(look) => look.spoiled = true,
            Phase::Claiming(claim) => claim.doomed = Some(Withdrawal::ClocksParted),
            Phase::Holding(_) => self.fence_now(Doubt::ClocksParted),
            Phase::Idle | Phase::Waiting(_) | Phase::Withdrawing(_) | Phase::Releasing(_) => {}
        }
    }

    fn unwant(&mut self) {
        self.wanted = false;
        self.adopts = None;
        if let Phase::Claiming(claim) = &mut self.phase {
            claim.doomed.get_or_insert(Withdrawal::Unwanted);
        }
    }

    fn answer(&mut self, id: RequestId, result: Result<Reply, Failure>) {
        if let Some(pending) = self.pending.filter(|pending| pending.id == id) {
            self.pending = None;
            self.step(pending.sent, result);
            return;
        }
        match self.late.remove(&id) {
            Some(Kind::Create(lease)) if result == Ok(Reply::Done) => {
                self.report(Report::LateCreate(lease.number));
                self.aside(Op::Void(lease, self.now.wall));
            }
            Some(Kind::Revoke) => self.revoke_answered(&result),
            Some(Kind::Create(_) | Kind::Head(_) | Kind::Plain) | None => {}
        }
    }

    /// Gives the answer to the phase that asked.
    fn step(&mut self, sent: Ticks, result: Result<Reply, Failure>) {
        match std::mem::replace(&mut self.phase, Phase::Idle) {
            phase @ (Phase::Idle | Phase::Waiting(_)) => self.phase = phase,
            Phase::Looking(look) => self.step_look(look, sent, result),
            Phase::Claiming(claim) => self.step_claim(claim, result),
            Phase::Withdrawing(withdraw) => self.step_withdraw(withdraw),
            Phase::Holding(hold) => self.step_hold(hold, result),
            Phase::Releasing(release) => self.step_release(release, &result),
        }
    }

    /// Does what time and wishes make due.
    fn advance(&mut self) {
        if let Some(pending) = self.pending
            && !self.is_patient(&pending)
            && self.now.ticks.since(pending.sent) >= self.timing.slowest
        {
            self.set_aside();
            self.step(pending.sent, Err(Failure::Unreachable));
        }
        match &self.phase {
            Phase::Idle => {
                if self.wanted || self.look_asked || self.fenced.is_some() {
                    self.begin_look();
                }
            }
            Phase::Waiting(until) => {
                if !self.wanted && self.fenced.is_some() {
                    self.give_up_fenced();
                } else if !self.wanted && !self.look_asked {
                    self.rest();
                } else if (self.hinted && !self.refused) || self.look_asked || self.now.ticks >= *until {
                    self.begin_look();
                }
            }
            Phase::Claiming(claim) => {
                let late = self.now.ticks.since(claim.sent) > self.timing.claim && self.rules.keep(Rule::ClaimHasDeadline);
                if late && !matches!(self.pending, Some(Pending { kind: Kind::Create(_), .. })) {
                    self.abandon_claim(Withdrawal::Deadline);
                }
            }
            Phase::Holding(_) => self.advance_hold(),
            Phase::Releasing(_) => self.advance_release(),
            Phase::Looking(_) | Phase::Withdrawing(_) => {}
        }
    }

    /// A write into my own lease is waited for without limit: there must never be two of them, so nothing could be done meanwhile.
    /// The fence, or the end of the release, limits it.
    fn is_patient(&self, pending: &Pending) -> bool {
        matches!(pending.kind, Kind::Head(_))
            && match &self.phase {
                Phase::Holding(_) => true,
                Phase::Releasing(release) => !release.is_fenced(),
                Phase::Idle | Phase::Waiting(_) | Phase::Looking(_) | Phase::Claiming(_) | Phase::Withdrawing(_) => false,
            }
    }

    /// Sends a request and waits for its answer.
    pub(super) fn request(&mut self, op: Op) {
        debug_assert!(self.pending.is_none(), "one request at a time");
        let kind = match &op {
            Op::Create(body, _) => Kind::Create(body.id),
            Op::WriteHead(number, _) => Kind::Head(*number),
            Op::WriteRecord(body, _) => Kind::Head(body.id.number),
            Op::Touch
            | Op::Ping
            | Op::ReadBoard
            | Op::List
            | Op::ReadLease(_)
            | Op::ReadNotice
            | Op::Probe(_)
            | Op::Void(..)
            | Op::Lock(_)
            | Op::Close(_)
            | Op::CreateNotice(..)
            | Op::WriteNotice(..)
            | Op::RemoveNotice(_)
            | Op::WriteBoard(_)
            | Op::WriteRevoke(_)
            | Op::CleanUp { .. } => Kind::Plain,
        };
        let id = self.fresh_id();
        self.pending = Some(Pending { id, sent: self.now.ticks, kind });
        self.actions.push_back(Action::Request(id, op));
    }

    /// Sends a request whose answer does not matter.
    pub(super) fn aside(&mut self, op: Op) {
        let id = self.fresh_id();
        self.actions.push_back(Action::Request(id, op));
    }

    /// Sends a request whose answer is not waited for, but taken up when it comes.
    pub(super) fn request_aside(&mut self, op: Op, kind: Kind) {
        let id = self.fresh_id();
        self.late.insert(id, kind);
        self.actions.push_back(Action::Request(id, op));
    }

    fn fresh_id(&mut self) -> RequestId {
        self.next_request += 1;
        RequestId(self.next_request)
    }

    /// Stops waiting for the pending request.
    pub(super) fn set_aside(&mut self) {
        if let Some(pending) = self.pending.take() {
            self.late.insert(pending.id, pending.kind);
        }
    }

    /// Returns whether a write into this lease file is still on its way.
    pub(super) fn is_writing(&self, number: Number) -> bool {
        self.late.values().any(|kind| *kind == Kind::Head(number))
    }

    /// Returns whether too many requests are unanswered to ask another question.
    pub(super) fn is_stuck(&self) -> bool {
        self.late.len() >= MOST_LATE
    }

    pub(super) fn report(&mut self, report: Report) {
        self.actions.push_back(Action::Report(report));
    }

    pub(super) fn fresh_nonce(&mut self) -> Nonce {
        self.claims += 1;
        Nonce(self.nonce_seed.wrapping_add(u128::from(self.claims)))
    }

    pub(super) fn disown(&mut self, id: LeaseId) {
        if self.disowned.len() == MOST_DISOWNED {
            self.disowned.pop_front();
        }
        self.disowned.push_back(id);
    }

    /// Waits for the next look.
    pub(super) fn wait(&mut self, pause: Duration) {
        self.phase = Phase::Waiting(self.now.ticks + pause.min(self.timing.poll));
    }

    /// Goes idle.
    pub(super) fn rest(&mut self) {
        self.phase = Phase::Idle;
    }

    /// Returns a head for my own lease with the next counter.
    pub(super) fn head(&self, state: State, counter: u32) -> Head {
        Head { state, counter, at: self.now.wall }
    }

    /// Returns a new body for a claim of `number`.
    pub(super) fn body(&mut self, number: Number, token: Token, basis: Basis) -> Body {
        // From its first byte on the record names the programs that go on under it.
        let orphaned =
            self.sight.as_ref().and_then(Sight::record).map(|(_, body)| body).filter(|body| self.adopts == Some(body.mark()));
        let before = self.fenced.as_ref().map(|hold| &hold.body).or(orphaned);
        let before = before.filter(|_| self.rules.keep(Rule::SuccessorNamesPrograms));
        let (guards, mark) = before.map_or((Vec::new(), None), |body| (body.guards.clone(), Some(body.mark())));
        Body {
            id: LeaseId { number, nonce: self.fresh_nonce() },
            token,
            holder: self.me.holder.clone(),
            host: self.me.host.clone(),
            process: self.me.process,
            guards,
            mark,
            acquired: self.now.wall,
            basis: Some(basis),
            promise: self.timing.promise(),
            database: self.me.database.clone(),
        }
    }
}
