//! `sharelock take` and `sharelock release`: the agent keeps a database for its user, and gives it back.
//!
//! The hazard is to say *taken* before it is: the agent's answer is waited for, and its absence is told as what it is.

use super::agent::{SOON, absolute, no_agent};
use super::exit::Exit;
use super::language::language;
use super::open::{pause, shown_target};
use super::take::duration;
use super::terminal::{give, say};
use crate::config::Config;
use crate::i18n::agent::{In, Said, Word};
use crate::i18n::{About, Talk, printable};
use crate::ipc::{self, Answer, Refusal, Request, Unanswered};
use crate::platform::apart;
use crate::session::describe::trouble;
use std::path::PathBuf;
use std::time::Duration;

const TAKE_EXAMPLES: &str = "\
Examples:
  sharelock take wems.db              The agent keeps it for you, until you release it
  sharelock take -w 10m wems.db       Wait for it if somebody has it
  sharelock release wems.db

The agent is started if it does not run. Without an agent, `sharelock hold` keeps a database for as long as it runs.

Exit codes: 0 taken, 75 somebody else has it, 69 the shared folder or the agent cannot be reached, 73 no lease can be made there, \
77 no permission.";

const RELEASE_EXAMPLES: &str = "\
Examples:
  sharelock release wems.db
  sharelock release --anyway wems.db  Although a program on this computer still has it open

What your own `run` or `hold` has is asked back from it.

Exit codes: 0 given back, 75 a program still has it open, 69 the agent cannot be reached.";

/// How long a new agent may take until it can be reached.
const START: Duration = Duration::from_secs(5);
/// How often that is tried.
const TRY: Duration = Duration::from_millis(20);

/// What was typed.
#[derive(Debug, clap::Args)]
#[command(after_help = TAKE_EXAMPLES)]
pub(super) struct KeepArguments {
    /// The database to take
    #[arg(value_name = "DB", value_hint = clap::ValueHint::FilePath)]
    database: PathBuf,
    /// Wait at most this long: seconds, or a number with ms, s, m or h
    #[arg(short = 'w', long, value_name = "TIME", value_parser = duration)]
    timeout: Option<Duration>,
}

/// What was typed.
#[derive(Debug, clap::Args)]
#[command(after_help = RELEASE_EXAMPLES)]
pub(super) struct ReleaseArguments {
    /// The database to give back
    #[arg(value_name = "DB", value_hint = clap::ValueHint::FilePath)]
    database: PathBuf,
    /// Give it back although a program on this computer still has it open
    #[arg(long)]
    anyway: bool,
}

/// Lets the agent take a database.
pub(super) fn take(arguments: &KeepArguments, config: &Config) -> Exit {
    let target = config.target(&arguments.database);
    let shown = shown_target(&target);
    let wait = arguments.timeout.unwrap_or_default();
    let request = Request::Take(absolute(&target.path), wait);
    let Some(answer) = ask_some_agent(&request, wait + 2 * SOON) else {
        say(In(&Said::CannotStart, language()));
        return Exit::Unreachable;
    };
    match answer {
        Ok(Answer::Taken(token)) => {
            give(In(&Said::Kept(shown, token.0), language()));
            Exit::Done
        }
        Ok(Answer::Refused(refusal)) => refused(&shown, refusal),
        answer => unexpected(&answer),
    }
}

/// Lets the agent give a database back.
pub(super) fn release(arguments: &ReleaseArguments, config: &Config) -> Exit {
    let target = config.target(&arguments.database);
    let shown = shown_target(&target);
    let say_about = |talk: &Talk| say(About(&shown, talk, language()));
    match ipc::ask(&Request::Release(absolute(&target.path), arguments.anyway), 2 * SOON) {
        Ok(Answer::Done) => {
            give(About(&shown, &Talk::GivenBack, language()));
            Exit::Done
        }
        Ok(Answer::NotHeld) => {
            say(In(&Said::NotKept(shown), language()));
            Exit::Done
        }
        Ok(Answer::StillOpen(programs)) => {
            say(In(&Said::StillOpen(shown, programs.iter().map(|program| printable(program)).collect()), language()));
            Exit::Held
        }
        Ok(Answer::Unreleased(Some(span))) => {
            say_about(&Talk::LapsesIn(span, None));
            Exit::Unreachable
        }
        Ok(Answer::Unreleased(None)) => {
            say_about(&Talk::LostAtRelease);
            Exit::Held
        }
        answer => unexpected(&answer),
    }
}

fn refused(shown: &str, refusal: Refusal) -> Exit {
    match refusal {
        Refusal::Taken(who) => {
            say(In(&Word::HasIt(shown.to_owned(), who), language()));
            Exit::Held
        }
        Refusal::Failed(failure, detail) => {
            say(About(shown, &Talk::Failed(trouble(failure), printable(&detail)), language()));
            Exit::of(failure)
        }
        Refusal::Other(detail) => {
            say(About(shown, &Talk::System(printable(&detail)), language()));
            Exit::System
        }
    }
}

fn unexpected(answer: &Result<Answer, Unanswered>) -> Exit {
    if matches!(answer, Err(Unanswered::NoAgent)) {
        return no_agent();
    }
    say(In(&Said::Silent(String::new()), language()));
    Exit::Unreachable
}

/// Asks the agent, which is started if none runs; `None` when that does not work.
pub(super) fn ask_some_agent(request: &Request, patience: Duration) -> Option<Result<Answer, Unanswered>> {
    match ipc::ask(request, patience) {
        Err(Unanswered::NoAgent) => start().then(|| ipc::ask(request, patience)),
        answer => Some(answer),
    }
}

/// Starts an agent, and waits until it can be reached.
fn start() -> bool {
    if apart::agent().and_then(|mut agent| apart::start(&mut agent)).is_err() {
        return false;
    }
    let tries = START.as_millis() / TRY.as_millis();
    (0..tries).any(|_| {
        pause(TRY);
        ipc::ask(&Request::Status, SOON).is_ok()
    })
}
