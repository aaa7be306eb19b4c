//! `sharelock hold`: has the lease until somebody ends that.
//!
//! Ctrl-C is the ordinary way to end it, so it exits with 0 then, as after SIGTERM, SIGHUP and the end of the input. The hazard is a
//! reader that is gone: whoever reads the events decided to hold, so when nobody reads any more the lease is given back.

use super::attention::{Attention, Happening};
use super::exit::Exit;
use super::language::language;
use super::open::{lossy, now, shown_target};
use super::seen::rfc3339;
use super::take::{TakeArguments, give_back, open_to_take, take};
use super::terminal::{give, say};
use crate::config::Config;
use crate::i18n::{About, Talk, plain_json};
use crate::lease::Belief;
use crate::session::describe::talk;
use crate::session::{Database, Guard, News};
use serde::Serialize;
use std::io::Read;
use std::sync::mpsc;

const EXAMPLES: &str = "\
Examples:
  sharelock hold wems.db --note \"back at 10\"
  sharelock hold -w 10 --json wems.db | while read event; do echo \"$event\"; done
  some-program | sharelock hold --until-eof wems.db    Until that program ends

Exit codes: 0 given back, 75 somebody else has it or it was lost, 69 the shared folder cannot be reached, 73 no lease can be made \
there, 77 no permission, 130 interrupted while waiting.";

/// What was typed.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct HoldArguments {
    #[command(flatten)]
    take: TakeArguments,
    /// Give it back when standard input ends
    #[arg(long)]
    until_eof: bool,
    /// Print one JSON object per line and event
    #[arg(long)]
    json: bool,
}

/// One line of `--json`. Fields are never removed, renamed or reused.
#[derive(Debug, Serialize)]
struct Line<'a> {
    schema: u32,
    event: &'static str,
    token: u64,
    database: &'a str,
    time: Option<String>,
}

/// Tells events.
struct Teller<'a> {
    opened: &'a Database,
    database: String,
    json: bool,
    token: u64,
}

impl Teller<'_> {
    /// Tells an event; false when nobody listens any more.
    fn event(&self, event: &'static str) -> bool {
        if !self.json {
            return true;
        }
        let line = Line { schema: 1, event, token: self.token, database: &self.database, time: rfc3339(now().wall) };
        serde_json::to_string(&line).is_ok_and(|line| give(plain_json(&line)))
    }

    fn talk(&self, talk: &Talk) {
        say(About(self.opened.name(), talk, language()));
    }
}

/// Holds until somebody ends that.
pub(super) fn hold(arguments: &HoldArguments, config: &Config) -> Exit {
    let target = config.target(&arguments.take.database);
    let shown = shown_target(&target);
    let (attention, happenings) = match Attention::install(shown.clone()) {
        Ok(installed) => installed,
        Err(error) => {
            say(About(&shown, &Talk::System(error.to_string()), language()));
            return Exit::System;
        }
    };
    if arguments.until_eof {
        watch_input(attention.clone());
    }
    let opened = open_to_take(&arguments.take, &target, &arguments.take.options(&target).app("sharelock hold"));
    let (opened, wait) = match opened {
        Ok(opened) => opened,
        Err(exit) => return exit,
    };
    let guard = match take(&arguments.take, wait, &opened, &attention) {
        Ok(guard) => guard,
        Err(exit) => return exit,
    };
    attention.pass_on(&opened);
    let database = lossy(opened.path());
    let teller = Teller { opened: &opened, database, json: arguments.json, token: guard.token().0 };
    watch(teller, guard, happenings)
}

/// Tells when standard input ends. What it says does not matter.
fn watch_input(attention: Attention) {
    let read = move || {
        let mut input = std::io::stdin().lock();
        let mut nothing = [0_u8; 1024];
        while matches!(input.read(&mut nothing), Ok(count) if count > 0) {}
        attention.input_ended();
    };
    // Without a thread the input cannot be watched; signals still end the hold.
    drop(std::thread::Builder::new().name("sharelock-input".into()).spawn(read));
}

fn watch(mut teller: Teller<'_>, guard: Guard, happenings: mpsc::Receiver<Happening>) -> Exit {
    let mut listened = teller.event("acquired");
    if !teller.json {
        teller.talk(&Talk::Holding(teller.token));
    }
    // What happened between taking the lease and listening to its reports is asked for.
    if matches!(guard.belief(), Belief::None) {
        return lost(&teller, &Talk::LostRecord);
    }
    let (mut expiring, mut revoked) = (false, false);
    while listened {
        let Ok(happening) = happenings.recv() else { break };
        let news = match happening {
            Happening::Signal(_) | Happening::InputEnded => break,
            Happening::Ended(_) | Happening::AllGone | Happening::TakenOver(_) | Happening::TakenBack => continue,
            Happening::News(news) => news,
        };
        let talk = talk(&news, teller.opened.timing());
        let event = match news {
            News::Renewed => {
                if std::mem::take(&mut expiring) {
                    teller.talk(&talk);
                }
                listened = teller.event("renewed");
                continue;
            }
            News::Expiring => {
                expiring = true;
                teller.talk(&talk);
                continue;
            }
            News::Unsure(_) => {
                expiring = false;
                "unsure"
            }
            News::Recovered(token) => {
                teller.token = token.0;
                "acquired"
            }
            News::Revoked(_) => {
                teller.talk(&talk);
                revoked = true;
                break;
            }
            News::Lost(_) => return lost(&teller, &talk),
        };
        teller.talk(&talk);
        listened = teller.event(event);
    }
    // A second Ctrl-C ends this process also when the share does not answer.
    drop(happenings);
    if let Err(exit) = give_back(teller.opened, guard) {
        return exit;
    }
    teller.event("released");
    if !teller.json {
        teller.talk(&Talk::GivenBack);
    }
    if revoked { Exit::Held } else { Exit::Done }
}

fn lost(teller: &Teller<'_>, talk: &Talk) -> Exit {
    teller.talk(talk);
    teller.event("lost");
    Exit::Held
}
