//! The end of every run: all faults off, and somebody must get in.

use super::{Happening, Wish, World, nanos};
use crate::checker::Violation;
use crate::rng::SEC;
use sharelock::lease::Belief;
use sharelock::lease::wire::Event;
use std::cmp::Reverse;

impl World {
    /// Ends every fault and every client but one, wherever they are, and lets that one want the database: within the bound of
    /// docs/PROTOCOL.md it must get in. Returns whether there was one to ask.
    pub(crate) fn settle(&mut self) -> bool {
        let well = |seat: &crate::client_host::Seat| {
            let machine = &self.machines[seat.machine];
            let idle = seat.client.as_ref().is_some_and(|client| client.belief(machine.ticks(self.now)) == Belief::None);
            idle && machine.running && !machine.asleep && !machine.paused && machine.cut.is_none()
        };
        let Some(rescuer) = self.seats.iter().position(well) else { return false };
        self.settled = true;
        self.refusing = None;
        let ended = |what: &Happening| {
            matches!(what, Happening::Fault(_) | Happening::ForeignBeat(_) | Happening::MoveBack | Happening::Start(_))
        };
        self.queue.retain(|Reverse((_, _, what))| !ended(what));
        for machine in &mut self.machines {
            machine.programs.clear();
            machine.spell = crate::client_host::Spell::None;
        }
        for seat in (0..self.seats.len()).filter(|seat| *seat != rescuer) {
            self.seats[seat].client = None;
        }
        let longest = self.weather.timings.iter().map(|timing| timing.long.max(timing.unknown)).max().unwrap_or_default();
        // Requests of the dead are executed up to 110 s late, and each may begin an observation anew.
        let bound = nanos(longest) * 102 / 100 + 330 * SEC;
        let before = self.stats.of("acquired") + self.stats.of("recovered");
        self.turn_wish(rescuer, Wish::Wants, u64::MAX / 4);
        self.deliver(rescuer, Event::Want);
        self.run_until(self.now + bound);
        if self.stats.of("acquired") + self.stats.of("recovered") == before && !self.holds(rescuer) {
            self.violate(Violation::Wedged { seat: rescuer, after_seconds: bound / SEC });
        }
        true
    }
}
