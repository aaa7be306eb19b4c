//! What goes wrong, as it happens: cuts, crashes, sleep, clocks, administrators, and people who tidy up.

use crate::client_host::{Program, Spell, Wish};
use crate::faults::{FAULTS, Fault, Plant};
use crate::rng::{MS, SEC};
use crate::server::{Locks, Notice};
use crate::world::{Happening, World, small};
use sharelock::lease::record::Token;
use sharelock::lease::wire::{Event, Failure};

/// Misfortunes that hit the notice and the store within that time count as one, and one is what the protocol withstands.
const APART: u64 = 900 * SEC;

impl World {
    pub(crate) fn schedule_fault(&mut self, fault: usize) {
        let every = self.weather.every[fault];
        if every > 0 {
            let rng = &mut self.faults[fault];
            // Now and then in bursts, mostly spread out.
            let at = if rng.chance(250) { rng.skewed(SEC, every * SEC) } else { rng.between(every * SEC / 4, every * SEC * 2) };
            self.after(at, Happening::Fault(small(fault)));
        }
    }

    pub(crate) fn fault(&mut self, index: usize) {
        if self.settled {
            return;
        }
        self.schedule_fault(index);
        let fault = FAULTS[index];
        let rng = &mut self.faults[index];
        let machine = usize::try_from(rng.below(self.machines.len() as u64)).unwrap_or(0);
        let seat = usize::try_from(rng.below(self.seats.len() as u64)).unwrap_or(0);
        // Prefer whoever holds: that is where it hurts.
        let holder = if rng.chance(500) { (0..self.seats.len()).find(|seat| self.holds(*seat)) } else { None };
        let seat = holder.unwrap_or(seat);
        let machine = if holder.is_some() { self.seats[seat].machine } else { machine };
        self.trace.tell(self.now, || format!("--- {fault:?} (machine {machine}, seat {seat})"));
        match fault {
            Fault::Cut => self.cut(machine, index),
            Fault::Spell => self.cast_spell(machine, index),
            Fault::Crash => self.crash(seat, index),
            Fault::PowerLoss => self.power_loss(machine, index),
            Fault::Sleep => self.sleep(machine, index),
            Fault::Pause => self.pause(machine, index),
            // A step that makes up for just the time of a pause would hide the pause from everybody; that is a stated limit.
            Fault::WallStep if self.machines[machine].paused => {}
            Fault::WallStep => self.step_wall(machine, index),
            Fault::ServerRestart => {
                let lost = self.faults[index].below(30 * SEC);
                self.server.restart(self.now, lost);
                if self.server.locks == Locks::Honest && self.faults[index].chance(500) {
                    self.server.free_locks(|_| true);
                }
                self.stats.count("server restart");
            }
            Fault::ServerClock => {
                let hour = 3_600_000;
                let step = i64::try_from(self.faults[index].skewed(1000, 72 * hour)).unwrap_or(0);
                self.server.clock += if self.faults[index].chance(500) { step } else { -step };
            }
            Fault::BackUp => self.server.back_up(),
            Fault::Upheaval => self.upheaval(index),
            Fault::ForeignNotice => self.foreign_notice(index),
            Fault::NoticeRemoved => {
                if self.may_touch_notice() {
                    self.notice_touched = self.now;
                    self.server.remove_notice(self.now);
                }
            }
            Fault::Revoke => {
                let now = self.faults[index].chance(300);
                // Whoever wants it is who loses patience.
                let impatient = (0..self.seats.len()).find(|seat| self.seats[*seat].wish == Wish::Wants);
                if let Some(seat) = impatient.filter(|seat| self.may_act(*seat)) {
                    self.deliver(seat, Event::Revoke { reason: "impatience".into(), now });
                }
            }
            Fault::Refusal => {
                let rng = &mut self.faults[index];
                let failure = rng.pick(&[
                    Failure::Denied,
                    Failure::Full,
                    Failure::ReadOnly,
                    Failure::NoFolder,
                    Failure::Unusable,
                    Failure::Unreachable,
                ]);
                self.refusing = Some((machine, failure, self.now + rng.skewed(SEC, 600 * SEC)));
            }
        }
    }

    fn may_act(&self, seat: usize) -> bool {
        let machine = &self.machines[self.seats[seat].machine];
        self.seats[seat].client.is_some() && machine.running && !machine.asleep && !machine.paused
    }

    fn cut(&mut self, machine: usize, index: usize) {
        if self.machines[machine].cut.is_some() || !self.machines[machine].running {
            return;
        }
        self.stats.count("cut");
        let lasts = self.faults[index].skewed(SEC, 1200 * SEC);
        let hangs = self.faults[index].chance(600);
        let host = &mut self.machines[machine];
        host.cut = Some(self.now);
        host.cut_hangs = hangs;
        host.cuts += 1;
        let turn = host.cuts;
        host.take_snapshot(self.now, &self.server);
        self.after(lasts, Happening::Heal(small(machine), turn));
        // SMB hands the lock on after seconds, NFS 4 after its lease.
        let freed = self.faults[index].skewed(2 * SEC, 102 * SEC);
        self.after(freed, Happening::LocksFreed(small(machine), turn));
    }

    pub(crate) fn heal(&mut self, machine: usize, turn: u32) {
        let host = &mut self.machines[machine];
        if host.cut.is_some() && host.cuts == turn {
            self.trace.tell(self.now, || format!("--- machine {machine} is connected again"));
            host.cut = None;
            host.drop_snapshot();
            self.unhang(machine);
        }
    }

    /// A machine has been away for so long that the server gives its range locks to others.
    pub(crate) fn locks_freed(&mut self, machine: usize, turn: u32) {
        let host = &self.machines[machine];
        let away = (host.cut.is_some() && host.cuts == turn) || !host.running;
        if away && self.server.locks == Locks::Honest {
            let here: Vec<u8> =
                self.seats.iter().enumerate().filter(|(_, seat)| seat.machine == machine).map(|(seat, _)| small(seat)).collect();
            self.server.free_locks(|process| here.contains(&process.seat));
        }
    }

    fn cast_spell(&mut self, machine: usize, index: usize) {
        let slowest = self.weather.slowest;
        let rng = &mut self.faults[index];
        let spell = match rng.below(3) {
            0 => Spell::SlowThere(rng.skewed(SEC, slowest)),
            1 => Spell::SlowBack(rng.skewed(SEC, slowest)),
            _ => Spell::Lossy,
        };
        let lasts = rng.skewed(10 * SEC, 900 * SEC);
        let then_cut = rng.chance(300);
        self.machines[machine].spell = spell;
        self.after(lasts, Happening::SpellEnds(small(machine)));
        if then_cut {
            self.cut(machine, index);
        }
    }

    /// Kills the client of a seat; the programs that it guards may live on.
    fn crash(&mut self, seat: usize, index: usize) {
        if self.seats[seat].client.is_none() {
            return;
        }
        self.stats.count("process crash");
        let (orphans, memory) = (self.weather.orphans, self.weather.memory_kept);
        let rng = &mut self.faults[index];
        let (orphaned, kept) = (rng.chance(orphans), rng.chance(memory));
        let (lives, again) = (rng.skewed(SEC, 900 * SEC), rng.skewed(100 * MS, 300 * SEC));
        let machine = self.seats[seat].machine;
        let own = self.seats[seat].process.pid;
        if orphaned {
            let pids: Vec<u32> = self.machines[machine]
                .programs
                .iter()
                .filter(|program| program.owner == own)
                .map(|program| program.id.pid)
                .collect();
            for pid in pids {
                self.after(lives, Happening::ProgramEnds(small(machine), pid));
            }
        } else {
            self.machines[machine].programs.retain(|program| program.owner != own);
        }
        self.end_client(seat, kept);
        if self.machines[machine].cut.is_none() && self.server.locks == Locks::Honest {
            self.server.free_locks(|process| usize::from(process.seat) == seat);
        }
        self.after(again, Happening::Start(small(seat)));
    }

    fn end_client(&mut self, seat: usize, kept: bool) {
        self.turn_wish(seat, Wish::Nothing, u64::MAX);
        self.seats[seat].client = None;
        self.keep_memory(seat, kept);
        self.server.close_all(small(seat));
    }

    /// An agent that starts takes over what a killed wrapper left behind.
    pub(crate) fn adopt(&mut self, seat: usize) {
        let machine = self.seats[seat].machine;
        let lives = |program: &Program| self.seats.iter().any(|home| home.client.is_some() && program.owner == home.process.pid);
        let orphan = self.machines[machine].programs.iter().find(|program| !lives(program)).map(|program| program.mark);
        if let Some(mark) = orphan
            && self.users.chance(800)
        {
            self.turn_wish(seat, Wish::Wants, u64::MAX / 4);
            self.seats[seat].adopts = Some(mark);
            self.deliver(seat, Event::Adopt(mark));
            self.deliver(seat, Event::Want);
        }
    }

    fn power_loss(&mut self, machine: usize, index: usize) {
        if !self.machines[machine].running {
            return;
        }
        self.stats.count("machine crash");
        let memory = self.weather.memory_kept;
        for seat in 0..self.seats.len() {
            if self.seats[seat].machine == machine {
                let kept = self.faults[index].chance(memory);
                self.end_client(seat, kept);
                // Readings of another boot's clock mean nothing; the session drops them with the boot id.
                self.seats[seat].memory.observations.clear();
            }
        }
        let rng = &mut self.faults[index];
        let (down, freed) = (rng.skewed(SEC, 1800 * SEC), rng.skewed(SEC, 100 * SEC));
        let host = &mut self.machines[machine];
        host.programs.clear();
        host.running = false;
        (host.asleep, host.paused) = (false, false);
        host.cut = None;
        host.drop_snapshot();
        self.unhang(machine);
        self.deferred.retain(|(whose, _)| *whose != machine);
        self.after(freed, Happening::LocksFreed(small(machine), 0));
        self.after(down, Happening::Boot(small(machine)));
    }

    pub(crate) fn boot(&mut self, machine: usize) {
        if self.machines[machine].running {
            return;
        }
        self.machines[machine].reboot(self.now, &mut self.network);
        for seat in 0..self.seats.len() {
            if self.seats[seat].machine == machine {
                let at = self.network.below(10 * SEC);
                self.after(at, Happening::Start(small(seat)));
            }
        }
    }

    fn sleep(&mut self, machine: usize, index: usize) {
        let host = &mut self.machines[machine];
        if host.asleep || host.paused || !host.running {
            return;
        }
        self.stats.count("sleep");
        let lasts = self.faults[index].skewed(SEC, 14_400 * SEC);
        host.asleep = true;
        if self.setting.plant == Plant::ClockStopsInSleep {
            host.freeze(self.now);
        }
        self.after(lasts, Happening::Wake(small(machine)));
    }

    pub(crate) fn wake(&mut self, machine: usize) {
        if !std::mem::take(&mut self.machines[machine].asleep) {
            return;
        }
        self.trace.tell(self.now, || format!("--- machine {machine} wakes up"));
        self.machines[machine].thaw(self.now, false);
        for seat in 0..self.seats.len() {
            if self.seats[seat].machine != machine {
                continue;
            }
            self.seats[seat].slept = true;
            if self.acting(&self.seats[seat]).is_some() {
                let result = crate::checker::Checker::begins(seat, self.standings());
                if let Err(violation) = result {
                    self.violate(violation);
                }
            }
        }
        self.catch_up(machine);
    }

    /// The host stops a virtual machine: both clocks stand still, and nobody inside can know.
    fn pause(&mut self, machine: usize, index: usize) {
        let host = &mut self.machines[machine];
        if host.asleep || host.paused || !host.running {
            return;
        }
        self.stats.count("pause");
        // A pause shorter than what tells the two clocks apart costs no more than the read lag allows for.
        let lasts = self.faults[index].skewed(7 * SEC, 3600 * SEC);
        host.paused = true;
        host.freeze(self.now);
        self.after(lasts, Happening::Resume(small(machine)));
    }

    pub(crate) fn resume(&mut self, machine: usize) {
        if !std::mem::take(&mut self.machines[machine].paused) {
            return;
        }
        self.trace.tell(self.now, || format!("--- machine {machine} is resumed"));
        self.machines[machine].thaw(self.now, true);
        for seat in self.seats.iter_mut().filter(|seat| seat.machine == machine) {
            seat.unaware = true;
        }
        self.catch_up(machine);
    }

    /// What waited for a machine reaches it, in any order.
    fn catch_up(&mut self, machine: usize) {
        let deferred = std::mem::take(&mut self.deferred);
        for (whose, what) in deferred {
            if whose == machine {
                let delay = self.network.below(100 * MS);
                self.after(delay, what);
            } else {
                self.deferred.push((whose, what));
            }
        }
        for seat in 0..self.seats.len() {
            if self.seats[seat].machine == machine {
                self.seats[seat].tick_for = None;
                self.plan_tick(seat);
            }
        }
    }

    fn step_wall(&mut self, machine: usize, index: usize) {
        if self.machines[machine].paused {
            // Documented limit: a pause and a clock that is set back by just as much cannot be told from nothing.
            return;
        }
        let step = i64::try_from(self.faults[index].skewed(500, 86_400_000)).unwrap_or(0);
        let step = if self.faults[index].chance(500) { step } else { -step };
        self.machines[machine].step_wall(step);
    }

    /// Whether the notice tells the truth about the holder, and has for a while.
    fn may_touch_notice(&self) -> bool {
        self.now >= self.notice_touched + APART || self.notice_touched == 0
    }

    fn upheaval(&mut self, index: usize) {
        if !self.may_touch_notice() {
            return;
        }
        let holder = (0..self.seats.len()).find(|seat| self.holds(*seat));
        let named = match self.server.notice.now() {
            Notice::Ours { id, .. } => Some(id.number),
            Notice::None | Notice::Foreign { .. } => None,
        };
        let told = self.standings().filter_map(|standing| standing.acting).all(|number| named == Some(number));
        if holder.is_some() && !told {
            // Its notice is harmed: with the store gone as well, nothing on the share would name this holder.
            return;
        }
        self.notice_touched = self.now;
        match self.faults[index].below(3) {
            0 => self.exchange_store(super::server::Server::delete),
            1 => {
                let which = self.faults[index].below(3);
                self.exchange_store(|server, now| {
                    server.restore(now, which);
                });
            }
            _ => {
                self.exchange_store(super::server::Server::move_about);
                let back = self.faults[index].skewed(SEC, 1800 * SEC);
                self.after(back, Happening::MoveBack);
            }
        }
    }

    /// Exchanges the store.
    pub(crate) fn exchange_store(&mut self, how: impl FnOnce(&mut crate::server::Server, u64)) {
        how(&mut self.server, self.now);
        self.stats.count("upheaval");
        // Documented limit: a holder whose own cache hides for longer that its folder was exchanged finds out too late.
        let oldest = self.now.saturating_sub(self.read_lag);
        for machine in &mut self.machines {
            machine.notice_exchange(oldest);
        }
    }

    /// The highest token, of those that somebody believed with, that anything on the share tells.
    pub(crate) fn token_on_share(&self) -> Token {
        let noticed = match self.server.notice.now() {
            Notice::Ours { token, .. } => *token,
            Notice::None | Notice::Foreign { .. } => Token(0),
        };
        let board = self.server.board.now().map_or(Token(0), |board| board.token);
        let tail = match self.server.tail() {
            Some((_, sharelock::lease::record::Found::Record { body, .. })) => body.token,
            Some(_) | None => Token(0),
        };
        [noticed, board, tail].into_iter().filter(|token| self.checker.was_given(*token)).max().unwrap_or_default()
    }

    fn foreign_notice(&mut self, index: usize) {
        if !self.may_touch_notice() {
            return;
        }
        let rng = &mut self.faults[index];
        // Mostly a program with manners: it comes when nobody is there. Sometimes one that writes over whatever is there.
        let (rude, beats, stays) = (rng.chance(300), rng.below(20), rng.skewed(SEC, 3000 * SEC));
        if !rude && *self.server.notice.now() != Notice::None {
            return;
        }
        self.notice_touched = self.now;
        self.server.foreign_notice(self.now);
        let (first, beats) = if rng.chance(500) { (20 * SEC, beats) } else { (stays, 0) };
        self.after(first, Happening::ForeignBeat(u32::try_from(beats).unwrap_or(0)));
    }

    pub(crate) fn foreign_beat(&mut self, beats: u32) {
        if !matches!(self.server.notice.now(), Notice::Foreign { .. }) {
            return;
        }
        if beats == 0 || self.settled {
            self.server.remove_notice(self.now);
        } else {
            self.server.foreign_notice(self.now);
            self.after(60 * SEC, Happening::ForeignBeat(beats - 1));
        }
    }
}
