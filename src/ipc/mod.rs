//! What programs of one user say to their agent: one line of JSON asks, one line answers.
//!
//! Version 1. Fields are never removed, renamed or reused; what is not known is left aside. The hazards: a line of a gigabyte, half a
//! line that never ends, and a hundred programs at once; all three are bounded in `server.rs`, and none of them reaches the agent.

mod client;
mod server;
mod sighting;
mod told;

pub use client::{Unanswered, ask, follow};
pub use server::{SentAway, serve};
pub use sighting::Sighting;
pub use told::Told;

use crate::i18n::Person;
use crate::lease::State;
use crate::lease::record::Token;
use crate::lease::wire::Failure;
use crate::platform::process::ProcessFacts;
use serde::{Deserialize, Serialize};
use std::io::{self, BufRead, Read};
use std::path::PathBuf;
use std::time::Duration;

/// The version of the conversation.
const VERSION: u32 = 1;
/// How long a line may be, in bytes. A path has at most a few thousand.
const LONGEST_LINE: u64 = 64 * 1024;

/// What programs of this user ask the agent for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "ask", content = "with", rename_all = "snake_case")]
pub enum Request {
    /// Watch this database as well.
    Watch(PathBuf),
    /// Take a database and keep it, waiting that long.
    Take(PathBuf, Duration),
    /// Give it back; whether or not a program still has it open.
    Release(PathBuf, bool),
    /// Watch this database as well, and tell its user when it is free.
    Notify(PathBuf),
    /// Watch this database as well, and ask whoever has it to give it back, in these words.
    Ask(PathBuf, String),
    /// Do not watch this database any longer, unless it is configured or held.
    Forget(PathBuf),
    /// Let a `run` work under the lease that the agent has; it waits that long for another one to end.
    Borrow(Borrower, Duration),
    /// These programs work under what was lent under this number.
    Programs(u64, Vec<ProcessFacts>),
    /// Tell what happens to what was lent under this number, until it is over: many answers.
    Follow(u64),
    /// What was lent under this number is not needed any more.
    Return(u64),
    /// Look at these databases and tell what is seen, each by its place in the list; whether to go on telling whenever it was looked again:
    /// many answers.
    Observe(Vec<PathBuf>, bool),
    /// The program that opens this database could not be started; why, in people's words.
    NotStarted(PathBuf, String),
    /// Show the status window.
    Show,
    /// Say what the agent does.
    Status,
    /// End.
    Stop,
}

/// What they are answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "answer", content = "with", rename_all = "snake_case")]
pub enum Answer {
    /// It is done.
    Done,
    /// It is taken, under this token.
    Taken(Token),
    /// It is not held by the agent.
    NotHeld,
    /// It could not be taken.
    Refused(Refusal),
    /// Whoever has it, who is named, is asked.
    Asked(Person),
    /// Nobody was asked, for it is in this state.
    NotAsked(State),
    /// These programs still have it open.
    StillOpen(Vec<String>),
    /// It could not be given back in order and lapses by itself within this time; `None` when it had been lost.
    Unreleased(Option<Duration>),
    /// The agent's lease covers the program.
    Lent(Loan),
    /// This happened to the lease.
    News(Told),
    /// The agent gave the lease back although it was lent: its user wanted it.
    TakenBack,
    /// It is being looked.
    Looking,
    /// This was seen at the database of that place in the list, by a look that began after the question.
    Sighted(u32, Box<Sighting>),
    /// The agent does not watch the database of that place in the list, or cannot open it: whoever wants to know looks there.
    Unseen(u32),
    /// What the agent does.
    Status(Report),
    /// The question was not understood.
    NotUnderstood,
}

/// Who wants to work under the agent's lease.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Borrower {
    /// The database.
    pub path: PathBuf,
    /// The `run`, whose end ends the loan.
    pub process: ProcessFacts,
    /// What its program is called.
    pub program: String,
}

/// What a borrower is given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Loan {
    /// Its number.
    pub id: u64,
    /// The fencing token.
    pub token: Token,
    /// What programs must carry in their environment: 32 hexadecimal digits.
    pub mark: String,
}

/// Why a database could not be taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Refusal {
    /// Somebody has it.
    Taken(Person),
    /// The share failed.
    Failed(Failure, String),
    /// Something else, in the system's words.
    Other(String),
}

/// What the agent says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// Its process.
    pub pid: u32,
    /// Its version; empty for one that did not tell.
    #[serde(default)]
    pub version: String,
    /// Whether an icon is on the screen.
    pub tray: bool,
    /// Whether notifications can be shown.
    pub notifier: bool,
    /// Every database.
    pub databases: Vec<Watched>,
}

/// One database of an agent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Watched {
    /// What people call it.
    pub label: String,
    /// Where it is.
    pub path: PathBuf,
    /// What was seen last.
    pub state: Option<State>,
    /// Whether the agent holds it.
    pub held: bool,
    /// Whether its user wants to know when it is free.
    pub wanted: bool,
}

/// A line that asks or answers.
#[derive(Debug, Serialize, Deserialize)]
struct Line<T> {
    v: u32,
    #[serde(flatten)]
    what: T,
}

/// Returns a line, with its end.
fn line<T: Serialize>(what: T) -> Result<Vec<u8>, serde_json::Error> {
    let mut bytes = serde_json::to_vec(&Line { v: VERSION, what })?;
    bytes.push(b'\n');
    Ok(bytes)
}

/// Receives a line, or the beginning of one that is longer than anything that could be meant; nothing at the end.
fn receive(input: &mut impl BufRead) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    input.take(LONGEST_LINE).read_until(b'\n', &mut bytes)?;
    Ok(bytes)
}

/// Reads a line; `None` when it is of another version or says nothing that is known here.
fn read<T: for<'a> Deserialize<'a>>(bytes: &[u8]) -> Option<T> {
    let line: Line<T> = serde_json::from_slice(bytes).ok()?;
    (line.v == VERSION).then_some(line.what)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_read_back_and_nothing_else_is() {
        let asked = Request::Take(PathBuf::from("/srv/share/wems.db"), Duration::from_millis(1500));
        assert_eq!(read::<Request>(&line(&asked).unwrap()), Some(asked));
        let asked = Request::Ask(PathBuf::from("wems.db"), "five minutes".into());
        assert_eq!(read::<Request>(&line(&asked).unwrap()), Some(asked));
        for plain in [Request::Show, Request::Status, Request::Stop] {
            assert_eq!(read::<Request>(&line(&plain).unwrap()), Some(plain));
        }
        let person = Person { name: "Marie".into(), machine: "PC-1".into() };
        let refused = Answer::Refused(Refusal::Failed(Failure::Full, "no space".into()));
        for answer in [
            Answer::Refused(Refusal::Taken(person)),
            refused,
            Answer::Taken(Token(7)),
            Answer::Unreleased(None),
            Answer::NotAsked(State::Free),
        ] {
            assert_eq!(read::<Answer>(&line(&answer).unwrap()), Some(answer));
        }
        for garbage in ["", "{}", "[1]", "{\"v\":2,\"ask\":\"status\"}", "{\"v\":1,\"ask\":\"fly\"}", "{\"v\":1}", "\u{0}\u{0}"] {
            assert_eq!(read::<Request>(garbage.as_bytes()), None, "{garbage}");
        }
    }
}
