//! `sharelock run`: waits for the lease, runs a program under it, gives it back when the program and all that it started are gone.
//!
//! The order is the promise: have the lease, make the process, write its number into the record on the share, and only then let it
//! begin. Whatever happens to this process in between, nobody is let in while that program may write.

use super::attention::{Attention, Happening};
use super::cover::{Cover, borrow, is_outer, lost_before_start};
use super::exit::Exit;
use super::gui;
use super::language::language;
use super::open::shown_target;
use super::supervise::{Orders, Supervision};
use super::take::{TakeArguments, duration, open_to_take, take};
use super::terminal::{said_last, say};
use crate::config::{Config, Target};
use crate::i18n::config::{Remark, remark};
use crate::i18n::{About, Talk, printable};
use crate::platform::guard::{DATABASE, Guarded, MARK, Program, STORE, SpawnError, TOKEN, prepare};
use crate::session::{Database, Wait};
use std::ffi::{OsStr, OsString};
use std::path::Path;
use std::sync::{Arc, mpsc};
use std::time::Duration;

/// What to do with the program when the lease is lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum OnLost {
    /// Say so, and let it go on
    Warn,
    /// End it
    Stop,
}

const EXAMPLES: &str = "\
Examples:
  sharelock run wems.db -- sqlite3 wems.db             Wait as long as it takes
  sharelock run -w 5m wems.db -- ./import.sh           75 when it is still held after 5 minutes
  sharelock run -n -E 1 wems.db -- ./import.sh         Do not wait, and exit with 1 then
  sharelock run RH                                     The program that is configured for RH
  sharelock run --on-lost stop wems.db -- ./batch.sh   End it rather than let it write without the lease

The program gets SHARELOCK_TOKEN (grows with every lease), SHARELOCK_DATABASE and SHARELOCK_STORE in its environment.

Exit codes: the program's own, 126, 127 and 128+n as in sh; 75 somebody else has it, 69 the shared folder cannot be reached, \
73 no lease can be made there, 77 no permission, 130 interrupted.";

/// What was typed.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct RunArguments {
    #[command(flatten)]
    take: TakeArguments,
    /// For shortcuts: ask in a window what to do when somebody else has it
    #[arg(long, conflicts_with_all = ["nonblock", "timeout"])]
    gui: bool,
    /// Exit with this code instead of 75
    #[arg(short = 'E', long, value_name = "CODE")]
    conflict_exit_code: Option<u8>,
    /// What to do with the program when the lease is lost, or about to be
    #[arg(long, value_enum, value_name = "WHAT", default_value = "warn")]
    on_lost: OnLost,
    /// How long the program may take to end before it is ended by force
    #[arg(long, value_name = "TIME", value_parser = duration, default_value = "30s")]
    grace: Duration,
    /// The program and what it is given; without it, what is configured for the database
    #[arg(last = true, value_name = "CMD")]
    command: Vec<OsString>,
}

/// Runs the program; returns the exit code.
pub(super) fn run(arguments: &RunArguments, config: &Config) -> u8 {
    let exit = attempt(arguments, config).unwrap_or_else(|exit| exit);
    match (exit, arguments.conflict_exit_code) {
        (Exit::Held, Some(code)) => code,
        (exit, _) => exit.code(),
    }
}

fn attempt(arguments: &RunArguments, config: &Config) -> Result<Exit, Exit> {
    let target = config.target(&arguments.take.database);
    let shown = shown_target(&target);
    // Whoever clicked hears nothing of what is said on a terminal.
    let not_started = |exit: Exit| {
        if arguments.gui {
            gui::not_started(&target, said_last());
        }
        exit
    };
    let command = command(arguments, &target).ok_or_else(|| {
        say(remark(&Remark::NoProgramConfigured(shown.clone()), language()));
        not_started(Exit::Usage)
    })?;
    let name = command.first().map(|program| super::open::shown(Path::new(program))).unwrap_or_default();
    let (attention, happenings) = Attention::install(shown.clone()).map_err(|error| system(&shown, &error))?;
    let opened = open_to_take(&arguments.take, &target, &arguments.take.options(&target).app(name.clone()));
    let (opened, wait) = opened.map_err(not_started)?;
    let opened = Arc::new(opened);
    let orders = Orders { stop: arguments.on_lost == OnLost::Stop, grace: arguments.grace, name };
    let cover = cover(arguments, &target, &opened, wait, &attention, &orders)?;
    attention.work();
    let exit = match start(command, &opened, &orders, &cover) {
        Ok(family) => supervise(&opened, &orders, &attention, &happenings, &cover, family),
        Err(exit) => not_started(exit),
    };
    // The program's own code tells more than that the lease could not be given back, which is said.
    cover.end(&opened);
    Ok(exit)
}

/// Gets the lease under which the program is to work.
fn cover(
    arguments: &RunArguments,
    target: &Target,
    opened: &Arc<Database>,
    wait: Wait,
    attention: &Attention,
    orders: &Orders,
) -> Result<Cover, Exit> {
    if is_outer(opened) {
        return Ok(Cover::Outer);
    }
    let patience = if arguments.gui { Wait::Never } else { wait };
    match borrow(target, opened, &orders.name, patience, attention) {
        Some(Ok(cover)) => return Ok(cover),
        Some(Err(exit)) if !arguments.gui => return Err(exit),
        Some(Err(_)) | None => {}
    }
    let guard = if arguments.gui { gui::take(target, opened)? } else { take(&arguments.take, wait, opened, attention)? };
    attention.pass_on(opened);
    Ok(Cover::Own(guard))
}

/// Returns the program and its arguments: what was typed, or what is configured.
fn command(arguments: &RunArguments, target: &Target) -> Option<Vec<OsString>> {
    if !arguments.command.is_empty() {
        return Some(arguments.command.clone());
    }
    target.configured.as_ref()?.command(true)
}

fn system(shown: &str, error: &std::io::Error) -> Exit {
    say(About(shown, &Talk::System(printable(&error.to_string())), language()));
    Exit::System
}

/// Makes the process, has its number written into the record, and lets it begin.
fn start(command: Vec<OsString>, opened: &Database, orders: &Orders, cover: &Cover) -> Result<Guarded, Exit> {
    let prepared = prepare(&program(command, opened, cover)).map_err(|error| not_started(orders, &error))?;
    // The record names the process before it may write anything, and the renewal that does it proves that the lease is still held.
    let named = cover.name(vec![prepared.facts()], opened.timing().fence);
    if !named || !cover.is_held() {
        return Err(lost_before_start(cover, opened, orders.name.clone()));
    }
    prepared.go().map_err(|error| not_started(orders, &error))
}

fn not_started(orders: &Orders, error: &SpawnError) -> Exit {
    let program = orders.name.clone();
    let talk = match error {
        SpawnError::NotFound { .. } => Talk::NoSuchProgram(program),
        SpawnError::NotExecutable { source, .. } | SpawnError::Failed { source, .. } => {
            Talk::CannotStart(program, printable(&source.to_string()))
        }
    };
    say(About("", &talk, language()));
    Exit::Program(error.exit_code())
}

fn program(command: Vec<OsString>, opened: &Database, cover: &Cover) -> Program {
    let mut command = command.into_iter();
    let variable = |name: &str, value: &OsStr| (OsString::from(name), value.to_os_string());
    // A nested run has all that in its own environment.
    let environment = cover.token().zip(cover.mark()).map_or_else(Vec::new, |(token, mark)| {
        vec![
            variable(TOKEN, token.to_string().as_ref()),
            variable(STORE, opened.store().as_os_str()),
            variable(DATABASE, opened.path().as_os_str()),
            variable(MARK, mark.to_string().as_ref()),
        ]
    });
    Program { program: command.next().unwrap_or_default(), arguments: command.collect(), environment }
}

fn supervise(
    opened: &Database,
    orders: &Orders,
    attention: &Attention,
    happenings: &mpsc::Receiver<Happening>,
    cover: &Cover,
    family: Guarded,
) -> Exit {
    let family = Arc::new(family);
    let (sender, waited) = (attention.sender(), Arc::clone(&family));
    let wait = move || {
        drop(sender.send(Happening::Ended(waited.wait_child())));
        waited.wait_descendants();
        drop(sender.send(Happening::AllGone));
    };
    let spawned = std::thread::Builder::new().name("sharelock-program".into()).spawn(wait);
    if let Err(error) = spawned {
        // Nothing else can be done than to wait right here; signals have to wait as well.
        say(About(opened.name(), &Talk::System(printable(&error.to_string())), language()));
        let code = family.wait_child();
        family.wait_descendants();
        return Exit::Program(code);
    }
    Supervision::new(opened, orders, cover, &family).watch(happenings)
}
