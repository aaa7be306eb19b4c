//! What goes wrong in a run, and how often: drawn from the seed, by profile.
//!
//! Comfortable durations hide mistakes. So delays go up to the slowest request allowed, clock rates are drawn at the very edge of
//! what is promised, and half of the runs use durations that satisfy the inequalities exactly and no more.

use crate::rng::{MS, Rng, SEC, Stream};
use crate::server::Locks;
use sharelock::lease::timing::{Timing, safe_wait};
use std::time::Duration;

/// The kinds of weather a run can have. The profile of a seed is `seed % PROFILES.len()`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Profile {
    Calm,
    Lossy,
    Partitions,
    Slow,
    Crashy,
    Sleepy,
    Cached,
    Edge,
    Upheaval,
    DishonestLocks,
    MixedTimings,
    Bustle,
    Storm,
}

pub(crate) const PROFILES: [Profile; 13] = [
    Profile::Calm,
    Profile::Lossy,
    Profile::Partitions,
    Profile::Slow,
    Profile::Crashy,
    Profile::Sleepy,
    Profile::Cached,
    Profile::Edge,
    Profile::Upheaval,
    Profile::DishonestLocks,
    Profile::MixedTimings,
    Profile::Bustle,
    Profile::Storm,
];

/// A kind of fault that comes at random times, and can be switched off to make a failing run smaller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Fault {
    Cut,
    Spell,
    Crash,
    PowerLoss,
    Sleep,
    Pause,
    WallStep,
    ServerRestart,
    ServerClock,
    BackUp,
    Upheaval,
    ForeignNotice,
    NoticeRemoved,
    Refusal,
    /// Somebody orders the holder to give up.
    Revoke,
}

pub(crate) const FAULTS: [Fault; 15] = [
    Fault::Cut,
    Fault::Spell,
    Fault::Crash,
    Fault::PowerLoss,
    Fault::Sleep,
    Fault::Pause,
    Fault::WallStep,
    Fault::ServerRestart,
    Fault::ServerClock,
    Fault::BackUp,
    Fault::Upheaval,
    Fault::ForeignNotice,
    Fault::NoticeRemoved,
    Fault::Refusal,
    Fault::Revoke,
];

/// Faults planted in the world, not in the core.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Plant {
    #[default]
    None,
    /// The boot clock does not count sleep, and the wall clock stops with it.
    ClockStopsInSleep,
}

/// Everything that one run is made of, apart from its seed.
#[derive(Debug, Clone)]
pub(crate) struct Weather {
    pub(crate) profile: Profile,
    pub(crate) machines: u64,
    pub(crate) seats: u64,
    /// Seconds between two faults of each kind on average; 0: never.
    pub(crate) every: [u64; FAULTS.len()],
    /// Requests lost, replies lost, errors followed by a late execution, slow requests, very slow ones: in a thousand.
    pub(crate) lost_request: u64,
    pub(crate) lost_reply: u64,
    pub(crate) late_execution: u64,
    pub(crate) slow: u64,
    pub(crate) very_slow: u64,
    pub(crate) slowest: u64,
    pub(crate) stale: u64,
    pub(crate) stale_names: u64,
    pub(crate) caches_reads: bool,
    pub(crate) locks: Locks,
    pub(crate) shows_age: bool,
    pub(crate) dead_handles_work: bool,
    pub(crate) memory_kept: u64,
    pub(crate) orphans: u64,
    pub(crate) longest_hold: u64,
    pub(crate) longest_idle: u64,
    pub(crate) timings: Vec<Timing>,
}

/// Durations that satisfy every inequality with nothing to spare.
pub(crate) fn edge_timing(rng: &mut Rng) -> Timing {
    let second = |from: u64, to: u64, rng: &mut Rng| Duration::from_millis(rng.between(from * 10, to * 10) * 100);
    let lag = second(1, 3, rng);
    let read_lag = second(1, 5, rng);
    let slowest = second(5, 102, rng);
    let heartbeat = second(5, 40, rng);
    let margin = second(1, 15, rng);
    let fence = heartbeat + slowest + margin;
    let short = safe_wait(fence, lag, read_lag);
    let long = if rng.chance(500) { short } else { short + second(1, 60, rng) };
    let claim = fence.checked_sub(heartbeat).unwrap();
    let poll = if rng.chance(500) { Duration::from_secs(15) } else { second(1, 30, rng) };
    let unknown = safe_wait(fence, lag, read_lag);
    let keep = 4 * (claim + poll);
    let poll = poll.min(short.saturating_sub(slowest + lag));
    let timing = Timing { heartbeat, fence, margin, short, long, claim, poll, slowest, lag, read_lag, unknown, keep };
    debug_assert_eq!(timing.validate(), Ok(()));
    timing
}

impl Weather {
    pub(crate) fn draw(seed: u64, faults: u32) -> Self {
        let mut rng = Rng::new(seed, Stream::Setup, 0);
        let profile = PROFILES[usize::try_from(seed % PROFILES.len() as u64).unwrap_or(0)];
        let mut weather = Self::fair(&mut rng, profile);
        weather.worsen(&mut rng);
        weather.draw_timings(&mut rng);
        for fault in FAULTS {
            if faults & (1 << fault as u32) == 0 {
                weather.every[fault as usize] = 0;
            }
        }
        weather
    }

    fn fair(rng: &mut Rng, profile: Profile) -> Self {
        let seats = rng.between(2, 6);
        Self {
            profile,
            machines: rng.between(if seats > 2 { 2 } else { 1 }, seats),
            seats,
            every: [0; FAULTS.len()],
            lost_request: 0,
            lost_reply: 0,
            late_execution: 0,
            slow: 2,
            very_slow: 0,
            slowest: 0,
            stale: 0,
            stale_names: 0,
            caches_reads: rng.chance(500),
            locks: if rng.chance(800) { Locks::Honest } else { Locks::Unknown },
            shows_age: rng.chance(500),
            dead_handles_work: rng.chance(500),
            memory_kept: rng.pick(&[0, 500, 1000]),
            orphans: 300,
            longest_hold: rng.pick(&[SEC, 60 * SEC, 600 * SEC, 3600 * SEC]),
            longest_idle: rng.pick(&[SEC, 30 * SEC, 300 * SEC]),
            timings: Vec::new(),
        }
    }

    fn set(&mut self, fault: Fault, seconds: u64) {
        self.every[fault as usize] = seconds;
    }

    fn worsen(&mut self, rng: &mut Rng) {
        match self.profile {
            Profile::Calm => {}
            Profile::Lossy => {
                (self.lost_request, self.lost_reply, self.late_execution) = (20, 40, 20);
                self.set(Fault::Crash, 2000);
            }
            Profile::Partitions => {
                self.set(Fault::Cut, 400);
                self.set(Fault::Crash, 4000);
                self.lost_reply = 10;
            }
            Profile::Slow => {
                (self.slow, self.very_slow, self.late_execution) = (100, 15, 5);
                self.set(Fault::Spell, 400);
                self.set(Fault::Cut, 1500);
            }
            Profile::Crashy => {
                self.set(Fault::Crash, 300);
                self.set(Fault::PowerLoss, 1500);
                self.set(Fault::ServerRestart, 2000);
                self.lost_reply = 5;
            }
            Profile::Sleepy => {
                self.set(Fault::Sleep, 500);
                self.set(Fault::Pause, 1500);
                self.set(Fault::WallStep, 3000);
                self.very_slow = 3;
            }
            Profile::Cached => {
                self.caches_reads = true;
                (self.stale, self.stale_names) = (500, 500);
                self.set(Fault::Cut, 500);
                self.set(Fault::Crash, 3000);
            }
            Profile::Edge => {
                (self.slow, self.very_slow, self.lost_reply) = (50, 20, 10);
                (self.stale, self.stale_names) = (300, 300);
                self.set(Fault::Cut, 500);
                self.set(Fault::Spell, 500);
                self.set(Fault::Crash, 2000);
                self.set(Fault::Sleep, 3000);
            }
            Profile::Upheaval => {
                self.set(Fault::Upheaval, 1500);
                self.set(Fault::BackUp, 1000);
                self.set(Fault::ServerRestart, 3000);
                self.set(Fault::ServerClock, 4000);
                self.set(Fault::Crash, 4000);
                self.very_slow = 3;
            }
            Profile::DishonestLocks => {
                self.locks = rng.pick(&[Locks::AlwaysFree, Locks::NeverFreed]);
                self.set(Fault::Cut, 800);
                self.set(Fault::Crash, 1000);
                self.set(Fault::ServerClock, 1000);
                self.shows_age = true;
            }
            Profile::MixedTimings => {
                self.set(Fault::Cut, 600);
                self.set(Fault::Crash, 2000);
                (self.very_slow, self.lost_reply) = (5, 10);
            }
            Profile::Bustle => {
                // Many short holds: numbers rush by while a request hangs or somebody sleeps.
                (self.longest_hold, self.longest_idle) = (SEC, 2 * SEC);
                (self.very_slow, self.stale, self.stale_names) = (3, 300, 300);
                self.set(Fault::Sleep, 1500);
                self.set(Fault::Cut, 1500);
            }
            Profile::Storm => {
                for fault in FAULTS {
                    self.set(fault, rng.skewed(300, 8000));
                }
                (self.lost_request, self.lost_reply, self.late_execution) = (10, 10, 10);
                (self.slow, self.very_slow, self.stale, self.stale_names) = (50, 10, 200, 200);
                self.locks = rng.pick(&[Locks::Honest, Locks::AlwaysFree, Locks::NeverFreed, Locks::Unknown]);
            }
        }
        if self.profile != Profile::Calm {
            self.set(Fault::ForeignNotice, 8000);
            self.set(Fault::NoticeRemoved, 8000);
            self.set(Fault::Refusal, 6000);
            self.set(Fault::Revoke, 3000);
        }
        if !matches!(self.profile, Profile::Upheaval | Profile::Storm) && rng.chance(200) {
            self.set(Fault::ServerClock, 3000);
        }
    }

    fn draw_timings(&mut self, rng: &mut Rng) {
        let common = if self.profile == Profile::Edge || rng.chance(300) { edge_timing(rng) } else { Timing::default() };
        let mixed = matches!(self.profile, Profile::MixedTimings | Profile::Storm);
        self.timings = (0..self.seats).map(|_| if mixed && rng.chance(600) { edge_timing(rng) } else { common }).collect();
        let shortest = self.timings.iter().map(|timing| timing.slowest).min().unwrap_or_default();
        // Up to 110 s, whatever was promised: what is slower than promised may cost a lease, never give it to two.
        self.slowest = rng.pick(&[u64::try_from(shortest.as_nanos()).unwrap_or(0), 110 * SEC]).max(SEC);
    }

    /// How long a message is under way.
    pub(crate) fn delay(&self, rng: &mut Rng) -> u64 {
        let draw = rng.below(1000);
        if draw < self.very_slow {
            rng.between(SEC, self.slowest)
        } else if draw < self.very_slow + self.slow {
            rng.skewed(50 * MS, 5 * SEC)
        } else {
            rng.between(MS / 10, 8 * MS)
        }
    }
}
