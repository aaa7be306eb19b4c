//! `sharelock force-release`: orders whoever has it to give it up, on record.
//!
//! Nothing is broken open: the holder reads the order at its next sign of life, and others come in once it must have stopped believing.
//! The hazard is an impatient user who does not see who is at work, so the holder's name is typed, and what was confirmed
//! is what is ordered, whoever has it by then. Letting others in at once is a second, named step.

use super::exit::Exit;
use super::language::language;
use super::open::{now, options};
use super::seen::Seen;
use super::take::{open, refused};
use super::terminal::{give, say};
use crate::config::Config;
use crate::i18n::{About, Order, Reason, Talk, printable};
use crate::lease::record::Holder;
use crate::lease::{State, Status};
use crate::session::describe::{self, person};
use crate::session::{Database, PATIENCE};
use std::path::PathBuf;

const EXAMPLES: &str = "\
Examples:
  sharelock force-release wems.db --confirm \"Marie Dupont\" --reason \"she is ill, stock count today\"
  sharelock force-release wems.db --confirm unknown --reason \"left by the old program\" --now

--confirm is the holder's name as `sharelock status --json` prints it in holder.name (the log-in name where that is null), or \
`unknown` where nobody can be named. The holder is told who orders it, why, and that the time to save is now. It is not renewed \
any more from then on, and others are let in as soon as it is given back, or when it cannot be believed in any more (3 minutes with the \
usual durations). Orders are kept in the history.

--now does not wait for that: then TWO PEOPLE MAY WRITE AT ONCE, unless you know that the holder's program has ended.

Exit codes: 0 ordered, or free already; 64 somebody else has it than was confirmed; 69, 73 and 77 as everywhere; 75 when only a \
newer version of Sharelock may order it.";

/// What was typed.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct ForceReleaseArguments {
    /// The database
    #[arg(value_name = "DB", value_hint = clap::ValueHint::FilePath)]
    database: PathBuf,
    /// Who has it, typed to show that you know whom you interrupt
    #[arg(long, value_name = "HOLDER")]
    confirm: String,
    /// Why; the holder and the history are told
    #[arg(long, value_name = "TEXT", value_parser = some_text)]
    reason: String,
    /// Do not wait for the holder: two people may then write at once
    #[arg(long)]
    now: bool,
}

fn some_text(text: &str) -> Result<String, String> {
    let text = text.trim();
    if text.is_empty() { Err(Reason::SayWhy.text(language())) } else { Ok(text.to_owned()) }
}

/// Orders a holder to give up.
pub(super) fn force_release(arguments: &ForceReleaseArguments, config: &Config) -> Exit {
    attempt(arguments, config).map_or_else(|exit| exit, |()| Exit::Done)
}

fn attempt(arguments: &ForceReleaseArguments, config: &Config) -> Result<(), Exit> {
    let target = config.target(&arguments.database);
    let database = open(&target, options(&target))?;
    let talk = |talk: &Talk| say(About(database.name(), talk, language()));
    let status = database.look(PATIENCE).status;
    match status.state {
        State::Free => {
            talk(&Talk::Order(Order::NothingToRelease));
            return Ok(());
        }
        State::Unreachable | State::Denied => {
            let seen = Seen::look(&database);
            say(&seen.sentence);
            return Err(seen.exit());
        }
        State::Mine | State::Held | State::Stale if status.newer => {
            say(About(database.name(), &describe::sentence(&status, database.me(), String::new(), now()), language()));
            return Err(Exit::Held);
        }
        State::Mine | State::Held | State::Stale => {}
    }
    let holder = status.holder.as_deref();
    if arguments.confirm != confirmed(holder) {
        talk(&Talk::Order(Order::NotConfirmed(person(holder), printable(&arguments.confirm))));
        return Err(Exit::Usage);
    }
    if arguments.now {
        talk(&Talk::Order(Order::TwoMayWrite(person(holder))));
    } else if status.state != State::Stale && holder.is_some() {
        talk(&Talk::Order(Order::MayLoseChanges(person(holder))));
    }
    database.order_release(&arguments.reason, arguments.now, PATIENCE).map_err(|error| refused(&database, error))?;
    tell(&database, &status, arguments.now);
    Ok(())
}

/// Returns what has to be typed.
fn confirmed(holder: Option<&Holder>) -> &str {
    match holder {
        None => "unknown",
        Some(holder) if holder.name.is_empty() => &holder.user,
        Some(holder) => &holder.name,
    }
}

/// Says what the order has done, as far as that can be seen at once.
fn tell(database: &Database, before: &Status, at_once: bool) {
    let after = database.look(PATIENCE).status;
    let who = person(before.holder.as_deref());
    let talk = match (at_once, after.state) {
        (true, _) | (false, State::Free) => Order::LetIn,
        (false, State::Mine | State::Held | State::Stale | State::Unreachable | State::Denied) => {
            Order::Given(who, after.takeable_in)
        }
    };
    give(About(database.name(), &Talk::Order(talk), language()));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_typed_is_the_name_that_people_know() {
        let marie = Holder { user: "mdupont".into(), name: "Marie Dupont".into(), ..Holder::default() };
        assert_eq!(confirmed(Some(&marie)), "Marie Dupont");
        assert_eq!(confirmed(Some(&Holder { name: String::new(), ..marie })), "mdupont");
        assert_eq!(confirmed(None), "unknown");
    }

    #[test]
    fn a_reason_says_something() {
        assert_eq!(some_text("  stock count "), Ok("stock count".to_owned()));
        assert!(some_text(" \t").is_err());
    }
}
