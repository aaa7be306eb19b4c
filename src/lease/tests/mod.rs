//! Facts about the protocol, one small scene each: a client, a share whose content the test lays out, and a time that it sets.
//!
//! The simulation shows that nothing goes wrong in any weather; what people are told, and which question follows which answer, is said
//! here. A fact is worth having if a change of the code that it is about makes it fail: `tests/mutants` looks for those that none does.

use super::record::{
    Board, Body, Evidence, Found, Head, Holder, Host, LeaseId, Nonce, NoticeSeen, Number, ProcessId, Revoke, Said, State, Token,
};
use super::rules::Rules;
use super::timing::Timing;
use super::wire::{Action, Event, Failure, Op, Over, Reply, Report, RequestId};
use super::{Belief, Client, Identity, Memory, Status};
use crate::clock::{Moment, Ticks, WallTime};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

mod claim;
mod client;
mod hold;
mod judge;
mod look;
mod status;

/// The wall clock at the beginning of every scene: in 2027.
const THEN: WallTime = WallTime(1_800_000_000_000);

/// Picks operations.
type Which = fn(&Op) -> bool;

/// More than any scene needs at once, of questions or of ticks.
const MOST: usize = 1000;

/// A client and the share before it.
struct Scene {
    client: Client,
    board: Option<Board>,
    revoke: Option<Arc<Revoke>>,
    leases: BTreeMap<Number, Found>,
    notice: NoticeSeen,
    evidence: Evidence,
    /// Operations that are refused, and how.
    refused: Option<(Which, Failure)>,
    /// Operations whose answers stay away until [`Scene::answer`].
    hanging: Option<Which>,
    hung: Vec<(RequestId, Op)>,
    /// Happens right before a create, which then finds its number taken.
    on_create: Option<fn(&mut Self)>,
    /// Since the beginning.
    now: Duration,
    /// How far the wall clock was set, in milliseconds.
    skew: i64,
    asked: Vec<Op>,
    told: Vec<Report>,
}

fn eva() -> Identity {
    Identity {
        holder: Holder { user: "eva".into(), machine: "PC-7".into(), session: "1".into(), ..Holder::default() },
        host: Host { machine: "id of PC-7".into(), ..Host::default() },
        process: ProcessId { pid: 7, start: 7 },
        database: "wems.db".into(),
    }
}

impl Scene {
    fn new() -> Self {
        Self::of(false)
    }

    fn of(caches_reads: bool) -> Self {
        Self {
            client: Client::new(eva(), Timing::default(), Rules::default(), 7000, caches_reads, Memory::default()),
            board: None,
            revoke: None,
            leases: BTreeMap::new(),
            notice: NoticeSeen::Missing,
            evidence: Evidence::NONE,
            refused: None,
            hanging: None,
            hung: Vec::new(),
            on_create: None,
            now: Duration::ZERO,
            skew: 0,
            asked: Vec::new(),
            told: Vec::new(),
        }
    }

    fn moment(&self) -> Moment {
        Moment {
            ticks: Ticks::from_nanos(1_000_000_000_000) + self.now,
            wall: WallTime(THEN.0 + self.skew + i64::try_from(self.now.as_millis()).unwrap()),
        }
    }

    /// Tells the client something now, and answers all that it asks.
    fn tell(&mut self, event: Event) {
        self.client.handle(self.moment(), event);
        let most = self.asked.len() + MOST;
        while let Some(action) = self.client.poll() {
            assert!(self.asked.len() < most, "it asks and asks");
            match action {
                Action::Report(report) => self.told.push(report),
                Action::Request(id, op) => {
                    self.asked.push(op.clone());
                    if self.hanging.is_some_and(|hangs| hangs(&op)) {
                        self.hung.push((id, op));
                        continue;
                    }
                    let answer = self.perform(&op);
                    self.client.handle(self.moment(), Event::Answer(id, answer));
                }
            }
        }
    }

    /// Lets the time pass up to so many seconds after the beginning, without a look in between.
    fn at(&mut self, seconds: f64) -> &mut Self {
        self.now = Duration::from_secs_f64(seconds);
        self
    }

    /// Lets the time pass as a session does, with a tick whenever one is due.
    fn pass(&mut self, seconds: u64) {
        let end = self.now + Duration::from_secs(seconds);
        for tick in 0.. {
            assert!(tick < MOST, "it wants a tick again and again");
            let start = Ticks::from_nanos(1_000_000_000_000);
            match self.client.deadline().map(|due| due.since(start).max(self.now)) {
                Some(due) if due <= end => self.now = due,
                Some(_) | None => break,
            }
            self.tell(Event::Tick);
        }
        self.now = end;
        self.tell(Event::Tick);
    }

    /// Answers the oldest of what hangs.
    fn answer(&mut self) {
        let (id, op) = self.hung.remove(0);
        let answer = self.perform(&op);
        self.tell(Event::Answer(id, answer));
    }

    fn look(&mut self) -> Status {
        self.tell(Event::Look);
        self.client.status(self.moment())
    }

    /// Returns what was asked since the last call, in short.
    fn questions(&mut self) -> Vec<String> {
        let short = |op: Op| match op {
            Op::Touch => "touch".into(),
            Op::Ping => "ping".into(),
            Op::ReadBoard => "board".into(),
            Op::List => "list".into(),
            Op::ReadLease(number) => format!("lease {number}"),
            Op::ReadNotice => "notice".into(),
            Op::Probe(_) => "probe".into(),
            Op::Create(body, _) => format!("create {}", body.id.number),
            Op::WriteHead(number, head) => format!("head {number} {:?} {}", head.state, head.counter),
            Op::WriteRecord(body, head) => format!("record {} {:?} {}", body.id.number, head.state, head.counter),
            Op::Void(id, _) => format!("void {}", id.number),
            Op::Lock(number) => format!("lock {number}"),
            Op::Close(number) => format!("close {number}"),
            Op::CreateNotice(..) => "create notice".into(),
            Op::WriteNotice(..) => "write notice".into(),
            Op::RemoveNotice(_) => "remove notice".into(),
            Op::WriteBoard(board) => format!("write board {} {:?}", board.id.number, board.state),
            Op::WriteRevoke(_) => "write order".into(),
            Op::CleanUp { number, .. } => format!("clean up {number}"),
        };
        std::mem::take(&mut self.asked).into_iter().map(short).collect()
    }

    /// Returns whether the ledger was listed since the last question of this kind.
    fn listed(&mut self) -> bool {
        self.questions().contains(&"list".to_owned())
    }

    /// Returns the number that the client believes to hold.
    fn held(&self) -> Option<u64> {
        match self.client.belief(self.moment().ticks) {
            Belief::Holding(id, _) => Some(id.number.0),
            Belief::None | Belief::Unsure(_) => None,
        }
    }

    fn was_told(&self, report: &Report) -> bool {
        self.told.contains(report)
    }

    fn perform(&mut self, op: &Op) -> Result<Reply, Failure> {
        if let Some((refused, failure)) = self.refused
            && refused(op)
        {
            return Err(failure);
        }
        Ok(match op {
            Op::Touch | Op::Ping | Op::Lock(_) | Op::Close(_) | Op::WriteRevoke(_) => Reply::Done,
            Op::ReadBoard => Reply::Board(self.board, self.revoke.clone()),
            Op::List => Reply::Numbers(self.leases.keys().copied().collect()),
            Op::ReadLease(number) => Reply::Lease(self.leases.get(number).cloned().unwrap_or(Found::Missing)),
            Op::ReadNotice => Reply::Notice(self.notice.clone()),
            Op::Probe(_) => Reply::Evidence(self.evidence),
            Op::Create(body, at) => {
                if let Some(happens) = self.on_create.take() {
                    happens(self);
                    return Ok(Reply::Exists);
                }
                if self.leases.contains_key(&body.id.number) {
                    return Ok(Reply::Exists);
                }
                let head = Head { state: State::Live, counter: 0, at: *at };
                self.lay(Found::Record { head, body: Arc::clone(body), file: 0 }, body.id.number);
                Reply::Done
            }
            Op::WriteHead(number, head) => {
                let Some(Found::Record { head: there, .. }) = self.leases.get_mut(number) else { return Err(Failure::Gone) };
                *there = *head;
                Reply::Done
            }
            Op::WriteRecord(body, head) => {
                self.lay(Found::Record { head: *head, body: Arc::clone(body), file: 0 }, body.id.number);
                Reply::Done
            }
            Op::Void(id, at) => {
                if let Some(Found::Record { head, body, .. }) = self.leases.get_mut(&id.number)
                    && body.id == *id
                {
                    *head = Head { state: State::Void, counter: head.counter + 1, at: *at };
                }
                Reply::Done
            }
            Op::CreateNotice(body, _) if self.notice == NoticeSeen::Missing => {
                self.notice = notice_of(body);
                Reply::Done
            }
            Op::CreateNotice(..) => Reply::Exists,
            Op::WriteNotice(body, _, over) => {
                let allowed = match (over, &self.notice) {
                    (_, NoticeSeen::Missing) | (Over::Mine, NoticeSeen::Foreign { .. }) => false,
                    (Over::Mine, NoticeSeen::Ours { id, .. }) => *id == body.id,
                    (
                        Over::Fingerprint(expected),
                        NoticeSeen::Ours { fingerprint, .. } | NoticeSeen::Foreign { fingerprint, .. },
                    ) => expected == fingerprint,
                };
                if !allowed {
                    return Ok(Reply::Notice(self.notice.clone()));
                }
                self.notice = notice_of(body);
                Reply::Done
            }
            Op::RemoveNotice(id) => {
                if matches!(self.notice, NoticeSeen::Ours { id: named, .. } if named == *id) {
                    self.notice = NoticeSeen::Missing;
                }
                Reply::Done
            }
            Op::WriteBoard(board) => {
                self.board = Some(*board);
                Reply::Done
            }
            Op::CleanUp { number, .. } => Reply::Removed(self.leases.remove(number).is_some()),
        })
    }

    /// Returns the board that the holder of this lease writes.
    fn board_of(&self, number: u64) -> Board {
        let Some(Found::Record { body, .. }) = self.leases.get(&Number(number)) else { panic!("no lease {number}") };
        Board { id: body.id, token: body.token, state: State::Live, long: body.promise.long }
    }

    /// Puts something under this number.
    fn lay(&mut self, found: Found, number: Number) {
        self.leases.insert(number, found);
    }

    /// Puts marie's lease there, and the board that names it.
    fn lay_marie(&mut self, number: u64, state: State, counter: u32) -> Arc<Body> {
        let body = Arc::new(marie(number));
        self.lay(record(&body, state, counter), body.id.number);
        self.board = Some(Board { id: body.id, token: body.token, state, long: body.promise.long });
        body
    }
}

/// A lease of marie's, on another computer.
fn marie(number: u64) -> Body {
    Body {
        id: LeaseId { number: Number(number), nonce: Nonce(u128::from(number)) },
        token: Token(5000 + number),
        holder: Holder { user: "marie".into(), machine: "PC-2".into(), session: "1".into(), ..Holder::default() },
        host: Host { machine: "id of PC-2".into(), ..Host::default() },
        process: ProcessId { pid: 2, start: 2 },
        guards: Vec::new(),
        mark: None,
        acquired: WallTime(THEN.0 - 60_000),
        basis: None,
        promise: Timing::default().promise(),
        database: "wems.db".into(),
    }
}

fn record(body: &Arc<Body>, state: State, counter: u32) -> Found {
    Found::Record { head: Head { state, counter, at: WallTime(THEN.0 - 10_000) }, body: Arc::clone(body), file: 0 }
}

/// The notice of that lease, as a look reads it.
fn notice_of(body: &Body) -> NoticeSeen {
    let said = Said { holder: body.holder.clone(), acquired: Some(body.acquired), heartbeat: Some(WallTime(THEN.0 - 5000)) };
    NoticeSeen::Ours {
        id: body.id,
        token: body.token,
        promise: body.promise,
        fingerprint: body.id.number.0,
        said: Some(Arc::new(said)),
    }
}
