//! What surrounds a client: a machine with its clocks, cache, link and processes, and a seat where a user runs the program.

use crate::rng::{MS, Rng, SEC};
use crate::server::{Process, Server};
use sharelock::clock::{Moment, Ticks, WallTime};
use sharelock::lease::record::{Board, Fate, Found, Host, LeaseId, Nonce, NoticeSeen, Number, ProcessId, Revoke, Token};
use sharelock::lease::timing::Timing;
use sharelock::lease::wire::{Op, Reply};
use sharelock::lease::{Client, Memory};
use std::sync::Arc;

/// The wall clock at the beginning of simulated time (ms since 1970).
const EPOCH: i64 = 1_790_000_000_000;

/// What the link between a machine and the server is like for a while.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Spell {
    None,
    /// Requests take up to that long to arrive.
    SlowThere(u64),
    /// Answers take up to that long to come back.
    SlowBack(u64),
    /// A quarter of everything is lost.
    Lossy,
}

/// A program that writes the database under a lease.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Program {
    pub(crate) id: ProcessId,
    /// The process that answers for it, or did.
    pub(crate) owner: u32,
    pub(crate) lease: LeaseId,
    /// What it carries in its environment.
    pub(crate) mark: Nonce,
}

/// What a machine's cache held when it was cut off.
#[derive(Debug, Clone)]
struct Snapshot {
    board: Option<Board>,
    revoke: Option<Arc<Revoke>>,
    notice: NoticeSeen,
    numbers: Vec<Number>,
    leases: Vec<(Number, Found)>,
}

/// Which of a machine's cached views a read uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(usize)]
pub(crate) enum View {
    Board,
    Leases,
    Notice,
    Names,
}

/// One machine.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "independent facts, not states")]
pub(crate) struct Machine {
    /// Clock rate as a 32.32 fixed-point number.
    rate: u64,
    base_true: u64,
    base_ticks: u64,
    frozen: Option<u64>,
    wall_offset: i64,
    wall_at_boot_rate: bool,
    pub(crate) boot: u32,
    pub(crate) host: Host,
    pub(crate) running: bool,
    pub(crate) asleep: bool,
    pub(crate) paused: bool,
    pub(crate) cut: Option<u64>,
    pub(crate) cut_hangs: bool,
    pub(crate) cuts: u32,
    pub(crate) spell: Spell,
    pub(crate) programs: Vec<Program>,
    snapshot: Option<Snapshot>,
    /// When a call of this machine that no cache can answer was last executed.
    pub(crate) touched: u64,
    /// When anything of this machine was last executed at the server.
    pub(crate) contact: u64,
    views: [u64; 4],
}

impl Machine {
    pub(crate) fn new(rng: &mut Rng, index: usize, spread: u64) -> Self {
        // One part in 2^32 inside the promised 1 %, so that rounding cannot leave it.
        let slowest = (1_u64 << 32) / 100 * 99 + 1;
        let fastest = (1_u64 << 32) / 100 * 101;
        let rate = match rng.below(4) {
            0 => slowest,
            1 => fastest,
            2 => 1 << 32,
            _ => rng.between(slowest, fastest),
        };
        let wall_offset = i64::try_from(rng.below(spread * 2 + 1)).unwrap_or(0) - i64::try_from(spread).unwrap_or(0);
        Self {
            rate,
            base_true: 0,
            base_ticks: rng.between(SEC, 1_000_000 * SEC),
            frozen: None,
            wall_offset,
            wall_at_boot_rate: rng.chance(800),
            boot: 0,
            host: Host { machine: format!("machine-{index}"), boot: "boot-0".into(), pids: "pids".into(), owner: "1000".into() },
            running: true,
            asleep: false,
            paused: false,
            cut: None,
            cut_hangs: true,
            cuts: 0,
            spell: Spell::None,
            programs: Vec::new(),
            snapshot: None,
            touched: 0,
            contact: 0,
            views: [0; 4],
        }
    }

    pub(crate) fn ticks(&self, now: u64) -> Ticks {
        let ticks = self.frozen.unwrap_or_else(|| {
            let passed = (u128::from(now - self.base_true) * u128::from(self.rate)) >> 32;
            self.base_ticks + u64::try_from(passed).unwrap_or(0)
        });
        Ticks::from_nanos(ticks)
    }

    /// The earliest true time at which the clock shows `ticks`, if it goes on as it does.
    pub(crate) fn true_time(&self, ticks: Ticks) -> u64 {
        let ahead = ticks.as_nanos().saturating_sub(self.base_ticks);
        let passed = (u128::from(ahead) << 32).div_ceil(u128::from(self.rate));
        self.base_true.saturating_add(u64::try_from(passed).unwrap_or(u64::MAX))
    }

    pub(crate) fn moment(&self, now: u64) -> Moment {
        let ticks = self.ticks(now);
        let source = if self.wall_at_boot_rate || self.frozen.is_some() {
            ticks.as_nanos() - self.base_ticks
        } else {
            now - self.base_true
        };
        let millis = i64::try_from(source / MS).unwrap_or(i64::MAX);
        Moment { ticks, wall: WallTime(EPOCH + self.wall_offset + millis) }
    }

    pub(crate) fn step_wall(&mut self, millis: i64) {
        self.wall_offset = self.wall_offset.saturating_add(millis);
    }

    /// Counts from now on, with both clocks as they are.
    fn rebase(&mut self, now: u64) {
        let moment = self.moment(now);
        self.wall_offset = moment.wall.0 - EPOCH;
        self.base_ticks = moment.ticks.as_nanos();
        self.base_true = now;
    }

    /// Stops both clocks.
    pub(crate) fn freeze(&mut self, now: u64) {
        self.rebase(now);
        self.frozen = Some(self.base_ticks);
    }

    /// Lets the clocks go on; `caught_up`: the wall clock is set right at once.
    pub(crate) fn thaw(&mut self, now: u64, caught_up: bool) {
        if self.frozen.take().is_some() {
            let stood = i64::try_from((now - self.base_true) / MS).unwrap_or(0);
            self.base_true = now;
            if caught_up {
                self.step_wall(stood);
            }
        }
    }

    /// Starts the kernel anew: another boot clock.
    pub(crate) fn reboot(&mut self, now: u64, rng: &mut Rng) {
        self.rebase(now);
        self.frozen = None;
        self.base_ticks = rng.between(SEC, 100 * SEC);
        self.boot += 1;
        self.host.boot = format!("boot-{}", self.boot);
        self.running = true;
        self.touched = now;
        self.views = [now; 4];
    }

    /// What a machine that is cut off now will still find in its cache.
    pub(crate) fn take_snapshot(&mut self, now: u64, server: &Server) {
        let numbers = server.numbers_at(now);
        let recent = numbers.len().saturating_sub(3);
        let leases = numbers[recent..].iter().map(|number| (*number, server.lease_at(number.0, now))).collect();
        self.snapshot = Some(Snapshot {
            board: *server.board.now(),
            revoke: server.revoke.now().clone(),
            notice: server.notice.now().seen(),
            numbers,
            leases,
        });
    }

    pub(crate) fn drop_snapshot(&mut self) {
        self.snapshot = None;
    }

    /// The answer of a cache that cannot ask the server, where there is one.
    pub(crate) fn cached(&self, op: &Op) -> Option<Reply> {
        let snapshot = self.snapshot.as_ref()?;
        match op {
            Op::ReadBoard => Some(Reply::Board(snapshot.board, snapshot.revoke.clone())),
            Op::List => Some(Reply::Numbers(snapshot.numbers.clone())),
            Op::ReadNotice => Some(Reply::Notice(snapshot.notice.clone())),
            Op::ReadLease(wanted) => {
                let known = snapshot.leases.iter().find(|(number, _)| number == wanted);
                known.map(|(_, found)| Reply::Lease(found.clone()))
            }
            Op::Ping
            | Op::Touch
            | Op::Probe(_)
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

    /// The instant as of which a read that asks for up to `age` old answers may be answered; never earlier than what was seen.
    pub(crate) fn as_of(&mut self, now: u64, view: View, age: u64) -> u64 {
        let view = &mut self.views[view as usize];
        let at = now.saturating_sub(age).max(*view);
        *view = at;
        at
    }

    /// The folder was exchanged: no view older than `oldest` survives that.
    pub(crate) fn notice_exchange(&mut self, oldest: u64) {
        for view in &mut self.views {
            *view = (*view).max(oldest);
        }
    }

    /// The earliest instant of which this view may still show the state.
    pub(crate) fn floor(&self, view: View) -> u64 {
        self.views[view as usize]
    }

    /// My own change: my cache shows nothing older.
    pub(crate) fn wrote(&mut self, now: u64, op: &Op) {
        let changed: &[View] = match op {
            Op::Create(..) | Op::CleanUp { .. } => &[View::Leases, View::Names],
            Op::WriteHead(..) | Op::WriteRecord(..) | Op::Void(..) => &[View::Leases],
            Op::CreateNotice(..) | Op::WriteNotice(..) | Op::RemoveNotice(_) => &[View::Notice],
            Op::WriteBoard(_) | Op::WriteRevoke(_) => &[View::Board],
            Op::Ping
            | Op::Touch
            | Op::ReadBoard
            | Op::List
            | Op::ReadLease(_)
            | Op::ReadNotice
            | Op::Probe(_)
            | Op::Lock(_)
            | Op::Close(_) => &[],
        };
        for view in changed {
            self.views[*view as usize] = now;
        }
    }
}

/// What the user at a seat is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wish {
    Nothing,
    Wants,
    Has,
}

/// One user and, while it runs, one client.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "independent facts, not states")]
pub(crate) struct Seat {
    pub(crate) machine: usize,
    pub(crate) start: u32,
    pub(crate) client: Option<Client>,
    pub(crate) process: ProcessId,
    /// The mark of the programs that it answers for, beside its own.
    pub(crate) adopts: Option<Nonce>,
    pub(crate) timing: Timing,
    pub(crate) memory: Memory,
    pub(crate) wish: Wish,
    pub(crate) wish_since: u64,
    pub(crate) wish_turn: u32,
    pub(crate) tick_for: Option<Ticks>,
    pub(crate) tick_turn: u32,
    /// Ticks within a second that changed nothing: a deadline that never passes would be a busy loop.
    pub(crate) spins: u32,
    pub(crate) spin_since: u64,
    /// The machine was asleep since this client's last event: the timer's lag does not excuse it.
    pub(crate) slept: bool,
    /// The machine's clocks stood still since this client's last event: a documented limit, it finds out at its next event.
    pub(crate) unaware: bool,
    /// When the look that is under way began.
    pub(crate) look_began: u64,
    /// Its last request was a touch: the next read belongs to the same look.
    pub(crate) touching: bool,
    /// Renewals in a row after which the notice was not mine.
    pub(crate) notice_wrong: u32,
    pub(crate) quiet: bool,
    /// The highest token that the share or its own memory told when it last claimed.
    pub(crate) claim_floor: Token,
}

impl Seat {
    pub(crate) fn new(machine: usize, timing: Timing) -> Self {
        Self {
            machine,
            start: 0,
            client: None,
            process: ProcessId::default(),
            adopts: None,
            timing,
            memory: Memory::default(),
            wish: Wish::Nothing,
            wish_since: 0,
            wish_turn: 0,
            tick_for: None,
            tick_turn: 0,
            spins: 0,
            spin_since: 0,
            slept: false,
            unaware: false,
            look_began: 0,
            touching: false,
            notice_wrong: 0,
            quiet: false,
            claim_floor: Token(0),
        }
    }

    pub(crate) fn process(&self, seat: usize) -> Process {
        Process { seat: u8::try_from(seat).unwrap_or(u8::MAX), start: self.start }
    }
}

/// What a process on machine `asker` can know about a holder there.
pub(crate) fn fate(machines: &[Machine], seats: &[Seat], asker: usize, host: &Host, process: ProcessId, mark: Nonce) -> Fate {
    if machines[asker].host != *host {
        return Fate::Unknown;
    }
    if seats.iter().any(|seat| seat.client.is_some() && seat.process == process) {
        Fate::Alive
    } else if machines[asker].programs.iter().any(|program| program.mark == mark) {
        Fate::Orphaned
    } else {
        Fate::Gone
    }
}
