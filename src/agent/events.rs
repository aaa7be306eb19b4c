//! What happens to the agent, and what it is to do: the closed types on both sides of its model.

use super::shown::{Key, Wish};
use super::ui::Heard;
use crate::config::{Config, DatabaseConfig};
use crate::ipc::{Answer, Refusal, Request, SentAway};
use crate::lease::Status;
use crate::lease::record::{Holder, Nonce, Token};
use crate::platform::process::ProcessFacts;
use crate::session::News;
use crate::store::{Standing, Waiter};
use std::time::Duration;

/// What one look has shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// The state, and who has it.
    pub status: Status,
    /// Who waits, oldest first.
    pub waiting: Vec<Waiter>,
    /// What the system said about a folder that could not be seen; empty when nothing.
    pub reason: String,
    /// Who this process is there.
    pub me: Option<Holder>,
}

/// Who asked over the agent's socket.
pub type Asker = u64;

/// What happens to the agent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// The configuration is this, at the start and whenever it changes.
    Configured(Box<Config>),
    /// The files of settings have these faults; whether they can be used all the same.
    Faulty(Vec<String>, bool),
    /// A look has shown this.
    Seen(Key, Box<Seen>),
    /// A lease that the agent holds has news.
    News(Key, News),
    /// Taking has ended.
    Taken(Key, Result<Token, Refusal>),
    /// Giving back has ended; the error as in [`Answer::Unreleased`].
    GivenBack(Key, Result<(), Option<Duration>>),
    /// These programs of this computer have the database open.
    OpenedBy(Key, Vec<String>),
    /// Whether the record names the programs that somebody wanted named.
    Named(Asker, bool),
    /// The `run` that had borrowed under this number has ended.
    BorrowerGone(u64),
    /// The programs that worked under the lease, under this number, have ended.
    WorkIsOver(Key, u64),
    /// The desktop says something.
    Heard(Heard),
    /// A program of this user asks for something.
    Asked(Asker, Request),
    /// A program of this database could not be started; why, in people's words.
    NotStarted(Key, String),
    /// Programs that asked for something were sent away.
    SentAway(SentAway),
    /// A deadline has come.
    Tick,
}

/// What the agent is to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Look at this database from now on.
    Watch(Key, Box<DatabaseConfig>),
    /// Look at it soon.
    Look(Key),
    /// Look at these, and tell somebody what is seen there; whether to go on with that.
    Observe(Asker, Vec<Option<Key>>, bool),
    /// Look at it no longer.
    Unwatch(Key),
    /// Take it, waiting that long.
    Take(Key, Duration),
    /// Stop waiting for it.
    StopTaking(Key),
    /// Give it back.
    GiveBack(Key),
    /// Take it over from a `run` that is gone, whose programs carry this mark.
    Adopt(Key, Nonce),
    /// Answer a `run` that it may work under the lease, and wait for its end.
    Lend {
        /// The database.
        key: Key,
        /// Who asked.
        asker: Asker,
        /// The loan's number.
        id: u64,
        /// The `run`.
        process: ProcessFacts,
    },
    /// Write into the record which programs work under the lease, and tell who asked whether that was done.
    Name(Key, Asker, Vec<ProcessFacts>),
    /// No programs work under the lease any more: the record names none.
    Unname(Key),
    /// Wait until the programs that work under the lease, under this number, have ended.
    AwaitOrphans(Key, u64),
    /// Leave the lease as it is, with the programs that work under it: the agent ends.
    Leave(Key),
    /// Find out which programs of this computer have it open.
    WhoHasItOpen(Key),
    /// Tell this in the line of those who wait.
    Queue(Key, Standing),
    /// Start the program that opens it (`false`: that only reads it).
    Start(Key, bool),
    /// Tell this user's own `run` or `hold` to give it back.
    Order(Key),
    /// Answer somebody.
    Reply(Asker, Answer),
    /// Tell somebody something, and more later.
    Tell(Asker, Answer),
    /// Show the status window.
    Window(Wish),
    /// Show the log.
    ShowLog,
    /// Edit the configuration.
    EditSettings,
    /// All is done.
    End,
}
