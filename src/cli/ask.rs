//! `sharelock ask`: ask whoever has it to give it back, and let the agent tell what is answered.
//!
//! The hazard is a question that goes on after its asker: it stands in the agent's ticket, so it ends with the wish, and with the agent.

use super::agent::{absolute, no_agent};
use super::exit::Exit;
use super::keep::ask_some_agent;
use super::language::language;
use super::open::shown_target;
use super::seen::Seen;
use super::status::look_in_time;
use super::terminal::{give, say};
use crate::config::{Config, Target};
use crate::i18n::agent::{In, Said};
use crate::i18n::asking::Asking;
use crate::ipc::{Answer, Request, Unanswered};
use crate::lease::State;
use crate::session::PATIENCE;
use std::path::PathBuf;

const EXAMPLES: &str = "\
Examples:
  sharelock ask wems.db
  sharelock ask --note \"just two invoices\" wems.db

The agent of whoever has it shows the question; yours shows the answer, and tells you when the database is free. It is started if it \
does not run. `sharelock status` says whether the question was seen.

Exit codes: 0 asked, or free, or yours; 75 whoever has it cannot be asked, 69 the shared folder or the agent cannot be reached.";

/// What was typed.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct AskArguments {
    /// The database to ask for
    #[arg(value_name = "DB", value_hint = clap::ValueHint::FilePath)]
    database: PathBuf,
    /// A few words for whoever has it; about 75 letters arrive
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    note: String,
}

/// Asks.
pub(super) fn ask(arguments: &AskArguments, config: &Config) -> Exit {
    let target = config.target(&arguments.database);
    let seen = look_in_time(&target, false);
    if seen.state() != State::Held {
        return tell(&seen);
    }
    let request = Request::Ask(absolute(&target.path), arguments.note.clone());
    let Some(answer) = ask_some_agent(&request, 2 * PATIENCE) else {
        say(In(&Said::CannotStart, language()));
        return Exit::Unreachable;
    };
    match answer {
        Ok(Answer::Asked(whom)) => {
            give(In(&Asking::Asked(shown_target(&target), whom), language()));
            Exit::Done
        }
        Ok(Answer::NotAsked(State::Held)) => cannot(&target),
        // It is different by now.
        Ok(Answer::NotAsked(_)) => tell(&look_in_time(&target, false)),
        Err(Unanswered::NoAgent) => no_agent(),
        Ok(_) | Err(Unanswered::Silent) => {
            say(In(&Said::Silent(String::new()), language()));
            Exit::Unreachable
        }
    }
}

/// Tells the state in which nobody is asked.
fn tell(seen: &Seen) -> Exit {
    seen.give(false, "");
    seen.exit()
}

fn cannot(target: &Target) -> Exit {
    say(In(&Asking::Nobody(shown_target(target)), language()));
    Exit::Held
}
