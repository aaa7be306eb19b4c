//! What becomes of a request between a client and the server.
//!
//! Each request is answered exactly once, however late: with what it found out, or, when the operating system gave up, with
//! `Unreachable`, which says nothing about whether it was or will still be done.

use crate::checker::Violation;
use crate::client_host::{Spell, View, fate};
use crate::rng::{MS, SEC};
use crate::server::{Outcome, Stage, Trespass};
use crate::world::{Happening, World};
use sharelock::lease::record::{Body, Evidence, Found};
use sharelock::lease::wire::{Event, Failure, Op, Reply, RequestId};
use std::collections::BTreeMap;

/// The longest a negative answer or a listing stays in a cache (measured: 14-55 s on NFS).
const STALEST: u64 = 60 * SEC;

/// One request on its way.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) seat: usize,
    pub(crate) start: u32,
    pub(crate) machine: usize,
    boot: u32,
    id: RequestId,
    pub(crate) op: Op,
    stage: Stage,
    sent: u64,
    result: Option<Result<Reply, Failure>>,
    answered: bool,
    /// Nothing more will be executed for it.
    finished: bool,
}

/// The requests under way.
#[derive(Debug, Default)]
pub(crate) struct Requests {
    next: u32,
    pub(crate) open: BTreeMap<u32, Request>,
    /// What waits for a machine to be connected again: steps (true) and answers (false).
    hung: Vec<(usize, u32, bool)>,
}

impl World {
    /// Sends a request out.
    pub(crate) fn send(&mut self, seat: usize, id: RequestId, op: Op) {
        let home = &mut self.seats[seat];
        let proves = matches!(op, Op::Touch | Op::Ping);
        if proves || (op == Op::ReadBoard && !home.touching) {
            home.look_began = self.now;
        }
        home.touching = proves;
        let (machine, start) = (home.machine, home.start);
        self.trace.tell(self.now, || format!("seat {seat} asks {} {}", id.0, told(&op)));
        let boot = self.machines[machine].boot;
        let request = Request {
            seat,
            start,
            machine,
            boot,
            id,
            op,
            stage: Stage::Begin,
            sent: self.now,
            result: None,
            answered: false,
            finished: false,
        };
        self.requests.next += 1;
        let key = self.requests.next;
        self.requests.open.insert(key, request);
        self.go_out(key);
    }

    /// Puts the next step of a request on the wire.
    fn go_out(&mut self, key: u32) {
        let Some(request) = self.requests.open.get(&key) else { return };
        let (machine, begins) = (request.machine, request.stage == Stage::Begin);
        if self.machines[machine].cut.is_some() {
            self.go_out_cut(key, machine);
            return;
        }
        if self.settled {
            self.after(MS, Happening::Step(key));
            return;
        }
        let spell = self.machines[machine].spell;
        let lossy = if spell == Spell::Lossy { 250 } else { 0 };
        let mut delay = self.weather.delay(&mut self.network);
        if let Spell::SlowThere(most) = spell {
            delay = self.network.between(MS, most);
        }
        if begins && self.network.chance(self.weather.lost_request + lossy) {
            self.stats.count("lost request");
            self.give_up_later(key);
            if let Some(request) = self.requests.open.get_mut(&key) {
                request.finished = true;
            }
        } else {
            if begins && self.network.chance(self.weather.late_execution) {
                self.stats.count("late execution");
                delay = self.network.between(SEC, 110 * SEC);
                self.give_up_later(key);
            }
            self.after(delay, Happening::Step(key));
        }
    }

    fn go_out_cut(&mut self, key: u32, machine: usize) {
        if let Some(reply) = self.requests.open.get(&key).and_then(|request| self.machines[machine].cached(&request.op))
            && self.weather.caches_reads
            && self.cache.chance(800)
        {
            self.stats.count("answer from a cache while cut off");
            self.finish(key, Ok(reply), MS);
            return;
        }
        if !self.machines[machine].cut_hangs {
            self.give_up_later(key);
            if self.network.chance(700) {
                if let Some(request) = self.requests.open.get_mut(&key) {
                    request.finished = true;
                }
                return;
            }
        }
        self.requests.hung.push((machine, key, true));
    }

    fn give_up_later(&mut self, key: u32) {
        let patience = self.network.between(SEC, 110 * SEC);
        self.after(patience, Happening::GiveUp(key));
    }

    /// A step of a request reaches the server.
    pub(crate) fn step_request(&mut self, key: u32) {
        let Some(request) = self.requests.open.get(&key) else { return };
        let (seat, machine, stage) = (request.seat, request.machine, request.stage);
        let begins = stage == Stage::Begin;
        let host = &self.machines[machine];
        let alive = self.seats[seat].start == request.start && self.seats[seat].client.is_some();
        let boots = host.boot == request.boot && host.running;
        if !boots && (!begins || self.network.chance(600)) {
            // The machine is gone, and with it what its kernel had not sent.
            self.drop_request(key);
            return;
        }
        if !begins && !alive && self.network.chance(500) {
            self.drop_request(key);
            return;
        }
        if !begins && boots && (host.asleep || host.paused) {
            self.deferred.push((machine, Happening::Step(key)));
            return;
        }
        if boots && host.cut.is_some() && self.network.chance(500) {
            self.requests.hung.push((machine, key, true));
            return;
        }
        let by = self.seats[seat].process(seat);
        let by = crate::server::Process { start: request.start, ..by };
        if begins && let Some(failure) = self.refusal(machine, &request.op) {
            self.finish(key, Err(failure), MS);
            return;
        }
        self.machines[machine].contact = self.now;
        // A flushed write is what no cache can answer, whichever file it goes to.
        if matches!(request.op, Op::Touch | Op::WriteHead(..) | Op::WriteRecord(..)) {
            self.machines[machine].touched = self.now;
        }
        let op = request.op.clone();
        if let Some(reply) = self.read(machine, &op) {
            self.answer_from_server(key, Ok(reply));
            return;
        }
        self.machines[machine].wrote(self.now, &op);
        let outcome = self.server.step(self.now, by, &op, stage, alive);
        self.trace.tell(self.now, || format!("server: seat {seat} {} {stage:?} -> {outcome:?}", told(&op)));
        self.judge_trespass(key);
        match outcome {
            Outcome::Next(next) => {
                if let Some(request) = self.requests.open.get_mut(&key) {
                    request.stage = next;
                }
                self.go_out(key);
            }
            Outcome::Done(result) => self.answer_from_server(key, result),
        }
    }

    /// Whether the step that was just done did what nobody may do.
    fn judge_trespass(&mut self, key: u32) {
        let Some(trespass) = self.server.trespass.take() else { return };
        let waited_for = self.requests.open.get(&key).is_some_and(|request| !request.answered);
        match trespass {
            Trespass::Lease { owner, by } => self.violate(Violation::ForeignWrite { owner, seat: by.seat }),
            Trespass::Notice { unchanged, by } => {
                // Its own clock may be 1 % fast, and it may have read what a cache showed.
                let timing = self.seats[usize::from(by.seat)].timing;
                if unchanged + self.read_lag < crate::world::nanos(timing.unknown) / 100 * 99 {
                    self.violate(Violation::ForeignHolderIgnored { seat: by.seat, unchanged_seconds: unchanged / SEC });
                }
            }
            Trespass::Revival { id, by } => {
                // A request that was given up may still be done; nothing can be done about that.
                if waited_for && self.seats[usize::from(by.seat)].start == by.start {
                    self.violate(Violation::Revived { number: id.number, seat: by.seat });
                }
            }
        }
    }

    fn answer_from_server(&mut self, key: u32, result: Result<Reply, Failure>) {
        let Some(request) = self.requests.open.get(&key) else { return };
        let machine = request.machine;
        let spell = self.machines[machine].spell;
        let lossy = if spell == Spell::Lossy { 250 } else { 0 };
        if !self.settled && self.network.chance(self.weather.lost_reply + lossy) {
            self.stats.count("lost reply");
            self.give_up_later(key);
            if let Some(request) = self.requests.open.get_mut(&key) {
                request.finished = true;
            }
            return;
        }
        let delay = match spell {
            Spell::SlowBack(most) if !self.settled => self.network.between(MS, most),
            Spell::None | Spell::SlowBack(_) | Spell::SlowThere(_) | Spell::Lossy => {
                if self.settled {
                    MS
                } else {
                    self.weather.delay(&mut self.network)
                }
            }
        };
        self.finish(key, result, delay);
    }

    fn finish(&mut self, key: u32, result: Result<Reply, Failure>, delay: u64) {
        let Some(request) = self.requests.open.get_mut(&key) else { return };
        request.finished = true;
        request.result = Some(result);
        if request.answered {
            self.requests.open.remove(&key);
        } else {
            self.after(delay, Happening::Answer(key));
        }
    }

    fn drop_request(&mut self, key: u32) {
        self.requests.open.remove(&key);
    }

    /// A request is answered, or given up.
    pub(crate) fn answer(&mut self, key: u32, given_up: bool) {
        let Some(request) = self.requests.open.get_mut(&key) else { return };
        if request.answered {
            return;
        }
        let (seat, start, machine, id) = (request.seat, request.start, request.machine, request.id);
        let what = if given_up { Happening::GiveUp(key) } else { Happening::Answer(key) };
        let same = self.seats[seat].start == start && self.seats[seat].client.is_some();
        if same && self.is_away(seat, what) {
            return;
        }
        if same && !given_up && self.machines[machine].cut.is_some() && !self.is_cached(key) && self.network.chance(800) {
            self.requests.hung.push((machine, key, false));
            return;
        }
        let Some(request) = self.requests.open.get_mut(&key) else { return };
        request.answered = true;
        let result =
            if given_up { Err(Failure::Unreachable) } else { request.result.take().unwrap_or(Err(Failure::Unreachable)) };
        if self.now - request.sent > crate::world::nanos(self.seats[seat].timing.slowest) {
            self.stats.count("late answer");
        }
        if request.finished {
            self.requests.open.remove(&key);
        }
        if same {
            self.trace.tell(self.now, || format!("seat {seat} is answered {}: {result:?}", id.0));
            self.deliver(seat, Event::Answer(id, result));
        }
    }

    fn is_cached(&self, key: u32) -> bool {
        self.requests.open.get(&key).is_some_and(|request| request.sent + 2 * MS >= self.now)
    }

    /// Lets go what hung while a machine was cut off.
    pub(crate) fn unhang(&mut self, machine: usize) {
        let hung = std::mem::take(&mut self.requests.hung);
        for (whose, key, step) in hung {
            if whose != machine {
                self.requests.hung.push((whose, key, step));
                continue;
            }
            let delay = self.network.skewed(MS, 5 * SEC);
            self.after(delay, if step { Happening::Step(key) } else { Happening::Answer(key) });
        }
    }

    /// Why the server refuses this at the moment, if it does.
    fn refusal(&self, machine: usize, op: &Op) -> Option<Failure> {
        let (whose, failure, until) = self.refusing?;
        let reads = matches!(op, Op::Ping | Op::ReadBoard | Op::List | Op::ReadLease(_) | Op::ReadNotice | Op::Probe(_));
        let hit = match failure {
            Failure::Full | Failure::ReadOnly | Failure::Gone => !reads,
            Failure::Denied | Failure::Unreachable | Failure::NoFolder | Failure::Unusable => true,
        };
        (whose == machine && hit && self.now < until && !self.settled).then_some(failure)
    }

    /// The answer to a question, as this machine's cache and the server give it together; nothing for what changes something.
    fn read(&mut self, machine: usize, op: &Op) -> Option<Reply> {
        let now = self.now;
        match op {
            Op::ReadBoard => {
                let at = self.as_of(machine, View::Board);
                Some(Reply::Board(*self.server.board.at(at), self.server.revoke.at(at).clone()))
            }
            Op::List => {
                let at = self.names_as_of(machine);
                Some(Reply::Numbers(self.server.numbers_at(at)))
            }
            Op::ReadLease(number) => {
                let (names, at) = (self.names_as_of(machine), self.as_of(machine, View::Leases));
                let found = self.server.lease_at(number.0, at);
                let cached = self.server.lease_at(number.0, names) == Found::Missing
                    && self.server.lease_at(number.0, now) != Found::Missing;
                let negative = cached && names > self.machines[machine].floor(View::Leases);
                Some(Reply::Lease(if negative { Found::Missing } else { found }))
            }
            Op::ReadNotice => {
                let at = self.as_of(machine, View::Notice);
                Some(Reply::Notice(self.server.notice.at(at).seen()))
            }
            Op::Probe(body) => Some(Reply::Evidence(self.probe(machine, body))),
            Op::Ping
            | Op::Touch
            | Op::Create(..)
            | Op::WriteHead(..)
            | Op::WriteRecord(..)
            | Op::Void(..)
            | Op::Lock(_)
            | Op::Close(_)
            | Op::CreateNotice(..)
            | Op::WriteNotice(..)
            | Op::RemoveNotice(_)
            | Op::WriteBoard(_)
            | Op::WriteRevoke(_)
            | Op::CleanUp { .. } => None,
        }
    }

    fn probe(&self, machine: usize, body: &Body) -> Evidence {
        let (age, lock) = self.server.life(self.now, body.id);
        let fate = fate(&self.machines, &self.seats, machine, &body.host, body.process, body.mark());
        Evidence { fate, lock, age }
    }

    /// How old the content of an existing file may look: within the read lag after a touch, or up to a minute in a cache.
    fn as_of(&mut self, machine: usize, view: View) -> u64 {
        if self.settled || !self.cache.chance(self.weather.stale) {
            return self.machines[machine].as_of(self.now, view, 0);
        }
        self.stats.count("answer from a stale cache");
        let since = self.now - self.machines[machine].touched;
        let oldest = if self.weather.caches_reads { (since + self.read_lag).min(STALEST) } else { self.read_lag };
        let age = if self.cache.chance(500) { oldest } else { self.cache.below(oldest) };
        self.machines[machine].as_of(self.now, view, age)
    }

    /// How old a listing or a "not found" may be; no touch of another file refreshes it.
    fn names_as_of(&mut self, machine: usize) -> u64 {
        if self.settled || !self.cache.chance(self.weather.stale_names) {
            return self.machines[machine].as_of(self.now, View::Names, 0);
        }
        self.stats.count("answer from a stale cache");
        let most = if self.weather.caches_reads { STALEST } else { self.read_lag };
        let age = self.cache.below(most);
        self.machines[machine].as_of(self.now, View::Names, age)
    }
}

/// An operation in a few words.
fn told(op: &Op) -> String {
    match op {
        Op::Create(body, _) => format!("create {} (token {})", body.id.number, body.token),
        Op::WriteHead(number, head) => {
            format!("write head {number} {} {}", crate::stats::state_word(head.state), head.counter)
        }
        Op::WriteRecord(body, head) => format!("write record {} counter {}", body.id.number, head.counter),
        Op::Void(id, _) => format!("void {}", id.number),
        Op::CreateNotice(body, _) => format!("create notice {}", body.id.number),
        Op::WriteNotice(body, _, over) => format!("write notice {} over {over:?}", body.id.number),
        Op::RemoveNotice(id) => format!("remove notice {}", id.number),
        Op::WriteBoard(board) => format!("write board {} {}", board.id.number, crate::stats::state_word(board.state)),
        Op::WriteRevoke(revoke) => format!("write revoke {:?} now {}", revoke.subjects, revoke.now),
        Op::Probe(body) => format!("probe {}", body.id.number),
        Op::Ping
        | Op::Touch
        | Op::ReadBoard
        | Op::List
        | Op::ReadLease(_)
        | Op::ReadNotice
        | Op::Lock(_)
        | Op::Close(_)
        | Op::CleanUp { .. } => {
            format!("{op:?}")
        }
    }
}
