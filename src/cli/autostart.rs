//! `sharelock autostart`: whether the agent starts when its user logs in.
//!
//! The hazard is an entry that names a program which is gone, or an old one: what it starts is told, and compared with this one.

use super::exit::Exit;
use super::language::language;
use super::open::lossy;
use super::terminal::{give, say};
use crate::i18n::autostart::{Autostart, In};
use crate::i18n::{plain_json, printable};
use crate::platform::apart;
use crate::platform::autostart::{self, Entry, State};
use serde::Serialize;
use std::io;

const EXAMPLES: &str = "\
Examples:
  sharelock autostart on              Start the agent whenever you log in
  sharelock autostart status          Does it?
  sharelock autostart off             No longer

It concerns you alone, on this computer, and takes effect at the next log-in; `sharelock agent run` starts the agent now.

Exit codes: 0 done, 71 the system refused.";

/// What was typed.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct AutostartArguments {
    #[command(subcommand)]
    verb: AutostartVerb,
}

#[derive(Debug, clap::Subcommand)]
enum AutostartVerb {
    /// Start the agent whenever you log in
    On,
    /// Do not start it any more
    Off,
    /// Say whether it starts, and what the entry says
    Status {
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
}

/// What `autostart status --json` prints. Fields are never removed, renamed or reused.
#[derive(Debug, Serialize)]
struct Line {
    schema: u32,
    state: &'static str,
    entry: String,
    program: Option<String>,
}

/// Does what was typed.
pub(super) fn autostart(arguments: &AutostartArguments) -> Exit {
    let done = match arguments.verb {
        AutostartVerb::On => std::env::current_exe().and_then(|program| autostart::turn_on(&program)).and_then(|()| tell()),
        AutostartVerb::Off => autostart::turn_off().and_then(|()| tell()),
        AutostartVerb::Status { json: false } => tell(),
        AutostartVerb::Status { json: true } => autostart::look().and_then(|entry| {
            give(plain_json(&serde_json::to_string(&line(&entry))?));
            Ok(())
        }),
    };
    match done {
        Ok(()) => Exit::Done,
        Err(error) => {
            say(In(&Autostart::Failed(printable(&error.to_string())), language()));
            Exit::System
        }
    }
}

const fn word(state: State) -> &'static str {
    match state {
        State::On => "on",
        State::Off => "off",
        State::TurnedOff => "turned-off",
    }
}

fn line(entry: &Entry) -> Line {
    Line { schema: 1, state: word(entry.state), entry: entry.place.clone(), program: entry.program.as_deref().map(lossy) }
}

fn tell() -> io::Result<()> {
    let words = |said: Autostart| give(In(&said, language()));
    let entry = autostart::look()?;
    words(match entry.state {
        State::On => Autostart::On,
        State::Off => Autostart::Off,
        State::TurnedOff => Autostart::TurnedOff,
    });
    if entry.state != State::Off {
        let program = entry.program.as_deref().map(|program| printable(&lossy(program)));
        words(Autostart::Entry(printable(&entry.place), program));
        if entry.program.is_some_and(|program| apart::agent().is_ok_and(|agent| agent.get_program() != program)) {
            words(Autostart::Other);
        }
    }
    Ok(())
}
