//! What people see while a verb waits: one live line on a terminal, plain lines now and then elsewhere.
//!
//! The hazard is noise: hand-offs of a few milliseconds say nothing, and a log is not flooded.

use super::language::language;
use super::open::now;
use super::terminal::{LiveLine, say};
use crate::clock::Ticks;
use crate::i18n::{About, Talk};
use crate::lease::{State, Status};
use crate::session::Database;
use crate::session::describe;
use std::io::IsTerminal;
use std::time::Duration;

/// Waits shorter than this are not worth a word.
const QUIET: Duration = Duration::from_millis(200);
/// The shortest time between two plain lines.
const APART: Duration = Duration::from_secs(1);
/// How often a log is told that the wait goes on.
const AGAIN: Duration = Duration::from_secs(60);

/// What was said last: whether the share answered, and the holder's machine and process.
type Told = (bool, Option<(String, u32)>);

/// Tells about one wait.
pub(super) struct Waiting<'a> {
    opened: &'a Database,
    began: Ticks,
    live: Option<LiveLine>,
    told: Option<(Told, Ticks)>,
    spoke: bool,
}

impl<'a> Waiting<'a> {
    pub(super) fn begin(opened: &'a Database) -> Self {
        let live = std::io::stderr().is_terminal().then(LiveLine::default);
        Self { opened, began: now().ticks, live, told: None, spoke: false }
    }

    /// Shows the present state.
    pub(super) fn update(&mut self, status: &Status) {
        let moment = now();
        let waited = moment.ticks.since(self.began);
        let answered = match status.state {
            State::Held | State::Stale | State::Mine => true,
            State::Unreachable | State::Denied if status.failure.is_some() => false,
            State::Free | State::Unreachable | State::Denied => return,
        };
        // Mine already, on a slow share: what is left to do there is nothing to wait for.
        let mine = status.holder.as_ref().is_some_and(|holder| holder.pid == std::process::id());
        if waited < QUIET || (status.state == State::Mine && mine) {
            return;
        }
        let shown = self.opened.name();
        let state = if answered {
            let sentence = describe::sentence(status, self.opened.me(), String::new(), moment);
            About(shown, &sentence, language()).to_string()
        } else {
            About(shown, &Talk::NoAnswerYet, language()).to_string()
        };
        self.spoke = true;
        if let Some(live) = &mut self.live {
            live.draw(&format!("{state} {}", About(shown, &Talk::WaitingLine(waited), language())));
            return;
        }
        let tell: Told = (answered, status.holder.as_ref().map(|holder| (holder.machine.clone(), holder.pid)));
        let talk = match &self.told {
            None => Talk::Waiting,
            Some((_, at)) if moment.ticks.since(*at) < APART => return,
            Some((told, _)) if *told != tell => Talk::Waiting,
            Some((_, at)) if moment.ticks.since(*at) >= AGAIN => Talk::StillWaiting(waited),
            Some(_) => return,
        };
        self.told = Some((tell, moment.ticks));
        say(format!("{state} {}", About(shown, &talk, language())));
    }

    /// Takes the live line away. Returns whether anything was said.
    pub(super) fn end(mut self) -> bool {
        if let Some(live) = &mut self.live {
            live.clear();
        }
        self.spoke
    }
}
