//! Every duration of the protocol, in one table: names, defaults, environment variables, and the inequality they must satisfy.
//!
//! The hazard: two machines with different ideas of time. A holder promises its own durations in its record, and everybody else
//! waits by that promise, never by its own configuration.

use std::time::Duration;

/// The durations of one holder and observer. Build it with [`Timing::default`], [`Timing::scaled`] or [`Timing::from_variables`];
/// each returns only values for which [`Timing::validate`] holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Timing {
    /// H: how often a holder renews.
    pub heartbeat: Duration,
    /// F: how long after *sending* its last successful renewal a holder may still believe.
    pub fence: Duration,
    /// How long before the fence the guarded program is warned or stopped.
    pub margin: Duration,
    /// How long an observer must see no change before it takes over, when there is evidence of death.
    pub short: Duration,
    /// How long an observer must see no change before it takes over, without evidence.
    pub long: Duration,
    /// C: how long a claim may take from sending the create to the last check.
    pub claim: Duration,
    /// The longest pause between two looks while waiting.
    pub poll: Duration,
    /// How long a single share operation may take before it counts as unanswered. Measured: NFS 4.2 opens block up to 102 s while
    /// a delegation is recalled from a machine that is cut off.
    pub slowest: Duration,
    /// How late a timer may fire on a loaded machine.
    pub lag: Duration,
    /// How late a reader may see a flushed write.
    pub read_lag: Duration,
    /// How long an unreadable record or a foreign notice must stay unchanged before it no longer counts: nobody is known whose
    /// promise could be used. Follows the scale alone.
    pub unknown: Duration,
    /// The youngest age (by the file server's clock) at which a superseded lease may be removed.
    pub keep: Duration,
}

/// The rate error allowed between two machines' clocks: 1 % each way, far above any working crystal (b: 0.02 %).
pub const DRIFT_PER_CENT: u32 = 1;
/// The longest time-out an observer honours from somebody else's record; what is absurd counts as this.
pub const LONGEST_PROMISE: Duration = Duration::from_secs(3600);

/// One row of the table: the field, its name in the configuration, its environment variable, its default.
struct Row {
    name: &'static str,
    variable: &'static str,
    millis: u64,
    field: fn(&mut Timing) -> &mut Duration,
}

const ROWS: [Row; 12] = [
    Row { name: "heartbeat", variable: "SHARELOCK_HEARTBEAT", millis: 30_000, field: |t| &mut t.heartbeat },
    Row { name: "fence", variable: "SHARELOCK_FENCE", millis: 150_000, field: |t| &mut t.fence },
    Row { name: "margin", variable: "SHARELOCK_MARGIN", millis: 15_000, field: |t| &mut t.margin },
    Row { name: "short", variable: "SHARELOCK_SHORT", millis: 180_000, field: |t| &mut t.short },
    Row { name: "long", variable: "SHARELOCK_LONG", millis: 300_000, field: |t| &mut t.long },
    Row { name: "claim", variable: "SHARELOCK_CLAIM", millis: 120_000, field: |t| &mut t.claim },
    Row { name: "poll", variable: "SHARELOCK_POLL", millis: 15_000, field: |t| &mut t.poll },
    Row { name: "slowest", variable: "SHARELOCK_SLOWEST", millis: 102_000, field: |t| &mut t.slowest },
    Row { name: "lag", variable: "SHARELOCK_LAG", millis: 3_000, field: |t| &mut t.lag },
    Row { name: "read_lag", variable: "SHARELOCK_READ_LAG", millis: 5_000, field: |t| &mut t.read_lag },
    Row { name: "unknown", variable: "SHARELOCK_UNKNOWN", millis: 300_000, field: |t| &mut t.unknown },
    Row { name: "keep", variable: "SHARELOCK_KEEP", millis: 3_600_000, field: |t| &mut t.keep },
];

/// The names that the durations have in the configuration, and their environment variables.
pub const NAMES: [(&str, &str); ROWS.len()] = {
    let mut names = [("", ""); ROWS.len()];
    let mut at = 0;
    while at < ROWS.len() {
        names[at] = (ROWS[at].name, ROWS[at].variable);
        at += 1;
    }
    names
};

/// Divides every default; for tests and laboratories, where a hundred seconds are too long.
pub const SCALE_VARIABLE: &str = "SHARELOCK_TIME_SCALE";

/// Why a set of durations was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TimingError {
    /// A variable could not be read as a duration.
    #[error("{variable}={value}: not a duration (write seconds, or a number with ms, s, m or h, e.g. 5m)")]
    Unreadable {
        /// The environment variable.
        variable: &'static str,
        /// What it contained.
        value: String,
    },
    /// The durations contradict each other; using them could let two people in.
    #[error("these durations are not safe together: {rule} does not hold ({detail})")]
    Unsafe {
        /// The violated inequality, as docs/PROTOCOL.md writes it.
        rule: &'static str,
        /// Both sides with their values.
        detail: String,
    },
}

impl Default for Timing {
    fn default() -> Self {
        Self::divided(1000)
    }
}

impl Timing {
    /// Returns the defaults divided by `scale_per_mille / 1000`.
    fn divided(scale_per_mille: u64) -> Self {
        let mut timing = Self {
            heartbeat: Duration::ZERO,
            fence: Duration::ZERO,
            margin: Duration::ZERO,
            short: Duration::ZERO,
            long: Duration::ZERO,
            claim: Duration::ZERO,
            poll: Duration::ZERO,
            slowest: Duration::ZERO,
            lag: Duration::ZERO,
            read_lag: Duration::ZERO,
            unknown: Duration::ZERO,
            keep: Duration::ZERO,
        };
        for row in &ROWS {
            *(row.field)(&mut timing) = Duration::from_micros(row.millis * 1_000_000 / scale_per_mille.max(1));
        }
        timing
    }

    /// Returns the defaults, every one divided by `scale`.
    ///
    /// A scale below 1 counts as 1, one above 1000 as 1000 (a heartbeat every 30 ms).
    #[must_use]
    pub fn scaled(scale: f64) -> Self {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to 1..=1000 just before")]
        let per_mille = (scale.clamp(1.0, 1000.0) * 1000.0) as u64;
        Self::divided(per_mille)
    }

    /// Reads the environment variables of the table through `variable`.
    ///
    /// # Errors
    /// [`TimingError`] when a value is not a duration or the set is not safe.
    pub fn from_variables(variable: impl Fn(&str) -> Option<String>) -> Result<Self, TimingError> {
        let scale = match variable(SCALE_VARIABLE) {
            None => 1.0,
            Some(text) => text
                .parse::<f64>()
                .ok()
                .filter(|scale| (1.0..=1000.0).contains(scale))
                .ok_or(TimingError::Unreadable { variable: SCALE_VARIABLE, value: text })?,
        };
        let mut timing = Self::scaled(scale);
        for row in &ROWS {
            if let Some(text) = variable(row.variable) {
                let Some(value) = parse_duration(&text) else {
                    return Err(TimingError::Unreadable { variable: row.variable, value: text });
                };
                *(row.field)(&mut timing) = value;
            }
        }
        timing.validate()?;
        Ok(timing)
    }

    /// Returns the duration that has this name in the configuration.
    pub fn named(&mut self, name: &str) -> Option<&mut Duration> {
        ROWS.iter().find(|row| row.name == name).map(|row| (row.field)(self))
    }

    /// Checks the inequalities that keep a live holder and its successor apart (docs/PROTOCOL.md, "Time").
    ///
    /// # Errors
    /// [`TimingError::Unsafe`] naming the first inequality that does not hold.
    pub fn validate(&self) -> Result<(), TimingError> {
        let check = |rule: &'static str, left: Duration, right: Duration| {
            if left <= right { Ok(()) } else { Err(TimingError::Unsafe { rule, detail: format!("{left:?} against {right:?}") }) }
        };
        check("0 < heartbeat", Duration::from_millis(1), self.heartbeat)?;
        check("0 < poll", Duration::from_millis(1), self.poll)?;
        check("margin < fence", self.margin + Duration::from_nanos(1), self.fence)?;
        check("heartbeat + slowest <= fence - margin", self.heartbeat + self.slowest, self.warning())?;
        check("(fence + lag) x 1.01/0.99 + read lag <= short", safe_wait(self.fence, self.lag, self.read_lag), self.short)?;
        check("short <= long", self.short, self.long)?;
        check("long <= 1 h", self.long, LONGEST_PROMISE)?;
        check("claim + heartbeat <= fence", self.claim + self.heartbeat, self.fence)?;
        check("(fence + lag) x 1.01/0.99 + read lag <= unknown", safe_wait(self.fence, self.lag, self.read_lag), self.unknown)?;
        check("poll + slowest + lag <= short", self.poll + self.slowest + self.lag, self.short)?;
        check("4 x (claim + poll) <= keep", 4 * (self.claim + self.poll), self.keep)
    }

    /// Returns how long after its last renewal a holder is warned: the margin before the fence.
    #[must_use]
    pub const fn warning(&self) -> Duration {
        self.fence.saturating_sub(self.margin)
    }

    /// Returns what a holder with these durations promises in its record.
    #[must_use]
    pub fn promise(&self) -> Promise {
        Promise { heartbeat: self.heartbeat, fence: self.fence, short: self.short, long: self.long }
    }
}

/// `(fence + lag) x 1.01/0.99 + read lag`: how long an observer with a fast clock must wait for a holder with a slow one.
#[must_use]
pub fn safe_wait(fence: Duration, lag: Duration, read_lag: Duration) -> Duration {
    (fence + lag) * (100 + DRIFT_PER_CENT) / (100 - DRIFT_PER_CENT) + read_lag
}

/// The durations that a holder wrote into its record, which bind its observers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Promise {
    /// How often it said it would renew.
    pub heartbeat: Duration,
    /// When it stops believing.
    pub fence: Duration,
    /// How long to wait with evidence of its death.
    pub short: Duration,
    /// How long to wait without.
    pub long: Duration,
}

impl Promise {
    /// Returns the promise made believable: what contradicts itself counts as [`LONGEST_PROMISE`].
    #[must_use]
    pub fn clamped(self) -> Self {
        let floor = safe_wait(self.fence.min(LONGEST_PROMISE), Duration::ZERO, Duration::ZERO);
        let sane = self.heartbeat <= self.fence && self.short >= floor && self.long >= self.short && self.long <= LONGEST_PROMISE;
        if sane {
            self
        } else {
            Self {
                heartbeat: self.heartbeat.min(LONGEST_PROMISE),
                fence: LONGEST_PROMISE,
                short: LONGEST_PROMISE,
                long: LONGEST_PROMISE,
            }
        }
    }
}

/// Reads a duration as people type it: bare seconds (`90`, `0.5`) or with a unit (`200ms`, `30s`, `5m`, `2h`).
#[must_use]
pub fn parse_duration(text: &str) -> Option<Duration> {
    let text = text.trim();
    let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let seconds = match unit.trim() {
        "" | "s" => 1.0,
        "ms" => 0.001,
        "m" | "min" => 60.0,
        "h" => 3600.0,
        _ => return None,
    };
    let value = number.parse::<f64>().ok()? * seconds;
    if value.is_finite() && value <= 366.0 * 86400.0 { Duration::try_from_secs_f64(value).ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_are_safe_at_every_scale() {
        for scale in [1.0, 20.0, 100.0, 1000.0] {
            assert_eq!(Timing::scaled(scale).validate(), Ok(()), "scale {scale}");
        }
        assert_eq!(Timing::scaled(20.0).heartbeat, Duration::from_millis(1500));
    }

    #[test]
    fn each_inequality_is_enforced() {
        type Change = fn(&mut Timing);
        let broken: [(&str, Change); 11] = [
            ("0 < heartbeat", |t| t.heartbeat = Duration::ZERO),
            ("0 < poll", |t| t.poll = Duration::ZERO),
            ("margin < fence", |t| t.margin = t.fence),
            ("heartbeat + slowest <= fence - margin", |t| t.slowest = t.fence),
            ("(fence + lag) x 1.01/0.99 + read lag <= short", |t| t.short = t.fence),
            ("short <= long", |t| t.long = t.short / 2),
            ("long <= 1 h", |t| t.long = Duration::from_secs(3601)),
            ("claim + heartbeat <= fence", |t| t.claim = t.fence),
            ("(fence + lag) x 1.01/0.99 + read lag <= unknown", |t| t.unknown = t.fence),
            ("poll + slowest + lag <= short", |t| t.poll = t.short),
            ("4 x (claim + poll) <= keep", |t| t.keep = t.claim),
        ];
        for (expected, change) in broken {
            let mut timing = Timing::default();
            change(&mut timing);
            let Err(TimingError::Unsafe { rule, .. }) = timing.validate() else { panic!("accepted: {expected}") };
            assert_eq!(rule, expected);
        }
    }

    #[test]
    fn each_inequality_holds_up_to_its_edge() {
        type Change = fn(&mut Timing, Duration);
        let second = Duration::from_secs;
        // A default whose one duration is set to the last that is safe, and then one nanosecond beyond.
        let edges: [(&str, Duration, bool, Change); 7] = [
            ("heartbeat + slowest <= fence - margin", second(105), true, |t, at| t.slowest = at),
            ("short <= long", second(180), false, |t, at| t.long = at),
            ("long <= 1 h", second(3600), true, |t, at| t.long = at),
            ("claim + heartbeat <= fence", second(120), true, |t, at| t.claim = at),
            ("poll + slowest + lag <= short", second(75), true, |t, at| t.poll = at),
            ("4 x (claim + poll) <= keep", second(540), false, |t, at| t.keep = at),
            ("(fence + lag) x 1.01/0.99 + read lag <= short", SAFE, false, |t, at| t.short = at),
        ];
        for (rule, edge, upper, change) in edges {
            let mut timing = Timing::default();
            change(&mut timing, edge);
            assert_eq!(timing.validate(), Ok(()), "{rule}");
            let nanosecond = Duration::from_nanos(1);
            change(&mut timing, if upper { edge + nanosecond } else { edge.saturating_sub(nanosecond) });
            assert!(matches!(timing.validate(), Err(TimingError::Unsafe { rule: broken, .. }) if broken == rule), "{rule}");
        }
    }

    /// (150 s + 3 s) x 1.01/0.99 + 5 s.
    const SAFE: Duration = Duration::from_nanos(161_090_909_090);

    #[test]
    fn a_safe_wait_covers_timer_drift_and_reading() {
        assert_eq!(safe_wait(Duration::from_secs(150), Duration::from_secs(3), Duration::from_secs(5)), SAFE);
    }

    #[test]
    fn variables_override_and_bad_ones_are_named() {
        let read = |name: &str| (name == "SHARELOCK_POLL").then(|| "5s".to_owned());
        assert_eq!(Timing::from_variables(read).unwrap().poll, Duration::from_secs(5));
        let bad = |name: &str| (name == "SHARELOCK_FENCE").then(|| "soon".to_owned());
        assert!(Timing::from_variables(bad).unwrap_err().to_string().starts_with("SHARELOCK_FENCE=soon"));
    }

    #[test]
    fn durations_are_read_as_people_type_them() {
        let cases = [
            ("90", 90_000),
            ("0.5", 500),
            ("200ms", 200),
            ("5m", 300_000),
            ("2h", 7_200_000),
            (" 3 s ", 3000),
            ("8784h", 31_622_400_000),
        ];
        for (text, millis) in cases {
            assert_eq!(parse_duration(text), Some(Duration::from_millis(millis)), "{text}");
        }
        for text in ["", "m", "-1", "5 weeks", "1e400", "nan", "1.2.3", "8785h", "999999999999"] {
            assert_eq!(parse_duration(text), None, "{text}");
        }
    }

    #[test]
    fn absurd_promises_count_as_the_longest() {
        let sane = Timing::default().promise();
        assert_eq!(sane.clamped(), sane);
        for change in [
            (|p| p.short = Duration::ZERO) as fn(&mut Promise),
            |p| p.long = Duration::from_secs(1_000_000),
            |p| p.fence = Duration::from_secs(u64::MAX / 4),
            |p| p.long = p.short / 2,
        ] {
            let mut promise = sane;
            change(&mut promise);
            assert_eq!(promise.clamped().short, LONGEST_PROMISE);
            assert_eq!(promise.clamped().long, LONGEST_PROMISE);
        }
    }
}
