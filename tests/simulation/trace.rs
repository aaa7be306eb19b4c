//! What happened, in words: kept only when a failing run is repeated, for words are slow.

use crate::rng::MS;
use std::collections::VecDeque;

/// How much is told of a failing run.
const TOLD: usize = 70;

/// The last things that happened.
#[derive(Debug, Default)]
pub(crate) struct Trace {
    wanted: bool,
    all: bool,
    lines: VecDeque<String>,
}

impl Trace {
    /// Keeps the last lines if `wanted`, and prints every one if `all`.
    pub(crate) fn new(wanted: bool, all: bool) -> Self {
        Self { wanted: wanted || all, all, lines: VecDeque::new() }
    }

    pub(crate) fn tell(&mut self, now: u64, what: impl FnOnce() -> String) {
        if !self.wanted {
            return;
        }
        let line = format!("{:>9}.{:03} s  {}", now / (1000 * MS), now / MS % 1000, what());
        if self.all {
            println!("{line}");
        }
        if self.lines.len() == TOLD {
            self.lines.pop_front();
        }
        self.lines.push_back(line);
    }

    pub(crate) fn text(&self) -> String {
        self.lines.iter().fold(String::new(), |text, line| text + line + "\n")
    }
}
