//! `sharelock agent`: runs the background agent, says what it does, ends it.
//!
//! One agent runs per user session. Whoever starts a second one wants to see the first, so that one shows its window. The hazard is a
//! half-started agent: signals are taken over before the first thread begins, so the order in `run` matters.

use super::exit::Exit;
use super::language::language;
use super::open::{lossy, told};
use super::terminal::{give, say};
use crate::agent::{self, Start, log};
use crate::config::{self, Broken, Loaded, Places, Problem, Source};
use crate::i18n::agent::{In, Said};
use crate::i18n::{Language, plain_json, printable};
use crate::ipc::{self, Answer, Report, Request, Unanswered};
use crate::platform::local_socket::Instance;
use crate::session::default_memory;
use serde::Serialize;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

const EXAMPLES: &str = "\
Examples:
  sharelock agent run                 Watch everything that is configured, with an icon in the panel
  sharelock agent run wems.db         Watch this database as well
  sharelock agent status              What is it doing?
  sharelock agent stop                End it; what it holds is given back";

/// How long an agent may take to answer what it knows already.
pub(super) const SOON: Duration = Duration::from_secs(10);

/// What was typed.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct AgentArguments {
    #[command(subcommand)]
    verb: AgentVerb,
}

#[derive(Debug, clap::Subcommand)]
enum AgentVerb {
    /// Run in the background, with an icon in the panel
    Run(AgentRunArguments),
    /// Say what the running agent does
    Status(AgentStatusArguments),
    /// End the running agent
    Stop,
}

#[derive(Debug, clap::Args)]
struct AgentRunArguments {
    /// More databases to watch, besides those that are configured
    #[arg(value_name = "DB", value_hint = clap::ValueHint::FilePath)]
    databases: Vec<PathBuf>,
}

#[derive(Debug, clap::Args)]
struct AgentStatusArguments {
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// What `agent status --json` prints. Fields are never removed, renamed or reused.
#[derive(Debug, Serialize)]
struct Line {
    schema: u32,
    pid: u32,
    tray: bool,
    notifications: bool,
    databases: Vec<DatabaseLine>,
}

#[derive(Debug, Serialize)]
struct DatabaseLine {
    label: String,
    database: String,
    state: Option<crate::lease::State>,
    held: bool,
    wanted: bool,
}

/// Does what was typed.
pub(super) fn agent(arguments: &AgentArguments, loaded: Result<Loaded, Broken>) -> Exit {
    match &arguments.verb {
        AgentVerb::Run(arguments) => match told(loaded) {
            Ok(loaded) => run(arguments, &loaded),
            Err(exit) => exit,
        },
        AgentVerb::Status(arguments) => status(arguments),
        AgentVerb::Stop => match ipc::ask(&Request::Stop, SOON) {
            Ok(_) | Err(Unanswered::Silent) => Exit::Done,
            Err(Unanswered::NoAgent) => no_agent(),
        },
    }
}

fn run(arguments: &AgentRunArguments, loaded: &Loaded) -> Exit {
    let config = &loaded.config;
    let watched = arguments.databases.iter().map(|typed| Request::Watch(absolute(&config.target(typed).path)));
    let instance = match Instance::begin() {
        Ok(Some(instance)) => instance,
        Ok(None) => return show_the_other(watched),
        Err(error) => return cannot(&error),
    };
    let config = &loaded.config;
    let requests: Vec<Request> = watched.collect();
    let welcome = requests.is_empty() && config.databases.is_empty() && is_first_start();
    let start = Start { config: config.clone(), language: language(), requests, welcome, log: log::place(), no_log };
    let warnings = problems(&loaded.warnings);
    let run = agent::run(start, move |hotline| {
        hotline.faulty(warnings, true);
        let (answering, telling) = (hotline.clone(), hotline.clone());
        let served = ipc::serve(instance, move |request, reply| answering.ask(request, reply), move |why| telling.sent_away(why));
        // Without it the agent cannot be reached by programs; the icon still works.
        drop(served);
        follow(Places::find(), hotline)
    });
    match run {
        Ok(()) => Exit::Done,
        Err(error) => cannot(&error),
    }
}

/// Returns whether this user has never started an agent before; the next time it is one time later.
fn is_first_start() -> bool {
    let Some(seen) = default_memory() else { return false };
    let mark = seen.with_file_name("welcomed");
    config::create(&mark, "").is_ok()
}

/// Somebody wants to see the agent that runs already.
fn show_the_other(watched: impl Iterator<Item = Request>) -> Exit {
    for request in watched {
        if ipc::ask(&request, SOON).is_err() {
            break;
        }
    }
    match ipc::ask(&Request::Show, SOON) {
        Ok(_) => Exit::Done,
        Err(error) => {
            say(In(&Said::Silent(printable(&error.to_string())), language()));
            Exit::Unreachable
        }
    }
}

/// Keeps the agent's configuration as the files are, for as long as what is returned lives.
fn follow(places: Places, hotline: agent::Hotline) -> Arc<Mutex<Following>> {
    let source = Source::new(places.clone());
    let following = Arc::new(Mutex::new(Following { source, hotline, places, watching: None }));
    listen(&following);
    following
}

/// What hears of changes.
struct Following {
    source: Source,
    hotline: agent::Hotline,
    places: Places,
    watching: Option<config::Watching>,
}

/// Listens for the next change; anew after each one, since folders come and go.
fn listen(following: &Arc<Mutex<Following>>) {
    let weak = Arc::downgrade(following);
    let mut own = following.lock().unwrap_or_else(PoisonError::into_inner);
    own.watching = config::watch(&own.places, move || {
        let Some(following) = weak.upgrade() else { return };
        let mut own = following.lock().unwrap_or_else(PoisonError::into_inner);
        // What cannot be used leaves what could be used before; `config check`, the doctor and the log say why.
        match own.source.reload() {
            Ok(_) => {
                let loaded = own.source.current();
                own.hotline.configured(loaded.config.clone());
                own.hotline.faulty(problems(&loaded.warnings), true);
            }
            Err(Broken(faults)) => own.hotline.faulty(problems(&faults), false),
        }
        drop(own);
        listen(&following);
    });
}

fn no_log(file: &Path, error: &std::io::Error) {
    say(In(&Said::NoLog(printable(&lossy(file)), printable(&error.to_string())), language()));
}

fn problems(faults: &[Problem]) -> Vec<String> {
    faults.iter().map(|fault| fault.plain_line(Language::English)).collect()
}

fn status(arguments: &AgentStatusArguments) -> Exit {
    match ipc::ask(&Request::Status, SOON) {
        Ok(Answer::Status(report)) if arguments.json => {
            let told = serde_json::to_string(&line(&report)).is_ok_and(|line| give(plain_json(&line)));
            if told { Exit::Done } else { Exit::System }
        }
        Ok(Answer::Status(report)) => {
            tell(&report);
            Exit::Done
        }
        Ok(_) | Err(Unanswered::Silent) => {
            say(In(&Said::Silent(String::new()), language()));
            Exit::Unreachable
        }
        Err(Unanswered::NoAgent) => no_agent(),
    }
}

fn line(report: &Report) -> Line {
    let database = |watched: &ipc::Watched| DatabaseLine {
        label: watched.label.clone(),
        database: lossy(&watched.path),
        state: watched.state,
        held: watched.held,
        wanted: watched.wanted,
    };
    let databases = report.databases.iter().map(database).collect();
    Line { schema: 1, pid: report.pid, tray: report.tray, notifications: report.notifier, databases }
}

fn tell(report: &Report) {
    let words = |said: Said| give(In(&said, language()));
    words(Said::Runs(report.pid));
    if !report.tray {
        words(Said::NoTray);
    }
    if !report.notifier {
        words(Said::NoNotifier);
    }
    if report.databases.is_empty() {
        words(Said::WatchesNothing);
    }
    for watched in &report.databases {
        let meaning = agent::meaning(watched);
        words(Said::Watches(printable(&watched.label), meaning, printable(&lossy(&watched.path))));
    }
}

/// Says that there is no agent.
pub(super) fn no_agent() -> Exit {
    say(In(&Said::NoAgent, language()));
    Exit::Unreachable
}

fn cannot(error: &std::io::Error) -> Exit {
    say(In(&Said::CannotRun(printable(&error.to_string())), language()));
    Exit::System
}

/// Returns a path that means the same in another process.
pub(super) fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf())
}
