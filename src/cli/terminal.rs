//! What is particular to terminals: colour, the one live line, and saying something when nobody may be listening.
//!
//! Stdout is data and stderr is talk. The hazards: a closed pipe must not end a program that guards something (so nothing here can
//! fail), and a terminal that cannot draw must not be drawn on.

use crate::lease::State;
use std::io::{self, IsTerminal, Write};
use std::sync::{Mutex, PoisonError};

/// The tone of a state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tone {
    Good,
    Busy,
    Warning,
    Dim,
}

/// Returns the tone of a state.
pub(super) const fn tone(state: State) -> Tone {
    match state {
        State::Free | State::Mine => Tone::Good,
        State::Held => Tone::Busy,
        State::Stale => Tone::Warning,
        State::Unreachable | State::Denied => Tone::Dim,
    }
}

/// What was said last.
static LAST: Mutex<String> = Mutex::new(String::new());

/// Returns what was said last, for those who tell it where people look.
pub(super) fn said_last() -> String {
    LAST.lock().unwrap_or_else(PoisonError::into_inner).clone()
}

/// Writes one line to stderr.
pub(super) fn say(text: impl std::fmt::Display) {
    let text = text.to_string();
    LAST.lock().unwrap_or_else(PoisonError::into_inner).clone_from(&text);
    // There is nobody left to tell when this fails.
    drop(writeln!(io::stderr().lock(), "{text}"));
}

/// Writes one line to stdout and flushes it; false when nobody reads any more.
pub(super) fn give(text: impl std::fmt::Display) -> bool {
    let mut out = io::stdout().lock();
    writeln!(out, "{text}").and_then(|()| out.flush()).is_ok()
}

/// Returns whether the terminal understands escape sequences. Windows' old console does not unless asked to.
fn draws() -> bool {
    match std::env::var_os("TERM") {
        Some(term) => term != "dumb" && !term.is_empty(),
        None => std::env::var_os("WT_SESSION").is_some(),
    }
}

/// Returns whether colour is welcome on this stream (no-color.org).
pub(super) fn colours(stream: &impl IsTerminal) -> bool {
    stream.is_terminal() && draws() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

/// Returns the text in its tone.
pub(super) fn tinted(text: &str, tone: Tone, colours: bool) -> String {
    let code = match tone {
        Tone::Good => "32",
        Tone::Busy => "31",
        Tone::Warning => "33",
        Tone::Dim => "2",
    };
    if colours { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
}

/// The width that is used where the terminal does not tell its own.
const NARROW: usize = 79;

/// One line on stderr that is written again and again, and vanishes in the end.
#[derive(Debug, Default)]
pub(super) struct LiveLine {
    shown: usize,
    turn: usize,
}

impl LiveLine {
    /// Writes the line anew.
    pub(super) fn draw(&mut self, text: &str) {
        let mut err = io::stderr().lock();
        self.turn += 1;
        let line = if draws() {
            const FRAMES: [char; 8] = ['⣾', '⣽', '⣻', '⢿', '⡿', '⣟', '⣯', '⣷'];
            // No wrapping: a line that wrapped could not be taken back.
            format!("\r\u{1b}[?7l{} {text}\u{1b}[K\u{1b}[?7h", FRAMES[self.turn % FRAMES.len()])
        } else {
            const FRAMES: [char; 4] = ['|', '/', '-', '\\'];
            let text: String = text.chars().take(NARROW - 2).collect();
            let width = text.chars().count() + 2;
            let rest = " ".repeat(self.shown.saturating_sub(width));
            self.shown = width;
            format!("\r{} {text}{rest}", FRAMES[self.turn % FRAMES.len()])
        };
        drop(err.write_all(line.as_bytes()).and_then(|()| err.flush()));
    }

    /// Takes the line away.
    pub(super) fn clear(&mut self) {
        if self.turn == 0 {
            return;
        }
        let mut err = io::stderr().lock();
        let line = if draws() { "\r\u{1b}[K".to_owned() } else { format!("\r{}\r", " ".repeat(self.shown)) };
        drop(err.write_all(line.as_bytes()).and_then(|()| err.flush()));
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tones_are_only_colour() {
        assert_eq!(tinted("wems.db", Tone::Good, false), "wems.db");
        assert_eq!(tinted("wems.db", Tone::Busy, true), "\u{1b}[31mwems.db\u{1b}[0m");
    }
}
