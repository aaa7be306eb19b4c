//! What the doctor says of this computer's own part: the agent, and whether it starts at log-in.
//!
//! None of it keeps people from taking turns, so nothing here is a failure. The hazard is an agent that hangs: it is asked for a bounded time.

use super::agent::SOON;
use super::open::lossy;
use crate::agent::log;
use crate::i18n::doctor::{Finding, Topic};
use crate::i18n::here::{Agent, Starts};
use crate::i18n::printable;
use crate::ipc::{self, Answer, Report, Request, Unanswered};
use crate::platform::autostart::{self, Entry, State};
use std::io;

/// Looks, and returns what there is to tell.
pub(super) fn findings() -> Vec<(Topic, Finding)> {
    let starts = (Topic::Autostart, Finding::Autostart(starts(autostart::look())));
    let agent = agents(ipc::ask(&Request::Status, SOON));
    std::iter::once(starts).chain(agent.into_iter().map(|what| (Topic::Agent, Finding::Agent(what)))).collect()
}

fn starts(looked: io::Result<Entry>) -> Starts {
    match looked {
        Err(error) => Starts::Unknown(printable(&error.to_string())),
        Ok(entry) => {
            let program = entry.program.as_deref().map(|program| printable(&lossy(program))).unwrap_or_default();
            match entry.state {
                State::Off => Starts::No,
                State::TurnedOff => Starts::TurnedOff,
                State::On if entry.program_is_gone() => Starts::ProgramGone(program),
                State::On => Starts::Yes(program),
            }
        }
    }
}

fn agents(answer: Result<Answer, Unanswered>) -> Vec<Agent> {
    match answer {
        Ok(Answer::Status(report)) => running(&report),
        Ok(_) | Err(Unanswered::Silent) => vec![Agent::Silent],
        Err(Unanswered::NoAgent) => vec![Agent::Absent],
    }
}

fn running(report: &Report) -> Vec<Agent> {
    let place = log::place().map(|file| printable(&lossy(&file))).unwrap_or_default();
    let mut found = vec![if log::is_there() { Agent::Runs(report.pid, place) } else { Agent::NoLog(place) }];
    if report.version != env!("CARGO_PKG_VERSION") {
        found.push(Agent::OtherVersion(printable(&report.version), env!("CARGO_PKG_VERSION").into()));
    }
    if !report.tray {
        found.push(Agent::NoIcon);
    }
    if !report.notifier {
        found.push(Agent::NoNotifications);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::{Grade, grade};

    #[test]
    fn nothing_here_keeps_people_from_taking_turns_and_everything_is_told() {
        let report =
            |tray, notifier, version: &str| Report { pid: 7, version: version.into(), tray, notifier, databases: Vec::new() };
        let names = |answer| agents(answer).into_iter().map(|what| grade(&Finding::Agent(what))).collect::<Vec<_>>();
        let all = names(Ok(Answer::Status(report(false, false, "0.0.9"))));
        assert_eq!(all[1..], ["other-version", "no-icon", "no-notifications"].map(|name| (name, Grade::Warning)));
        assert_eq!(names(Ok(Answer::Status(report(true, true, env!("CARGO_PKG_VERSION"))))).len(), 1);
        assert_eq!(names(Err(Unanswered::NoAgent)), [("no-agent", Grade::Ok)]);
        assert_eq!(names(Err(Unanswered::Silent)), [("agent-silent", Grade::Warning)]);
    }

    #[test]
    fn an_entry_that_starts_nothing_is_told() {
        let here = std::env::current_exe().unwrap();
        let gone = here.with_file_name("gone");
        let entry = |state, program| Ok(Entry { state, program, place: "/e".into() });
        assert_eq!(starts(entry(State::On, Some(gone.clone()))), Starts::ProgramGone(gone.to_str().unwrap().into()));
        assert_eq!(starts(entry(State::On, Some(here.clone()))), Starts::Yes(here.to_str().unwrap().into()));
        assert_eq!(starts(entry(State::TurnedOff, Some(gone))), Starts::TurnedOff);
        assert_eq!(starts(entry(State::Off, None)), Starts::No);
        assert_eq!(starts(Err(io::Error::other("no"))), Starts::Unknown("no".into()));
    }
}
