//! The agent as an onlooker of `demo`: a real one, this user's own, which shows by its icon and a notification what the desks do.
//!
//! The hazard is leaving something behind: an agent that was started for this ends with it, and one that ran before watches the file no
//! longer.

use super::agent::{SOON, absolute};
use super::keep::ask_some_agent;
use super::open::pause;
use crate::ipc::{self, Answer, Report, Request, Unanswered};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How long an agent may take to find out whether there is a place for its icon.
const SETTLE: Duration = Duration::from_millis(500);

/// An agent that watches.
pub(super) struct Onlooker {
    file: PathBuf,
    report: Report,
    /// It was started for this.
    own: bool,
}

impl Onlooker {
    /// Has an agent watch this file; `None` where none can run.
    pub(super) fn begin(file: &Path) -> Option<Self> {
        let file = absolute(file);
        let own = matches!(ipc::ask(&Request::Status, SOON), Err(Unanswered::NoAgent));
        let watched = ask_some_agent(&Request::Watch(file.clone()), SOON)?;
        if own {
            pause(SETTLE);
        }
        match (watched, ipc::ask(&Request::Status, SOON)) {
            (Ok(_), Ok(Answer::Status(report))) => Some(Self { file, report, own }),
            _ => None,
        }
    }

    /// Returns whether its icon is on the screen.
    pub(super) fn has_icon(&self) -> bool {
        self.report.tray
    }

    /// Returns whether its notifications are shown.
    pub(super) fn notifies(&self) -> bool {
        self.report.notifier
    }

    /// Its user wants to know when the file is free.
    pub(super) fn wants_to_know(&self) {
        drop(ipc::ask(&Request::Notify(self.file.clone()), SOON));
    }
}

impl Drop for Onlooker {
    fn drop(&mut self) {
        let request = if self.own { Request::Stop } else { Request::Forget(self.file.clone()) };
        // Whatever became of it, the demo is over.
        drop(ipc::ask(&request, SOON));
    }
}
