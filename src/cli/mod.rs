//! The command line: what was typed, what it means, and how it ends.
//!
//! One verb a file. Stdout is data, stderr is talk, and every exit code has one meaning (`exit`). Nothing in here touches the share
//! or reads a clock by itself.

mod agent;
mod ask;
mod attention;
mod autostart;
mod config;
mod cover;
mod demo;
mod doctor;
mod exit;
mod force_release;
mod gui;
mod help;
mod here;
mod history;
mod hold;
mod keep;
mod language;
mod manual;
mod onlooker;
mod open;
mod report;
mod run;
mod seen;
mod shortcut;
mod status;
mod supervise;
mod take;
mod terminal;
mod view;
mod wait;
mod waiting;
mod watch;

use crate::config::{Broken, Config, Loaded, Places};
use clap::error::ErrorKind;
use clap::{FromArgMatches, Parser, Subcommand};
use exit::Exit;
use std::ffi::OsString;
use std::process::ExitCode;

const EXAMPLES: &str = "\
Examples:
  sharelock status wems.db                     Who has it?
  sharelock run wems.db -- sqlite3 wems.db     Wait for it, run a program, give it back
  sharelock run -n wems.db -- ./import.sh      Do not wait: 75 when somebody else has it
  sharelock hold wems.db --note \"back at 10\"   Have it until Ctrl-C
  sharelock ask wems.db                        Ask whoever has it to give it back
  sharelock wait wems.db && echo free          Only wait until it is free
  sharelock watch wems.db                      Who has it, and every change
  sharelock history --since 7d wems.db         Who had it this week
  sharelock doctor wems.db                     Why is it not working?
  sharelock config add RH /srv/rh/base.db      Let it be called RH from now on
  sharelock demo                               See it work

A configured label (`sharelock config`) may stand wherever a database is asked for. What has a path separator in it, or is the name of \
something that is there, is a path; anything else is a label, whatever its capitals, and a path where there is no such label.

Exit codes:
  0    done
  1    `doctor` found something that keeps people from taking turns
  64   the command line cannot be understood
  69   the shared folder cannot be reached
  71   this computer is out of something
  73   no lease can be made there (full, read-only, synchronised, not a file)
  75   somebody else has it, or it was lost
  77   no permission
  78   the configuration cannot be used
  130  interrupted
  `run` otherwise returns the program's own code; 126, 127 and 128+n as in sh.";

/// Take turns on a shared database file.
///
/// A lease beside the file, in any shared folder, without a server: two people never write at once.
#[derive(Debug, Parser)]
#[command(name = "sharelock", version, after_help = EXAMPLES, subcommand_required = true)]
struct Typed {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Show who has it; touches nothing
    Status(status::StatusArguments),
    /// Wait for it, run a program, give it back
    Run(run::RunArguments),
    /// Have it until Ctrl-C
    Hold(hold::HoldArguments),
    /// Let the agent have it for you, until you release it
    Take(keep::KeepArguments),
    /// Let the agent give it back
    Release(keep::ReleaseArguments),
    /// Ask whoever has it to give it back
    Ask(ask::AskArguments),
    /// Wait until it is free, and leave it to others
    Wait(wait::WaitArguments),
    /// Show who has them, and then every change, until Ctrl-C
    Watch(watch::WatchArguments),
    /// Order whoever has it to give it up, on record
    ForceRelease(force_release::ForceReleaseArguments),
    /// Show who had it, from when to when, and how it ended
    History(history::HistoryArguments),
    /// Run the agent in the background, see what it does, end it
    Agent(agent::AgentArguments),
    /// Start the agent when you log in, or not
    Autostart(autostart::AutostartArguments),
    /// Make something to click on that opens a configured database
    Shortcut(shortcut::ShortcutArguments),
    /// Show, check and change the configuration
    Config(config::ConfigArguments),
    /// Print completions for a shell
    Completions(manual::CompletionArguments),
    /// Print the manual page
    Man(manual::ManArguments),
    /// Find out what is wrong with a shared folder
    Doctor(doctor::DoctorArguments),
    /// Collect what is needed to report a problem, with names hidden; sends nothing
    Report(report::ReportArguments),
    /// See it work, with two real programs in a temporary folder
    #[command(after_help = "Examples:\n  sharelock demo      Takes ten seconds and leaves nothing behind")]
    Demo,
    /// One turn of the demo
    #[command(hide = true)]
    DemoTurn(demo::TurnArguments),
}

/// Does what the command line says; for `main` alone.
#[must_use]
pub fn main() -> ExitCode {
    act(std::env::args_os().collect())
}

/// Runs the agent, on the databases that are typed and those that are configured; for the agent's own program alone.
///
/// `run --gui` is what it is on the command line: shortcuts start a program without a console, and the agent takes no such argument.
#[must_use]
pub fn agent_main() -> ExitCode {
    let mut words: Vec<OsString> = std::env::args_os().collect();
    if matches!(words.get(1..3), Some([verb, gui]) if verb == "run" && gui == "--gui") {
        return act(words);
    }
    let typed = words.split_off(words.len().min(1));
    act(words.into_iter().chain(["agent".into(), "run".into()]).chain(typed).collect())
}

fn act(words: Vec<OsString>) -> ExitCode {
    crate::platform::share_one_heap();
    let loaded = crate::config::load(&Places::find());
    language::decide(words.get(1..).unwrap_or_default(), loaded.as_ref().ok().and_then(|loaded| loaded.config.language));
    let typed = match parse(words) {
        Ok(typed) => typed,
        Err(error) => return explain(&error),
    };
    let code = match &typed.verb {
        Verb::Status(arguments) => configured(loaded, &|config| status::status(arguments, config).code()),
        Verb::Run(arguments) => configured(loaded, &|config| run::run(arguments, config)),
        Verb::Hold(arguments) => configured(loaded, &|config| hold::hold(arguments, config).code()),
        Verb::Wait(arguments) => configured(loaded, &|config| wait::wait(arguments, config).code()),
        Verb::Watch(arguments) => configured(loaded, &|config| watch::watch(arguments, config).code()),
        Verb::ForceRelease(arguments) => configured(loaded, &|config| force_release::force_release(arguments, config).code()),
        Verb::History(arguments) => configured(loaded, &|config| history::history(arguments, config).code()),
        Verb::Take(arguments) => configured(loaded, &|config| keep::take(arguments, config).code()),
        Verb::Ask(arguments) => configured(loaded, &|config| ask::ask(arguments, config).code()),
        Verb::Release(arguments) => configured(loaded, &|config| keep::release(arguments, config).code()),
        Verb::Agent(arguments) => agent::agent(arguments, loaded).code(),
        Verb::Autostart(arguments) => autostart::autostart(arguments).code(),
        Verb::Shortcut(arguments) => configured(loaded, &|config| shortcut::shortcut(arguments, config).code()),
        Verb::Config(arguments) => config::config(arguments).code(),
        Verb::Completions(arguments) => manual::completions(arguments).code(),
        Verb::Man(arguments) => manual::man(arguments).code(),
        Verb::Doctor(arguments) => doctor::doctor(arguments).code(),
        Verb::Report(arguments) => report::report(arguments).code(),
        Verb::Demo => demo::demo().code(),
        Verb::DemoTurn(arguments) => demo::turn(arguments).code(),
    };
    ExitCode::from(code)
}

fn parse(words: Vec<OsString>) -> Result<Typed, clap::Error> {
    let mut command = help::command();
    let matches = command.try_get_matches_from_mut(words)?;
    Typed::from_arg_matches(&matches).map_err(|error| error.format(&mut command))
}

/// Does what needs the configuration; the other verbs work without it, and while it is broken.
fn configured(loaded: Result<Loaded, Broken>, verb: &dyn Fn(&Config) -> u8) -> u8 {
    open::told(loaded).map_or_else(Exit::code, |loaded| verb(&loaded.config))
}

/// Prints what clap has to say: help and version are answers, everything else is a usage error.
fn explain(error: &clap::Error) -> ExitCode {
    match help::complaint(error) {
        Some(complaint) => terminal::say(complaint),
        // There is nobody left to tell when this fails.
        None => drop(error.print()),
    }
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => ExitCode::SUCCESS,
        _ => ExitCode::from(Exit::Usage.code()),
    }
}
