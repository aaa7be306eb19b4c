//! The simulation's chance: small, fast, and the same on every machine for the same seed.
//!
//! Every purpose draws from its own stream, so that switching one kind of fault off (to make a failing run smaller) does not
//! shift what all the others draw. Only integers: floating point would tie a seed to one platform.

/// A millisecond of simulated time.
pub(crate) const MS: u64 = 1_000_000;
/// A second of simulated time.
pub(crate) const SEC: u64 = 1_000 * MS;

/// What a stream of chance is for.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Stream {
    Setup,
    Network,
    Users,
    Cache,
    Faults,
    Nonces,
}

/// A splitmix64 generator: one multiplication chain, full period, good enough to pick among faults.
#[derive(Debug, Clone)]
pub(crate) struct Rng(u64);

impl Rng {
    pub(crate) fn new(seed: u64, stream: Stream, index: u64) -> Self {
        let mut rng =
            Self(seed ^ (stream as u64 + 1).wrapping_mul(0xA076_1D64_78BD_642F) ^ index.wrapping_mul(0xE703_7ED1_A0B4_28DB));
        rng.next();
        rng
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number below `end`, or 0 when there is none.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        let wide = u128::from(self.next()) * u128::from(end);
        u64::try_from(wide >> 64).unwrap_or(0)
    }

    /// A number from `from` up to and including `to`.
    pub(crate) fn between(&mut self, from: u64, to: u64) -> u64 {
        if to <= from { from } else { from + self.below(to - from + 1) }
    }

    /// True `parts` times in a thousand.
    pub(crate) fn chance(&mut self, parts: u64) -> bool {
        parts > 0 && self.below(1000) < parts
    }

    /// A number from `from` to `to` whose order of magnitude is drawn first: short ones are as common as long ones.
    pub(crate) fn skewed(&mut self, from: u64, to: u64) -> u64 {
        let from = from.max(1);
        if to <= from {
            return from;
        }
        let doublings = u64::from((to / from).ilog2());
        let low = from << self.below(doublings + 1);
        self.between(low, (low.saturating_mul(2)).min(to).max(low))
    }

    /// One of the given values.
    pub(crate) fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        let index = usize::try_from(self.below(of.len() as u64)).unwrap_or(0);
        of[index]
    }
}
