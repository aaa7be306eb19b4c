//! The two clocks, and the only place that reads them.
//!
//! Durations run on [`Ticks`], a clock that goes on while the machine sleeps (`CLOCK_BOOTTIME`, `mach_continuous_time`,
//! `QueryInterruptTimePrecise`): a lease that lapsed during sleep must be seen as lapsed at the first look afterwards.
//! Wall-clock time ([`WallTime`]) is for people, and for noticing that the two clocks part (a paused or rolled-back
//! virtual machine). Nothing else in the program may read a clock; `clippy.toml` bans the standard ones.

use std::time::Duration;

/// A reading of the boot-time clock: nanoseconds since an arbitrary point that all processes of one boot share.
///
/// Readings of two machines, or of two boots, must never be compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, serde::Serialize, serde::Deserialize)]
pub struct Ticks(u64);

impl Ticks {
    /// Makes a reading from nanoseconds.
    #[must_use]
    pub const fn from_nanos(nanos: u64) -> Self {
        Self(nanos)
    }

    /// Returns the reading in nanoseconds.
    #[must_use]
    pub const fn as_nanos(self) -> u64 {
        self.0
    }

    /// Returns the time from `earlier` to `self`, zero when `earlier` is later.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }
}

impl std::ops::Add<Duration> for Ticks {
    type Output = Self;

    fn add(self, rhs: Duration) -> Self {
        Self(self.0.saturating_add(u64::try_from(rhs.as_nanos()).unwrap_or(u64::MAX)))
    }
}

/// Wall-clock time in milliseconds since 1970 (UTC), for people only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, serde::Serialize, serde::Deserialize)]
pub struct WallTime(pub i64);

/// One look at both clocks, taken together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Moment {
    /// The boot-time clock.
    pub ticks: Ticks,
    /// The wall clock.
    pub wall: WallTime,
}

/// A source of time. [`SystemClock`] is the real one; tests and the simulation bring their own.
pub trait Clock: Send + Sync {
    /// Reads both clocks.
    fn now(&self) -> Moment;
}

/// The clocks of this machine.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the one place that reads the wall clock")]
    fn now(&self) -> Moment {
        let wall = std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)
            .map_or(0, |since| i64::try_from(since.as_millis()).unwrap_or(i64::MAX));
        Moment { ticks: Ticks::from_nanos(crate::platform::boot_time_nanos()), wall: WallTime(wall) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn boot_time_never_runs_backwards() {
        let first = SystemClock.now();
        let second = SystemClock.now();
        assert!(second.ticks >= first.ticks);
        assert!(first.ticks.as_nanos() > 0);
    }

    #[test]
    fn since_saturates() {
        let (early, late) = (Ticks::from_nanos(5), Ticks::from_nanos(9));
        assert_eq!(late.since(early), Duration::from_nanos(4));
        assert_eq!(early.since(late), Duration::ZERO);
        assert_eq!(Ticks::from_nanos(u64::MAX) + Duration::from_secs(1), Ticks::from_nanos(u64::MAX));
    }
}
