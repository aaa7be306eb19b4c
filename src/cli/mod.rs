//! The command line: what was typed, what it means, and how it ends.
//!
//! One verb a file. Stdout is data, stderr is talk, and every exit code has one meaning (`exit`). Nothing in here touches the share
//! or reads a clock by itself.

mod attention;
mod demo;
mod doctor;
mod exit;
mod force_release;
mod help;
mod history;
mod hold;
mod language;
mod manual;
mod open;
mod run;
mod seen;
mod status;
mod supervise;
mod take;
mod terminal;
mod wait;
mod waiting;
mod watch;

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
  sharelock wait wems.db && echo free          Only wait until it is free
  sharelock watch wems.db                      Who has it, and every change
  sharelock history --since 7d wems.db         Who had it this week
  sharelock doctor wems.db                     Why is it not working?
  sharelock demo                               See it work

Exit codes:
  0    done
  1    `doctor` found something that keeps people from taking turns
  64   the command line cannot be understood
  69   the shared folder cannot be reached
  71   this computer is out of something
  73   no lease can be made there (full, read-only, synchronised, not a file)
  75   somebody else has it, or it was lost
  77   no permission
  78   the durations in the environment contradict each other
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
    /// Wait until it is free, and leave it to others
    Wait(wait::WaitArguments),
    /// Show who has them, and then every change, until Ctrl-C
    Watch(watch::WatchArguments),
    /// Order whoever has it to give it up, on record
    ForceRelease(force_release::ForceReleaseArguments),
    /// Show who had it, from when to when, and how it ended
    History(history::HistoryArguments),
    /// Print completions for a shell
    Completions(manual::CompletionArguments),
    /// Print the manual page
    Man(manual::ManArguments),
    /// Find out what is wrong with a shared folder
    Doctor(doctor::DoctorArguments),
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
    crate::platform::share_one_heap();
    let words: Vec<OsString> = std::env::args_os().collect();
    // What is configured counts where neither the command line nor the environment names a language: it goes in here.
    language::decide(words.get(1..).unwrap_or_default(), None);
    let typed = match parse(words) {
        Ok(typed) => typed,
        Err(error) => return explain(&error),
    };
    let timing = match open::timing() {
        Ok(timing) => timing,
        Err(error) => return ExitCode::from(status::refuse(&error).code()),
    };
    let code = match &typed.verb {
        Verb::Status(arguments) => status::status(arguments, timing).code(),
        Verb::Run(arguments) => run::run(arguments, timing),
        Verb::Hold(arguments) => hold::hold(arguments, timing).code(),
        Verb::Wait(arguments) => wait::wait(arguments, timing).code(),
        Verb::Watch(arguments) => watch::watch(arguments, timing).code(),
        Verb::ForceRelease(arguments) => force_release::force_release(arguments, timing).code(),
        Verb::History(arguments) => history::history(arguments, timing).code(),
        Verb::Completions(arguments) => manual::completions(arguments).code(),
        Verb::Man(arguments) => manual::man(arguments).code(),
        Verb::Doctor(arguments) => doctor::doctor(arguments, timing).code(),
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
