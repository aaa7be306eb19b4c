//! One run: simulated true time, an event queue, the clients, and the checks after every step.
//!
//! Everything is drawn from the seed, so the same seed gives the same run. The network is in `network`, what goes wrong in
//! `mishaps`.

mod settle;

use crate::checker::{Checker, Standing, Violation};
use crate::client_host::{Machine, Program, Seat, Wish};
use crate::faults::{FAULTS, Plant, Weather};
use crate::network::Requests;
use crate::rng::{MS, Rng, SEC, Stream};
use crate::server::{Notice, Server};
use crate::stats::Stats;
use crate::trace::Trace;
use sharelock::lease::record::{LeaseId, Number, ProcessId, Revoked, Token};
use sharelock::lease::rules::Rules;
use sharelock::lease::wire::{Action, Basis, Event, Loss, Report};
use sharelock::lease::{Belief, Client, Identity, Memory, State};
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

/// Days by which a wall clock may be wrong (ms).
const WALL_SPREAD: u64 = 3 * 86_400_000;
/// Ticks within a second, without any other event, after which a client is called a busy loop.
const MOST_SPINS: u32 = 200;

/// Something that will happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Happening {
    /// A request's next step reaches the server.
    Step(u32),
    /// A request is answered.
    Answer(u32),
    /// A request is given up by the operating system.
    GiveUp(u32),
    Tick(u8, u32),
    Wish(u8, u32),
    Peek(u8),
    Fault(u8),
    Heal(u8, u32),
    SpellEnds(u8),
    Wake(u8),
    Resume(u8),
    Start(u8),
    Boot(u8),
    ProgramEnds(u8, u32),
    LocksFreed(u8, u32),
    MoveBack,
    /// The foreign program writes its notice again, that many times more, and then removes it.
    ForeignBeat(u32),
}

/// How to run: what may be left out to make a run smaller, and what is planted.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Setting {
    pub(crate) seed: u64,
    pub(crate) rules: Rules,
    pub(crate) plant: Plant,
    /// A bit for each kind of fault that may happen.
    pub(crate) faults: u32,
    pub(crate) hours: u64,
    pub(crate) traced: bool,
    pub(crate) told: bool,
}

impl Setting {
    pub(crate) fn of(seed: u64) -> Self {
        Self { seed, rules: Rules::default(), plant: Plant::None, faults: u32::MAX, hours: 4, traced: false, told: false }
    }
}

/// How a run ended badly.
#[derive(Debug)]
pub(crate) struct Failed {
    pub(crate) violation: Violation,
    pub(crate) step: u64,
    pub(crate) trace: String,
}

pub(crate) struct World {
    pub(crate) setting: Setting,
    pub(crate) weather: Weather,
    pub(crate) now: u64,
    sequence: u64,
    queue: BinaryHeap<Reverse<(u64, u64, Happening)>>,
    pub(crate) server: Server,
    pub(crate) machines: Vec<Machine>,
    pub(crate) seats: Vec<Seat>,
    pub(crate) requests: Requests,
    /// What waits for a sleeping or paused machine.
    pub(crate) deferred: Vec<(usize, Happening)>,
    pub(crate) network: Rng,
    pub(crate) cache: Rng,
    pub(crate) users: Rng,
    pub(crate) faults: Vec<Rng>,
    nonces: Rng,
    processes: u32,
    pub(crate) checker: Checker,
    pub(crate) violation: Option<Violation>,
    pub(crate) stats: Stats,
    pub(crate) trace: Trace,
    /// When somebody last interfered with the notice; a second misfortune within minutes of that is not modelled.
    pub(crate) notice_touched: u64,
    pub(crate) refusing: Option<(usize, sharelock::lease::wire::Failure, u64)>,
    /// No faults any more: the last part of the run, which must end well.
    pub(crate) settled: bool,
    pub(crate) read_lag: u64,
}

impl World {
    pub(crate) fn new(setting: Setting) -> Self {
        let seed = setting.seed;
        let weather = Weather::draw(seed, setting.faults);
        let mut rng = Rng::new(seed, Stream::Setup, 1);
        let machines: Vec<Machine> =
            (0..weather.machines).map(|index| Machine::new(&mut rng, usize::try_from(index).unwrap_or(0), WALL_SPREAD)).collect();
        let seats =
            weather.timings.iter().enumerate().map(|(index, timing)| Seat::new(index % machines.len(), *timing)).collect();
        let mut server = Server::new(weather.timings.len());
        server.locks = weather.locks;
        server.shows_age = weather.shows_age;
        server.dead_handles_work = weather.dead_handles_work;
        let read_lag = weather.timings.iter().map(|timing| timing.read_lag).min().unwrap_or_default();
        let mut world = Self {
            now: SEC,
            sequence: 0,
            queue: BinaryHeap::new(),
            server,
            machines,
            seats,
            requests: Requests::default(),
            deferred: Vec::new(),
            network: Rng::new(seed, Stream::Network, 0),
            cache: Rng::new(seed, Stream::Cache, 0),
            users: Rng::new(seed, Stream::Users, 0),
            faults: (0..FAULTS.len() as u64).map(|index| Rng::new(seed, Stream::Faults, index)).collect(),
            nonces: Rng::new(seed, Stream::Nonces, 0),
            processes: 100,
            checker: Checker::default(),
            violation: None,
            stats: Stats { runs: 1, ..Stats::default() },
            trace: Trace::new(setting.traced, setting.told),
            notice_touched: 0,
            refusing: None,
            settled: false,
            read_lag: nanos(read_lag),
            weather,
            setting,
        };
        for seat in 0..world.seats.len() {
            let at = world.users.below(30 * SEC);
            world.after(at, Happening::Start(small(seat)));
        }
        for fault in 0..FAULTS.len() {
            world.schedule_fault(fault);
        }
        world
    }

    pub(crate) fn after(&mut self, delay: u64, what: Happening) {
        self.sequence += 1;
        self.queue.push(Reverse((self.now + delay, self.sequence, what)));
    }

    /// Runs until `end` or the first violation.
    pub(crate) fn run_until(&mut self, end: u64) {
        while self.violation.is_none() {
            match self.queue.peek() {
                Some(Reverse((at, ..))) if *at <= end => {}
                Some(_) | None => break,
            }
            let Some(Reverse((at, _, what))) = self.queue.pop() else { break };
            self.now = at;
            self.stats.steps += 1;
            self.happen(what);
        }
        if self.violation.is_none() {
            self.now = self.now.max(end);
        }
    }

    fn happen(&mut self, what: Happening) {
        match what {
            Happening::Step(request) => self.step_request(request),
            Happening::Answer(request) => self.answer(request, false),
            Happening::GiveUp(request) => self.answer(request, true),
            Happening::Tick(seat, turn) => self.tick(usize::from(seat), turn),
            Happening::Wish(seat, turn) => self.wish(usize::from(seat), turn),
            Happening::Peek(seat) => self.peek(usize::from(seat)),
            Happening::Fault(fault) => self.fault(usize::from(fault)),
            Happening::Heal(machine, turn) => self.heal(usize::from(machine), turn),
            Happening::SpellEnds(machine) => self.machines[usize::from(machine)].spell = crate::client_host::Spell::None,
            Happening::Wake(machine) => self.wake(usize::from(machine)),
            Happening::Resume(machine) => self.resume(usize::from(machine)),
            Happening::Start(seat) => self.start(usize::from(seat)),
            Happening::Boot(machine) => self.boot(usize::from(machine)),
            Happening::ProgramEnds(machine, pid) => {
                self.machines[usize::from(machine)].programs.retain(|program| program.id.pid != pid);
            }
            Happening::LocksFreed(machine, turn) => self.locks_freed(usize::from(machine), turn),
            Happening::MoveBack => self.exchange_store(super::server::Server::move_about),
            Happening::ForeignBeat(beats) => self.foreign_beat(beats),
        }
    }

    pub(crate) fn violate(&mut self, violation: Violation) {
        self.violation.get_or_insert(violation);
    }

    fn check(&mut self, result: Result<(), Violation>) {
        if let Err(violation) = result {
            self.violate(violation);
        }
    }

    /// Starts a client at a seat.
    pub(crate) fn start(&mut self, seat: usize) {
        let machine = self.seats[seat].machine;
        if self.seats[seat].client.is_some() || !self.machines[machine].running {
            return;
        }
        if self.machines[machine].asleep || self.machines[machine].paused {
            self.deferred.push((machine, Happening::Start(small(seat))));
            return;
        }
        self.processes += 1;
        let process = ProcessId { pid: self.processes, start: self.now };
        let me = Identity {
            host: self.machines[machine].host.clone(),
            process,
            holder: sharelock::lease::record::Holder { user: format!("user-{seat}"), ..Default::default() },
            database: "wems.db".into(),
        };
        let nonce = (u128::from(self.nonces.next()) << 64) | u128::from(self.nonces.next());
        let (rules, caches) = (self.setting.rules, self.weather.caches_reads);
        let home = &mut self.seats[seat];
        home.process = process;
        home.adopts = None;
        home.start += 1;
        home.tick_for = None;
        home.spins = 0;
        (home.slept, home.unaware) = (false, false);
        home.client = Some(Client::new(me, home.timing, rules, nonce, caches, home.memory.clone()));
        self.trace.tell(self.now, || format!("seat {seat} starts on machine {machine}"));
        self.want_later(seat);
        let at = self.users.between(SEC, 600 * SEC);
        self.after(at, Happening::Peek(small(seat)));
        self.adopt(seat);
    }

    fn want_later(&mut self, seat: usize) {
        let idle = if self.settled { u64::MAX / 4 } else { self.users.skewed(10 * MS, self.weather.longest_idle) };
        self.turn_wish(seat, Wish::Nothing, idle);
    }

    /// Sets what the user is about, and when they change their mind.
    pub(crate) fn turn_wish(&mut self, seat: usize, wish: Wish, lasts: u64) {
        let now = self.now;
        let home = &mut self.seats[seat];
        if home.wish != Wish::Nothing {
            self.stats.busy += u128::from(now - home.wish_since);
        }
        home.wish = wish;
        home.wish_since = now;
        home.wish_turn += 1;
        let turn = home.wish_turn;
        if lasts < u64::MAX / 4 {
            self.after(lasts, Happening::Wish(small(seat), turn));
        }
    }

    fn wish(&mut self, seat: usize, turn: u32) {
        if self.seats[seat].wish_turn != turn || self.seats[seat].client.is_none() {
            return;
        }
        if self.is_away(seat, Happening::Wish(small(seat), turn)) {
            return;
        }
        match self.seats[seat].wish {
            Wish::Nothing => {
                // Patience: mostly without end, sometimes seconds to an hour.
                let patience = if self.users.chance(250) { self.users.skewed(100 * MS, 3600 * SEC) } else { u64::MAX / 4 };
                self.turn_wish(seat, Wish::Wants, patience);
                self.deliver(seat, Event::Want);
            }
            Wish::Wants | Wish::Has => self.let_go(seat),
        }
    }

    /// The user gives up, or gives back: the program has ended before.
    pub(crate) fn let_go(&mut self, seat: usize) {
        self.end_programs(seat);
        self.seats[seat].adopts = None;
        self.want_later(seat);
        self.deliver(seat, Event::Release);
    }

    fn end_programs(&mut self, seat: usize) {
        let home = &self.seats[seat];
        let Some(client) = &home.client else { return };
        let (Belief::Holding(id, _) | Belief::Unsure(id)) = client.belief(self.machines[home.machine].ticks(self.now)) else {
            return;
        };
        self.machines[home.machine].programs.retain(|program| program.lease != id);
    }

    /// The user looks at the status, or the folder reports a change.
    fn peek(&mut self, seat: usize) {
        if self.seats[seat].client.is_none() || self.settled {
            return;
        }
        let again = self.users.skewed(SEC, 1200 * SEC);
        self.after(again, Happening::Peek(small(seat)));
        let machine = &self.machines[self.seats[seat].machine];
        if !machine.asleep && !machine.paused {
            let event = if self.users.chance(300) { Event::Hint } else { Event::Look };
            self.deliver(seat, event);
        }
    }

    /// Puts an event off if the machine does not run; returns whether it was.
    pub(crate) fn is_away(&mut self, seat: usize, what: Happening) -> bool {
        let machine = self.seats[seat].machine;
        let away = self.machines[machine].asleep || self.machines[machine].paused;
        if away {
            self.deferred.push((machine, what));
        }
        away
    }

    fn tick(&mut self, seat: usize, turn: u32) {
        if self.seats[seat].tick_turn != turn || self.seats[seat].client.is_none() {
            return;
        }
        if self.is_away(seat, Happening::Tick(small(seat), turn)) {
            return;
        }
        let home = &mut self.seats[seat];
        home.tick_for = None;
        let recent = self.now < home.spin_since + SEC;
        (home.spins, home.spin_since) = if recent { (home.spins + 1, home.spin_since) } else { (0, self.now) };
        if home.spins > MOST_SPINS {
            self.violate(Violation::Spinning { seat });
            return;
        }
        self.deliver_kept(seat, Event::Tick);
    }

    /// How everybody stands at this instant, each by their own clock.
    pub(crate) fn standings(&self) -> impl Iterator<Item = Standing> {
        self.seats.iter().enumerate().map(|(seat, home)| Standing { seat, acting: self.acting(home) })
    }

    /// What a client acts on: it may be up to its timer's lag late in noticing its own fence, for which the durations allow.
    pub(crate) fn acting(&self, home: &Seat) -> Option<Number> {
        let client = home.client.as_ref()?;
        let machine = &self.machines[home.machine];
        if machine.paused || home.unaware {
            return None;
        }
        let ticks = machine.ticks(self.now).as_nanos();
        let lag = if home.slept || machine.asleep { 0 } else { nanos(home.timing.lag) };
        match client.belief(sharelock::clock::Ticks::from_nanos(ticks.saturating_sub(lag))) {
            Belief::Holding(id, _) if self.is_forced(id) => None,
            Belief::Holding(id, _) => Some(id.number),
            Belief::None | Belief::Unsure(_) => None,
        }
    }

    /// Whether somebody ordered, against better advice, not to wait for the holder of this lease.
    fn is_forced(&self, id: LeaseId) -> bool {
        // Whoever could not read the lease named it by its number and bytes, or by the notice that names it.
        let names = |forced: &Revoked| forced.number == id.number.0 && (forced.nonce == id.nonce.0 || forced.nonce == 0);
        self.server.forced.iter().any(names)
    }

    pub(crate) fn holds(&self, seat: usize) -> bool {
        let home = &self.seats[seat];
        let ticks = self.machines[home.machine].ticks(self.now);
        home.client.as_ref().is_some_and(|client| matches!(client.belief(ticks), Belief::Holding(..)))
    }

    pub(crate) fn deliver(&mut self, seat: usize, event: Event) {
        self.seats[seat].spins = 0;
        self.deliver_kept(seat, event);
    }

    fn deliver_kept(&mut self, seat: usize, event: Event) {
        let machine = self.seats[seat].machine;
        let moment = self.machines[machine].moment(self.now);
        let believed = self.holds(seat) && !self.seats[seat].unaware;
        self.trace.tell(self.now, || format!("seat {seat} <- {event:?}"));
        let home = &mut self.seats[seat];
        let Some(client) = home.client.as_mut() else { return };
        client.handle(moment, event);
        (home.slept, home.unaware) = (false, false);
        self.settle_actions(seat, believed);
        if !believed && self.acting(&self.seats[seat]).is_some() {
            let result = Checker::begins(seat, self.standings());
            self.check(result);
        }
        self.plan_tick(seat);
    }

    fn settle_actions(&mut self, seat: usize, believed: bool) {
        while let Some(action) = self.seats[seat].client.as_mut().and_then(Client::poll) {
            match action {
                Action::Request(id, op) => self.send(seat, id, op),
                Action::Report(report) => {
                    self.trace.tell(self.now, || format!("seat {seat} reports {report:?}"));
                    self.stats.report(&report);
                    self.judge(seat, &report, believed);
                    self.follow(seat, &report);
                }
            }
        }
    }

    /// Checks what a report claims.
    fn judge(&mut self, seat: usize, report: &Report, believed: bool) {
        let result = if let Report::Acquired(id, token) | Report::Recovered(id, token) = report {
            if !self.holds(seat) {
                self.violate(Violation::HollowClaim { seat, number: id.number });
            }
            if self.is_forced(*id) {
                Ok(())
            } else if self.server.upheavals == 0 {
                self.checker.given(seat, *token)
            } else {
                self.checker.given_after_upheaval(seat, *token, self.seats[seat].claim_floor)
            }
        } else if let Report::ClaimSent(number, basis) = report {
            self.judge_claim(seat, *number, *basis)
        } else if let Report::Lost(id, Loss::TakenOver(_) | Loss::RecordGone) = report
            && believed
            && self.server.upheavals == 0
            && !self.is_forced(*id)
        {
            Err(Violation::LeaseVanished { seat })
        } else if let Report::Looked | Report::LookFailed(_) = report {
            self.judge_look(seat, report)
        } else if let Report::Renewed(id, _) = report {
            self.judge_notice(seat, *id)
        } else {
            Ok(())
        };
        self.check(result);
    }

    fn judge_claim(&mut self, seat: usize, number: Number, basis: Basis) -> Result<(), Violation> {
        let remembered = self.seats[seat].client.as_ref().map_or(Token(0), |client| client.memory().token);
        self.seats[seat].claim_floor = self.token_on_share().max(remembered);
        if basis == Basis::Dead
            && let Some(before) = number.previous()
        {
            let programs = &self.machines[self.seats[seat].machine].programs;
            let tail = self.server.tail().filter(|(tail, _)| *tail == before.0).map(|(_, found)| found);
            if let Some(sharelock::lease::record::Found::Record { body, .. }) = tail
                && programs.iter().any(|program| program.lease == body.id)
            {
                return Err(Violation::OrphanOverlooked { seat, predecessor: before });
            }
        }
        if self.server.upheavals > 0 { Ok(()) } else { Checker::claims(seat, number, basis, self.standings()) }
    }

    fn judge_look(&self, seat: usize, report: &Report) -> Result<(), Violation> {
        let home = &self.seats[seat];
        let machine = &self.machines[home.machine];
        let Some(client) = &home.client else { return Ok(()) };
        let reached = machine.contact >= home.look_began;
        let seen = *report == Report::Looked && reached;
        let free = client.status(machine.moment(self.now)).state == State::Free;
        if free && !seen { Err(Violation::FreeUnseen { seat }) } else { Ok(()) }
    }

    fn judge_notice(&mut self, seat: usize, id: LeaseId) -> Result<(), Violation> {
        let right = match self.server.notice.now() {
            Notice::Ours { id: there, .. } => *there == id,
            Notice::None => false,
            // Somebody else's is not ours to write over.
            Notice::Foreign { .. } => true,
        };
        let home = &mut self.seats[seat];
        home.notice_wrong = if right { 0 } else { home.notice_wrong + 1 };
        if home.notice_wrong > 4 && home.quiet { Err(Violation::NoticeNotHealed { seat }) } else { Ok(()) }
    }

    /// What users and the session do upon a report.
    fn follow(&mut self, seat: usize, report: &Report) {
        if let Report::Acquired(id, _) | Report::Recovered(id, _) = report {
            self.seats[seat].notice_wrong = 0;
            let lasts = self.users.skewed(MS, self.weather.longest_hold);
            self.turn_wish(seat, Wish::Has, lasts);
            self.take_programs_over(seat, *id);
            if matches!(report, Report::Acquired(..)) && self.users.chance(500) {
                self.start_program(seat, *id);
            }
        } else if let Report::Lost(..) = report {
            let (machine, own) = (self.seats[seat].machine, self.seats[seat].process.pid);
            self.machines[machine].programs.retain(|program| program.owner != own);
            self.want_later(seat);
        } else if let Report::Remember = report {
            let home = &mut self.seats[seat];
            if let Some(client) = &home.client {
                home.memory = client.memory().clone();
            }
        } else if let Report::ClaimLost(_) = report {
            self.stats.count("contended claim");
        }
    }

    /// A program that lived through its holder's fence, or its death, writes under the new lease.
    fn take_programs_over(&mut self, seat: usize, lease: LeaseId) {
        let home = &self.seats[seat];
        let (machine, own, adopted) = (home.machine, home.process.pid, home.adopts);
        let mine = |program: &&mut Program| program.owner == own || Some(program.mark) == adopted;
        for program in self.machines[machine].programs.iter_mut().filter(mine) {
            program.lease = lease;
            program.owner = own;
        }
    }

    fn start_program(&mut self, seat: usize, lease: LeaseId) {
        self.processes += 1;
        let id = ProcessId { pid: self.processes, start: self.now };
        let owner = self.seats[seat].process.pid;
        let machine = self.seats[seat].machine;
        let mark = self.seats[seat].client.as_ref().and_then(Client::mark).unwrap_or(lease.nonce);
        self.machines[machine].programs.push(Program { id, owner, lease, mark });
        let moment = self.machines[machine].moment(self.now);
        if let Some(client) = self.seats[seat].client.as_mut() {
            client.handle(moment, Event::Guards(vec![id]));
        }
    }

    /// Asks for the next tick, late by as much as a loaded machine may be.
    pub(crate) fn plan_tick(&mut self, seat: usize) {
        let home = &mut self.seats[seat];
        let Some(deadline) = home.client.as_ref().and_then(Client::deadline) else {
            home.tick_turn += 1;
            home.tick_for = None;
            return;
        };
        if home.tick_for == Some(deadline) {
            return;
        }
        home.tick_for = Some(deadline);
        home.tick_turn += 1;
        let turn = home.tick_turn;
        let lag = match self.network.below(8) {
            0 => nanos(home.timing.lag),
            1 => self.network.below(nanos(home.timing.lag)),
            _ => self.network.below(3 * MS),
        };
        let at = self.machines[home.machine].true_time(deadline).max(self.now + 1) - self.now;
        self.after(at + if self.settled { 0 } else { lag }, Happening::Tick(small(seat), turn));
    }

    /// Puts a crashed process's memory where its successor will find it, or loses it.
    pub(crate) fn keep_memory(&mut self, seat: usize, kept: bool) {
        if !kept {
            self.seats[seat].memory = Memory::default();
        }
    }
}

pub(crate) fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

pub(crate) fn small(index: usize) -> u8 {
    u8::try_from(index).unwrap_or(u8::MAX)
}

impl World {
    /// What became of the run.
    pub(crate) fn ended(mut self) -> Result<Stats, Box<Failed>> {
        for seat in 0..self.seats.len() {
            let home = &self.seats[seat];
            if home.wish != Wish::Nothing {
                self.stats.busy += u128::from(self.now - home.wish_since);
            }
        }
        match self.violation {
            None => Ok(self.stats),
            Some(violation) => Err(Box::new(Failed { violation, step: self.stats.steps, trace: self.trace.text() })),
        }
    }
}
